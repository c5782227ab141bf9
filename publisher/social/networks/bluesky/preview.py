"""How Bluesky's app shows a post.

From its source (github.com/bluesky-social/social-app): texts in the feed are folded after 25 lines (MAX_POST_LINES), a card's
picture is 1.91:1 above its title, a single picture keeps its shape and several are cropped to squares. Links stay as written.
"""

from __future__ import annotations

from publisher.social.networks.preview import Preview

PREVIEW = Preview(
    fold_lines=25,
    fold_word="Show more",
    shows_handle=True,
)
