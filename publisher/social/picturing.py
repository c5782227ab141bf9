"""Which pictures a post shows, and whether it may leave with them. Who changes them: `drafting.py`, a fetched picture
(`media/arriving.py`), a person (`picture_deeds.py`).

A picture whose `digest` is empty is on its way from its address: the post gets no slot and does not leave before it is there,
or is known to be of no use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext

from publisher.core import events
from publisher.core.errors import Rejected, UserError
from publisher.core.marking import gettext_noop
from publisher.core.told import told
from publisher.items.models import Item
from publisher.social.accounts import measured_as
from publisher.social.composing import Draft
from publisher.social.media.shown import Shown
from publisher.social.models import Channel, ItemPicture, Post
from publisher.social.networks import registry
from publisher.social.networks.base import ByHand, Network, Part, Picture, PictureLimits

ABOUT = gettext_noop("Picture: ")
"""How each reason begins for which a post is held by its pictures."""

ON_ITS_WAY = Q(pictures__contains=[{"digest": ""}])
"""Posts that wait for a picture."""


class NoPicture(UserError):
    """The post's pictures keep it from leaving."""


def limits_of(channel: Channel) -> PictureLimits | None:
    """What pictures the channel may show; None: none."""
    network = registry.networks().get(channel.network)
    return network.pictures(measured_as(channel)) if isinstance(network, Network | ByHand) else None


def of_item(item: Item, channel: Channel) -> list[Shown]:
    """What a draft shows: the item's picture, unless the network takes none or the picture is of no use."""
    limits = limits_of(channel)
    if not item.image_url or limits is None or limits.most < 1:
        return []
    row: ItemPicture | None = getattr(item, "picture", None)
    known = row if row and row.url == item.image_url else None
    if known and known.state == ItemPicture.State.REFUSED:
        return []
    digest = (known and known.stored_id) or ""
    return [{"digest": digest, "alt": item.image_alt.strip(), "focus": None, "url": item.image_url}]


def stored(item: Item) -> Picture | None:
    """The item's picture, where it was fetched and can be used."""
    row: ItemPicture | None = getattr(item, "picture", None)
    if row is None or row.url != item.image_url or not row.stored_id:
        return None
    return Picture(row.stored_id, item.image_alt.strip())


def pictured(draft: Draft, item: Item, channel: Channel, post: Post | None = None) -> Draft:
    """The draft with its pictures: those that a person chose for the post, else the item's. Held when they need a person."""
    if post and post.pictures_edited:
        shown = [each for each in (_moved(picture, item) for picture in post.pictures) if each]
    else:
        shown = _with_trials(of_item(item, channel), post.pictures if post else [])
    return replace(draft, pictures=tuple(shown), problem=draft.problem or problem(channel, shown))


def problem(channel: Channel, shown: Sequence[Shown]) -> str:
    """Why a post of the channel with these pictures is held, and what to do; "" when nothing is wrong."""
    limits = limits_of(channel)
    if limits is None:
        return ""
    label = registry.get(channel.network).label
    if len(shown) > limits.most:
        return gettext_noop(
            "Picture: %(label)s shows %(most)s at most, and there are %(shown)s. Leave some out."
        ) % {"label": label, "most": limits.most, "shown": len(shown)}
    if channel.picture_required and not shown:
        return gettext_noop("Picture: this channel posts nothing without one. Upload one.")
    return next(filter(None, (_wrong_with(picture, channel, limits, label) for picture in shown)), "")


def check(post: Post) -> None:
    """Raises `NoPicture` when the post must not be approved with the pictures that it has."""
    if why := problem(post.channel, post.pictures) or _refusal(post):
        raise NoPicture(told(why), gettext("Change that below, then approve."))


def standing(post: Post) -> tuple[str, str]:
    """State and problem of a post that a person has just changed, as its pictures have it."""
    why = problem(post.channel, post.pictures)
    return (Post.State.HELD, why) if why else (Post.State.DRAFT, "")


def waits(shown: Sequence[Shown]) -> bool:
    """Whether a picture of these is on its way."""
    return any(not picture["digest"] for picture in shown)


def want(item: Item, *, now: datetime) -> None:
    """Have the item's picture fetched. The row is what the sweep finds; the event only makes it sooner."""
    row, _made = ItemPicture.objects.get_or_create(
        item=item, defaults={"url": item.image_url, "next_at": now}
    )
    if row.url != item.image_url:
        begin_anew(row, item.image_url, now=now)
    if row.state == ItemPicture.State.WAITING:
        events.emit("picture.wanted", item_id=item.pk)


def begin_anew(row: ItemPicture, url: str, *, now: datetime) -> None:
    """The row waits to be fetched from `url`, as on the first day."""
    row.url, row.state, row.stored, row.reason = url, ItemPicture.State.WAITING, None, ""
    row.tries, row.next_at, row.settled_at = 0, now, None
    row.save()


def unfit(channel: Channel, digest: str) -> str:
    """Why the picture cannot be shown on the channel; "" when it can. Takes up to a second. Raises `StoreAway`."""
    from publisher.social.media.fitting import fitted  # noqa: PLC0415 - Pillow, which mail workers do without

    limits = limits_of(channel)
    if limits is None:
        return ""
    try:
        fitted(digest, limits)
    except Rejected as error:
        return gettext_noop("Picture: it cannot be shown on %(label)s. %(reason)s") % {
            "label": registry.get(channel.network).label,
            "reason": error.reason,
        }
    return ""


def tried(picture: Shown, channel: Channel, why: str) -> Shown:
    """The entry with what came of fitting it to the channel as it is set now."""
    limits = limits_of(channel)
    return {**picture, "tried": limits.fingerprint if limits else "", "unfit": why}


def make_sure(post: Post, channel: Channel) -> None:
    """Raises `Rejected` when the pictures must not leave so, `StoreAway`. What was fitted before costs nothing."""
    mark = limits.fingerprint if (limits := limits_of(channel)) else ""
    for picture in post.pictures:
        if picture.get("tried", "") != mark and (why := unfit(channel, picture["digest"])):
            raise Rejected(why)
    if why := problem(channel, post.pictures):
        raise Rejected(why)


def as_sent(shown: Sequence[Shown]) -> tuple[Picture, ...]:
    """The pictures as a network is given them. Raises `Rejected` while one is on its way."""
    if waits(shown):
        raise Rejected(gettext_noop("Picture: it is still being fetched."))
    return tuple(
        Picture(each["digest"], each["alt"], (each["focus"][0], each["focus"][1]) if each["focus"] else None)
        for each in shown
    )


def seen(shown: Sequence[Shown]) -> list[tuple[str, str]]:
    """What tells one choice of pictures from another for a reader: where each came from, and what it is said to show."""
    return [(picture["url"] or picture["digest"], picture["alt"]) for picture in shown]


def _wrong_with(picture: Shown, channel: Channel, limits: PictureLimits, label: str) -> str:
    if picture.get("tried") == limits.fingerprint and (why := picture.get("unfit")):
        return why
    if channel.alt_required and not picture["alt"]:
        return gettext_noop("Picture: it has no description. Write what it shows, or leave the picture out.")
    if (length := len(picture["alt"])) > limits.alt:
        return gettext_noop(
            "Picture: its description has %(length)s characters, and %(label)s takes %(alt)s. Shorten it."
        ) % {"length": f"{length:,}", "label": label, "alt": f"{limits.alt:,}"}
    return ""


def _with_trials(fresh: Sequence[Shown], before: Sequence[Shown]) -> list[Shown]:
    known = {each["digest"]: each for each in before if each["digest"] and "tried" in each}
    return [
        {**each, "tried": old.get("tried", ""), "unfit": old.get("unfit", "")}
        if (old := known.get(each["digest"]))
        else each
        for each in fresh
    ]


def _moved(picture: Shown, item: Item) -> Shown | None:
    """A picture that was described while it was on its way, when the item has another one, or none, by now."""
    if picture["digest"] or picture["url"] == item.image_url:
        return picture
    return {**picture, "url": item.image_url} if item.image_url else None


def _refusal(post: Post) -> str:
    """What the network is sure to refuse of the first message because of its pictures, such as a text that is too long then."""
    network = registry.networks().get(post.channel.network)
    if not post.pictures or not post.parts or not isinstance(network, Network | ByHand):
        return ""
    pictures = tuple(Picture(each["digest"], each["alt"]) for each in post.pictures)
    part = Part(post.parts[0]["text"], post.link, post.language, of=len(post.parts))
    try:
        network.prepare(part, measured_as(post.channel), "")
    except Rejected:
        return ""  # for another reason, which is told when it is prepared in earnest
    try:
        network.prepare(replace(part, pictures=pictures), measured_as(post.channel), "")
    except Rejected as error:
        return f"{ABOUT}{error.reason}"
    return ""
