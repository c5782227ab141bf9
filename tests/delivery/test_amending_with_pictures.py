"""A post with a picture that is edited keeps it, with its description, on each network that takes edits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from publisher.delivery import unused_pictures
from publisher.delivery.amending.asking import Refused
from publisher.delivery.amending.choosing import Choice
from publisher.social.media import store
from publisher.social.media.fitting import fitted
from publisher.social.models import ItemPicture, Post
from publisher.social.networks.sandbox.server import Server
from publisher.social.slots import give_slots
from tests.builders import NOON, a_channel, a_schedule
from tests.delivery.amending_steps import LATER, ask, decide, outcomes, revised, tick, until_done
from tests.delivery.post_steps import delivery_of, until_settled
from tests.delivery.test_posts_with_pictures import (
    ALT,
    PHOTOGRAPH,
    There,
    a_pictured_draft,
    fetch,
    on_linkedin,
    on_mastodon,
    on_telegram,
    on_the_sandbox,
)
from tests.drawn import Site
from tests.fakes import facebook
from tests.fakes.switches import serving
from tests.social.steps import EVERY_MINUTE, a_sandbox_channel, approved, fresh, text_of

pytestmark = pytest.mark.django_db


@contextmanager
def on_facebook(_folder: Path, settings: Any) -> Iterator[There]:
    fake = facebook.FakeFacebook()
    with serving(fake):
        settings.FETCH_ALLOW = [*settings.FETCH_ALLOW, f"127.0.0.1:{fake.port}"]
        account = facebook.account_at(fake.url)
        channel = {"credentials": dict(account.credentials), "settings": dict(account.settings)}

        def seen() -> list[tuple[bytes, str]]:
            (post,) = fake.posts.values()
            return [(fake.photos[each].data, fake.photos[each].alt) for each in post.photos]

        yield There("facebook", channel, seen)


def a_sent_pictured_post(there: There, site: Site) -> Post:
    schedule = a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0)
    channel = a_channel(there.network, schedule=schedule, **there.channel)
    post = a_pictured_draft(site, channel, PHOTOGRAPH)
    fetch()
    approved(post)
    assert give_slots(channel.pk, now=NOON) == 1
    until_settled()
    assert fresh(post).state == "sent", delivery_of(post).reason
    return fresh(post)


@pytest.mark.parametrize("start", [on_mastodon, on_linkedin, on_telegram, on_the_sandbox, on_facebook])
def test_an_edited_post_keeps_its_picture_and_its_description(
    start: Callable[..., Any], picture_site: Site, tmp_path: Path, settings: Any
) -> None:
    with ExitStack() as stack:
        there: There = stack.enter_context(start(tmp_path / "there", settings))
        post = a_sent_pictured_post(there, picture_site)
        before, old = there.seen(), text_of(post)
        revised(post)
        ask(post)
        until_done()
        assert outcomes(post) == [("edit", "done")]
        after = there.seen()
    assert text_of(post) != old
    assert (len(after), [alt for _data, alt in after]) == (1, [ALT])
    assert after == before, "the same bytes"


def test_a_caption_is_edited_and_one_too_long_is_refused_before_anybody_is_asked(
    picture_site: Site, tmp_path: Path, settings: Any
) -> None:
    with ExitStack() as stack:
        there: There = stack.enter_context(on_telegram(tmp_path, settings))
        post = a_sent_pictured_post(there, picture_site)
        revised(post)
        with pytest.raises(Refused) as refused:
            ask(post, **{f"p{post.pk}": replace(decide(post, Choice.EDIT), edits=("x" * 1025,))})
        assert "1024 characters at most" in refused.value.errors[post.pk].message
        ask(post, **{f"p{post.pk}": replace(decide(post, Choice.EDIT), edits=("x" * 1024,))})
        tick()
        assert outcomes(post) == [("edit", "done")]


@pytest.fixture
def pictured(network: Server, picture_site: Site) -> Post:
    channel = a_sandbox_channel(network)
    there = There(
        "sandbox", {"credentials": {"token": "t"}, "settings": dict(channel.settings)}, lambda: None
    )
    channel.delete()
    return a_sent_pictured_post(there, picture_site)


def test_a_picture_that_was_lost_since_fails_the_edit_with_the_reason_and_the_post_stays(
    network: Server, pictured: Post
) -> None:
    old = network.store.newest()[0]
    revised(pictured)
    ask(pictured)
    store.delete(pictured.pictures[0]["digest"])
    fitted.cache_clear()
    tick()
    assert (outcomes(pictured), network.store.newest()) == ([("edit", "failed")], [old])
    assert "attach it again" in pictured.deliveries.get().amendments.get().reason


def test_no_picture_of_an_edit_that_waits_is_forgotten(pictured: Post) -> None:
    revised(pictured)
    ask(pictured)
    Post.objects.filter(pk=pictured.pk).update(pictures=[])
    ItemPicture.objects.all().delete()
    assert unused_pictures.forget(now=LATER.replace(month=12)) == 0
    tick()
    assert outcomes(pictured) == [("edit", "done")]
