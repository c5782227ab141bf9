"""How a receiver of our webhooks shows a message: we cannot know, so it is shown plainly, and without a card where the body has
none (Slack and Discord make their own).
"""

from __future__ import annotations

from publisher.social.networks.preview import Avatar, CardLayout, Preview

PREVIEW = Preview(
    card_of_text=True,
    card=CardLayout.BESIDE,
    card_ratio=(1, 1),
    avatar=Avatar.SQUARE,
)
