"""Changing schedules with posts planned by them, and editing templates with drafts made by them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.desk.templates.words import WORDS
from publisher.items.languages import primary
from publisher.render.social import SNIPPET_NAMES
from publisher.render.views import ItemView
from publisher.schedule.models import Schedule
from publisher.schedule.rules import RulesError
from publisher.social import sampling, scheduling, templating
from publisher.social.models import Channel, Post
from publisher.social.sampling import Fact
from publisher.social.setting_up import Stale
from tests.builders import NOON, a_channel, a_schedule, an_item
from tests.desk.builders import a_post
from tests.social.steps import an_editor

pytestmark = pytest.mark.django_db

NINE, THREE = datetime(2026, 6, 2, 9, 0, tzinfo=UTC), datetime(2026, 6, 2, 15, 0, tzinfo=UTC)
DAILY_NINE = {
    "zone": "UTC",
    "slots": [{"weekday": day, "at": "09:00"} for day in range(7)],
    "least_gap_minutes": 30,
}


@pytest.fixture
def user() -> User:
    return an_editor()


@pytest.fixture
def schedule() -> Schedule:
    return a_schedule(name="Office")


@pytest.fixture
def posts(schedule: Schedule) -> list[Post]:
    """At 09:00, at 15:00, and at a time chosen by hand."""
    channel = a_channel(schedule=schedule)
    planned = {"state": "scheduled", "approved_at": NOON, "channel": channel}
    return [a_post(slot_at=at, **planned) for at in (NINE, THREE, THREE + timedelta(minutes=40))]


def changed(schedule: Schedule, user: User, data: dict[str, Any] = DAILY_NINE, **given: Any) -> int:
    how = {"names": {}, "version": 1, "reslot": False, "now": NOON, **given}
    return scheduling.change(schedule.pk, "Office", data, user=user, **how)


def test_only_posts_whose_slot_would_be_gone_are_told(schedule: Schedule, posts: list[Post]) -> None:
    schedule.slots = DAILY_NINE["slots"]
    told = scheduling.affected(Schedule.objects.get(pk=schedule.pk), schedule.rules(), now=NOON)
    assert [(each.post.pk, each.why) for each in told] == [(posts[1].pk, "no slot any more")]


def test_they_stay_where_they_are_unless_the_person_wants_new_slots(
    schedule: Schedule, posts: list[Post], user: User
) -> None:
    assert changed(schedule, user) == 0
    posts[1].refresh_from_db()
    assert (posts[1].state, posts[1].slot_at) == ("scheduled", THREE)


def test_with_new_slots_wanted_just_those_wait_for_one(
    schedule: Schedule, posts: list[Post], user: User
) -> None:
    assert changed(schedule, user, reslot=True) == 1
    states = []
    for post in posts:
        post.refresh_from_db()
        states.append((post.state, post.version))
    assert states == [("scheduled", 1), ("approved", 2), ("scheduled", 1)]
    assert AuditEntry.objects.filter(action="post.reslotted", object_id=str(posts[1].pk)).exists()
    entry = AuditEntry.objects.get(action="schedule.changed")
    assert entry.after["moved"] == 1


def test_the_second_of_two_people_changes_nothing(schedule: Schedule, user: User) -> None:
    changed(schedule, user)
    with pytest.raises(scheduling.Stale):
        changed(schedule, user, {**DAILY_NINE, "zone": "Asia/Shanghai"})
    schedule.refresh_from_db()
    assert (schedule.zone, schedule.version) == ("UTC", 2)


def test_names_are_kept_of_dates_that_are_there(schedule: Schedule, user: User) -> None:
    data = {**DAILY_NINE, "blackouts": ["2026-12-25"]}
    changed(schedule, user, data, names={"2026-12-25": "Christmas", "2026-12-26": "gone"})
    schedule.refresh_from_db()
    assert schedule.blackout_names == {"2026-12-25": "Christmas"}


@pytest.mark.parametrize(
    ("name", "data"), [("", DAILY_NINE), ("Other", DAILY_NINE), ("New", {"zone": "Nowhere"})]
)
def test_a_schedule_that_cannot_be_is_not_made(name: str, data: dict[str, Any], user: User) -> None:
    a_schedule(name="Other")
    with pytest.raises((UserError, RulesError)):
        scheduling.create(name, data, names={}, user=user)
    assert Schedule.objects.count() == 1


def test_one_that_is_used_is_not_deleted_and_one_that_is_not_is(
    schedule: Schedule, posts: list[Post], user: User
) -> None:
    with pytest.raises(UserError, match="is used by"):
        scheduling.delete(schedule.pk, user=user, version=1)
    unused = a_schedule()
    scheduling.delete(unused.pk, user=user, version=1)
    assert not Schedule.objects.filter(pk=unused.pk).exists()


# Templates.


def saved(channel: Channel, text: str, user: User, note: str = "") -> object:
    channel.refresh_from_db()
    return templating.save(channel.pk, text, note=note, user=user, version=channel.revision, now=NOON)


def test_each_text_that_is_saved_becomes_a_version_and_the_one_before_is_not_lost(user: User) -> None:
    channel = a_channel(template="{{ item.title }} by file\n")
    saved(channel, "{{ fit(item.title) }}\r\n{{ link }}", user, "Shorter")
    assert [(row.number, row.text, row.note) for row in templating.history(channel)] == [
        (2, "{{ fit(item.title) }}\n{{ link }}\n", "Shorter"),
        (1, "{{ item.title }} by file\n", "Before versions were kept"),
    ]
    assert saved(channel, "{{ fit(item.title) }}\n{{ link }}\n", user) is None


def test_going_back_makes_a_new_version_of_the_old_text(user: User) -> None:
    channel = a_channel()
    saved(channel, "one {{ link }}", user)
    saved(channel, "two {{ link }}", user)
    channel.refresh_from_db()
    templating.go_back(channel.pk, 1, user=user, version=channel.revision, now=NOON)
    channel.refresh_from_db()
    assert channel.template == "one {{ link }}\n"
    assert next((row.number, row.text) for row in templating.history(channel)) == (3, "one {{ link }}\n")
    saved(channel, "  \n", user)
    channel.refresh_from_db()
    assert channel.template == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ item.titel }}", "did you mean"),
        ("a\n{% if %}", "line 2"),
        ("{% for a in range(1000) %}{% for b in range(1000) %}{{ a }}{% endfor %}{% endfor %}", "steps"),
        ("{{ item.__class__ }}", ""),
        ("x" * 20_001, "are the most"),
    ],
)
def test_a_template_that_fails_or_takes_too_much_is_refused_and_changes_nothing(
    user: User, text: str, said: str
) -> None:
    channel = a_channel()
    with pytest.raises(templating.Fails, match=said):
        saved(channel, text, user)
    channel.refresh_from_db()
    assert (channel.template, channel.revision) == ("", 1)


def test_the_second_of_two_people_does_not_save_over_the_first(user: User) -> None:
    channel = a_channel()
    saved(channel, "one {{ link }}", user)
    with pytest.raises(Stale):
        templating.save(channel.pk, "two", note="", user=user, version=1, now=NOON)


def test_a_trial_is_measured_by_the_network_and_says_the_line_that_is_to_blame() -> None:
    channel, item = a_channel("x"), an_item()
    trial = templating.try_out(channel, "{{ fit(item.title) }}\n{{ link }}", item)
    assert trial.texts == (f"{item.title}\n{item.url}",)
    assert trial.measures[0].length == len(item.title) + 1 + 23
    assert templating.try_out(channel, "a\nb\n{{ nothing }}", item).line == 3
    channel.refresh_from_db()
    assert channel.template == ""


def test_drafts_that_nobody_touched_are_made_anew_and_others_are_left(user: User) -> None:
    channel = a_channel()
    item = an_item()
    mine = a_post(item, channel, "old", channel_revision=1)
    edited = a_post(an_item(), channel, "by a person", channel_revision=1, edited=True)
    approved = a_post(an_item(), channel, "approved", channel_revision=1, state="approved")
    saved(channel, "NEW {{ link }}", user)
    assert [post.pk for post in templating.outdated(channel)] == [mine.pk]
    assert templating.draft_again(channel.pk, user=user, now=NOON).made == 1
    texts = []
    for post in (mine, edited, approved):
        post.refresh_from_db()
        texts.append(post.parts[0]["text"])
    assert texts == [f"NEW {item.url}", "by a person", "approved"]
    assert not templating.outdated(channel).exists()


def test_drafts_that_come_out_the_same_keep_their_version(user: User) -> None:
    channel = a_channel(template="NEW {{ link }}\n", revision=2)
    item = an_item()
    post = a_post(item, channel, f"NEW {item.url}", channel_revision=1)
    assert templating.draft_again(channel.pk, user=user, now=NOON) == templating.Again(same=1)
    post.refresh_from_db()
    assert post.version == 1


facts = st.lists(
    st.builds(
        Fact,
        st.integers(1, 10**6),
        st.integers(0, 900),
        st.sampled_from(["en", "zh-Hans", "fr"]),
        st.booleans(),
    ),
    unique_by=lambda fact: fact.id,
    max_size=30,
)


@given(facts, st.sampled_from(["en", "zh", "ar"]))
def test_items_to_try_are_each_there_once_with_the_extremes_among_them(
    found: list[Fact], language: str
) -> None:
    picked = dict(sampling.chosen(found, language=language))
    assert set(picked) <= {fact.id for fact in found}
    assert bool(picked) == bool(found)
    own = [fact for fact in found if primary(fact.language) == primary(language)] or found
    if own:
        assert max(own, key=lambda fact: fact.length).length in {
            fact.length for fact in own if fact.id in picked
        }
    if any(fact.language == "zh-Hans" for fact in found):
        assert any(fact.language == "zh-Hans" for fact in found if fact.id in picked)


def test_without_items_there_are_examples() -> None:
    channel = a_channel()
    shown = sampling.samples(channel, now=NOON)
    assert [bool(templating.try_out(channel, "", each.item).texts) for each in shown] == [True, True]


def test_every_word_of_templates_is_explained_beside_the_editor() -> None:
    told = " ".join(word for word, _what in WORDS)
    assert [name for name in SNIPPET_NAMES if name not in told] == []
    assert [name for name in ItemView.__slots__ if f"item.{name}" not in told] == []  # type: ignore[attr-defined]
