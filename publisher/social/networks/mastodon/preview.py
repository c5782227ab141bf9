"""How Mastodon's web interface shows a status; other apps differ.

From its source (github.com/mastodon/mastodon): a status of more than 32 lines has “Read more” (components/status_content.jsx,
MAX_HEIGHT = 22 px × 32); a link is shown without `https://www.` and cut after 30 characters (app/lib/text_formatter.rb); crops
keep the focus that we send. Avatars are squares with rounded corners.
"""

from __future__ import annotations

from publisher.social.networks.preview import Avatar, Preview

PREVIEW = Preview(
    card_of_text=True,
    picture_ratio=(16, 9),
    keeps_focus=True,
    fold_lines=32,
    fold_word="Read more",
    link_characters=30,
    avatar=Avatar.ROUNDED,
    shows_handle=True,
)
