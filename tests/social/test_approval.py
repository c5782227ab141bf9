"""What staff may do with a post, and what they are told when they may not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.items.models import Item
from publisher.schedule.against import Rule
from publisher.social import approval
from publisher.social.approval import Stale
from publisher.social.models import Post
from publisher.social.networks import registry
from publisher.social.networks.sandbox.network import SANDBOX
from publisher.social.slots import proposals
from tests.builders import NOON, a_channel, a_schedule
from tests.social.steps import (
    EVERY_MINUTE,
    a_draft,
    a_sandbox_channel,
    a_scheduled_post,
    an_editor,
    approved,
    fresh,
    text_of,
)

pytestmark = pytest.mark.django_db

S = Post.State


def edit(post: Post, *texts: str) -> Post:
    return approval.edit(post.pk, user=an_editor(), version=post.version, texts=texts, now=NOON)


def cancel(post: Post, reason: str = "Not now.") -> Post:
    return approval.cancel(post.pk, user=an_editor(), version=post.version, reason=reason, now=NOON)


def move(post: Post, hours: float) -> Post:
    at = NOON + timedelta(hours=hours)
    return approval.reschedule(post.pk, user=an_editor(), version=post.version, at=at, now=NOON)


def test_an_approved_post_waits_for_a_slot_and_names_who_approved_it() -> None:
    post = approved(a_draft())
    assert (post.state, post.approved_by, post.approved_at) == ("approved", an_editor(), NOON)
    entry = AuditEntry.objects.get(action="post.approved")
    assert (entry.actor_name, entry.object_id) == ("ilse", str(post.pk))


def test_a_form_that_has_become_stale_is_refused_and_changes_nothing() -> None:
    post = a_draft()
    edit(post, "Mine.")
    deeds: list[Callable[[], Post]] = [
        lambda: edit(post, "Yours."),
        lambda: cancel(post),
        lambda: move(post, 1),
    ]
    for deed in deeds:
        with pytest.raises(Stale, match="changed since you opened it"):
            deed()
    with pytest.raises(Stale):
        approval.approve(post.pk, user=None, version=post.version, now=NOON)
    assert text_of(post) == "Mine."


@pytest.mark.parametrize("state", [S.SENDING, S.SENT, S.UNKNOWN, S.CANCELLED])
def test_what_is_going_out_gone_or_stopped_cannot_be_changed(state: Post.State) -> None:
    post = a_draft()
    Post.objects.filter(pk=post.pk).update(state=state)
    deeds: list[Callable[[], Post]] = [
        lambda: approved(post),
        lambda: edit(post, "x"),
        lambda: cancel(post),
        lambda: move(post, 1),
    ]
    for deed in deeds:
        with pytest.raises(UserError, match=str(state.label)):
            deed()
    assert fresh(post).version == post.version


def test_a_text_that_is_too_long_is_refused_by_the_networks_own_measure() -> None:
    post = a_draft(a_channel("x"))
    with pytest.raises(UserError, match="does not fit X: 2 characters too long"):
        edit(post, "字" * 141)
    assert edit(post, "字" * 140).edited


@pytest.mark.parametrize("texts", [[], [""], ["   "], ["a\x00b"], ["\ud800"], ["a"] * 26, ["a" * 20_001]])
def test_texts_that_no_network_takes_are_refused(texts: list[str]) -> None:
    post = a_draft()
    before = text_of(post)
    with pytest.raises(UserError):
        edit(post, *texts)
    assert text_of(post) == before


def test_an_edited_post_must_be_approved_again() -> None:
    post = a_scheduled_post(a_sandbox_channel())
    edited = edit(post, "Other words.")
    assert (edited.state, edited.slot_at, edited.approved_by) == ("draft", None, None)
    assert AuditEntry.objects.get(action="post.edited").after["texts"] == ["Other words."]


def test_a_post_that_was_held_can_be_mended_and_approved() -> None:
    post = a_draft(a_sandbox_channel(template="{{ broken"))
    assert post.state == "held"
    with pytest.raises(UserError, match="no text"):
        approved(post)
    assert approved(edit(post, "Written by hand.")).state == "approved"


class MeasuringOnly:
    """A network whose sending is not built."""

    name, label = "sandbox", "Village board"
    rules, measure = SANDBOX.rules, SANDBOX.measure


def test_nothing_is_approved_where_it_cannot_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    post = a_draft(a_channel("sandbox"))
    monkeypatch.setitem(registry.networks(), "sandbox", MeasuringOnly())
    with pytest.raises(UserError, match="cannot send to Village board yet"):
        approved(post)


def test_nothing_is_approved_about_a_retracted_item() -> None:
    post = a_draft()
    Item.objects.filter(pk=post.item_id).update(retracted_at=NOON)
    with pytest.raises(UserError, match="retracted"):
        approved(post)


def test_a_cancelled_post_keeps_the_reason() -> None:
    post = cancel(a_scheduled_post(a_sandbox_channel()), "The minister speaks first.")
    assert (post.state, post.problem, post.slot_at) == ("cancelled", "The minister speaks first.", None)


def test_a_post_can_be_given_a_time_that_is_no_slot() -> None:
    post = move(a_scheduled_post(a_sandbox_channel()), 5.51)
    assert (post.state, post.slot_at) == ("scheduled", NOON + timedelta(hours=5.51))


def test_an_expired_post_can_be_given_another_time() -> None:
    post = a_scheduled_post(a_sandbox_channel())
    Post.objects.filter(pk=post.pk).update(state="expired", problem="Its slot was missed.")
    assert (move(post, 2).state, fresh(post).problem) == ("scheduled", "")


def test_quiet_time_and_blackouts_are_told_with_the_next_free_slot() -> None:
    schedule = a_schedule(
        slots=EVERY_MINUTE,
        quiet=[{"start": "22:00", "end": "07:00"}],
        blackouts=["2026-06-02"],
        least_gap_minutes=30,
    )
    post = a_scheduled_post(a_sandbox_channel(schedule=schedule))
    with pytest.raises(UserError, match="quiet hours 22:00–07:00") as raised:
        move(post, 11)
    assert raised.value.hint == "The next free slot is 1 June 2026, 12:01 (UTC)."
    with pytest.raises(UserError, match="blackout date 2026-06-02"):
        move(post, 24)
    with pytest.raises(UserError, match="passed"):
        move(post, -1)


def test_two_posts_of_a_channel_keep_the_least_gap() -> None:
    channel = a_sandbox_channel(schedule=a_schedule(slots=EVERY_MINUTE, least_gap_minutes=30))
    first, second = a_scheduled_post(channel), a_scheduled_post(channel)
    move(first, 3)
    with pytest.raises(UserError, match="At least 30 minutes lie between two"):
        move(second, 3.25)
    assert move(second, 3.5).state == "scheduled"


def test_no_time_before_the_embargo_lifts() -> None:
    post = a_scheduled_post(a_sandbox_channel())
    Item.objects.filter(pk=post.item_id).update(embargo_until=NOON + timedelta(hours=4))
    with pytest.raises(UserError, match="under embargo until 1 June 2026, 16:00"):
        move(post, 3)
    assert move(post, 4).state == "scheduled"


def test_a_post_that_is_gone_is_told_so() -> None:
    with pytest.raises(UserError, match="no such post"):
        approval.approve(0, user=None, version=1, now=NOON)


def test_a_hand_picked_time_keeps_to_the_most_of_a_day() -> None:
    channel = a_sandbox_channel(
        schedule=a_schedule(most_per_day=1, least_gap_minutes=0, zone="Asia/Shanghai")
    )
    planned = a_scheduled_post(channel)
    assert planned.slot_at
    hours = (planned.slot_at - NOON).total_seconds() / 3600
    other = approved(a_draft(channel))
    with pytest.raises(UserError, match="takes 1 a day at most"):
        move(other, hours + 0.1)
    assert move(other, hours + 24).state == "scheduled"
    assert move(fresh(planned), hours + 0.1).state == "scheduled"


def a_night_post(**schedule: Any) -> Post:
    """Scheduled on a channel that is silent at night."""
    rules = {"quiet": [{"start": "22:00", "end": "07:00"}], "slots": EVERY_MINUTE, "least_gap_minutes": 30}
    return a_scheduled_post(a_sandbox_channel(schedule=a_schedule(**rules | schedule)))


def move_even_so(post: Post, hours: float, reason: str) -> Post:
    at = NOON + timedelta(hours=hours)
    version = fresh(post).version
    return approval.reschedule(post.pk, user=an_editor(), version=version, at=at, override=reason, now=NOON)


def test_every_rule_that_a_chosen_time_breaks_is_named_with_free_slots() -> None:
    post = a_night_post(blackouts=["2026-06-02"])
    with pytest.raises(approval.AgainstRules) as raised:
        move(post, 13)
    assert [breach.rule for breach in raised.value.rules] == [Rule.BLACKOUT, Rule.QUIET]
    assert raised.value.may_be_overridden
    assert raised.value.proposals[0] == NOON + timedelta(minutes=1)
    assert len(raised.value.proposals) == 3
    assert fresh(post).slot_at == post.slot_at


def test_a_time_against_the_rules_is_taken_with_a_reason_which_is_kept() -> None:
    post = move_even_so(a_night_post(), 11, "  The flood   warning must go out tonight. ")
    assert (post.state, post.slot_at) == ("scheduled", NOON + timedelta(hours=11))
    assert fresh(post).is_against_rules
    assert (post.override_reason, post.overridden_by, post.overridden_at) == (
        "The flood warning must go out tonight.",
        an_editor(),
        NOON,
    )
    after = AuditEntry.objects.get(action="post.rescheduled").after
    assert after["override"] == "The flood warning must go out tonight."
    assert after["rules"] == ["The channel is silent then: quiet hours 22:00–07:00 UTC."]


def test_a_reason_that_nothing_needed_is_not_kept() -> None:
    post = move_even_so(a_night_post(), 1, "Just so.")
    assert (post.override_reason, post.is_against_rules) == ("", False)
    assert "override" not in AuditEntry.objects.get(action="post.rescheduled").after


def test_another_time_ends_what_the_reason_set_aside() -> None:
    post = move_even_so(a_night_post(), 11, "A flood.")
    assert not move(fresh(post), 1).is_against_rules
    with pytest.raises(approval.AgainstRules):
        move(fresh(post), 11)


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_blank_is_no_reason(reason: str) -> None:
    with pytest.raises(approval.AgainstRules):
        move_even_so(a_night_post(), 11, reason)


def test_a_reason_that_is_too_long_is_refused() -> None:
    with pytest.raises(UserError, match="longer than 500"):
        move_even_so(a_night_post(), 11, "x" * 501)


def test_no_reason_opens_the_past_an_embargo_or_another_posts_time() -> None:
    post = a_night_post()
    other = a_scheduled_post(post.channel)
    move(other, 2)
    Item.objects.filter(pk=post.item_id).update(embargo_until=NOON + timedelta(hours=1))
    for hours, rule in ((-1.0, Rule.PAST), (0.5, Rule.EMBARGO), (2.0, Rule.TAKEN)):
        with pytest.raises(approval.AgainstRules) as raised:
            move_even_so(post, hours, "A flood.")
        assert raised.value.rules[0].rule is rule
        assert not raised.value.may_be_overridden
    assert fresh(post).slot_at == post.slot_at


def test_the_slots_proposed_are_free_later_than_the_embargo_and_each_a_choice_by_itself() -> None:
    schedule = a_schedule(slots=EVERY_MINUTE, least_gap_minutes=30)
    post = a_scheduled_post(a_sandbox_channel(schedule=schedule))
    Item.objects.filter(pk=post.item_id).update(embargo_until=NOON + timedelta(minutes=20))
    move(a_scheduled_post(post.channel), 0.55)
    found = proposals(fresh(post), NOON)
    assert [(at - NOON) / timedelta(minutes=1) for at in found] == [63, 64, 65]


def test_a_schedule_that_is_full_for_a_year_proposes_nothing() -> None:
    post = a_draft(a_sandbox_channel(schedule=a_schedule(slots=[])))
    assert proposals(post, NOON) == []
