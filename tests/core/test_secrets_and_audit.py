"""Secrets at rest, the audit trail that cannot be changed, and log lines that carry the trace id."""

from __future__ import annotations

import json
import logging
import socket
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from config.logging import JsonFormatter, TextFormatter, TraceFilter
from publisher.core import audit, trace
from publisher.core.crypto import CannotDecrypt, Sealed, decrypt, encrypt, opened
from publisher.core.models import AuditEntry
from publisher.social.accounts import account_of
from publisher.social.models import Channel
from tests.builders import a_channel


@pytest.mark.django_db
def test_credentials_are_not_readable_in_the_database() -> None:
    channel = a_channel(credentials={"token": "very-secret-token"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM social_channel WHERE id = %s", [channel.pk])
        (stored,) = cursor.fetchone()
    assert "very-secret" not in stored
    channel.refresh_from_db()
    assert opened(channel.credentials) == {"token": "very-secret-token"}


def test_a_rotated_key_still_opens_what_the_former_one_closed(settings: Any) -> None:
    closed = encrypt("secret")
    former = settings.SECRET_KEY
    settings.SECRET_KEY = "another-key-" * 4
    with pytest.raises(CannotDecrypt, match="PUBLISHER_SECRET_KEY_FALLBACKS"):
        decrypt(closed)
    settings.SECRET_KEY_FALLBACKS = [former]
    assert decrypt(closed) == "secret"


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["UPDATE core_auditentry SET action = 'x'", "DELETE FROM core_auditentry"])
def test_the_database_refuses_to_change_the_audit_trail(change: str) -> None:
    channel = a_channel()
    audit.record(None, "channel.pause", channel, {"enabled": True}, {"enabled": False})
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)
    assert AuditEntry.objects.get().actor_name == "system"


def a_record(**extra: Any) -> logging.LogRecord:
    record = logging.LogRecord("publisher.items", logging.INFO, "", 0, "item.accepted", (), None)
    vars(record).update(extra)
    TraceFilter().filter(record)
    return record


def test_a_json_line_carries_the_event_its_fields_and_the_trace_id() -> None:
    with trace.bound("ab" * 16):
        line = json.loads(JsonFormatter().format(a_record(item_id=7)))
    assert (line["event"], line["item_id"], line["trace_id"]) == ("item.accepted", 7, "ab" * 16)


def test_a_text_line_is_for_people() -> None:
    assert "items item.accepted item_id=7" in TextFormatter().format(a_record(item_id=7))


def test_a_log_line_stays_one_line_whatever_is_in_it() -> None:
    assert "\n" not in JsonFormatter().format(a_record(title="two\nlines"))


@pytest.mark.django_db
def test_credentials_that_cannot_be_opened_hurt_only_whoever_needs_them() -> None:
    lost, fine = a_channel(credentials={"token": "a"}), a_channel(credentials={"token": "b"})
    with connection.cursor() as cursor:
        cursor.execute("UPDATE social_channel SET credentials = 'gAAAAA' WHERE id = %s", [lost.pk])
    channels = {channel.pk: channel for channel in Channel.objects.all()}
    channels[lost.pk].save()
    assert account_of(channels[fine.pk]).credentials == {"token": "b"}
    with pytest.raises(CannotDecrypt, match="PUBLISHER_SECRET_KEY_FALLBACKS"):
        account_of(channels[lost.pk])


def test_a_sealed_secret_does_not_show_itself() -> None:
    assert "gAAAAA" not in repr(Sealed("gAAAAAsecret"))


@pytest.mark.django_db
def test_the_trail_names_the_account_behind_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "mira")
    audit.record(audit.os_user(), "channel.paused", a_channel())
    assert AuditEntry.objects.get().actor_name == f"mira@{socket.gethostname()}"


def test_an_account_without_a_name_is_told_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise OSError("no entry")

    monkeypatch.setattr("getpass.getuser", nameless)
    monkeypatch.setattr("os.getuid", lambda: 12345)
    assert audit.os_user().startswith("user 12345@")
