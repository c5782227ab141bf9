"""Pacing as a sender uses it: before a claim, after it, after the results; with Redis, without it, and after its loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
import redis

from publisher.delivery.claim import ClaimedMail, claim_mail, next_fence
from publisher.delivery.models import Delivery
from publisher.delivery.pacing.held_back import NOTHING, TICKET, HeldBack, Holding, put_back, put_behind
from publisher.delivery.pacing.limits import Limits, parse_domain_rates, parse_rates, parse_warmup
from publisher.delivery.pacing.pacer import AFTER_PROBE, PROBE, Grant, Pacer, Result
from publisher.delivery.states import State
from publisher.digests.models import Edition
from tests.builders import NOON, a_sending_edition
from tests.delivery.pacing.steps import START

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
SENT, FAILED, QUEUED = State.SENT, State.FAILED, State.QUEUED


class Hand:
    """A pacer whose clock, and Redis's, is turned by hand."""

    def __init__(self, *, rate: str = "", domains: str = "", warmup: str = "", percent: int = 100) -> None:
        self.now = NOON
        limits = Limits(parse_rates(rate), parse_domain_rates(domains), parse_warmup(warmup))
        self.pacer = Pacer(limits, error_percent=percent, at=self.us)

    def us(self) -> int:
        return START + round((self.now - NOON) / timedelta(microseconds=1))

    def allow(self, most: int = 200) -> Grant:
        return self.pacer.allow(most, now=self.now)

    def hold(
        self, *addresses: str, urgent: bool = False, due: datetime = NOON, reason: str = ""
    ) -> Mapping[int, HeldBack]:
        return self.holding(*addresses, urgent=urgent, due=due, reason=reason).held

    def holding(
        self,
        *addresses: str,
        edition: int = 7,
        urgent: bool = False,
        due: datetime = NOON,
        reason: str = "",
    ) -> Holding:
        mails = [
            ClaimedMail(n, 1, address, "", None, 1, due.timestamp(), reason)
            for n, address in enumerate(addresses)
        ]
        return self.pacer.hold_back(mails, edition_id=edition, urgent=urgent, now=self.now)

    def told(self, *results: Result, since: datetime | None = None) -> str:
        return self.pacer.after_results(7, results, since=since, now=self.now)


pytestmark = pytest.mark.django_db


def commands(inbox: redis.Redis) -> int:
    return int(inbox.info("stats")["total_commands_processed"])


def test_without_limits_and_trouble_redis_is_read_once_a_second_and_no_more(inbox: redis.Redis) -> None:
    hand = Hand()
    hand.allow()
    before = commands(inbox)
    for _ in range(50):
        grant = hand.allow()
        assert (grant.count, grant.reason) == (200, "")
        assert hand.hold(*["lin@gmail.com"] * 200) == {}
        assert hand.told(*[Result("lin@gmail.com", SENT, 250)] * 200) == ""
        hand.pacer.give_back(grant, 10, now=hand.now)
    assert commands(inbox) - before == 1, "the INFO that counts"


def test_the_servers_rate_says_how_many_to_claim_and_when_to_ask_again(inbox: redis.Redis) -> None:
    hand = Hand(rate="50/s, 30/day")
    hand.allow()
    hand.now += SECOND
    assert hand.allow().count == 10
    refused = hand.allow()
    assert (refused.count, refused.reason) == (0, "The mail server takes 50/s, which is used up")
    for _ in range(2):
        hand.now += SECOND
        assert hand.allow().count == 10
    hand.now += SECOND
    used_up = hand.allow()
    assert used_up.count == 0
    assert used_up.wait > timedelta(hours=23)
    assert used_up.reason == "The mail server takes 30/day, which is used up"


def test_what_was_granted_and_not_used_is_there_for_others(inbox: redis.Redis) -> None:
    hand, other = Hand(rate="50/s"), Hand(rate="50/s")
    hand.allow()
    hand.now = other.now = NOON + SECOND
    grant = hand.allow()
    hand.pacer.give_back(grant, grant.count, now=hand.now)
    assert other.allow().count == grant.count == 10


def test_a_warm_up_limits_a_day(inbox: redis.Redis) -> None:
    hand = Hand(warmup="2026-06-01 200 x1.5")
    assert [hand.allow(150).count for _ in range(3)] == [150, 50, 0]
    hand.now += timedelta(days=1)
    assert [hand.allow().count for _ in range(2)] == [100, 0]


def test_a_provider_with_a_rate_gives_each_mail_its_moment_and_no_other_waits(inbox: redis.Redis) -> None:
    hand = Hand(domains="gmail.com=20/s")
    hand.hold("warm@gmail.com")
    hand.now += MINUTE
    held = hand.hold(*["lin@gmail.com", "lin@example.org", "lin@googlemail.com"] * 50)
    assert all(n % 3 != 1 for n in held)
    assert 100 - len(held) == 18, "nine tenths of a second's rate leave now"
    assert {each.reason for each in held.values()} == {"Held back: gmail.com takes 20/s."}
    moments = sorted(each.until for each in held.values())
    assert moments[0] > hand.now + SECOND
    assert len(set(moments)) == len(moments)
    assert moments[-1] < hand.now + 6 * SECOND


def test_a_mail_whose_moment_has_come_goes_and_takes_no_other(inbox: redis.Redis) -> None:
    hand = Hand(domains="gmail.com=1/min")
    held = hand.hold("a@gmail.com", "b@gmail.com")
    hand.now = held[1].until + SECOND
    assert hand.hold("b@gmail.com", due=held[1].until, reason=held[1].reason) == {}
    hand.now += MINUTE
    missed = hand.hold("b@gmail.com", due=held[1].until, reason=held[1].reason)
    assert all(each.until > hand.now for each in missed.values())


def test_an_alert_is_not_held_behind_a_digest(inbox: redis.Redis) -> None:
    hand = Hand(domains="*=20/s")
    hand.hold("warm@example.org")
    hand.now += MINUTE
    for _ in range(50):
        hand.hold(*["lin@example.org"] * 200)
    assert hand.hold("lin@example.org", urgent=True) == {}
    assert hand.hold("lin@example.org")[0].until > hand.now + 5 * MINUTE, "behind those of its edition"


def test_an_edition_that_is_cancelled_holds_the_next_one_up_for_a_minute_at_most(inbox: redis.Redis) -> None:
    hand = Hand(domains="gmail.com=20/s")
    hand.hold("warm@gmail.com")
    hand.now += MINUTE
    for _ in range(20):
        held = hand.hold(*["lin@gmail.com"] * 200)
    assert all(hand.now + MINUTE < each.until < hand.now + 4 * MINUTE for each in held.values())
    assert not any(each.reason.startswith(TICKET) for each in held.values()), "they ask again"
    [next_one] = hand.holding("lin@gmail.com", edition=8).held.values()
    assert next_one.until <= hand.now + MINUTE + SECOND
    hand.now = next_one.until
    assert hand.holding("lin@gmail.com", edition=8).held == {}


def test_mail_that_gets_no_moment_comes_back_in_step_with_its_provider_s_rate(inbox: redis.Redis) -> None:
    hand = Hand(domains="gmail.com=20/s")
    hand.hold("warm@gmail.com")
    hand.now += MINUTE
    for _ in range(6):
        hand.hold(*["lin@gmail.com"] * 200)
    holding = hand.holding(*["lin@gmail.com"] * 90, *["lin@example.org"] * 110)
    [behind] = holding.behind
    moments = [each.until for each in holding.held.values()]
    assert (len(moments), behind.begin, behind.due_by) == (90, moments[-1] + behind.step, hand.now)
    assert 4.9 * SECOND < moments[-1] - moments[0] < 5 * SECOND, "nine tenths of 20/s"
    hand.pacer.lined_up(7, behind, 100_000, now=hand.now)
    assert {each.until for each in hand.hold(*["lin@gmail.com"] * 9).values()} == {hand.now + 60 * MINUTE}


def test_mail_behind_is_looked_for_where_a_tenth_of_a_claim_is_held_back(inbox: redis.Redis) -> None:
    hand = Hand()
    hand.told(Result("lin@gmail.com", QUEUED, 421, "4.7.28", "unusual rate of mail"))
    few = hand.holding(*["lin@gmail.com"] * 9, *["lin@example.org"] * 191)
    many = hand.holding(*["lin@gmail.com"] * 23, *["lin@example.org"] * 177)
    assert (len(few.held), few.behind) == (9, [])
    [behind] = many.behind
    assert (behind.bucket, behind.due_by, behind.latest) == (
        "gmail.com",
        NOON + MINUTE - SECOND,
        NOON + 2 * MINUTE,
    )
    assert sorted(each.until for each in many.held.values())[:PROBE] == [NOON + MINUTE] * PROBE
    assert max(each.until for each in many.held.values()) <= NOON + MINUTE + AFTER_PROBE


def test_where_nobody_rests_and_nothing_is_limited_no_mail_is_looked_at(inbox: redis.Redis) -> None:
    class Unread(list[Any]):
        def __iter__(self) -> Iterator[Any]:
            raise AssertionError("a mail was looked at")

    hand = Hand()
    hand.told(Result("lin@gmail.com", QUEUED, 421, "4.7.28", "unusual rate of mail"))
    hand.now += 2 * MINUTE
    hand.told(Result("lin@gmail.com", SENT, 250))
    hand.now += SECOND
    assert hand.pacer._rests.states(hand.now), "remembered for hours"
    assert hand.pacer.hold_back(Unread([1]), edition_id=7, urgent=False, now=hand.now) == NOTHING


def test_acceptances_are_written_down_once_a_second(inbox: redis.Redis) -> None:
    hand = Hand(percent=10)
    hand.allow()
    before = commands(inbox)
    for _ in range(50):
        assert hand.told(*[Result("lin@gmail.com", SENT, 250)] * 200) == ""
    assert commands(inbox) - before == 1, "the INFO that counts"
    hand.now += SECOND
    hand.told(Result("lin@gmail.com", SENT, 250))
    assert inbox.llen("publisher:pacing:results:7") == 2


def test_a_provider_that_asks_for_peace_gets_it_and_is_tried_carefully(inbox: redis.Redis) -> None:
    hand = Hand()
    hand.told(Result("lin@gmail.com", QUEUED, 421, "4.7.28", "unusual rate of mail"))
    held = hand.hold("a@gmail.com", "b@example.org", "c@googlemail.com")
    assert held.keys() == {0, 2}
    assert held[0].until == NOON + MINUTE
    assert held[0].reason == (
        "Waits: gmail.com asked for peace (“421 4.7.28 unusual rate of mail”) until 01 June, 12:01 UTC."
    )
    hand.now = held[0].until
    tried = hand.hold(*["a@gmail.com"] * 9)
    assert len(tried) == 9 - PROBE
    assert tried[8].reason == "Waits: gmail.com is tried with a few mails first."
    hand.told(Result("a@gmail.com", SENT, 250))
    assert hand.hold(*["a@gmail.com"] * 9) == {}


def test_a_provider_on_trial_gets_a_few_mails_also_where_it_has_a_rate(inbox: redis.Redis) -> None:
    hand = Hand(domains="gmail.com=1000/s")
    hand.hold("warm@gmail.com")
    hand.now += MINUTE
    hand.told(Result("lin@gmail.com", QUEUED, 421, "4.7.28", "unusual rate of mail"))
    hand.now += MINUTE
    assert len(hand.hold(*["a@gmail.com"] * 20)) == 20 - PROBE


def test_the_mail_server_that_asks_for_peace_is_sent_nothing(inbox: redis.Redis) -> None:
    hand = Hand()
    hand.told(Result("lin@gmail.com", QUEUED, 454, "", "Throttling failure: Daily message quota exceeded."))
    grant = hand.allow()
    assert (grant.count, grant.wait) == (0, MINUTE)
    assert grant.reason.startswith("The mail server asked for peace (“454 Throttling failure")
    hand.now += MINUTE
    assert hand.allow().count == PROBE
    hand.told(Result("lin@gmail.com", SENT, 250))
    assert hand.allow().count == 200


def test_an_edition_of_which_too_much_is_refused_stops_with_a_reason(inbox: redis.Redis) -> None:
    hand = Hand(percent=10)
    fine, bad = Result("a@b.example", SENT), Result("a@b.example", FAILED, 550, "5.7.1", "not authorised")
    assert hand.told(*[fine] * 89, *[bad] * 10) == ""
    assert hand.told(bad, Result("a@b.example", QUEUED, 451, "", "later")).startswith(
        "11 of the last 100 were refused; all said “550 5.7.1 not authorised”."
    )
    resumed = hand.now = NOON + MINUTE
    assert hand.told(*[bad] * 50, since=resumed) == ""
    assert hand.told(*[bad] * 50, since=resumed).startswith("100 of the last 100")


def test_after_a_restart_of_the_worker_old_results_still_count(inbox: redis.Redis) -> None:
    bad = Result("a@b.example", FAILED, 550, "5.7.1", "not authorised")
    Hand(percent=10).told(*[bad] * 60)
    assert Hand(percent=10).told(*[bad] * 60).startswith("120 of the last 120")


def test_without_redis_mail_goes_slowly_and_never_fast(no_redis: None) -> None:
    hand = Hand(rate="50/s", domains="gmail.com=20/s", percent=10)
    granted = 0
    for _ in range(100):
        granted += hand.allow().count
        hand.now += SECOND / 10
    assert 40 <= granted <= 50, "a tenth of 50/s, for ten seconds"
    gone = 0
    for _ in range(100):
        held = hand.hold(*["lin@gmail.com", "lin@example.org"] * 2)
        assert not {1, 3} & held.keys()
        assert not any(each.reason.startswith(TICKET) for each in held.values())
        gone += 2 - len(held)
        hand.now += SECOND / 10
    assert 15 <= gone <= 20, "a tenth of 20/s, for ten seconds"
    assert hand.told(Result("lin@gmail.com", FAILED, 550)) == ""


def test_without_redis_and_without_limits_mail_goes_as_ever(no_redis: None) -> None:
    hand = Hand()
    assert hand.allow().count == 200
    assert hand.hold("lin@gmail.com") == {}
    hand.told(Result("lin@gmail.com", QUEUED, 421, "4.7.28", "unusual rate of mail"))
    assert hand.hold("lin@gmail.com"), "what this worker was told, it keeps to"


def test_redis_that_does_not_answer_is_not_asked_at_each_claim(no_redis: None, monkeypatch: Any) -> None:
    hand, asked = Hand(rate="50/s"), []

    def away(*given: Any, **_more: Any) -> None:
        asked.append(given)
        raise redis.ConnectionError("away")

    monkeypatch.setattr(hand.pacer._buckets, "take", away)
    for _ in range(95):
        hand.allow()
        hand.now += SECOND / 10
    assert len(asked) == 1
    hand.now += SECOND
    hand.allow()
    assert len(asked) == 2


def test_settings_make_a_pacer(inbox: redis.Redis) -> None:
    pacer = Pacer.of_settings()
    assert pacer.limits == Limits()
    assert pacer.error_percent == 10


def claim_and_hold(hand: Hand, edition: Edition) -> list[str]:
    """One turn of a sender's loop; the addresses that leave in it."""
    grant = hand.allow(20)
    if not grant.count:
        return []
    claim = claim_mail(edition.pk, fence=next_fence(), now=hand.now, limit=grant.count, lease=300 * SECOND)
    holding = hand.pacer.hold_back(claim.mails, edition_id=edition.pk, urgent=False, now=hand.now)
    put_back(claim.fence, holding.held)
    for behind in holding.behind:
        count = put_behind(edition.pk, behind)
        hand.pacer.lined_up(edition.pk, behind, count, now=hand.now)
    left = [mail for mail in claim.mails if mail.id not in holding.held]
    hand.pacer.give_back(grant, grant.count - len(left), now=hand.now)
    Delivery.objects.filter(pk__in=[mail.id for mail in left]).update(state="sent", sent_at=hand.now)
    hand.told(*[Result(mail.address, SENT, 250) for mail in left])
    return [mail.address for mail in left]


@pytest.mark.parametrize("lost_at", [None, 5, 23])
def test_a_whole_edition_leaves_within_the_rates_and_the_slow_block_nobody(
    inbox: redis.Redis, lost_at: int | None
) -> None:
    edition = a_sending_edition(mails=90)
    for row in Delivery.objects.all()[:60]:
        Delivery.objects.filter(pk=row.pk).update(address=f"reader{row.pk}@gmail.com")
    hand = Hand(rate="30/s", domains="gmail.com=2/s")
    left: list[tuple[datetime, str]] = []
    for turn in range(240):
        if turn == lost_at:
            inbox.flushall()
        left += [(hand.now, address) for address in claim_and_hold(hand, edition)]
        hand.now += SECOND / 4
    assert Delivery.objects.filter(state="sent").count() == len(left) == 90
    others = [at for at, address in left if not address.endswith("gmail.com")]
    assert max(others) < NOON + 12 * SECOND
    gmail = [at for at, address in left if address.endswith("gmail.com")]
    assert NOON + 30 * SECOND < max(gmail) < NOON + 45 * SECOND
    for begin in gmail:
        within = [at for at in gmail if begin <= at < begin + 10 * SECOND]
        assert len(within) <= 20 + 2 * 2
