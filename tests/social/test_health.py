"""Whether a channel's account works, as its network says: kept, told, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.errors import ChannelDown, Retry, UserError
from publisher.social import approval, channels, health
from publisher.social.accounts import account_of, measured, settings_of
from publisher.social.drafting import draft_held, draft_item
from publisher.social.models import Channel, ChannelHealth, Notice, Post
from publisher.social.networks import registry
from publisher.social.networks.base import Account, Pace, Standing
from publisher.social.networks.sandbox.network import Sandbox
from tests.builders import NOON, a_channel, a_schedule, an_item
from tests.fakes import telegram
from tests.fakes.linkedin import FakeLinkedIn
from tests.fakes.mastodon import FakeMastodon, serving
from tests.fakes.switches import serving as telegram_server
from tests.fakes.x import SECRETS, fake_x
from tests.social.steps import EVERY_MINUTE, a_draft, an_editor, fresh

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
S = ChannelHealth.State
LONG = "Families of the upper valley compare notes on seeds, soil, rain and trust. " * 9


@pytest.fixture
def fake() -> FakeMastodon:
    return FakeMastodon()


@pytest.fixture
def channel(fake: FakeMastodon) -> Iterator[Channel]:
    with serving(fake) as url:
        yield a_channel(
            "mastodon",
            name="Almaria on Mastodon",
            credentials={"access_token": "token"},
            settings={"url": url, "timeout_seconds": 2},
            schedule=a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0),
        )


def now_is(channel: Channel) -> Channel:
    return Channel.objects.get(pk=channel.pk)


def stubbed(monkeypatch: pytest.MonkeyPatch, answer: Standing | Exception) -> None:
    """The sandbox network says this of every account: for what no fake says."""

    def verify(_self: Sandbox, _account: Account) -> Standing:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(Sandbox, "verify_credentials", verify)


def test_a_good_account_is_named_and_asked_about_again_in_about_a_day(channel: Channel) -> None:
    assert health.due(now=NOON) == [channel.pk]
    found = health.check(channel.pk, now=NOON)
    host = channel.settings["url"].split("//")[1]
    assert (found.state, found.account_name, found.problem) == ("good", f"@office@{host}", "")
    assert found.checked_at == NOON
    assert health.due(now=NOON + 20 * HOUR) == []
    assert health.due(now=NOON + 27 * HOUR) == [channel.pk]


def test_limits_that_a_server_tells_let_a_longer_text_fit(fake: FakeMastodon, channel: Channel) -> None:
    fake.max_characters = 1000
    post = a_draft(channel, summary=LONG)
    with pytest.raises(UserError, match="does not fit Mastodon"):
        approval.edit(post.pk, user=an_editor(), version=1, texts=[LONG], now=NOON)
    health.check(channel.pk, now=NOON)
    approval.edit(post.pk, user=an_editor(), version=1, texts=[LONG], now=NOON)
    assert measured(now_is(channel), ["short"])[0].limit == 1000
    assert account_of(now_is(channel)).settings["max_characters"] == 1000


def test_a_template_is_drafted_to_the_limits_that_the_server_told(
    fake: FakeMastodon, channel: Channel
) -> None:
    fake.max_characters = 1000
    Channel.objects.filter(pk=channel.pk).update(template="{{ item.summary }}")
    held = a_draft(channel, summary=LONG[:600])
    assert (held.state, "does not fit" in held.problem) == ("held", True)
    health.check(channel.pk, now=NOON)
    assert draft_held(now=NOON, limit=10) == [held.pk]
    assert (fresh(held).state, fresh(held).parts[0]["text"]) == ("draft", LONG[:600].strip())
    another = an_item(summary=LONG[:700])
    draft_item(another.pk, now=NOON)
    assert Post.objects.get(item=another).state == "draft"


def test_the_same_limits_change_nothing_that_was_drafted(channel: Channel) -> None:
    health.check(channel.pk, now=NOON)
    revision = now_is(channel).revision
    health.check(channel.pk, now=NOON + DAY)
    assert now_is(channel).revision == revision


def test_what_staff_set_stays_above_what_a_server_tells(fake: FakeMastodon, channel: Channel) -> None:
    fake.max_characters = 1000
    Channel.objects.filter(pk=channel.pk).update(settings={**channel.settings, "max_characters": 300})
    health.check(channel.pk, now=NOON)
    assert settings_of(now_is(channel))["max_characters"] == 300


def test_a_revoked_token_pauses_the_channel_and_tells_its_owner(fake: FakeMastodon, channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(owner="comms@office.example.org")
    fake.tokens.clear()
    found = health.check(channel.pk, now=NOON)
    assert (found.state, found.down_since) == ("down", NOON)
    assert "401" in now_is(channel).paused_reason
    notice = Notice.objects.get()
    assert (notice.to, notice.state) == ("comms@office.example.org", "queued")
    assert "revoked" in notice.text
    health.check(channel.pk, now=NOON + HOUR)
    assert Notice.objects.count() == 1


def test_a_channel_without_credentials_is_not_connected_and_nobody_is_written_to(channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(credentials=None, owner="comms@office.example.org")
    found = health.check(channel.pk, now=NOON)
    assert found.state == "unconnected"
    assert now_is(channel).paused_reason.startswith("Not connected yet: ")
    assert not Notice.objects.exists()


def test_a_channel_that_was_not_connected_goes_on_by_itself_once_it_is(channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(credentials=None)
    health.check(channel.pk, now=NOON)
    connected = now_is(channel)
    connected.credentials = {"access_token": "token"}
    connected.save()
    assert health.check(channel.pk, now=NOON + HOUR).state == "good"
    assert now_is(channel).paused_reason == ""


def test_credentials_that_cannot_be_tried_yet_are_not_called_missing_and_connect_it_later(
    channel: Channel,
) -> None:
    working, nowhere = channel.settings, channel.settings | {"url": "http://127.0.0.1:9"}
    Channel.objects.filter(pk=channel.pk).update(credentials={}, settings=nowhere)
    assert "access_token" in health.check(channel.pk, now=NOON).problem
    Channel.objects.filter(pk=channel.pk).update(credentials={"access_token": "token"})
    found = health.check(channel.pk, now=NOON + HOUR)
    assert found.problem.startswith("Not connected yet: The Mastodon server 127.0.0.1 cannot be reached")
    assert (found.state, now_is(channel).paused_reason) == ("unconnected", found.problem)
    Channel.objects.filter(pk=channel.pk).update(settings=working)
    assert health.check(channel.pk, now=NOON + 2 * HOUR).state == "good"
    assert now_is(channel).paused_reason == ""


def test_one_that_staff_paused_is_never_let_go_by_a_check(channel: Channel) -> None:
    channels.pause(channel.pk, user=an_editor(), reason="An election: nothing before Monday.")
    assert health.check(channel.pk, now=NOON).state == "good"
    assert now_is(channel).paused_reason == "An election: nothing before Monday."


def test_one_that_was_down_waits_for_a_person_although_it_works_again(
    fake: FakeMastodon, channel: Channel
) -> None:
    tokens = dict(fake.tokens)
    fake.tokens.clear()
    health.check(channel.pk, now=NOON)
    fake.tokens.update(tokens)
    assert health.check(channel.pk, now=NOON + HOUR).state == "good"
    assert "401" in now_is(channel).paused_reason


def test_wrong_credentials_of_a_new_channel_say_why_instead_of_that_there_are_none(channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(credentials=None)
    health.check(channel.pk, now=NOON)
    wrong = now_is(channel)
    wrong.credentials = {"access_token": "mistyped"}
    wrong.save()
    assert health.check(channel.pk, now=NOON + HOUR).state == "down"
    assert "401" in now_is(channel).paused_reason


def test_resuming_forgets_the_trouble_and_has_the_account_asked_at_once(
    fake: FakeMastodon, channel: Channel
) -> None:
    fake.tokens.clear()
    health.check(channel.pk, now=NOON)
    channels.resume(channel.pk, user=an_editor())
    known = health.health_of(channel)
    assert (known.state, known.problem, known.down_since) == ("unchecked", "", None)
    assert health.due(now=NOON + HOUR) == [channel.pk]


def test_a_network_that_cannot_be_asked_stops_nothing_and_is_asked_again_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    channel = a_channel("sandbox", credentials={"token": "t"})
    stubbed(monkeypatch, Standing("Office"))
    health.check(channel.pk, now=NOON)
    stubbed(monkeypatch, Retry("The server cannot be reached."))
    found = health.check(channel.pk, now=NOON + DAY)
    assert (found.state, found.problem) == ("good", "The server cannot be reached.")
    assert now_is(channel).paused_reason == ""
    assert health.due(now=NOON + DAY + 15 * timedelta(minutes=1)) == [channel.pk]
    stubbed(monkeypatch, Retry("Too many requests.", after=HOUR))
    health.check(channel.pk, now=NOON + 2 * DAY)
    assert now_is(channel).blocked_until == NOON + 2 * DAY + HOUR


def test_an_answer_about_credentials_that_were_replaced_meanwhile_counts_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    channel = a_channel("sandbox", credentials={"token": "old"})

    def verify(_self: Sandbox, _account: Account) -> Standing:
        replaced = now_is(channel)
        replaced.credentials = {"token": "new"}
        replaced.save()
        health.look_again(replaced, elsewhere=False)
        raise ChannelDown("The token was revoked.")

    monkeypatch.setattr(Sandbox, "verify_credentials", verify)
    health.check(channel.pk, now=NOON)
    assert now_is(channel).paused_reason == ""
    assert health.due(now=NOON) == [channel.pk]


def test_credentials_set_anew_are_asked_about_at_once_and_limits_of_another_server_forgotten(
    channel: Channel,
) -> None:
    health.check(channel.pk, now=NOON)
    health.look_again(channel, elsewhere=False)
    known = health.health_of(channel)
    assert (known.state, known.told_limits["max_characters"]) == ("unchecked", 500)
    assert health.due(now=NOON) == [channel.pk]
    health.look_again(channel, elsewhere=True)
    assert health.health_of(channel).told_limits == {}


def test_channels_that_are_off_or_cannot_send_are_not_asked_about(channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(enabled=False)
    only_drafts = [name for name in registry.networks() if not registry.can_send(name)]
    for name in only_drafts:
        a_channel(name)
    assert health.due(now=NOON) == []


def test_of_two_workers_one_asks(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(health, "check", lambda channel_id, now: asked.append((channel_id, now)))
    monkeypatch.setattr(health, "due", lambda now: [channel.pk])  # noqa: ARG005 - both looked before either claimed
    assert health.check_due(now=NOON, seconds=5) == 1
    assert health.check_due(now=NOON, seconds=5) == 0
    assert asked == [(channel.pk, NOON)]


def test_an_access_that_ends_is_told_at_each_step_and_pauses_the_channel_at_its_end() -> None:
    began = datetime.now(UTC)
    with FakeLinkedIn() as there:
        channel = a_channel(
            "linkedin",
            credentials={
                "access_token": there.token,
                "issued_at": (began - 40 * DAY).timestamp(),
                "expires_in": 60 * 86_400,
            },
            settings={"organization": there.organization, "api": there.url, "timeout_seconds": 2},
            owner="comms@office.example.org",
        )
        found = health.check(channel.pk, now=began)
        assert (found.state, found.credentials_end_at) == ("good", began + 20 * DAY)
    told = []
    for hours in range(0, 21 * 24 + 1, 6):
        health.tell_of_ends(now=began + hours * HOUR)
        if Notice.objects.count() > len(told):
            told.append((hours / 24, Notice.objects.latest("pk").kind))
    assert told == [(6, "ending"), (13, "ending"), (17, "ending"), (19, "ending"), (20, "down")]
    assert "ended on" in now_is(channel).paused_reason
    assert health.health_of(channel).state == "down"


def test_an_access_made_anew_is_told_again_by_its_own_end(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = a_channel("sandbox", credentials={"token": "t"}, owner="comms@office.example.org")
    stubbed(monkeypatch, Standing("Office", credentials_end_at=NOON + 2 * DAY))
    health.check(channel.pk, now=NOON)
    stubbed(monkeypatch, Standing("Office", credentials_end_at=NOON + 62 * DAY))
    health.check(channel.pk, now=NOON + DAY)
    health.tell_of_ends(now=NOON + 40 * DAY)
    assert Notice.objects.count() == 1
    health.tell_of_ends(now=NOON + 60 * DAY)
    assert [notice.key for notice in Notice.objects.order_by("pk")] == ["ends within 3", "ends within 3"]


def test_an_access_that_has_ended_already_is_down_whatever_the_network_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    channel = a_channel("sandbox", credentials={"token": "t"})
    stubbed(monkeypatch, Standing("Office", credentials_end_at=NOON - HOUR))
    assert health.check(channel.pk, now=NOON).state == "down"
    assert "ended on 2026-06-01" in now_is(channel).paused_reason


def test_x_says_whose_account_it_is_and_when_it_is_gone() -> None:
    with fake_x() as server:
        channel = a_channel("x", credentials=SECRETS, settings={"api_url": server.url, "timeout_seconds": 2})
        assert health.check(channel.pk, now=NOON).account_name.startswith("@")
        server.revoked = True
        assert health.check(channel.pk, now=NOON).state == "down"


def test_a_telegram_bot_that_lost_its_rights_is_down(settings: Any) -> None:
    fake = telegram.FakeTelegram()
    with telegram_server(fake):
        settings.FETCH_ALLOW = (f"127.0.0.1:{fake.port}",)
        account = telegram.account_at(fake)
        channel = a_channel(
            "telegram", credentials=dict(account.credentials), settings=dict(account.settings)
        )
        assert health.check(channel.pk, now=NOON).state == "good"
        fake.rights = False
        assert health.check(channel.pk, now=NOON).state == "down"
        assert "administrator" in now_is(channel).paused_reason


def test_a_pace_is_kept_and_blocks_the_channel_only_when_nothing_is_left() -> None:
    channel = a_channel("sandbox")
    health.note_pace(channel.pk, Pace(12, HOUR, 300), now=NOON)
    known = health.health_of(channel)
    assert (known.pace_remaining, known.pace_limit, known.pace_until) == (12, 300, NOON + HOUR)
    assert now_is(channel).blocked_until is None
    health.note_pace(channel.pk, Pace(0, HOUR, 300), now=NOON)
    assert now_is(channel).blocked_until == NOON + HOUR


def test_a_check_of_no_channel_or_of_one_that_cannot_send_is_refused() -> None:
    with pytest.raises(UserError, match="no such channel"):
        health.check(0, now=NOON)


def test_the_name_that_a_server_tells_is_one_plain_line(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = a_channel("sandbox", credentials={"token": "t"})
    stubbed(monkeypatch, Standing("Of\u202efice\n\x00" + "x" * 500))
    name = health.check(channel.pk, now=NOON).account_name
    assert name.startswith("Of fice x")
    assert len(name) == 200


VALUES = st.one_of(
    st.integers(-(10**15), 10**15),
    st.booleans(),
    st.text(max_size=300),
    st.floats(),
    st.none(),
    st.lists(st.one_of(st.text(max_size=200), st.integers()), max_size=80),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@given(
    st.dictionaries(
        st.one_of(st.text(max_size=80), st.from_regex(r"[a-z_]{1,9}", fullmatch=True)), VALUES, max_size=60
    )
)
def test_of_told_limits_only_what_can_be_a_limit_is_kept(told: dict[str, Any]) -> None:
    kept = health.checked_limits(told)
    assert len(kept) <= health.MOST_LIMITS
    for name, value in kept.items():
        assert name in told
        if isinstance(value, list):
            assert len(value) <= health.LONGEST_LIST
            assert all(isinstance(each, str) and len(each) <= health.LONGEST_WORD for each in value)
        else:
            assert type(value) is int
            assert 0 < value <= health.LARGEST


def test_checks_of_channels_lie_apart() -> None:
    times = {health.next_check(channel_id, NOON) for channel_id in range(1, 21)}
    assert len(times) == 20
    assert all(22 * HOUR <= at - NOON <= 26 * HOUR for at in times)


def test_owners_are_logins_addresses_or_all_admins() -> None:
    channel = a_channel("sandbox", owner="mira")
    from publisher.social.owners import addresses_of, check_owner

    User.objects.create_superuser("ada", "ada@office.example.org", "x")
    User.objects.create_superuser("gone", "gone@office.example.org", "x", is_active=False)
    User.objects.create_superuser("silent", "", "x")
    assert addresses_of(channel) == ["ada@office.example.org"]
    User.objects.create_user("mira", "mira@office.example.org")
    assert addresses_of(channel) == ["mira@office.example.org"]
    channel.owner = "press@office.example.org"
    assert addresses_of(channel) == ["press@office.example.org"]
    with pytest.raises(UserError, match="no login nobody"):
        check_owner("nobody")
    with pytest.raises(UserError, match="has no mail address"):
        check_owner("silent")


@pytest.mark.parametrize("network", ["weibo", "wechat"])
def test_where_a_person_posts_nobody_is_asked_and_no_missing_credentials_stop_the_channel(
    network: str,
) -> None:
    channel = a_channel(network)
    assert health.check_due(now=NOON, seconds=5) == 1
    assert now_is(channel).paused_reason == ""
    assert health.check_due(now=NOON, seconds=5) == 0
    assert health.health_of(channel).state == S.UNCHECKED
