"""Limits at work: what may not leave yet is put back with its moment, and too many refusals stop an edition."""

from __future__ import annotations

import itertools
from datetime import time, timedelta
from typing import Any

import pytest
import redis

from publisher.delivery.hindrances import pace_of
from publisher.delivery.mail import send_due
from publisher.delivery.models import Delivery
from publisher.delivery.outlook import outlook
from publisher.delivery.pacing.limits import parse_domain_rates, parse_rates, parse_warmup
from publisher.delivery.pacing.pacer import Pacer, Result
from publisher.delivery.states import State
from publisher.digests import editions
from publisher.digests.models import Digest
from tests.builders import NOON, a_digest
from tests.delivery.test_mail import a_sender, an_assembled_edition, sent_by, states
from tests.fakes.smtp_sink import SmtpSink, at
from tests.social.steps import an_editor

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def test_a_provider_s_rate_gives_each_mail_a_moment_and_lets_others_pass(settings: Any) -> None:
    settings.MAIL_DOMAIN_RATES = parse_domain_rates("gmail.com=6/min")
    edition = an_assembled_edition(readers=12)
    for delivery in Delivery.objects.order_by("id")[:10]:
        delivery.address = delivery.address.replace("@example.net", "@gmail.com")
        delivery.save()
    with SmtpSink() as sink:
        sent_by(sink, edition)
        at_once = list(sink.recipients)
    assert sum(address.endswith("@example.net") for address in at_once) == 2
    assert sum(address.endswith("@gmail.com") for address in at_once) <= 1
    waiting = Delivery.objects.filter(state="queued").order_by("due_at")
    held = [row.due_at for row in waiting if row.reason == "Held back: gmail.com takes 6/min."]
    later = [row.due_at for row in waiting if row.reason == "Waits: gmail.com takes 6/min."]
    assert (len(held) + len(later), {row.attempts for row in waiting}) == (len(waiting), {0})
    assert 4 <= len(held) <= 6, "a minute's"
    assert NOON < held[0] < held[-1] <= NOON + timedelta(seconds=60) < later[0]
    assert all(
        after - before >= timedelta(seconds=10) for before, after in itertools.pairwise(held + later[1:])
    )


def test_mail_of_a_provider_that_rests_is_not_claimed_again_and_again_and_others_leave_meanwhile() -> None:
    edition = an_assembled_edition(readers=120)
    gmail = Delivery.objects.order_by("id")[:80]
    for delivery in gmail:
        delivery.address = delivery.address.replace("@example.net", "@gmail.com")
        delivery.save()
    pacer = Pacer.of_settings()
    asked = Result("a@gmail.com", State.QUEUED, 421, "4.7.28", "unusual rate of mail")
    pacer.after_results(edition.pk, [asked], since=None, now=NOON)
    with SmtpSink() as sink:
        assert sent_by(sink, edition, most=10, pacer=pacer) == {"sent": 40}
        waiting = Delivery.objects.filter(state="queued")
        assert waiting.count() == 80
        assert waiting.exclude(fence=0).count() <= 10, "one claim showed it"
        assert {row.reason.partition(" (")[0] for row in waiting} == {"Waits: gmail.com asked for peace"}
        assert {row.due_at for row in waiting.order_by("due_at")[:3]} == {NOON + MINUTE}
        last = max(row.due_at for row in waiting)
        assert last <= NOON + 2 * MINUTE
        assert sent_by(sink, edition, now=NOON + MINUTE) == {"sent": 3}, "it is tried with a few"
        assert sent_by(sink, edition, now=last) == {"sent": 77}
        readers = [address.partition("@")[0] for address in sink.recipients]
    assert len(set(readers)) == len(readers) == 120
    in_order = list(Delivery.objects.order_by("id").values_list("address", flat=True)[:80])
    assert sink.recipients[40:] == in_order


def test_the_server_s_rate_is_kept_and_said(settings: Any, inbox: redis.Redis) -> None:
    settings.MAIL_RATE = parse_rates("5/h")
    edition = an_assembled_edition(readers=8)
    with SmtpSink() as sink:
        settings.MAIL = sink.url
        send_due(seconds=5, clock_=lambda: NOON)
        assert len(sink.messages) <= 5
    assert pace_of(edition, NOON).startswith(
        "Mail waits: The mail server takes 5/h, which is used up, until "
    )
    assert states(edition)["queued"] >= 3


def test_what_the_warm_up_holds_back_is_told_as_the_warm_up(settings: Any, inbox: redis.Redis) -> None:
    settings.MAIL_WARMUP = parse_warmup("2026-06-01 3")
    edition = an_assembled_edition(readers=5)
    with SmtpSink() as sink:
        settings.MAIL = sink.url
        send_due(seconds=5, clock_=lambda: NOON)
        assert len(sink.messages) == 3
    said = pace_of(edition, NOON)
    hold = outlook(now=NOON).mail_hold
    assert said == f"Mail waits: {hold}", "all pages say the same"
    assert said.startswith(
        "Mail waits: The warm-up (PUBLISHER_MAIL_WARMUP) allows 3 mails in 24 hours: used up for now, until "
    )


def test_a_pace_at_which_mail_flows_is_no_hindrance(settings: Any, inbox: redis.Redis) -> None:
    settings.MAIL, settings.MAIL_RATE = "smtp://127.0.0.1:25", parse_rates("10/s")
    edition = an_assembled_edition(readers=3)
    sender = Pacer.of_settings()
    while sender.allow(10, now=NOON).count:
        pass
    assert pace_of(edition, NOON) == ""


def test_a_server_that_asked_for_peace_is_told_in_one_sentence(settings: Any, inbox: redis.Redis) -> None:
    settings.MAIL = "smtp://127.0.0.1:25"
    edition = an_assembled_edition(readers=3)
    full = Result("lin@a.example", State.QUEUED, 454, "", "Throttling failure: maximum sending rate")
    Pacer.of_settings().after_results(edition.pk, [full], since=None, now=NOON)
    assert pace_of(edition, NOON) == (
        "Mail waits: The mail server asked for peace (“454 Throttling failure: maximum sending rate”), "
        "until 1 June, 12:01 (UTC)."
    )
    assert pace_of(edition, NOON + MINUTE) == ""


def test_while_redis_cannot_be_asked_no_rate_is_said_to_be_used_up(settings: Any, no_redis: None) -> None:
    settings.MAIL, settings.MAIL_RATE = "smtp://127.0.0.1:25", parse_rates("200/day")
    edition = an_assembled_edition(readers=3)
    assert pace_of(edition, NOON) == ""
    assert outlook(now=NOON).mail_hold is None


def test_too_many_refusals_pause_an_edition_until_a_person_resumes_it(settings: Any) -> None:
    edition = an_assembled_edition(readers=150)
    with SmtpSink([at("RCPT", "550 5.7.1 we do not know you")]) as sink:
        sent_by(sink, edition, most=50)
        edition.refresh_from_db()
        assert edition.state == "paused"
        assert "550 5.7.1" in edition.problem
        refused = states(edition)["failed"]
        assert 100 <= refused < 150
        editions.resume(edition.pk, user=an_editor(), now=NOON + timedelta(minutes=1))
        sent_by(sink, edition, now=NOON + timedelta(minutes=1), most=5)
        edition.refresh_from_db()
    assert states(edition) == {"failed": 150}
    assert edition.state == "sending"


def test_a_provider_that_wants_less_is_tried_again_whatever_code_it_gives() -> None:
    edition = an_assembled_edition(readers=1)
    with SmtpSink([at("RCPT", "550 Ip frequency limited", times=1)]) as sink:
        assert sent_by(sink, edition) == {"queued": 1}
        assert sent_by(sink, edition, now=NOON + timedelta(hours=1)) == {"sent": 1}


def test_outside_a_digest_s_hours_nothing_leaves() -> None:
    digest = a_digest(zone="UTC", send_from=time(13, 0), send_until=time(18, 0))
    edition = an_assembled_edition(digest, readers=2)
    with SmtpSink() as sink:
        assert sent_by(sink, edition) == {}
        Digest.objects.filter(pk=digest.pk).update(send_from=time(11, 0))
        assert sent_by(sink, edition) == {"sent": 2}


def test_when_the_hours_end_a_claim_stops_and_the_rest_of_it_waits_for_the_next_day() -> None:
    digest = a_digest(zone="UTC", send_from=time(8), send_until=time(12, 0, 10))
    edition, after = an_assembled_edition(digest, readers=20), NOON + timedelta(seconds=20)
    with SmtpSink([at("DOT", deed="bytewise")]) as sink:
        slow = a_sender(sink, clock=lambda: NOON if len(sink.messages) < 2 else after, only=edition.pk)
        look = slow._look

        def look_often() -> None:
            look()
            slow._look_at = 0.0

        slow._look = look_often  # type: ignore[method-assign]  # the moment at which the hours end is what is tested
        slow._look_at, slow._size = 0.0, 20
        slow.run()
        assert 2 <= len(sink.messages) < 10
        assert states(edition) == {"sent": len(sink.messages), "queued": 20 - len(sink.messages)}
        assert set(Delivery.objects.filter(state="queued").values_list("attempts", flat=True)) == {0}
        sink.rules = ()
        sent_by(sink, edition, now=NOON + timedelta(hours=20))
    assert states(edition) == {"sent": 20}
