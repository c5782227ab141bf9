"""Items' pictures on their way from an address into the store, and what comes of those that are none."""

from __future__ import annotations

import socket
from datetime import datetime, timedelta
from typing import Any

import pytest

from publisher.core import events
from publisher.social.drafting import draft_item
from publisher.social.media import store
from publisher.social.media.fetching import WAITS, fetch_due
from publisher.social.models import ItemPicture, Post
from tests.builders import NOON, a_channel, an_item
from tests.drawn import PAGE, SVG, Site, bomb, drawn
from tests.social.steps import a_draft, a_sandbox_channel, fresh, revise

pytestmark = pytest.mark.django_db


def fetch(now: datetime = NOON) -> int:
    return fetch_due(now=now, seconds=5)


def picture_of(post: Post) -> ItemPicture:
    return ItemPicture.objects.get(item_id=post.item_id)


def a_post_about(url: str, **item: Any) -> Post:
    return a_draft(image_url=url, **{"image_alt": "A green field", **item})


def test_a_picture_is_fetched_once_and_put_into_every_post_that_shows_it(picture_site: Site) -> None:
    url = picture_site.put("/a.png", data := drawn(size=(64, 48)))
    item = an_item(image_url=url, image_alt="A green field")
    for _ in range(2):
        a_sandbox_channel()
    draft_item(item.pk, now=NOON)
    assert [post.pictures[0]["digest"] for post in Post.objects.all()] == ["", ""]
    assert (fetch(), fetch()) == (1, 0)
    row = ItemPicture.objects.get(item=item)
    assert row.stored is not None
    assert (row.state, row.stored.type, row.stored.width, row.stored.height, row.stored.size) == (
        "stored",
        "image/png",
        64,
        48,
        len(data),
    )
    assert store.get(row.stored.digest) == data
    for post in Post.objects.all():
        assert (post.state, post.pictures[0]["digest"], post.pictures[0]["alt"]) == (
            "draft",
            row.stored.digest,
            "A green field",
        )
    assert picture_site.asked == ["/a.png"]


def test_nothing_is_fetched_in_the_transactions_of_intake_and_drafting(picture_site: Site) -> None:
    a_post_about(picture_site.put("/a.png", drawn()))
    assert picture_site.asked == []


def test_drafting_nudges_the_fetching(
    picture_site: Site, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    said: list[str] = []
    monkeypatch.setattr(events, "_deliver", lambda name, _ids: said.append(name))
    with django_capture_on_commit_callbacks(execute=True):
        a_post_about(picture_site.url + "/a.png")
    assert said == ["picture.wanted"]


def test_a_picture_that_no_channel_could_show_is_not_fetched(picture_site: Site) -> None:
    a_channel("webhook")
    item = an_item(image_url=picture_site.put("/a.png", drawn()))
    assert draft_item(item.pk, now=NOON)
    assert not ItemPicture.objects.exists()


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("served", "why"),
    [
        (PAGE, "a web page"),
        (SVG, "SVG"),
        (b"GIF89a and then nothing", "no picture that can be read"),
        (b"", "no picture that can be read"),
        (bomb(), "million pixels"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 20_000_001, "larger than"),
        (404, "404"),
    ],
    ids=["page", "svg", "half", "empty", "bomb", "large", "gone"],
)
def test_what_is_no_picture_is_refused_with_the_reason_and_the_post_goes_on_without(
    picture_site: Site, served: bytes | int, why: str
) -> None:
    post = a_post_about(picture_site.put("/a.png", served), image_alt="")
    assert fresh(post).state == "held"
    assert fetch() == 1
    assert picture_of(post).state == "refused"
    assert why in picture_of(post).reason
    assert (fresh(post).state, fresh(post).pictures, fresh(post).problem) == ("draft", [], "")


def test_a_channel_that_needs_a_picture_holds_the_post_whose_picture_is_refused(picture_site: Site) -> None:
    channel = a_sandbox_channel(picture_required=True)
    post = a_draft(channel, image_url=picture_site.put("/a.png", PAGE), image_alt="A field")
    fetch()
    assert fresh(post).state == "held"
    assert "nothing without" in fresh(post).problem
    assert "nothing without" in a_draft(channel).problem


def test_a_redirect_to_a_private_address_is_not_followed(picture_site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as inside:
        inside.settimeout(0.2)
        port = inside.getsockname()[1]
        post = a_post_about(picture_site.put("/a.png", f"http://127.0.0.1:{port}/secret.png"))
        fetch()
        with pytest.raises(TimeoutError):
            inside.accept()
    assert picture_of(post).state == "refused"
    assert "private address" in picture_of(post).reason


def test_a_server_in_trouble_is_asked_again_with_growing_waits_and_then_given_up(picture_site: Site) -> None:
    post = a_post_about(picture_site.put("/a.png", 503))
    now = NOON
    for wait in WAITS:
        assert fetch(now) == 0
        row = picture_of(post)
        assert (row.state, "503" in row.reason) == ("waiting", True)
        assert wait <= row.next_at - now < wait + timedelta(seconds=30)
        assert fetch(now + wait - timedelta(seconds=1)) == 0
        now = row.next_at
    assert fetch(now) == 1
    assert (picture_of(post).state, fresh(post).pictures) == ("refused", [])
    assert len(picture_site.asked) == len(WAITS) + 1


def test_a_picture_that_comes_at_the_second_try_is_taken(picture_site: Site) -> None:
    post = a_post_about(picture_site.put("/a.png", 500))
    fetch()
    picture_site.put("/a.png", drawn())
    assert fetch(picture_of(post).next_at) == 1
    assert fresh(post).pictures[0]["digest"]


def test_what_a_dead_worker_was_fetching_is_fetched_by_the_next(
    picture_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = a_post_about(picture_site.put("/a.png", drawn()))

    def die(*_args: object, **_more: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr("publisher.core.fetch.get", die)
        with pytest.raises(SystemExit):
            fetch()
    assert fetch() == 0
    assert fetch(NOON + timedelta(minutes=4)) == 1
    assert fresh(post).pictures[0]["digest"]


def test_a_revision_with_another_picture_brings_that_one(picture_site: Site) -> None:
    post = a_post_about(picture_site.put("/a.png", drawn("red")))
    fetch()
    first = fresh(post).pictures[0]["digest"]
    revise(post.item, image_url=picture_site.put("/b.png", drawn("blue")))
    draft_item(post.item_id, now=NOON)
    assert fresh(post).pictures[0]["digest"] == ""
    fetch()
    assert fresh(post).pictures[0]["digest"] not in ("", first)


def test_what_was_fetched_for_an_earlier_revision_is_not_put_into_the_post(
    picture_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The item is revised while its first picture is on the wire."""
    from publisher.social.media import keeping

    post = a_post_about(picture_site.put("/a.png", drawn("red")))
    second = picture_site.put("/b.png", drawn("blue"))
    keep = keeping.keep

    def revised_meanwhile(data: bytes, *, now: datetime) -> object:
        monkeypatch.undo()
        revise(post.item, image_url=second)
        draft_item(post.item_id, now=NOON)
        ItemPicture.objects.update(tries=1)  # as if another worker had begun it at once
        return keep(data, now=now)

    monkeypatch.setattr(keeping, "keep", revised_meanwhile)
    assert fetch() == 2
    assert fresh(post).pictures[0]["digest"] == store.digest_of(drawn("blue"))


def test_a_store_that_is_away_is_no_fault_of_the_picture(picture_site: Site, settings: Any) -> None:
    post = a_post_about(picture_site.put("/a.png", drawn()))
    good, settings.MEDIA_ROOT = settings.MEDIA_ROOT, "/proc/nowhere"
    now = NOON
    for _ in range(len(WAITS) + 2):
        assert fetch(now) == 0
        now = picture_of(post).next_at
    assert "store of pictures" in picture_of(post).reason
    settings.MEDIA_ROOT = good
    assert fetch(now) == 1


def test_a_picture_at_which_every_worker_dies_is_given_up_and_its_posts_go_on(
    picture_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = a_post_about(picture_site.put("/a.png", drawn()))

    def die(*_args: object, **_more: object) -> None:
        raise SystemExit

    monkeypatch.setattr("publisher.social.media.keeping.keep", die)
    now, died = NOON, 0
    while fresh(post).pictures and died < 20:
        try:
            fetch(now)
        except SystemExit:
            died += 1
        now += timedelta(minutes=4)
    assert died == len(WAITS) + 1
    row = picture_of(post)
    assert (row.state, row.reason) == ("refused", f"Each of {died} tries to fetch it broke off.")
    assert (fresh(post).state, fresh(post).pictures) == ("draft", [])


def test_tries_at_which_the_store_was_away_are_not_counted(picture_site: Site, settings: Any) -> None:
    post = a_post_about(picture_site.put("/a.png", drawn()))
    good, settings.MEDIA_ROOT = settings.MEDIA_ROOT, "/proc/nowhere"
    now = NOON
    for _ in range(len(WAITS) + 5):
        fetch(now)
        now = picture_of(post).next_at
    settings.MEDIA_ROOT = good
    picture_site.put("/a.png", 503)
    fetch(now)
    assert picture_of(post).state == "waiting"
