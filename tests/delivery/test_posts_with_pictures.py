"""A picture from its address to the readers of each network: with its description, without the notes of the camera."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher.core.errors import Rejected
from publisher.delivery import unused_pictures
from publisher.delivery.leaving import outgoing
from publisher.delivery.models import Delivery
from publisher.delivery.posts import enqueue_due
from publisher.social import approval
from publisher.social.media import store
from publisher.social.media.fetching import fetch_due
from publisher.social.models import Channel, ItemPicture, Post, StoredPicture
from publisher.social.networks.sandbox.server import Server
from publisher.social.slots import give_slots
from tests.builders import NOON, a_channel, a_schedule
from tests.delivery.post_steps import HOUR, delivery_of, send_due, until_settled
from tests.drawn import PAGE, Site, drawn, notes_of
from tests.fakes import mastodon, telegram
from tests.fakes import x as fake_of_x
from tests.fakes.linkedin import FakeLinkedIn
from tests.fakes.sandbox import sandbox
from tests.fakes.switches import serving
from tests.social.steps import EVERY_MINUTE, a_draft, a_sandbox_channel, an_editor, approved, fresh

pytestmark = pytest.mark.django_db

ALT = "A green field with a stone channel 🌾"
PHOTOGRAPH = drawn("seagreen", (3_000, 2_000), "JPEG", where=True)


@dataclass
class There:
    """A network's fake: the fields of a channel on it, and the pictures that readers see, each with its description."""

    network: str
    channel: dict[str, Any]
    seen: Any


@contextmanager
def on_x(_folder: Path, _settings: Any) -> Iterator[There]:
    with fake_of_x.fake_x() as fake:
        channel = {"credentials": fake_of_x.SECRETS, "settings": {"api_url": fake.url}}
        yield There(
            "x",
            channel,
            lambda: [(fake.media[each].data, fake.media[each].alt) for each in fake.posts[0].media],
        )


@contextmanager
def on_mastodon(_folder: Path, _settings: Any) -> Iterator[There]:
    fake = mastodon.FakeMastodon()
    with mastodon.serving(fake) as url:
        channel = {"credentials": {"access_token": "token"}, "settings": {"url": url}}
        yield There(
            "mastodon",
            channel,
            lambda: [
                (fake.media[each].data, fake.media[each].description) for each in fake.statuses[0].media
            ],
        )


@contextmanager
def on_linkedin(_folder: Path, _settings: Any) -> Iterator[There]:
    with FakeLinkedIn() as fake:
        channel = {
            "credentials": {"access_token": fake.token},
            "settings": {"organization": fake.organization, "api": fake.url},
        }

        def seen() -> list[tuple[bytes, str]]:
            media = next(iter(fake.posts.values()))["content"]["media"]
            return [(fake.images[media["id"]]["data"], media["altText"])]

        yield There("linkedin", channel, seen)


@contextmanager
def on_telegram(_folder: Path, settings: Any) -> Iterator[There]:
    fake = telegram.FakeTelegram()
    with serving(fake):
        settings.FETCH_ALLOW = [*settings.FETCH_ALLOW, f"127.0.0.1:{fake.port}"]
        account = telegram.account_at(fake)
        channel = {"credentials": dict(account.credentials), "settings": dict(account.settings)}
        yield There("telegram", channel, lambda: [(message.photo, ALT) for message in fake.messages])


@contextmanager
def on_the_sandbox(folder: Path, _settings: Any) -> Iterator[There]:
    with sandbox(folder) as server:
        channel = {"credentials": {"token": "t"}, "settings": {"url": server.url}}

        def seen() -> list[tuple[bytes, str]]:
            shown = server.store.newest()[0].pictures
            return [(found[0], each["alt"]) for each in shown if (found := server.pictures.get(each["id"]))]

        yield There("sandbox", channel, seen)


@pytest.mark.parametrize("start", [on_x, on_mastodon, on_linkedin, on_telegram, on_the_sandbox])
def test_a_photograph_arrives_with_its_description_and_without_its_place(
    start: Any, picture_site: Site, tmp_path: Path, settings: Any
) -> None:
    with ExitStack() as stack:
        there: There = stack.enter_context(start(tmp_path / "there", settings))
        schedule = a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0)
        channel = a_channel(there.network, schedule=schedule, **there.channel)
        post = a_pictured_draft(picture_site, channel, PHOTOGRAPH)
        fetch()
        approved(post)
        assert give_slots(channel.pk, now=NOON) == 1
        until_settled()
        assert fresh(post).state == "sent", delivery_of(post).reason
        ((data, alt),) = there.seen()
    assert alt == ALT
    assert data.startswith(b"\xff\xd8\xff")
    assert (bool(notes_of(PHOTOGRAPH)), notes_of(data)) == (True, {})


def fetch() -> int:
    return fetch_due(now=NOON, seconds=10)


def a_pictured_draft(site: Site, channel: Channel, data: bytes | int | None = None) -> Post:
    served = site.put("/a.jpg", drawn() if data is None else data)
    return a_draft(channel, image_url=served, image_alt=ALT)


def test_a_post_that_was_given_a_time_waits_for_its_picture_and_expires_rather_than_leave_without(
    network: Server, picture_site: Site
) -> None:
    channel = a_sandbox_channel(network, tolerance_minutes=60)
    post = approved(a_pictured_draft(picture_site, channel, 503))
    fetch()
    at = NOON + timedelta(minutes=5)
    approval.reschedule(post.pk, user=an_editor(), version=fresh(post).version, at=at, now=NOON)
    enqueue_due(now=at)
    assert (fresh(post).state, Delivery.objects.count()) == ("scheduled", 0)
    enqueue_due(now=at + timedelta(minutes=61))
    assert (fresh(post).state, network.requests) == ("expired", 0)


def test_a_post_that_waited_for_its_picture_leaves_with_it(network: Server, picture_site: Site) -> None:
    post = approved(a_pictured_draft(picture_site, a_sandbox_channel(network)))
    at = NOON + timedelta(minutes=5)
    approval.reschedule(post.pk, user=an_editor(), version=fresh(post).version, at=at, now=NOON)
    enqueue_due(now=at)
    fetch()
    until_settled(start=at)
    assert [each["alt"] for each in network.store.newest()[0].pictures] == [ALT]


def test_a_message_is_never_made_while_a_picture_is_on_its_way(picture_site: Site) -> None:
    post = a_pictured_draft(picture_site, a_sandbox_channel())
    with pytest.raises(Rejected, match="still being fetched"):
        outgoing(post, post.item)


def test_a_picture_that_does_not_fit_holds_the_post_and_not_a_delivery(
    network: Server, picture_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network's limits shrank after the picture was fetched and fitted."""
    from publisher.social.networks.base import PictureLimits
    from publisher.social.networks.sandbox.network import Sandbox

    post = a_ready_post(network, picture_site)
    monkeypatch.setattr(Sandbox, "pictures", lambda _self, _account: PictureLimits(most=4, max_bytes=10))
    enqueue_due(now=NOON + HOUR)
    assert fresh(post).state == "held"
    assert "cannot be shown on Sandbox" in fresh(post).problem
    assert not Delivery.objects.exists()


def a_ready_post(network: Server, site: Site) -> Post:
    """Approved, with its picture and its slot."""
    channel = a_sandbox_channel(network)
    post = a_pictured_draft(site, channel)
    fetch()
    approved(post)
    give_slots(channel.pk, now=NOON)
    assert fresh(post).state == "scheduled"
    return fresh(post)


def test_fitting_is_not_repeated_when_the_post_is_queued(
    network: Server, picture_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tick has no time for it: it was tried when the picture came."""
    a_ready_post(network, picture_site)
    monkeypatch.setattr("publisher.social.media.fitting.fitted", lambda *_: pytest.fail("fitted again"))
    assert enqueue_due(now=NOON + timedelta(minutes=2)) == 1


def test_a_picture_that_was_lost_fails_the_post_with_what_to_do(network: Server, picture_site: Site) -> None:
    from publisher.social.media.fitting import fitted

    post = a_ready_post(network, picture_site)
    store.delete(post.pictures[0]["digest"])
    fitted.cache_clear()
    until_settled()
    assert (delivery_of(post).state, network.store.newest()) == ("failed", [])
    assert "attach it again" in delivery_of(post).reason


def test_a_store_that_is_away_while_sending_is_asked_again_later(
    network: Server, picture_site: Site, settings: Any
) -> None:
    from publisher.social.media.fitting import fitted

    post = a_ready_post(network, picture_site)
    enqueue_due(now=NOON + HOUR)
    good, settings.MEDIA_ROOT = settings.MEDIA_ROOT, picture_site_is_a_file(settings)
    fitted.cache_clear()
    send_due(now=NOON + HOUR)
    assert (delivery_of(post).state, network.requests) == ("queued", 0)
    settings.MEDIA_ROOT = good
    until_settled(start=NOON + HOUR)
    assert fresh(post).state == "sent"


def picture_site_is_a_file(settings: Any) -> Path:
    """A folder in which nothing can be opened: opening below a file is an error other than “not there”."""
    file = Path(settings.MEDIA_ROOT) / "a file"
    file.write_bytes(b"")
    return file


def test_no_picture_of_a_message_on_its_way_out_is_deleted(network: Server, picture_site: Site) -> None:
    post = a_ready_post(network, picture_site)
    enqueue_due(now=NOON + HOUR)
    Post.objects.filter(pk=post.pk).update(pictures=[])
    ItemPicture.objects.all().delete()
    long_after = NOON + timedelta(days=9)
    assert unused_pictures.forget(now=long_after) == 0
    until_settled(start=NOON + HOUR)
    assert delivery_of(post).state == "sent"
    assert unused_pictures.forget(now=long_after) == 1
    assert not StoredPicture.objects.exists()


def test_a_post_whose_picture_is_refused_leaves_without_it_once_a_person_said_so(
    network: Server, picture_site: Site
) -> None:
    channel = a_sandbox_channel(network)
    post = approved(a_pictured_draft(picture_site, channel, PAGE))
    fetch()
    assert fresh(post).state == "draft"
    approved(post)
    give_slots(channel.pk, now=NOON)
    until_settled()
    assert network.store.newest()[0].pictures == []
