"""`publisher backup` and `restore` as processes, on a real server: what was there is there again, and nothing leaves."""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection

from publisher.audience import subscriptions
from publisher.audience.models import Consent, Subscription, Suppression
from publisher.backup import archive, manifest
from publisher.core import clock, standstill
from publisher.core.embedded import postgres
from publisher.delivery.models import Attempt, Delivery
from publisher.digests.models import Edition
from publisher.items import stream
from publisher.items.models import Item
from publisher.social.models import Channel
from tests.backup.conftest import World
from tests.backup.steps import begun, names, publisher
from tests.builders import a_channel, a_digest, a_sending_edition, a_subscriber, an_item
from tests.items.stream_steps import drained, published, put
from tests.processes import environment, until

pytestmark = pytest.mark.slow


def backed_up(file: Path, *options: str) -> dict[str, Any]:
    done = publisher("backup", file, "--json", *options)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the backup of an empty world is kept, once a test has made it."""
    return tmp_path_factory.mktemp("shelf") / "b.tar"


@pytest.fixture
def file(world: World, shelf: Path, tmp_path: Path) -> Path:
    """A backup of the world as it is now, empty: a copy of one that is made once, as making it takes seconds."""
    if not shelf.exists():
        backed_up(shelf)
    return Path(shutil.copy(shelf, tmp_path / "b.tar"))


def restored(file: Path, *options: str) -> dict[str, Any]:
    done = publisher("restore", file, "--yes", "--json", *options)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def refused(file: Path, *options: str) -> str:
    done = publisher("restore", file, *options)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


def test_what_was_there_is_there_again_and_what_came_after_is_kept_aside(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "b.tar"
    edition = a_sending_edition(a_digest(enabled=False), mails=3)
    Channel.objects.filter(pk=a_channel(credentials={"token": "s3cret"}).pk).update(name="kept")
    before = an_item(title="中文 and £ and 🚢")
    made = backed_up(file)
    assert made["facts"]["counts"] == {
        "items": 1,
        "subscribers": 3,
        "editions": 1,
        "posts": 0,
        "deliveries": 3,
    }
    an_item(title="after")
    Edition.objects.all().update(state="cancelled")

    report = restored(file)
    assert list(Item.objects.values_list("pk", "title")) == [(before.pk, "中文 and £ and 🚢")]
    assert Channel.objects.get(name="kept").credentials.open() == {"token": "s3cret"}
    assert (report["paused"], report["kept_aside"], report["key"]) == ([edition.pk], "world_replaced", "")
    assert report["would_leave"]["mails"][0]["queued"] == 3
    assert names(world) == {"world", "world_replaced"}
    connection.close()
    connection.settings_dict["NAME"] = "world_replaced"
    assert Item.objects.count() == 2


@pytest.mark.parametrize(
    ("options", "state", "taken"), [((), "ended", 2), (("--forget-leavers",), "active", 0)]
)
def test_who_left_or_complained_after_the_backup_is_not_written_to_again(
    world: World, tmp_path: Path, options: tuple[str, ...], state: str, taken: int
) -> None:
    file, digest = tmp_path / "b.tar", a_digest(enabled=False)
    gone, back, stays = (a_subscriber(digest, f"{name}@example.net") for name in ("gone", "back", "stays"))
    backed_up(file)
    for each in (gone, back):
        subscriptions.leave(each.subscriber_id, digest.pk, how="one-click header", now=clock.now())
    a_subscriber(digest, "back@example.net")
    Suppression.objects.create(email_key="bad@example.net", reason="complained", at=clock.now())

    assert restored(file, *options)["leavers_taken_over"] == taken
    states = dict(Subscription.objects.values_list("subscriber__email", "state"))
    assert states == {"gone@example.net": state, "back@example.net": "active", "stays@example.net": "active"}
    assert Suppression.objects.filter(email_key="bad@example.net").exists() == bool(taken)
    proofs = Consent.objects.filter(subscriber=gone.subscriber, action="withdrawn")
    assert list(proofs.values_list("how", flat=True)) == (["one-click header"] if taken else [])
    assert stays.subscriber_id in Subscription.objects.values_list("subscriber_id", flat=True)


def test_a_second_restore_keeps_one_database_aside_or_none(world: World, file: Path) -> None:
    for options, there in (((), {"world", "world_replaced"}), (("--discard",), {"world"})):
        restored(file, *options)
        assert names(world) == there


def test_secrets_and_sessions_are_not_in_a_backup(world: World, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    Session.objects.create(session_key="k" * 32, session_data="d", expire_date=clock.now())
    a_channel(credentials={"token": "s3cret-token"})
    User.objects.create_user("ada", password="a long enough password")
    assert not backed_up(file)["with_key"]
    assert settings.SECRET_KEY.encode() not in file.read_bytes()
    dump = subprocess.run(
        [postgres.program("pg_restore"), "-f", "-"],
        input=b"".join(archive.read_part(archive.opened(file), archive.DATABASE)),
        capture_output=True,
        check=True,
    ).stdout
    assert b"COPY public.social_channel" in dump
    for secret in (settings.SECRET_KEY, "s3cret-token", "a long enough password", "k" * 32):
        assert secret.encode() not in dump


def test_the_key_is_in_it_when_asked_for_and_the_answer_says_so(world: World, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    done = publisher("backup", file, "--with-key")
    assert "whoever has this file has everything" in done.stdout
    key = b"".join(archive.read_part(archive.opened(file), archive.SECRET_KEY))
    assert key.decode() == settings.SECRET_KEY + "\n"


def test_verify_checks_a_file_without_any_server(file: Path) -> None:
    away = environment(
        PUBLISHER_DATABASE_URL="postgres://u@127.0.0.1:1/p", PUBLISHER_REDIS_URL="redis://127.0.0.1:1"
    )
    verify = partial(publisher, "backup", "--verify", file, env=away)

    assert f"{file}, whole" in verify().stdout
    file.write_bytes(file.read_bytes().replace(b"PGDMP", b"PGDMQ"))
    done = verify()
    assert (done.returncode, "database.dump is not what was written" in done.stderr) == (1, True)


def test_nobody_is_there_to_say_yes_so_nothing_is_replaced(world: World, file: Path) -> None:
    an_item(at=clock.now())
    said = refused(file)
    assert re.search(r"here now: +items 1;.*; newest item", said)
    assert "What came in and went out after the backup" in said
    assert "--yes" in said
    assert (Item.objects.count(), names(world)) == (1, {"world"})


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-20_000], lambda raw: b"Dear diary" + raw, lambda _raw: b""]
)
def test_a_damaged_or_foreign_file_touches_nothing(world: World, file: Path, damage: Any) -> None:
    file.write_bytes(damage(file.read_bytes()))
    an_item()
    assert str(file) in refused(file, "--yes")
    assert (Item.objects.count(), names(world)) == (1, {"world"})


def test_a_backup_of_a_newer_publisher_is_refused(world: World, file: Path) -> None:
    old = archive.opened(file)
    newer = file.with_name("newer.tar")
    with archive.writing(newer, at=old.manifest.made_at) as written:
        written.add(archive.DATABASE, archive.read_part(old, archive.DATABASE))
        changes = {"migrations": (*old.manifest.migrations, "items.0999_future"), "version": "9.9"}
        written.finish(manifest.Manifest(**old.manifest.model_dump() | changes))
    said = refused(newer, "--yes")
    assert "Publisher 9.9" in said
    assert "items.0999_future" in said
    assert names(world) == {"world"}


def test_a_database_that_somebody_uses_is_not_replaced(world: World, file: Path) -> None:
    with psycopg.connect(**{**world.info.get_parameters(), "dbname": "world"}, application_name="celery"):  # type: ignore[arg-type]  # libpq's own words
        said = refused(file, "--yes")
    assert "is in use: publisher (celery)" in said
    assert names(world) == {"world"}


def test_two_restores_at_once_are_refused(world: World, file: Path) -> None:
    world.execute("SELECT pg_advisory_lock(hashtextextended('publisher.restore.world', 0))")
    assert "Another restore of the database world is at work" in refused(file, "--yes")


def test_a_database_of_others_is_not_replaced(world: World, file: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE theirs (id int)")
    assert "what is in it is not Publisher's" in refused(file, "--yes")


def test_a_full_disk_leaves_no_file(world: World, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    done = publisher(
        "backup", file, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
    )
    assert done.returncode == 1
    assert f"{file} could not be written: File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_backup_that_is_killed_leaves_no_file_of_that_name_and_the_next_one_is_made(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "b.tar"
    with psycopg.connect(**{**world.info.get_parameters(), "dbname": "world"}) as holder:  # type: ignore[arg-type]  # libpq's own words
        holder.execute("LOCK TABLE items_rejection IN ACCESS EXCLUSIVE MODE")
        process = begun("backup", file)
        until(lambda: file.with_name("b.tar.part").exists(), what="the backup has begun")
        process.kill()
        process.wait()
    assert [path.name for path in tmp_path.iterdir()] == ["b.tar.part"]
    backed_up(file)
    assert [path.name for path in tmp_path.iterdir()] == ["b.tar"]


def test_a_restore_that_is_killed_anywhere_leaves_the_old_database_or_the_whole_new_one(
    world: World, file: Path
) -> None:
    an_item()
    came_to_the_end = 0
    for tenths in (6, 8, 10, 12, 14):
        process = begun("restore", file, "--yes")
        try:
            process.wait(tenths / 10)
        except subprocess.TimeoutExpired:
            process.kill()
        came_to_the_end += process.wait() == 0
        until(lambda: not _busy(world), what="the killed one's sessions are gone")
        assert standstill.is_on() == (Item.objects.count() == 0), "half of a restore"
        if standstill.is_on():
            standstill.end()
            an_item()
    restored(file)
    assert (Item.objects.count(), standstill.is_on()) == (0, True)


def test_a_restore_that_is_killed_right_before_the_swap_changed_nothing(world: World, file: Path) -> None:
    an_item()
    process = begun("restore", file, "--yes")
    until(lambda: "world_restoring" in names(world), what="the fresh database is being filled")
    with psycopg.connect(**{**world.info.get_parameters(), "dbname": "world"}):  # type: ignore[arg-type]  # libpq's own words
        until(lambda: _is_told(world), what="it waits for us to leave")
        process.kill()
        process.wait()
    assert (Item.objects.count(), standstill.is_on()) == (1, False)
    restored(file)
    assert (Item.objects.count(), standstill.is_on(), names(world)) == (0, True, {"world", "world_replaced"})


def _busy(server: World) -> bool:
    rows = server.execute("SELECT 1 FROM pg_stat_activity WHERE datname LIKE 'world%' OR pid IN (SELECT pid FROM pg_locks "
                          "WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid())")  # fmt: skip
    return rows.fetchone() is not None


def _is_told(server: World) -> bool:
    """Whether the fresh database stands still already: all that is left is the swap."""
    with psycopg.connect(**{**server.info.get_parameters(), "dbname": "world_restoring"}) as fresh:  # type: ignore[arg-type]  # libpq's own words
        if not fresh.execute("SELECT to_regclass('core_standstill')").fetchone()[0]:  # type: ignore[index]  # one row
            return False
        return fresh.execute("SELECT 1 FROM core_standstill").fetchone() is not None


def test_a_backup_without_redis_is_made_and_restored(world: World, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    away = environment(PUBLISHER_REDIS_URL="redis://127.0.0.1:1")
    for words in (["backup", file], ["restore", file, "--yes"]):
        done = publisher(*words, env=away)
        assert done.returncode == 0, done.stderr
    assert "are not read again" in done.stdout
    assert archive.opened(file).manifest.stream_from == ""


def test_entries_that_came_after_the_backup_are_read_again_as_far_as_the_stream_has_them(
    world: World, tmp_path: Path, inbox: redis.Redis
) -> None:
    """Another group of readers keeps them in the stream; otherwise intake has trimmed them."""
    file = tmp_path / "b.tar"
    inbox.xgroup_create(settings.STREAM, "archive", id="0", mkstream=True)
    drained(published(1), published(2))
    backed_up(file)
    drained(published(3))
    ids = dict(Item.objects.values_list("producer_id", "pk"))
    assert restored(file)["stream_read_again"] is True
    assert Item.objects.count() == 2
    put()
    drained()
    assert set(Item.objects.values_list("producer_id", flat=True)) == set(ids)
    assert Item.objects.latest("pk").pk > max(ids.values()) + 10**9
    assert stream.position() > "0"


def test_an_hour_old_backup_sends_nothing_that_left_since_and_nothing_at_all_until_told(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "b.tar"
    edition = a_sending_edition(a_digest(on_unknown="resend", enabled=False), mails=4)
    first = Delivery.objects.order_by("pk").first()
    assert first is not None
    Delivery.objects.filter(pk=first.pk).update(
        state="sending", fence=1, lease_until=clock.now() + timedelta(minutes=5)
    )
    backed_up(file)
    Delivery.objects.update(state="sent", sent_at=clock.now())  # an hour goes by
    Edition.objects.update(state="sent")

    report = restored(file)
    assert (report["held_mails"], report["paused"]) == (1, [edition.pk])
    (mails,) = report["would_leave"]["mails"]
    assert (mails["queued"], mails["unclear"], mails["asks"], mails["state"]) == (3, 1, True, "paused")
    assert Attempt.objects.filter(delivery=first, outcome="unknown").count() == 1
    done = publisher("sending")
    assert "All sending stands still" in done.stdout
    assert "(paused): 3 mails" in done.stdout
    assert publisher("sending", "go").returncode == 1, "nobody said yes"
    assert publisher("sending", "go", "--yes").returncode == 0
    assert Edition.objects.get().state == "paused"
    assert set(Delivery.objects.values_list("state", flat=True)) == {"queued", "unknown"}
