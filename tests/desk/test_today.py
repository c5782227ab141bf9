"""What the first page says of editions: what goes out, what has gone, what waits. Its numbers are those of their own pages."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client

from publisher.core import clock
from publisher.delivery.progress import sending, to_go, waves_of
from publisher.delivery.unclear import asking
from publisher.desk.today.overview import Ahead, Gone, overview
from publisher.digests.models import Edition
from tests.builders import a_channel, a_digest, an_item
from tests.desk.builders import a_mail, a_post, an_edition

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 6, 1, tzinfo=UTC)
KIRITIMATI, SHANGHAI, BERLIN = (DAY + timedelta(hours=8 - offset) for offset in (14, 8, 2))
NOW = SHANGHAI + timedelta(minutes=30)


@pytest.fixture(autouse=True)
def a_mail_server(settings: Any) -> None:
    settings.MAIL = "smtp://127.0.0.1:25"


def of(rows: list[Ahead] | list[Gone], edition: Edition) -> list[Ahead] | list[Gone]:
    return [row for row in rows if row.url.endswith(f"/editions/{edition.pk}")]  # type: ignore[return-value]  # a slice of one kind


def by_local_time(**given: Any) -> Edition:
    """Sent where it is morning already but for one that waits and one refused, queued elsewhere."""
    digest = a_digest(local_time=True, created_at=DAY - timedelta(days=1))
    fields: dict[str, Any] = {
        "state": "sending",
        "due_at": SHANGHAI,
        "local_day": DAY.date(),
        "local_at": time(8),
        "assembled_at": KIRITIMATI - timedelta(minutes=50),
        **given,
    }
    edition = an_edition(digest, **fields)
    for wave_at, states in (
        (KIRITIMATI, ["sent", "failed"]),
        (SHANGHAI, ["sent", "queued"]),
        (BERLIN, ["queued"] * 3),
        (BERLIN + timedelta(hours=12), ["queued", "suppressed"]),
    ):
        for state in states:
            a_mail(edition, at=wave_at, state=state, wave_at=wave_at)
    return edition


def test_an_edition_in_waves_says_what_goes_now_what_later_and_what_has_gone() -> None:
    edition = by_local_time()
    seen = overview(now=NOW)
    (ahead,), (gone,) = of(seen.ahead, edition), of(seen.gone, edition)
    assert isinstance(ahead, Ahead)
    assert isinstance(gone, Gone)
    assert (ahead.at, ahead.what) == (
        NOW,
        "Edition, 1 mail now, 4 mails in 2 waves until 1 June, 18:00 (UTC)",
    )
    assert (gone.at, gone.detail) == (KIRITIMATI, "since then 2 of 9 sent, 5 wait, 2 get nothing")


def test_between_waves_it_goes_out_at_the_next_one() -> None:
    edition = by_local_time()
    edition.delivery_set.filter(wave_at=SHANGHAI).update(state="sent")
    (ahead,) = of(overview(now=NOW).ahead, edition)
    assert isinstance(ahead, Ahead)
    assert (ahead.at, ahead.what) == (BERLIN, "Edition, 4 mails in 2 waves until 1 June, 18:00 (UTC)")


@pytest.mark.parametrize("now", [KIRITIMATI - timedelta(minutes=5), NOW, BERLIN, BERLIN + timedelta(days=1)])
def test_what_waits_is_what_goes_now_and_later_and_what_the_waves_hold(now: datetime) -> None:
    edition = by_local_time()
    rest, totals = to_go(edition, now), sending(edition)
    assert rest.due + rest.later == totals.waits == sum(wave.queued for wave in waves_of(edition))
    assert totals.left == sum(wave.left for wave in waves_of(edition))
    assert totals.total == sum(wave.total for wave in waves_of(edition))


@pytest.mark.parametrize(
    ("state", "ahead", "gone"),
    [
        ("waiting", False, False),  # it waits for a person, and stands there
        ("paused", False, True),
        ("cancelled", False, True),
        ("sending", True, True),
    ],
)
def test_each_edition_stands_where_it_is(state: str, ahead: bool, gone: bool) -> None:
    edition = by_local_time(state=state)
    seen = overview(now=NOW)
    assert (bool(of(seen.ahead, edition)), bool(of(seen.gone, edition))) == (ahead, gone)


def test_what_has_sent_nothing_has_not_gone_out() -> None:
    edition = an_edition(state="sending")
    a_mail(edition, at=NOW)
    seen = overview(now=NOW)
    assert of(seen.gone, edition) == []
    assert [row.what for row in of(seen.ahead, edition)] == ["Edition, 1 mail now"]  # type: ignore[union-attr]  # of `Ahead`


def test_what_is_held_up_does_not_go_out_now(settings: Any) -> None:
    settings.MAIL = ""
    edition = an_edition(state="sending")
    a_mail(edition, at=NOW)
    (ahead,) = of(overview(now=NOW).ahead, edition)
    assert isinstance(ahead, Ahead)
    assert (ahead.held, ahead.what) == (
        True,
        "Edition, 1 mail held up: No mail leaves while PUBLISHER_MAIL is empty",
    )


def test_one_that_is_assembled_goes_out_at_its_first_reader_s_time() -> None:
    edition = by_local_time(state="assembling", assembled_at=None)
    (ahead,) = of(overview(now=KIRITIMATI - timedelta(minutes=55)).ahead, edition)
    assert isinstance(ahead, Ahead)
    assert (ahead.at, ahead.what) == (KIRITIMATI, "Edition, being assembled")


def test_a_digest_by_local_time_goes_out_when_the_first_reader_s_morning_comes_and_is_made_before() -> None:
    digest = a_digest(local_time=True, created_at=KIRITIMATI - timedelta(hours=4))
    (ahead,) = overview(now=KIRITIMATI - timedelta(hours=3)).ahead
    assert (ahead.title, ahead.at) == (str(digest), KIRITIMATI)
    assert "made 31 May, 17:00 (UTC), in waves" in ahead.what


def test_the_page_shows_the_same_words_as_the_edition_s_own(desk: Client) -> None:
    edition = by_local_time()
    summary = str(sending(edition))
    assert summary in desk.get("/desk/").content.decode()
    assert summary in desk.get(f"/desk/editions/{edition.pk}").content.decode()


@pytest.mark.parametrize(
    ("states", "ended", "told"),
    [
        (["failed"] * 3, timedelta(hours=1), True),
        (["failed"] * 2 + ["sent"] * 8, timedelta(hours=1), True),
        (["failed"] + ["sent"] * 9, timedelta(hours=1), False),
        (["suppressed"] * 3, timedelta(hours=1), False),
        (["failed"] * 3, timedelta(days=8), False),
    ],
)
def test_an_edition_that_ended_refused_is_told_for_a_week(
    settings: Any, states: list[str], ended: timedelta, told: bool
) -> None:
    settings.MAIL_ERROR_LIMIT = 10
    edition = an_edition(state="sent", finished_at=NOW - ended)
    for state in states:
        a_mail(edition, state=state)
    titles = [trouble.title for trouble in overview(now=NOW).troubles]
    assert ("Editions of which mail was refused" in titles) is told


@pytest.mark.parametrize(
    ("policy", "state", "given", "told"),
    [
        ("resend", "sending", {}, 0),
        ("resend", "paused", {}, 0),
        ("hold", "sending", {}, 1),
        ("resend", "sending", {"held": True}, 1),
        ("resend", "sending", {"attempts": 8}, 1),
        ("resend", "cancelled", {}, 1),
        ("hold", "sending", {"purpose": "test"}, 0),
    ],
)
def test_of_unclear_mail_only_that_is_told_which_the_edition_s_page_leaves_to_a_person(
    policy: str, state: str, given: dict[str, Any], told: int
) -> None:
    edition = an_edition(a_digest(on_unknown=policy), state=state)
    a_mail(edition, state="unknown", reason="No answer.", **given)
    counts = [
        each.count for each in overview(now=NOW).troubles if each.title == "Mails that may have arrived"
    ]
    assert sum(counts) == told == asking(edition)


def test_the_drafts_of_an_item_stand_together_however_many_channels_it_has(desk: Client) -> None:
    channels = [a_channel("sandbox", name=f"Channel {number}") for number in range(10)]
    older, newer = an_item(title="An older item"), an_item(title="A newer item")
    posts = [a_post(item, channel) for item in (older, newer) for channel in channels]
    alone = a_post(an_item(title="For one channel"), channels[0])
    seen = overview(now=clock.now())
    assert [(each.item.title, len(each.posts)) for each in seen.drafts] == [
        ("For one channel", 1),
        ("A newer item", 10),
        ("An older item", 10),
    ]
    assert not seen.more_drafts
    page = desk.get("/desk/").content.decode()
    assert all(f'href="/desk/posts/{post.pk}"' in page for post in [*posts, alone])
