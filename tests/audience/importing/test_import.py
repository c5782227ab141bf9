"""A whole import, in the database: who is subscribed, who never again, and what happens when it dies."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from publisher.audience import hashes, subscriptions
from publisher.audience.choices import Choice
from publisher.audience.erased import remember
from publisher.audience.importing import loading, statements
from publisher.audience.importing.given import offer
from publisher.audience.importing.outcome import Outcome, Plan
from publisher.audience.importing.run import import_file
from publisher.audience.models import Consent, Erased, Selection, Subscriber, Subscription, Suppression
from publisher.core.alone import IMPORT
from publisher.core.errors import UserError
from publisher.digests.models import Digest
from tests.audience.importing.files import a_csv
from tests.builders import NOON, a_digest, a_subscriber, a_topic

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(days=1)
HEADER = ("email", "name", "language", "topics", "kinds", "region", "zone", "consent", "since")


@pytest.fixture
def digest() -> Digest:
    for slug in ("water", "food", "peace"):
        a_topic(slug, name_zh=slug)
    return a_digest()


def imported(
    path: Path, digest: Digest, text: str | bytes = "", *, progress: Any = lambda *_: None, **given: Any
) -> Outcome:
    file = path / "readers.csv"
    if text:
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    plan = Plan(offer(digest.pk, digest.languages), "en", **{"consent": "open day", **given})
    return import_file(file, plan, now=LATER, progress=progress)


def nonzero(outcome: Outcome) -> dict[str, int]:
    return {name: count for name, count in outcome.counts().items() if count}


def everything() -> list[Any]:
    """All that an import may write, without ids."""
    return [
        sorted(Subscriber.objects.values_list("email", "email_key", "name", "state", "zone", "created_at")),
        sorted(Subscription.objects.values_list("subscriber__email", "digest_id", "selection__key", "state", "since")),
        sorted(Consent.objects.values_list("subscriber__email", "digest_id", "action", "how", "at")),
        sorted(bytes(key) for key in Selection.objects.values_list("key", flat=True)),
    ]  # fmt: skip


def test_who_is_erased_while_a_list_is_written_is_not_brought_back_by_its_rest(
    tmp_path: Path, digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the first person who ever was: there was no hash to look for when the list was begun."""
    monkeypatch.setattr(loading, "CHUNK", 1)

    def erases(what: str, done: int, _total: int) -> None:
        if what == "writing" and done == 1:
            remember(["b@example.net"], now=NOON)

    outcome = imported(tmp_path, digest, "email\na@example.net\nb@example.net\n", progress=erases)
    assert nonzero(outcome) == {"read": 2, "added": 1, "subscribed": 1, "erased": 1}
    assert Subscriber.objects.get().email == "a@example.net"


def test_new_people_are_subscribed_to_what_they_chose_with_proof(tmp_path: Path, digest: Digest) -> None:
    row = ("Lin@Example.org", "Lin", "zh", "water;food", "video", "cn", "Asia/Shanghai", "fair", "2026-01-02")
    outcome = imported(tmp_path, digest, a_csv(HEADER, row))
    assert nonzero(outcome) == {"read": 1, "added": 1, "subscribed": 1}
    subscription = Subscription.objects.select_related("subscriber", "selection").get()
    subscriber, selection, consent = subscription.subscriber, subscription.selection, Consent.objects.get()
    assert (subscriber.email, subscriber.email_key) == ("Lin@Example.org", "lin@example.org")
    assert (subscriber.name, subscriber.zone, subscriber.state) == ("Lin", "Asia/Shanghai", "active")
    assert subscriber.created_at == LATER
    choice = subscriptions.chosen("lin@example.org", digest.pk)
    assert choice is not None
    assert bytes(selection.key) == choice.key()
    assert (choice.language, choice.kinds, choice.region, len(choice.topics)) == ("zh", ("video",), "CN", 2)
    assert (consent.action, consent.how, consent.digest_id) == ("confirmed", "fair", digest.pk)
    assert subscription.since == consent.at == NOON.replace(month=1, day=2, hour=0)


def test_an_import_writes_what_adding_one_by_one_writes(tmp_path: Path, digest: Digest) -> None:
    rows = [(f"r{n}@example.org", f"R {n}", random.Random(n).choice(["en", "zh"])) for n in range(50)]
    with transaction.atomic():
        for email, name, language in rows:
            subscriptions.join(
                email,
                digest_id=digest.pk,
                choice=Choice.of(language=language),
                how="open day",
                now=LATER,
                name=name,
            )
        one_by_one = everything()
        transaction.set_rollback(True)
    imported(tmp_path, digest, a_csv(("email", "name", "language"), *rows))
    assert everything() == one_by_one


def test_who_left_or_is_suppressed_is_never_subscribed_again(tmp_path: Path, digest: Digest) -> None:
    other = a_digest()
    ended = a_subscriber(digest, "ended@example.org")
    subscriptions.leave(ended.subscriber_id, digest.pk, how="page", now=NOON)
    gone = a_subscriber(other, "gone@example.org")
    Subscriber.objects.filter(pk=gone.subscriber_id).update(state="left")
    until = {"for-ever": None, "still": LATER + timedelta(seconds=1), "over": LATER - timedelta(seconds=1)}
    for name, end in until.items():
        Suppression.objects.create(email_key=f"{name}@example.org", reason="bounced", at=NOON, until=end)
    before = everything()
    text = "email\nENDED@example.org\ngone@example.org\nFor-ever@example.org\nstill@example.org\n"
    for update in (False, True):
        outcome = imported(tmp_path, digest, text, update=update)
        assert nonzero(outcome) == {"read": 4, "left": 2, "suppressed": 2}
        assert everything() == before
    assert outcome.passed_over[2] == {"line": 4, "why": "suppressed"}
    assert nonzero(imported(tmp_path, digest, "over@example.org\n"))["added"] == 1


def test_known_people_are_subscribed_to_another_digest_and_stay_who_they_are(
    tmp_path: Path, digest: Digest
) -> None:
    a_subscriber(a_digest(), "lin@example.org", name="Lin")
    pending = Subscriber.objects.create(email="bo@example.org", email_key="bo@example.org", created_at=NOON)
    outcome = imported(tmp_path, digest, "email,name\nlin@example.org,Other\nbo@example.org,\n")
    assert nonzero(outcome) == {"read": 2, "subscribed": 2}
    pending.refresh_from_db()
    assert pending.state == "active"
    assert set(Subscriber.objects.values_list("name", flat=True)) == {"Lin", ""}
    assert Subscription.objects.filter(digest_id=digest.pk).count() == 2


def test_keep_leaves_the_choices_of_subscribers_alone(tmp_path: Path, digest: Digest) -> None:
    a_subscriber(digest, "lin@example.org", kinds=["video"], language="zh", name="Lin")
    before = everything()
    outcome = imported(tmp_path, digest, "email,name,kinds\nlin@example.org,Other,story\n")
    assert nonzero(outcome) == {"read": 1, "unchanged": 1}
    assert everything() == before


def test_update_changes_what_the_file_says_and_keeps_the_rest(tmp_path: Path, digest: Digest) -> None:
    a_subscriber(digest, "lin@example.org", kinds=["video"], language="zh", name="Lin")
    paused = a_subscriber(digest, "bo@example.org")
    Subscription.objects.filter(pk=paused.pk).update(state="paused")
    text = a_csv(
        ("email", "topics", "kinds", "zone", "name"),
        ("lin@example.org", "water", "", "", ""),
        ("bo@example.org", "", "story", "Asia/Tokyo", "Bo"),
    )
    outcome = imported(tmp_path, digest, text, update=True)
    assert nonzero(outcome) == {"read": 2, "updated": 2}
    lin, bo = (subscriptions.chosen(f"{name}@example.org", digest.pk) for name in ("lin", "bo"))
    assert lin == Choice.of(topics=[a_topic("water").pk], kinds=["video"], language="zh")
    assert bo == Choice.of(kinds=["story"], language="en")
    assert list(Subscriber.objects.order_by("email").values_list("name", "zone")) == [
        ("Bo", "Asia/Tokyo"),
        ("Lin", ""),
    ]
    paused.refresh_from_db()
    assert paused.state == "paused"
    assert Consent.objects.filter(action="given", how="open day", at=LATER).count() == 2
    assert nonzero(imported(tmp_path, digest, text, update=True)) == {"read": 2, "unchanged": 2}
    assert Consent.objects.count() == 4


def test_a_name_alone_is_updated_without_a_new_consent(tmp_path: Path, digest: Digest) -> None:
    a_subscriber(digest, "lin@example.org", name="Lin")
    outcome = imported(tmp_path, digest, "email,name\nlin@example.org,Lin Wei\n", update=True)
    assert nonzero(outcome) == {"read": 1, "updated": 1}
    assert (Subscriber.objects.get().name, Consent.objects.count()) == ("Lin Wei", 1)


def test_the_first_row_of_an_address_counts(
    tmp_path: Path, digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "CHUNK", 2)
    text = "email,name\nz@example.org,Z\nLIN@example.org,First\na@example.org,A\nlin@Example.org,Second\nlin@example.org,3\n"
    outcome = imported(tmp_path, digest, text, update=True)
    assert nonzero(outcome) == {"read": 5, "added": 3, "subscribed": 3, "duplicates": 2}
    assert [(row["line"], row["first_line"]) for row in outcome.passed_over] == [(5, 3), (6, 3)]
    assert Subscriber.objects.get(email_key="lin@example.org").name == "First"


def test_a_row_that_was_refused_is_no_first_one(tmp_path: Path, digest: Digest) -> None:
    outcome = imported(tmp_path, digest, "email,topics\nlin@example.org,fire\nlin@example.org,water\n")
    assert nonzero(outcome) == {"read": 2, "added": 1, "subscribed": 1, "refused": 1}


@pytest.mark.parametrize("update", [False, True])
def test_a_dry_run_tells_the_same_and_changes_nothing(tmp_path: Path, digest: Digest, update: bool) -> None:
    text = a_mixture(digest)
    before = everything()
    next_id = last_id()
    dry = imported(tmp_path, digest, text, update=update, dry=True)
    assert everything() == before
    assert last_id() == next_id
    real = imported(tmp_path, digest, text, update=update)
    assert dry.counts() == real.counts()
    assert everything() != before


@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize("dies_after", [1, 3])
def test_an_import_that_died_is_run_again_with_the_same_end(
    tmp_path: Path, digest: Digest, monkeypatch: pytest.MonkeyPatch, update: bool, dies_after: int
) -> None:
    monkeypatch.setattr(loading, "CHUNK", 7)
    text = a_mixture(digest)
    with transaction.atomic():
        imported(tmp_path, digest, text, update=update)
        undisturbed = everything()
        transaction.set_rollback(True)
    told = []

    def dies(what: str, *_: int) -> None:
        told.append(what)
        if told.count("writing") == dies_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imported(tmp_path, digest, text, update=update, progress=dies)
    assert everything() != undisturbed
    outcome = imported(tmp_path, digest, text, update=update)
    assert everything() == undisturbed
    assert outcome.counts()["unchanged"] > 0


def test_every_row_read_is_counted_once(
    tmp_path: Path, digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "CHUNK", 7)
    counts = imported(tmp_path, digest, a_mixture(digest) + "nobody\n", update=True).counts()
    assert counts["read"] == sum(count for name, count in counts.items() if name not in ("read", "added"))
    assert all(counts.values())


def test_a_second_import_waits_outside(tmp_path: Path, digest: Digest) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [IMPORT])
        with pytest.raises(UserError, match="Another import runs"):
            imported(tmp_path, digest, "lin@example.org\n")
        with other.cursor() as cursor:  # a session that is closed gives its locks back a moment later
            cursor.execute("SELECT pg_advisory_unlock(%s)", [IMPORT])
    finally:
        other.close()
    assert imported(tmp_path, digest).staged == 1


def test_who_leaves_while_a_chunk_is_written_stays_away(
    tmp_path: Path, digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_subscriber(a_digest(), "lin@example.org")
    leaves = "UPDATE audience_subscriber SET state = 'left' WHERE email_key = 'lin@example.org';"
    monkeypatch.setattr(statements, "HOLD", leaves + statements.HOLD)
    assert nonzero(imported(tmp_path, digest, "lin@example.org\n")) == {"read": 1, "left": 1}
    assert not Subscription.objects.filter(digest_id=digest.pk).exists()


def test_what_a_reader_chose_since_a_row_was_judged_stays(
    tmp_path: Path, digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = a_subscriber(digest, "lin@example.org")
    theirs = a_subscriber(digest, kinds=["video"]).selection_id
    write = loading._write

    def chooses_first(*given: Any) -> None:
        Subscription.objects.filter(pk=chosen.pk).update(selection_id=theirs)
        write(*given)

    monkeypatch.setattr(loading, "_write", chooses_first)
    imported(tmp_path, digest, "email,kinds\nlin@example.org,story\n", update=True)
    chosen.refresh_from_db()
    assert chosen.selection_id == theirs


@pytest.mark.django_db(transaction=True)
def test_who_signs_up_while_a_chunk_is_written_is_met_at_the_second_try(
    tmp_path: Path, digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = loading._write
    tries = []

    def signs_up() -> None:
        a_subscriber(digest, "lin@example.org", kinds=["video"])
        connection.close()

    def meets(*given: Any) -> None:
        tries.append(given)
        if len(tries) == 1:
            other = threading.Thread(target=signs_up)
            other.start()
            other.join()
        write(*given)

    monkeypatch.setattr(loading, "_write", meets)
    outcome = imported(tmp_path, digest, "lin@example.org\nbo@example.org\n")
    assert len(tries) == 2
    assert nonzero(outcome) == {"read": 2, "added": 1, "subscribed": 1, "unchanged": 1}
    assert Subscription.objects.get(subscriber__email="lin@example.org").selection.kinds == ["video"]


def test_nothing_is_left_in_the_session(tmp_path: Path, digest: Digest) -> None:
    imported(tmp_path, digest, "lin@example.org\n")
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname LIKE 'import%' AND relpersistence = 't'")
        assert cursor.fetchall() == []


def test_many_distinct_choices_get_one_row_each(tmp_path: Path, digest: Digest) -> None:
    shared = a_subscriber(digest, language="zh", kinds=["video"]).selection_id
    rows = [
        (f"r{n}@example.org", kinds, "zh")
        for n, kinds in enumerate(["video", "story", "story|video", "video|story"])
    ]
    imported(tmp_path, digest, a_csv(("email", "kinds", "language"), *rows))
    assert Selection.objects.count() == 3
    assert Subscription.objects.get(subscriber__email="r0@example.org").selection_id == shared


def a_mixture(digest: Digest) -> str:
    """A file with every kind of row, beside people who are there already."""
    for n in range(10):
        a_subscriber(digest, f"known{n}@example.org", kinds=["video"], name="Known")
        known = a_subscriber(a_digest(), f"elsewhere{n}@example.org")
        if n % 3 == 0:
            Subscriber.objects.filter(pk=known.subscriber_id).update(state="left")
        Suppression.objects.create(email_key=f"never{n}@example.org", reason="complained", at=NOON)
    for n in range(4):
        Erased.objects.create(hash=hashes.of_address(f"gone{n}@example.org"), at=NOON)
    names = ["known", "elsewhere", "never", "new", "Known", "new", "gone"]
    rows = [
        (
            f"{name}{n}@example.org",
            f"{name} {n}" if n % 2 else "",
            "story" if n % 4 else "",
            "fire" if n == 9 else "",
        )
        for name in names
        for n in range(12)
    ]
    random.Random(4).shuffle(rows)
    return a_csv(("email", "name", "kinds", "topics"), *rows)


def last_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM audience_subscriber_id_seq")
        return int(cursor.fetchone()[0])
