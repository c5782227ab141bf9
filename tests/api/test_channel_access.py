"""Channels' accesses by the API: tried with the network, kept, never told, taken away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.api.models import GivenAnswer
from publisher.core.crypto import decrypt, opened
from publisher.core.models import AuditEntry
from publisher.social.models import Channel, ChannelHealth, NetworkApp
from publisher.social.networks.sandbox.server import Server
from tests.api.steps import Caller, caller, data, problem
from tests.builders import NOON, a_channel
from tests.fakes.sandbox import sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]
SECRET = "hush-hush-1"


@pytest.fixture
def program(db: None) -> Caller:
    return caller("set_up")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with sandbox(tmp_path, tokens=frozenset({SECRET, "hush-hush-2"})) as running:
        yield running


def test_an_access_is_entered_rotated_checked_and_removed_and_never_told(
    program: Caller, server: Server
) -> None:
    channel = a_channel()
    path = f"/channels/{channel.pk}/access"
    before = data(program.get(path))
    assert (before["complete"], before["credentials"][0]["is_set"]) == (False, False)
    given = {"version": 1, "credentials": {"token": SECRET}, "settings": {"url": server.url}}
    answer = program.post(f"{path}/change", given, Idempotency_Key="enter-1")
    entered = data(answer)
    assert (entered["version"], entered["complete"], entered["account"]) == (2, True, "sandbox account")
    assert entered["credentials"][0] | {"label": ""} == {
        "name": "token",
        "label": "",
        "kind": "text",
        "required": True,
        "secret": True,
        "is_set": True,
        "value": None,
        "choices": [],
    }
    assert entered["settings"][0]["value"] == server.url
    channel.refresh_from_db()
    assert opened(channel.credentials) == {"token": SECRET}
    data(program.post(f"{path}/change", {"version": 2, "credentials": {"token": "hush-hush-2"}}))
    channel.refresh_from_db()
    assert (opened(channel.credentials), channel.settings) == ({"token": "hush-hush-2"}, {"url": server.url})
    data(caller("publish").post(f"/channels/{channel.pk}/check"))
    assert ChannelHealth.objects.get(channel=channel).state == "good"
    removed = data(program.post(f"{path}/remove", {"version": 3}))
    assert (removed["complete"], removed["credentials"][0]["is_set"]) == (False, False)
    channel.refresh_from_db()
    assert channel.credentials is None
    trail = AuditEntry.objects.filter(object_type="channel")
    assert [each.action for each in trail.order_by("pk")] == [
        "channel.connected",
        "channel.connected",
        "channel.paused",
        "channel.disconnected",
    ]
    kept = [decrypt(each.answer) for each in GivenAnswer.objects.all()]
    told = [answer.content.decode(), *kept, *(f"{each.before} {each.after}" for each in trail)]
    assert len(kept) == 1
    assert not any("hush-hush" in each for each in told)


def test_what_the_network_does_not_take_leaves_the_former_in_use(program: Caller, server: Server) -> None:
    channel = a_channel(credentials={"token": SECRET}, settings={"url": server.url})
    path = f"/channels/{channel.pk}/access/change"
    body = problem(program.post(path, {"version": 1, "credentials": {"token": "wrong-one"}}), 422, "refused")
    assert "does not take" in body["detail"]
    assert "wrong-one" not in str(body)
    problem(program.post(path, {"version": 2, "credentials": {"token": "hush-hush-2"}}), 409, "stale")
    channel.refresh_from_db()
    assert (opened(channel.credentials), channel.revision) == ({"token": SECRET}, 1)


def test_a_stored_token_goes_to_no_other_server(program: Caller, server: Server, tmp_path: Path) -> None:
    channel = a_channel(credentials={"token": SECRET}, settings={"url": server.url})
    path = f"/channels/{channel.pk}/access/change"
    (tmp_path / "elsewhere").mkdir()
    with sandbox(tmp_path / "elsewhere", tokens=frozenset({SECRET, "hush-hush-2"})) as elsewhere:
        moved: dict[str, object] = {"version": 1, "settings": {"url": elsewhere.url}}
        assert "stored secrets" in problem(program.post(path, moved), 422, "refused")["detail"]
        channel.refresh_from_db()
        assert channel.settings == {"url": server.url}
        data(program.post(path, moved | {"credentials": {"token": "hush-hush-2"}}))
    channel.refresh_from_db()
    assert opened(channel.credentials) == {"token": "hush-hush-2"}


def test_a_secret_that_does_not_fit_the_schema_is_not_sent_back(program: Caller) -> None:
    channel = a_channel()
    wrong = {"version": 1, "credentials": {"token": {"hush-hush-1": 1}}, "settings": 3}
    answer = program.post(f"/channels/{channel.pk}/access/change", wrong)
    problem(answer, 422, "invalid")
    assert "hush-hush" not in answer.content.decode()
    wrong = {"version": 1, "credentials": {"token": "hush-hush-1\0"}}
    answer = program.post(f"/channels/{channel.pk}/access/change", wrong)
    problem(answer, 422, "invalid")
    assert "hush-hush" not in answer.content.decode()


def test_another_account_is_taken_only_where_it_is_meant(program: Caller, server: Server) -> None:
    channel = a_channel(credentials={"token": SECRET}, settings={"url": server.url})
    ChannelHealth.objects.create(channel=channel, account_name="another account", checked_at=NOON)
    path = f"/channels/{channel.pk}/access/change"
    given = {"version": 1, "credentials": {"token": "hush-hush-2"}}
    assert "another_account" in problem(program.post(path, given), 422, "refused")["hint"]
    assert data(program.post(path, given | {"another_account": True}))["account"] == "sandbox account"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"credentials": {"token": "x" * 9}, "settings": {"chat": "@almaria"}}, "credentials.token"),
        ({"credentials": {"token": "12345:" + "a" * 30}, "settings": {"chat": None}}, "settings.chat"),
        ({"credentials": {"token": "12345:" + "a" * 30}}, "settings.chat"),
        ({"credentials": {"pass_word": "x"}, "settings": {"chat": "@almaria"}}, "credentials.pass_word"),
    ],
)
def test_what_a_field_does_not_take_is_told_by_its_name(
    program: Caller, given: dict[str, object], named: str
) -> None:
    channel = a_channel("telegram")
    answer = program.post(f"/channels/{channel.pk}/access/change", {"version": 1, **given})
    assert named in [each["name"] for each in problem(answer, 422, "refused")["fields"]]
    assert Channel.objects.get().revision == 1


def test_keys_of_an_application_are_stored_and_not_told(program: Caller) -> None:
    channel = a_channel("linkedin")
    path = f"/channels/{channel.pk}/access/app-keys"
    problem(program.post(path, {"keys": {"client_id": "abc"}}), 422, "refused")
    problem(
        program.post(path, {"keys": {"client_id": "a", "client_secret": "b", "else_": "c"}}), 422, "refused"
    )
    stored = program.post(path, {"keys": {"client_id": "abc", "client_secret": SECRET}})
    assert all(
        each["is_set"] and each["value"] is None for each in data(stored)["app_keys"] if each["secret"]
    )
    assert SECRET not in stored.content.decode()
    assert opened(NetworkApp.objects.get().keys)["client_secret"] == SECRET
    problem(program.post(f"/channels/{a_channel().pk}/access/app-keys", {"keys": {}}), 422, "refused")
