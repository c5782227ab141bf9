"""What networks keep between processes: encrypted, and the first of several is kept."""

from __future__ import annotations

import pytest
from django.db import connection

from publisher.social.models import ChannelSession
from publisher.social.sessions import Kept, keep, kept
from tests.builders import a_channel

pytestmark = pytest.mark.django_db


def test_what_is_kept_is_found_again_and_is_unreadable_in_the_database() -> None:
    channel = a_channel()
    assert kept(channel.pk) == Kept()
    assert keep(channel.pk, {"token": "secret"}, instead_of=Kept()) == Kept({"token": "secret"}, 1)
    assert kept(channel.pk).value == {"token": "secret"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT kept FROM social_channelsession")
        assert "secret" not in cursor.fetchone()[0]


@pytest.mark.parametrize("times", [0, 1])
def test_whoever_is_later_finds_what_the_first_has_kept(times: int) -> None:
    channel = a_channel()
    read = Kept()
    for number in range(times):
        read = keep(channel.pk, {"token": number}, instead_of=read)
    first = keep(channel.pk, {"token": "first"}, instead_of=read)
    assert keep(channel.pk, {"token": "second"}, instead_of=read) == first
    assert first.value == {"token": "first"}
    assert keep(channel.pk, {"token": "third"}, instead_of=first).value == {"token": "third"}


def test_a_channel_that_is_not_stored_keeps_nothing() -> None:
    assert keep(4711, {"token": "secret"}, instead_of=Kept()) == Kept()
    assert not ChannelSession.objects.exists()


def test_what_cannot_be_opened_any_more_is_made_anew(settings: object) -> None:
    channel = a_channel()
    keep(channel.pk, {"token": "old"}, instead_of=Kept())
    settings.SECRET_KEY = "another-key-" * 5  # type: ignore[attr-defined]  # pytest-django's wrapper
    lost = kept(channel.pk)
    assert lost.value == {}
    assert keep(channel.pk, {"token": "new"}, instead_of=lost).value == {"token": "new"}
