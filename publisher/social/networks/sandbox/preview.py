"""How the sandbox's timeline shows a post (`timeline.html.j2`): the whole text, pictures below it, a card without a picture."""

from __future__ import annotations

from publisher.social.networks.preview import CardLayout, Preview

PREVIEW = Preview(
    card=CardLayout.PLAIN,
    card_with_pictures=True,
)
