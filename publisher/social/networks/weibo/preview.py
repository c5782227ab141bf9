"""How Weibo shows a microblog in the timeline: texts are folded after 140 Han characters (its own limit for the short form, see
`rules.py`), a link is an icon with the words “网页链接” without a card, several pictures are squares of a grid of nine.
"""

from __future__ import annotations

from publisher.social.networks.preview import CardLayout, Preview

PREVIEW = Preview(
    card=CardLayout.NONE,
    fold_width=280,
    fold_word="展开",
)
