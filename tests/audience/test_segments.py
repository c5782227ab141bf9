"""Conditions on subscribers: what each finds, alone and in groups, what it says of itself, and how many fit in limited time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.audience import attributes, tags
from publisher.audience.models import Subscriber, Suppression, Tag
from publisher.audience.segments import conditions, fields, matching, saved
from publisher.audience.segments.conditions import Condition, Groups
from publisher.audience.stale import Stale
from publisher.core.errors import UserError
from publisher.delivery.models import Delivery
from tests.builders import NOON, a_digest, a_sending_edition, a_subscriber

pytestmark = pytest.mark.django_db
KINDS = {"city": "text", "age": "number", "press": "yes_no", "born": "date"}


@pytest.fixture
def world() -> dict[str, Any]:
    """Lin, of whom much is known, and Ann, of whom nothing is; each receives another digest."""
    for key, kind in KINDS.items():
        attributes.define(key, key, kind, user=None, now=NOON)
    weekly, alert = a_digest(), a_digest()
    lin = a_subscriber(weekly, "lin@example.org", name="Wei Lin", topics=[3]).subscriber
    ann = a_subscriber(alert, "ann@example.net", name="Ann", language="zh-Hans", topics=[4]).subscriber
    typed = {"city": "Xi'an", "age": "41", "press": "yes", "born": "1980-01-02"}
    attributes.change(lin.pk, typed, seen={}, user=None)
    tag = tags.put(lin.pk, "Press", user=None, now=NOON)
    Subscriber.objects.filter(pk=lin.pk).update(created_at=NOON - timedelta(days=100))
    return {"weekly": weekly, "lin": lin, "ann": ann, "tag": tag}


def found(*groups: tuple[Condition, ...]) -> set[str]:
    rows = matching.matching(tuple(groups), now=NOON)
    return {email.partition("@")[0] for email in rows.values_list("email", flat=True)}


@pytest.mark.parametrize(
    ("condition", "who"),
    [
        (Condition("state", value="active"), {"lin", "ann"}),
        (Condition("digest", value="weekly"), {"lin"}),
        (Condition("language", value="zh"), {"ann"}),
        (Condition("topic", value="3"), {"lin"}),
        (Condition("tag", value="tag"), {"lin"}),
        (Condition("joined", "before", "2026-05-01"), {"lin"}),
        (Condition("joined", "from", "2026-05-01"), {"ann"}),
        (Condition("joined", "is", "2026-06-01"), {"ann"}),
        (Condition("domain", value="example.org"), {"lin"}),
        (Condition("text", value="lin"), {"lin"}),
        (Condition("text", value="WEI"), {"lin"}),
        (Condition("text", value="lin wei"), {"lin"}),
        (Condition("text", value="@example.org"), {"lin"}),
        (Condition("text", value="Lin@Example.org"), {"lin"}),
        (Condition("text", value="lin@exam"), {"lin"}),
        (Condition("attribute:city", value="Xi'an"), {"lin"}),
        (Condition("attribute:city", value="xi'an"), set()),
        (Condition("attribute:city", "contains", "i'A"), {"lin"}),
        (Condition("attribute:city", "set"), {"lin"}),
        (Condition("attribute:age", value="41"), {"lin"}),
        (Condition("attribute:age", "at_least", "5"), {"lin"}),
        (Condition("attribute:age", "at_most", "40"), set()),
        (Condition("attribute:press", value="yes"), {"lin"}),
        (Condition("attribute:press", value="no"), set()),
        (Condition("attribute:born", "before", "1980-01-03"), {"lin"}),
        (Condition("attribute:born", "from", "1980-01-03"), set()),
    ],
)
def test_a_condition_finds_those_and_its_negation_the_others(
    world: dict[str, Any], condition: Condition, who: set[str]
) -> None:
    names = {"weekly": str(world["weekly"].pk), "tag": str(world["tag"].pk)}
    meant = Condition(condition.field, condition.op, names.get(condition.value, condition.value))
    others = Condition(meant.field, meant.op, meant.value, negated=True)
    nobody = (Condition("state", value="left"),)
    assert found((meant,)) == found((meant,), nobody) == who
    assert found((others,)) == found((others,), nobody) == {"lin", "ann"} - who


def test_all_conditions_of_one_group_are_enough(world: dict[str, Any]) -> None:
    press = Condition("tag", value=str(world["tag"].pk))
    chinese = Condition("language", value="zh")
    assert found((press, chinese)) == set()
    assert found((press,), (chinese,)) == {"lin", "ann"}
    assert conditions.both(((press,), (chinese,)), [Condition("state", value="left")]) == (
        (press, Condition("state", value="left")),
        (chinese, Condition("state", value="left")),
    )


def test_who_chose_all_topics_receives_those_that_the_digest_holds(world: dict[str, Any]) -> None:
    health = a_digest(topics=[3, 5])
    a_subscriber(health, "bo@example.org")
    a_subscriber(a_digest(), "cy@example.org")
    assert found((Condition("topic", value="5"),)) == {"bo", "cy"}
    assert found((Condition("topic", value="4"),)) == {"ann", "cy"}
    assert found((Condition("topic", value="3"),)) == {"lin", "bo", "cy"}


def test_suppressed_is_who_must_not_be_written_to_now(world: dict[str, Any]) -> None:
    Suppression.objects.create(email_key="lin@example.org", reason="staff", at=NOON)
    over = NOON - timedelta(days=1)
    Suppression.objects.create(email_key="ann@example.net", reason="staff", at=over, until=over)
    assert found((Condition("suppressed", value="yes"),)) == {"lin"}
    assert found((Condition("suppressed", value="no"),)) == {"ann"}


def test_behaviour_is_asked_of_what_was_sent(world: dict[str, Any]) -> None:
    for weeks, state in ((1, "sent"), (9, "sent"), (2, "bounced")):
        at = NOON - timedelta(weeks=weeks)
        edition = a_sending_edition(world["weekly"], mails=0, due_at=at)
        Delivery.objects.create(
            edition=edition,
            subscriber=world["lin"],
            address="x",
            state=state,
            sent_at=at,
            due_at=at,
            created_at=at,
        )
    assert found((Condition("received", "at_least", "2"),)) == {"lin"}
    assert found((Condition("received", "at_least", "2", within="4"),)) == set()
    assert found((Condition("received", "at_least", "1", within="4"),)) == {"lin"}
    assert found((Condition("received", "at_least", "2", negated=True),)) == {"ann"}
    assert found((Condition("came_back", "at_least", "1"),)) == {"lin"}
    assert found((Condition("silent", value="3"),)) == {"ann"}


@pytest.mark.parametrize(
    "condition", [Condition("silent", value="15"), Condition("received", "at_least", "1", within="15")]
)
def test_nothing_is_asked_of_the_time_before_single_deliveries_are_kept(
    world: dict[str, Any], settings: Any, condition: Condition
) -> None:
    settings.KEEP_DELIVERIES_DAYS = 104
    with pytest.raises(UserError, match="104 days") as refused:
        matching.matching(((condition,),), now=NOON)
    assert "14 weeks" in refused.value.hint
    settings.KEEP_DELIVERIES_DAYS = 105
    matching.matching(((condition,),), now=NOON)


@pytest.mark.parametrize(
    "condition",
    [
        Condition("nothing", value="1"),
        Condition("attribute:gone", value="1"),
        Condition("tag", value=""),
        Condition("tag", value="x"),
        Condition("joined", "from", "yesterday"),
        Condition("received", "at_least", "0"),
        Condition("received", "at_least", "1", within="many"),
        Condition("silent", value="9999"),
        Condition("attribute:age", value="twelve"),
        Condition("attribute:city", "at_least", "5"),
        Condition("state", value="nonsense"),
        Condition("joined", value="9999-12-31"),
    ],
)
def test_what_cannot_be_asked_is_told(world: dict[str, Any], condition: Condition) -> None:
    with pytest.raises(UserError):
        matching.matching(((condition,),), now=NOON)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["field", "op", "value", "within", "not", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=JSON)
def test_whatever_stands_in_a_stored_segment_is_read_or_told(data: object) -> None:
    try:
        groups = conditions.read(data)
        assert conditions.read(conditions.written(groups)) == groups
        with transaction.atomic():
            list(matching.matching(groups, now=NOON)[:1])
    except UserError:
        pass


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(fields.FIELDS)),
    op=st.sampled_from(["is", "from", "before", "at_least", "contains", "set", "x"]),
    value=st.text(max_size=30),
    within=st.text(max_size=4),
)
def test_whatever_is_typed_into_a_condition_finds_somebody_or_is_told(
    name: str, op: str, value: str, within: str
) -> None:
    try:
        read = conditions.read([[{"field": name, "op": op, "value": value, "within": within}]])
        with transaction.atomic():
            list(matching.matching(read, now=NOON)[:1])
    except UserError:
        pass


def test_a_count_that_takes_too_long_is_an_estimate_that_says_so(
    world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE audience_subscriber")
    everybody: Groups = ((Condition("state", value="active"),),)
    assert matching.count(everybody, now=NOON) == matching.Counted(2, exact=True)
    limited, times = matching.limited, iter([0.0, 5.0])

    @contextmanager
    def slow_at_first(_seconds: float) -> Iterator[None]:
        with limited(next(times) or 0.02), connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            if cursor.fetchone()[0] == "20ms":
                cursor.execute("SELECT pg_sleep(1)")
            yield

    monkeypatch.setattr(matching, "limited", slow_at_first)
    assert matching.count(everybody, now=NOON) == matching.Counted(2, exact=False)
    assert world


def test_what_is_stopped_for_its_length_leaves_the_session_usable(world: dict[str, Any]) -> None:
    with pytest.raises(matching.TooLong), matching.limited(0.02), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(1)")
    assert Subscriber.objects.count() == len([world["lin"], world["ann"]])


@pytest.mark.parametrize(
    ("number", "told"), [(7, 7), (99, 99), (123, 120), (98_765, 99_000), (1_249_000, 1_200_000)]
)
def test_an_estimate_has_two_digits_that_count(number: float, told: int) -> None:
    assert matching._rounded(number) == told


def test_a_segment_is_saved_changed_and_not_overwritten(world: dict[str, Any]) -> None:
    user = User.objects.create_user("mira")
    first: Groups = ((Condition("state", value="active"),),)
    segment = saved.create(" Active  ones ", first, user=user, now=NOON)
    assert (segment.name, saved.groups_of(segment)) == ("Active ones", first)
    with pytest.raises(UserError, match="already"):
        saved.create("active ONES", first, user=user, now=NOON)
    second: Groups = ((Condition("tag", value=str(world["tag"].pk)),),)
    saved.change(segment.pk, "Press", second, version=1, user=user, now=NOON)
    with pytest.raises(Stale):
        saved.change(segment.pk, "Other", first, version=1, user=user, now=NOON)
    Tag.objects.all().delete()
    segment.refresh_from_db()
    assert found(*saved.groups_of(segment)) == set()
