"""A post as its readers will see it, in the pieces that a template draws. How a network looks is said in its own folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from publisher.desk.posts.measuring import marked
from publisher.social.accounts import preview_of
from publisher.social.media.shown import Shown
from publisher.social.models import Post, StoredPicture
from publisher.social.networks import preview as looks
from publisher.social.networks.preview import CardLayout, Preview

Pieces = list[tuple[bool, str]]


@dataclass(frozen=True)
class ShownPart:
    """One message. `seen` and `hidden` are the text before and behind “see more”."""

    number: int
    title: str
    seen: Pieces
    hidden: Pieces


@dataclass(frozen=True)
class Cropped:
    """A stored picture and the part of it that is shown, as an SVG view box in its pixels; no size while it is on its way."""

    digest: str
    alt: str
    size: tuple[int, int] | None
    view: tuple[int, int, int, int]


@dataclass(frozen=True)
class ShownCard:
    """What stands for the link."""

    title: str
    summary: str
    host: str
    picture: Cropped | None


@dataclass(frozen=True)
class ShownPost:
    """All of it."""

    look: Preview
    name: str
    handle: str
    parts: list[ShownPart]
    pictures: list[Cropped]
    card: ShownCard | None


def stored_of(posts: Sequence[Post]) -> dict[str, StoredPicture]:
    """The stored pictures that these posts, or the cards of their links, show: one query."""
    digests = {each["digest"] for post in posts for each in post.pictures if each["digest"]}
    digests |= {own for post in posts if (own := _own(post))}
    return StoredPicture.objects.in_bulk(digests)


def shown_post(post: Post, texts: Sequence[str], stored: Mapping[str, StoredPicture]) -> ShownPost:
    """The post with these texts, which need not be saved."""
    look = preview_of(post.channel)
    card = _card(post, look, texts[0] if texts else "", stored)
    health = getattr(post.channel, "health", None)
    ratio = look.picture_ratio if len(post.pictures) == 1 else look.several_ratio
    return ShownPost(
        look,
        post.channel.name,
        (health.account_name if health else "") if look.shows_handle else "",
        [shown_part(post, number, text) for number, text in enumerate(texts)],
        [_cropped(each, ratio, look, stored) for each in post.pictures],
        card,
    )


def shown_part(post: Post, number: int, text: str) -> ShownPart:
    """One message of the post, with this text."""
    look = preview_of(post.channel)
    title, body = "", text
    if look.first_line_is_title and number == 0:
        title, _, body = text.partition("\n")
        body = body.lstrip("\n")
    read = looks.readers_text(body, look, link=post.link, has_card=number == 0 and has_card(post, look, text))
    pieces = [
        (is_marked, looks.shown_link(piece, look) if is_marked else piece)
        for is_marked, piece in marked(read)
    ]
    seen, _hidden = looks.folded("".join(piece for _is_marked, piece in pieces), look)
    return ShownPart(number, title, *_parted(pieces, len(seen)))


def _parted(pieces: Pieces, place: int) -> tuple[Pieces, Pieces]:
    """The pieces before that place in their joined text, and those behind it."""
    before: Pieces = []
    behind: Pieces = []
    for is_marked, piece in pieces:
        before.append((is_marked, piece[:place]))
        behind.append((is_marked, piece[place:]))
        place = max(0, place - len(piece))
    return [each for each in before if each[1]], [each for each in behind if each[1]]


def has_card(post: Post, look: Preview, text: str) -> bool:
    """Whether the first message, with this text, shows a card of its link."""
    if look.card is CardLayout.NONE or not post.link or (look.card_of_text and post.link not in text):
        return False
    return look.card_with_pictures or not post.pictures


def _card(post: Post, look: Preview, text: str, stored: Mapping[str, StoredPicture]) -> ShownCard | None:
    if not has_card(post, look, text):
        return None
    own = _own(post)
    shown: Shown = {"digest": own, "alt": post.item.image_alt, "focus": None, "url": post.item.image_url}
    with_picture = own and look.card is not CardLayout.PLAIN
    picture = _cropped(shown, look.card_ratio, look, stored) if with_picture else None
    return ShownCard(post.item.title, post.item.summary[:160], urlsplit(post.link).hostname or "", picture)


def _own(post: Post) -> str:
    """The digest of the item's picture, where it is stored."""
    row = getattr(post.item, "picture", None)
    return row.stored_id or "" if row and row.url == post.item.image_url else ""


def _cropped(
    picture: Shown, ratio: tuple[int, int], look: Preview, stored: Mapping[str, StoredPicture]
) -> Cropped:
    row = stored.get(picture["digest"])
    if row is None:
        return Cropped("", picture["alt"], None, (0, 0, 16, 9))
    size = (row.width, row.height)
    focus = picture["focus"] if look.keeps_focus else None
    return Cropped(row.digest, picture["alt"], size, looks.crop(size, ratio, focus))
