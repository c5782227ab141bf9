"""How Telegram shows a channel's message: pictures above the text, nothing folded; a link's preview stands below the text, with
a small picture beside it unless the page asks for a large one (core.telegram.org/bots/api, LinkPreviewOptions).
"""

from __future__ import annotations

from publisher.social.networks.preview import CardLayout, Preview

PREVIEW = Preview(
    card=CardLayout.BESIDE,
    card_ratio=(1, 1),
    pictures_first=True,
)
