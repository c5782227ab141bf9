"""How X shows a post.

The card's large picture is 2:1 by the “summary_large_image” of docs.x.com (developer.x.com/en/docs/x-for-websites/cards); a link
is shown as `display_url`, without scheme and cut after 26 characters, and one that ends a text with a card is left out. Several
pictures stand in a grid of crops; a single one is cropped to 16:9 in the timeline. Crops take the middle: we send no focus.
"""

from __future__ import annotations

from publisher.social.networks.preview import Preview

PREVIEW = Preview(
    card_of_text=True,
    card_ratio=(2, 1),
    picture_ratio=(16, 9),
    several_ratio=(7, 8),
    link_characters=26,
    hides_link=True,
    shows_handle=True,
)
