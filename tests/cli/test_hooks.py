"""`publisher hooks`: what the webhooks are, a test, and sending again, for people and for scripts."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from publisher.cli.hooks import hooks as command
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.hooks import addressing, endpoints
from publisher.hooks.models import Message
from tests.desk.builders import a_post
from tests.fakes.switches import Answer
from tests.hooks.conftest import receiver  # noqa: F401 - a fixture
from tests.hooks.steps import Receiver, an_admin, an_endpoint, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox")]
URL = "https://198.51.100.7/hook?token=secret-of-the-receiver"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False, standalone_mode=False)


@pytest.fixture
def public(settings: object) -> None:
    """A documentation address counts as private; it is never asked here."""
    settings.FETCH_ALLOW = ["198.51.100.7:443"]  # type: ignore[attr-defined]  # pytest-django's


def given_up(endpoint_id: int) -> Message:
    a_post()
    addressing.address(now=clock.database_now())
    row = Message.objects.filter(endpoint=endpoint_id).latest("pk")
    Message.objects.filter(pk=row.pk).update(state="failed", reason="It answered 400.", status=400)
    return row


@pytest.mark.usefixtures("public")
def test_the_list_says_what_each_does_and_shows_no_secret() -> None:
    endpoint = an_endpoint(URL, "post.draft")
    given_up(endpoint.pk)
    text = run("list").output
    assert f"{endpoint.name}: on; 0 waiting, 1 given up" in text
    endpoints.switch(endpoint.pk, on=False, user=an_admin(), now=clock.now())
    result = run("list", "--json")
    (row,) = json.loads(result.output)["webhooks"]
    assert (row["name"], row["active"], row["given_up"]) == (endpoint.name, False, 1)
    assert "whsec_" not in result.output
    assert "secret-of-the-receiver" not in result.output + text


def test_without_any_it_says_where_they_are_made() -> None:
    assert "There are no webhooks" in run("list").output


@pytest.mark.usefixtures("public")
def test_a_test_that_nobody_sends_is_told_as_such_and_the_exit_status_is_1() -> None:
    endpoint = an_endpoint(URL, "post.draft")
    result = run("test", endpoint.name, "--wait", "0")
    assert result.return_value == 1
    assert "no worker has sent it" in result.output
    message = Message.objects.get()
    assert (message.type, message.state) == ("webhook.test", "queued")
    assert "@" in AuditEntry.objects.get(action="endpoint.tested").actor_name


@pytest.mark.parametrize(
    ("answers", "said", "code"),
    [([], "took it: it answered 204", 0), ([Answer(400)], "did not take it. It answered 400.", 1)],
)
def test_a_test_tells_what_was_answered(
    receiver: Receiver,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
    answers: list[Answer],
    said: str,
    code: int,
) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    receiver.answers = answers
    monkeypatch.setattr("publisher.cli.hooks.time.sleep", lambda _seconds: send())
    result = run("test", endpoint.name)
    assert said in result.output
    assert result.return_value == code


@pytest.mark.usefixtures("public")
def test_one_message_is_sent_again_by_its_id() -> None:
    endpoint = an_endpoint(URL, "post.draft")
    message = given_up(endpoint.pk)
    result = run("replay", endpoint.name, message.key, "--json")
    assert json.loads(result.output)["state"] == "queued"
    assert Message.objects.get().state == "queued"
    assert AuditEntry.objects.filter(action="endpoint.replayed").count() == 1
    with pytest.raises(UserError, match="was not told evt_0"):
        run("replay", endpoint.name, "evt_0")


@pytest.mark.usefixtures("public")
def test_all_since_a_time_is_sent_again_as_far_as_it_was_given_up_or_taken() -> None:
    endpoint = an_endpoint(URL, "post.draft")
    given_up(endpoint.pk)
    taken = given_up(endpoint.pk)
    Message.objects.filter(pk=taken.pk).update(state="sent")
    since = (clock.database_now() - timedelta(hours=1)).isoformat()
    assert run("replay", endpoint.name, "--since", since).output.startswith("1 message is sent")
    assert json.loads(run("replay", str(endpoint.pk), "--since", since, "--taken", "--json").output) == {
        "webhook": endpoint.pk,
        "messages": 1,
    }


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize("more", [[], ["evt_1", "--since", "2026-06-01T08:00Z"], ["evt_1", "--taken"]])
def test_what_is_unclear_is_refused_and_changes_nothing(more: list[str]) -> None:
    endpoint = an_endpoint(URL, "post.draft")
    given_up(endpoint.pk)
    with pytest.raises(UserError, match="Say which"):
        run("replay", endpoint.name, *more)
    assert Message.objects.get().state == "failed"


@pytest.mark.usefixtures("public")
def test_a_name_that_two_have_or_nobody_has_is_told_with_what_there_is() -> None:
    one, two = an_endpoint(URL, "post.draft"), an_endpoint(URL, "post.draft")
    type(one).objects.update(name="Site")
    with pytest.raises(UserError, match="2 webhooks are called Site") as told:
        run("test", "Site")
    assert str(two.pk) in told.value.hint
    with pytest.raises(UserError, match="no webhook Nobody"):
        run("test", "Nobody")
    with pytest.raises(UserError, match="no time"):
        run("replay", str(one.pk), "--since", "yesterday")


@pytest.mark.usefixtures("public")
def test_a_number_may_be_as_long_as_ids_are_after_a_restore() -> None:
    endpoint = an_endpoint(URL, "post.draft")
    type(endpoint).objects.filter(pk=endpoint.pk).update(id=2**55)
    with pytest.raises(UserError, match="was not told 01900000-0000"):
        run("replay", str(2**55), "01900000-0000")
