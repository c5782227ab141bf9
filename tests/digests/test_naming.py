"""What people call an edition: it names one edition for good, or is refused."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from publisher.core.errors import UserError
from publisher.digests import naming
from publisher.digests.assembling import choose_items
from publisher.digests.models import Digest, Edition
from tests.builders import NOON, a_digest, an_item

pytestmark = pytest.mark.django_db


def an_edition(digest: Digest, due_at: datetime = NOON, number: int | None = None) -> Edition:
    return Edition.objects.create(
        digest=digest,
        number=number,
        due_at=due_at,
        window_from=NOON - timedelta(days=7),
        window_to=NOON,
        created_at=NOON,
        trace_id="e" * 32,
    )


def test_each_edition_is_found_by_its_name_and_by_its_id() -> None:
    weekly, alerts = a_digest(slug="weekly"), a_digest(slug="al-erts_2")
    times = [NOON + timedelta(hours=n, seconds=n) for n in range(3)]
    editions = [
        an_edition(digest, at, n or None) for digest in (weekly, alerts) for n, at in enumerate(times)
    ]
    assert [each.short_name for each in editions[:3]] == ["weekly@2026-06-01T12:00", "weekly#1", "weekly#2"]
    for each in editions:
        assert naming.is_a_name(each.short_name)
        assert naming.named(each.short_name) == naming.named(str(each.pk)) == each


def test_an_edition_that_is_numbered_keeps_the_name_that_it_had_before() -> None:
    edition = an_edition(a_digest(slug="weekly"), datetime(2026, 6, 1, 6, 0, 5, 123, tzinfo=UTC))
    before = edition.short_name
    assert before == "weekly@2026-06-01T06:00:05"
    an_item(at=NOON - timedelta(days=1))
    choose_items(edition.pk, now=NOON)
    assert naming.named(before).short_name == "weekly#1"


def test_the_beginning_of_a_time_is_enough_where_it_fits_one() -> None:
    digest = a_digest(slug="weekly")
    first, second = an_edition(digest), an_edition(digest, NOON + timedelta(hours=1))
    assert naming.named("weekly@2026-06-01T12") == first
    assert naming.named("weekly@2026-06-01 13:00Z") == second
    with pytest.raises(UserError, match="can be 2 editions") as refused:
        naming.named("weekly@2026-06-01")
    assert second.short_name in refused.value.hint
    assert str(first.pk) in refused.value.hint


@pytest.mark.parametrize(
    "text", ["weekly", "weekly#", "#8", "weekly#x", "we ekly#8", "weekly#٣", "-1", "", "weekly@", "a@b.org"]
)
def test_what_is_no_name_is_not_looked_for(text: str) -> None:
    assert not naming.is_a_name(text)


def test_the_number_of_an_edition_that_was_removed_is_not_given_again() -> None:
    digest = a_digest(slug="weekly")
    an_item(at=NOON - timedelta(days=1))
    first = an_edition(digest)
    choose_items(first.pk, now=NOON)
    first.edition_items.all().delete()
    first.delete()
    an_item(at=NOON - timedelta(days=1), url="https://example.org/another")
    second = an_edition(digest)
    choose_items(second.pk, now=NOON)
    assert naming.named(str(second.pk)).short_name == "weekly#2"


def test_what_was_numbered_before_there_was_a_counter_counts() -> None:
    digest, empty = a_digest(slug="weekly"), a_digest(slug="other")
    for n in (3, 8):
        an_edition(digest, NOON + timedelta(hours=n), n)
    an_edition(empty)
    fill = importlib.import_module("publisher.digests.migrations.0008_digest_last_number").FILL
    with connection.cursor() as cursor:
        cursor.execute(fill)
    assert dict(Digest.objects.values_list("slug", "last_number")) == {"weekly": 8, "other": 0}
