"""How a follower sees an article of an Official Account in the list: a cover of 2.35:1 (the account's editor crops it so) above
the title, which is the text's first line; the rest is read after a tap.
"""

from __future__ import annotations

from publisher.social.networks.preview import CardLayout, Preview

PREVIEW = Preview(
    card=CardLayout.NONE,
    picture_ratio=(235, 100),
    pictures_first=True,
    first_line_is_title=True,
)
