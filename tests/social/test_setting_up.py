"""Making and changing channels, and their access: tried before it replaces the one in use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from publisher.core.crypto import opened
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.social import access, connecting, health, network_keys, setting_up
from publisher.social.connecting import Visitor, WrongState
from publisher.social.definition import ChannelIn
from publisher.social.models import Channel, ChannelSession, Connecting
from publisher.social.networks.oauth import NotGiven
from publisher.social.networks.sandbox.server import Server
from tests.builders import NOON, a_channel, a_schedule
from tests.desk.builders import a_post
from tests.fakes.mastodon import FakeMastodon
from tests.fakes.mastodon import serving as mastodon
from tests.fakes.oauth import APP
from tests.fakes.sandbox import sandbox
from tests.social.networks.test_oauth import pressed
from tests.social.steps import an_editor

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with sandbox(tmp_path, tokens=frozenset({"good", "other"})) as running:
        yield running


@pytest.fixture
def user() -> User:
    return an_editor()


def described(**given: Any) -> ChannelIn:
    return ChannelIn.model_validate(
        {"name": "Almaria", "network": "sandbox", "schedule": a_schedule().name, **given}
    )


def entered(channel: Channel, user: User, *, token: str | None, **given: Any) -> Channel:
    channel.refresh_from_db()
    credentials = {} if token is None else {"token": token}
    return access.enter(
        channel.pk, credentials=credentials, settings=given, user=user, version=channel.revision, now=NOON
    )


def test_a_channel_is_made_with_what_was_said_and_who_made_it(user: User) -> None:
    channel = setting_up.create(described(kinds=["speech"], hashtags=2), user=user, now=NOON)
    channel.refresh_from_db()
    assert (channel.kinds, channel.hashtags, channel.created_at) == (["speech"], 2, NOON)
    entry = AuditEntry.objects.get(action="channel.created")
    assert (entry.actor_name, entry.after["kinds"]) == (user.username, ["speech"])


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "Taken"}, "name"),
        ({"schedule": "nothing like this"}, "schedule"),
        ({"language": "not a language"}, "language"),
        ({"owner": "nobody"}, "owner"),
        ({"template": "{{ itm.title }}"}, "template"),
    ],
)
def test_what_cannot_be_is_told_with_its_field_and_makes_nothing(
    user: User, given: dict[str, str], field: str
) -> None:
    a_channel(name="Taken")
    with pytest.raises(setting_up.WrongField) as caught:
        setting_up.create(described(**given), user=user, now=NOON)
    assert caught.value.field == field
    assert Channel.objects.count() == 1


def test_a_change_keeps_what_it_does_not_name_and_says_before_and_after(user: User) -> None:
    channel = a_channel(hashtags=3, tolerance_minutes=60)
    wanted = ChannelIn.model_validate({"name": channel.name, "tolerance_minutes": 90})
    setting_up.change(channel.pk, wanted, user=user, version=1, now=NOON)
    channel.refresh_from_db()
    assert (channel.hashtags, channel.tolerance_minutes, channel.revision) == (3, 90, 2)
    entry = AuditEntry.objects.get(action="channel.changed")
    assert (entry.before, entry.after["tolerance_minutes"]) == ({"tolerance_minutes": 60}, 90)


def test_the_second_of_two_people_overwrites_nothing(user: User) -> None:
    channel = a_channel()
    first = ChannelIn.model_validate({"name": channel.name, "hashtags": 1})
    setting_up.change(channel.pk, first, user=user, version=1, now=NOON)
    second = ChannelIn.model_validate({"name": channel.name, "hashtags": 5})
    with pytest.raises(setting_up.Stale):
        setting_up.change(channel.pk, second, user=user, version=1, now=NOON)
    channel.refresh_from_db()
    assert channel.hashtags == 1


def test_a_channel_whose_messages_wait_cannot_go_to_another_network(user: User) -> None:
    channel = a_channel(name="Almaria")
    a_post(channel=channel).deliveries.create(
        channel=channel, part=0, address="x", due_at=NOON, created_at=NOON, state="unknown"
    )
    with pytest.raises(UserError, match="cannot go to another network"):
        setting_up.put(described(network="telegram", schedule=channel.schedule.name), actor=user, now=NOON)


def test_switching_off_and_on_is_a_change_like_any_other(user: User) -> None:
    channel = a_channel()
    setting_up.switch(channel.pk, on=False, user=user, version=1, now=NOON)
    channel.refresh_from_db()
    assert not channel.enabled
    setting_up.switch(channel.pk, on=True, user=user, version=2, now=NOON)
    channel.refresh_from_db()
    assert channel.enabled


def test_an_access_that_the_network_takes_is_kept_and_the_account_is_known(
    user: User, server: Server
) -> None:
    channel = a_channel()
    entered(channel, user, token="good", url=server.url)
    channel.refresh_from_db()
    assert opened(channel.credentials) == {"token": "good"}
    assert health.health_of(channel).state == "good"
    assert health.health_of(channel).account_name
    said = str(list(AuditEntry.objects.values_list("before", "after")))
    assert "good" not in said


def test_an_access_that_the_network_refuses_leaves_the_one_in_use(user: User, server: Server) -> None:
    channel = a_channel(credentials={"token": "good"}, settings={"url": server.url})
    with pytest.raises(access.Refused, match="does not take"):
        entered(channel, user, token="wrong")
    channel.refresh_from_db()
    assert (opened(channel.credentials), channel.revision, channel.paused_reason) == (
        {"token": "good"},
        1,
        "",
    )


def test_a_network_that_is_away_is_no_reason_to_drop_an_access(user: User) -> None:
    channel = a_channel(credentials={"token": "good"}, settings={"url": "http://127.0.0.1:9"})
    with pytest.raises(access.Refused, match="could not be asked"):
        entered(channel, user, token="other")
    channel.refresh_from_db()
    assert opened(channel.credentials) == {"token": "good"}


def test_an_empty_credential_keeps_the_old_one(user: User, server: Server) -> None:
    channel = a_channel(credentials={"token": "good"}, settings={"url": server.url})
    entered(channel, user, token=None, url=server.url)
    channel.refresh_from_db()
    assert opened(channel.credentials) == {"token": "good"}


def test_at_another_server_the_old_one_is_not_tried(user: User, server: Server) -> None:
    channel = a_channel(credentials={"token": "good"}, settings={"url": "http://127.0.0.1:9"})
    with pytest.raises(UserError, match="stored secrets"):
        entered(channel, user, token=None, url=server.url)
    channel.refresh_from_db()
    assert channel.settings == {"url": "http://127.0.0.1:9"}
    entered(channel, user, token="good", url=server.url)
    channel.refresh_from_db()
    assert channel.settings == {"url": server.url}


def test_another_account_is_taken_only_once_a_person_said_so(user: User) -> None:
    fake = FakeMastodon()
    with mastodon(fake) as url:
        channel = a_channel("mastodon", credentials={"access_token": "token"}, settings={"url": url})
        health.health_of(channel).save()
        channel.health.account_name = "@former@elsewhere.example"  # type: ignore[attr-defined]  # its reverse side
        channel.health.save()  # type: ignore[attr-defined]
        fake.tokens["another"] = fake.tokens["token"]
        with pytest.raises(access.Another) as caught:
            access.enter(
                channel.pk,
                credentials={"access_token": "another"},
                settings={},
                user=user,
                version=1,
                now=NOON,
            )
        channel.refresh_from_db()
        assert opened(channel.credentials) == {"access_token": "token"}
        visitor = Visitor(user, "s")
        row = connecting.hold(channel, caught.value.access, visitor=visitor, now=NOON)
        connecting.choose(row.pk, 0, visitor=visitor, version=1, now=NOON)
    channel.refresh_from_db()
    assert opened(channel.credentials) == {"access_token": "another"}
    assert not Connecting.objects.exists()


def test_disconnecting_forgets_the_access_and_its_session_and_stops_the_channel(user: User) -> None:
    channel = a_channel(credentials={"token": "good"})
    ChannelSession.objects.create(channel=channel, kept={"access": "x"})
    access.disconnect(channel.pk, user=user, version=1, now=NOON)
    channel.refresh_from_db()
    assert channel.credentials is None
    assert channel.paused_reason.startswith(health.NOT_CONNECTED)
    assert not ChannelSession.objects.exists()


def test_a_channel_that_staff_had_stopped_stays_so_after_it_is_connected_again(
    user: User, server: Server
) -> None:
    channel = a_channel(
        credentials={"token": "good"}, settings={"url": server.url}, paused_reason="Wait for the director."
    )
    access.disconnect(channel.pk, user=user, version=1, now=NOON)
    entered(channel, user, token="good")
    channel.refresh_from_db()
    assert channel.paused_reason == "Wait for the director."


def test_a_connected_channel_goes_on_by_itself(user: User, server: Server) -> None:
    channel = a_channel(credentials={"token": "good"}, settings={"url": server.url})
    access.disconnect(channel.pk, user=user, version=1, now=NOON)
    entered(channel, user, token="good")
    channel.refresh_from_db()
    assert channel.paused_reason == ""


class TestConnecting:
    """By Mastodon's own page."""

    @pytest.fixture
    def fake(self) -> FakeMastodon:
        return FakeMastodon()

    @pytest.fixture
    def channel(self, fake: FakeMastodon, settings: Any) -> Iterator[Channel]:
        with mastodon(fake) as url:
            settings.FETCH_ALLOW = [*settings.FETCH_ALLOW, url.removeprefix("http://")]
            yield a_channel("mastodon", settings={"url": url})

    BACK = "https://desk.example.org/desk/channels/came-back"

    def answer(self, channel: Channel, visitor: Visitor, button: str = "Authorize") -> dict[str, str]:
        row = connecting.begin(channel.pk, visitor=visitor, back=self.BACK, now=NOON)
        return pressed(connecting.url_of(row), button)

    def test_an_account_is_offered_by_its_name_and_kept_when_it_is_chosen(
        self, channel: Channel, user: User, fake: FakeMastodon
    ) -> None:
        visitor = Visitor(user, "s")
        row = connecting.answered(self.answer(channel, visitor), visitor=visitor, now=NOON)
        (offer,) = connecting.offers_of(row)
        assert offer.account.startswith("@office@")
        channel.refresh_from_db()
        assert channel.credentials is None
        connecting.choose(row.pk, 0, visitor=visitor, version=1, now=NOON)
        channel.refresh_from_db()
        assert opened(channel.credentials) == {"access_token": fake.oauth.tokens[-1]}
        stored = str(list(Connecting.objects.values_list("kept", "offers"))) + str(
            list(AuditEntry.objects.values_list("after", flat=True))
        )
        assert fake.oauth.tokens[-1] not in stored

    def test_a_state_is_good_once(self, channel: Channel, user: User) -> None:
        visitor = Visitor(user, "s")
        answer = self.answer(channel, visitor)
        connecting.answered(answer, visitor=visitor, now=NOON)
        with pytest.raises(WrongState):
            connecting.answered(answer, visitor=visitor, now=NOON)

    @pytest.mark.parametrize("other", ["session", "user", "late", "state", "none"])
    def test_an_answer_is_taken_only_from_the_browser_that_asked_and_in_time(
        self, channel: Channel, user: User, other: str
    ) -> None:
        visitor = Visitor(user, "s")
        answer = self.answer(channel, visitor)
        if other in ("state", "none"):
            answer["state"] = "made up" if other == "state" else ""
        who = Visitor(an_editor("mallory") if other == "user" else user, "t" if other == "session" else "s")
        late = connecting.GOOD_FOR if other == "late" else timedelta(0)
        with pytest.raises(WrongState):
            connecting.answered(answer, visitor=who, now=NOON + late)

    def test_a_refusal_is_told_and_changes_nothing(self, channel: Channel, user: User) -> None:
        visitor = Visitor(user, "s")
        row = connecting.answered(self.answer(channel, visitor, "Deny"), visitor=visitor, now=NOON)
        assert "Cancel" in row.problem
        assert connecting.offers_of(row) == []
        with pytest.raises(UserError):
            connecting.choose(row.pk, 0, visitor=visitor, version=1, now=NOON)

    def test_an_offer_is_seen_by_nobody_else(self, channel: Channel, user: User) -> None:
        visitor = Visitor(user, "s")
        row = connecting.answered(self.answer(channel, visitor), visitor=visitor, now=NOON)
        for stranger in (Visitor(user, "t"), Visitor(an_editor("mallory"), "s")):
            with pytest.raises(UserError):
                connecting.mine(row.pk, visitor=stranger, now=NOON)

    def test_secrets_that_nobody_chose_do_not_stay(self, channel: Channel, user: User) -> None:
        visitor = Visitor(user, "s")
        connecting.answered(self.answer(channel, visitor), visitor=visitor, now=NOON)
        assert connecting.forget(now=NOON + connecting.GOOD_FOR - timedelta(seconds=1)) == 0
        assert connecting.forget(now=NOON + connecting.GOOD_FOR) == 1
        assert not Connecting.objects.exists()

    def test_old_attempts_are_cleared_away(self, channel: Channel, user: User) -> None:
        visitor = Visitor(user, "s")
        connecting.begin(channel.pk, visitor=visitor, back=self.BACK, now=NOON)
        connecting.begin(channel.pk, visitor=visitor, back=self.BACK, now=NOON + connecting.GOOD_FOR)
        assert Connecting.objects.count() == 1


def test_keys_of_an_application_are_stored_encrypted_and_asked_for_when_missing(user: User) -> None:
    with pytest.raises(NotGiven, match="not stored"):
        network_keys.keys_of("linkedin")
    network_keys.store(
        "linkedin", {"client_id": APP["id"], "client_secret": APP["secret"]}, user=user, now=NOON
    )
    assert network_keys.keys_of("linkedin")["client_secret"] == APP["secret"]
    assert APP["secret"] not in str(list(AuditEntry.objects.values_list("after", flat=True)))
    assert network_keys.is_known("mastodon")


def test_a_network_without_such_pages_says_so(user: User) -> None:
    with pytest.raises(NotGiven, match="no page"):
        connecting.begin(a_channel("telegram").pk, visitor=Visitor(user, "s"), back="https://x", now=NOON)
