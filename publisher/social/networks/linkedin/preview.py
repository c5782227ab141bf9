"""How LinkedIn shows a page's post in the feed.

“…more” stands after three lines, about 210 characters on a computer and fewer on a phone. LinkedIn documents no number: this is
what publishers count (support.dynamicsignal.com, “Content Sharing Technical Specifications”; J. Espirian, “See more breakpoints
on LinkedIn posts”, 2024). Cards are 1.91:1 (LinkedIn Help, “Share link posts”). A page's logo is a square.
"""

from __future__ import annotations

from publisher.social.networks.preview import Avatar, Preview

PREVIEW = Preview(
    fold_width=210,
    fold_lines=3,
    fold_word="…more",
    avatar=Avatar.SQUARE,
)
