"""The pages of webhooks: made with a secret that is shown once, changed, switched, tested, replayed; and told on Today."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from publisher.core import clock
from publisher.core.crypto import opened
from publisher.core.models import AuditEntry
from publisher.desk.today.overview import overview
from publisher.hooks import asking
from publisher.hooks.models import Endpoint, Message
from publisher.people.permissions import ADMIN, EDITOR
from tests.builders import a_channel
from tests.desk.builders import a_message, a_webhook
from tests.desk.conftest import PASSWORD, a_person

pytestmark = pytest.mark.django_db
GIVEN = {"name": "Newsroom site", "url": "https://example.org/hook", "events": ["post.sent", "edition.*"]}


@pytest.fixture
def admin(db: None) -> User:
    return a_person("ada", ADMIN)


@pytest.fixture
def desk(admin: User) -> Client:
    """An admin who has just signed in, as making secrets wants it."""
    browser = Client()
    browser.post(reverse("desk:login"), {"username": "ada", "password": PASSWORD})
    return browser


def page(browser: Client, name: str, *args: int, query: str = "", status: int = 200) -> str:
    answer = browser.get(reverse(f"desk:{name}", args=args) + query)
    assert answer.status_code == status
    return answer.content.decode()


def test_one_is_made_and_its_secret_is_shown_once(desk: Client) -> None:
    assert "No webhook yet" in page(desk, "webhooks")
    answer = desk.post(reverse("desk:webhook-new"), GIVEN)
    endpoint = Endpoint.objects.get()
    (secret,) = opened(endpoint.secrets)
    assert secret in answer.content.decode()
    assert endpoint.events == ["edition.*", "post.sent"]
    for name, args in (("webhooks", ()), ("webhook", (endpoint.pk,)), ("webhook-edit", (endpoint.pk,))):
        assert secret not in page(desk, name, *args)
    assert secret not in str(list(AuditEntry.objects.values_list("before", "after")))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"url": "http://example.org/hook"}, "must begin with https"),
        ({"events": []}, "told nothing"),
        ({"name": ""}, "needs a name"),
        ({"channels": ["99"]}, "channels is not there"),
    ],
)
def test_what_cannot_be_is_refused_and_what_was_typed_stays(
    desk: Client, wrong: dict[str, object], said: str
) -> None:
    answer = desk.post(reverse("desk:webhook-new"), GIVEN | {"name": "Kept name"} | wrong)
    body = answer.content.decode()
    assert answer.status_code == 422
    assert said in body
    assert "name" in wrong or "Kept name" in body
    assert not Endpoint.objects.exists()


def test_two_who_change_the_same_do_not_overwrite_each_other(desk: Client) -> None:
    channel = a_channel()
    endpoint = a_webhook("post.sent")
    address = reverse("desk:webhook-edit", args=[endpoint.pk])
    first = GIVEN | {"version": "1", "name": "First", "channels": [str(channel.pk)], "batched": "yes"}
    assert desk.post(address, first).status_code == 302
    second = desk.post(address, GIVEN | {"version": "1", "name": "Second"})
    body = second.content.decode()
    assert second.status_code == 409
    assert "First" in body
    assert "Second" in body
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.channel_ids, endpoint.batched) == ("First", [channel.pk], True)
    assert desk.post(address, GIVEN | {"version": "2", "name": "Second"}).status_code == 302


def test_it_is_switched_tested_and_gets_a_new_secret(desk: Client) -> None:
    endpoint = a_webhook("post.sent")
    desk.post(reverse("desk:webhook-test", args=[endpoint.pk]))
    assert Message.objects.get().type == "webhook.test"
    before = opened(endpoint.secrets)
    answer = desk.post(reverse("desk:webhook-secret", args=[endpoint.pk]))
    endpoint.refresh_from_db()
    new, old = opened(endpoint.secrets)
    assert [old] == before
    assert new in answer.content.decode()
    desk.post(reverse("desk:webhook-switch", args=[endpoint.pk]), {"on": "no"})
    assert not Endpoint.objects.get().active
    answer = desk.post(reverse("desk:webhook-test", args=[endpoint.pk]), follow=True)
    assert "is switched off" in answer.content.decode()
    deeds = set(AuditEntry.objects.filter(object_type="endpoint").values_list("action", flat=True))
    assert deeds == {"endpoint.tested", "endpoint.rotated", "endpoint.off"}


def test_a_new_secret_is_only_for_who_signed_in_a_moment_ago(admin: User) -> None:
    browser = Client()
    browser.force_login(admin)
    endpoint = a_webhook("post.sent")
    assert browser.post(reverse("desk:webhook-secret", args=[endpoint.pk])).status_code == 302
    assert browser.post(reverse("desk:webhook-new"), GIVEN).status_code == 302
    assert opened(Endpoint.objects.get().secrets) == opened(endpoint.secrets)


def test_the_log_is_filtered_paged_and_each_message_shows_its_tries(desk: Client) -> None:
    endpoint = a_webhook()
    for _ in range(51):
        a_message(endpoint)
    reason = "It answered 500."
    given_up = a_message(endpoint, type="delivery.failed", state="failed", status=500, reason=reason)
    whole = page(desk, "webhook", endpoint.pk)
    assert "Next page" in whole
    failed = page(desk, "webhook", endpoint.pk, query="?state=failed&type=delivery.failed")
    assert reason in failed
    assert "post.sent</a>" not in failed
    assert "fits this filter" in page(desk, "webhook", endpoint.pk, query="?state=sending")
    page(desk, "webhook", endpoint.pk, query="?state=lost", status=422)
    message = page(desk, "webhook-message", endpoint.pk, given_up.pk)
    assert "busy" in message
    assert given_up.key in message
    page(desk, "webhook-message", a_webhook().pk, given_up.pk, status=404)


def test_one_or_all_since_a_time_are_sent_again(desk: Client) -> None:
    endpoint = a_webhook()
    now = clock.now()
    taken = a_message(endpoint, created_at=now)
    given_up = a_message(endpoint, state="failed", status=500, created_at=now)
    desk.post(reverse("desk:webhook-message-replay", args=[endpoint.pk, taken.pk]))
    taken.refresh_from_db()
    assert taken.state == "queued"
    address = reverse("desk:webhook-replay", args=[endpoint.pk])
    wrong = desk.post(address, {"since": "soon", "which": "failed"})
    assert wrong.status_code == 422
    assert 'value="soon"' in wrong.content.decode()
    long_ago = now - asking.KEPT - timedelta(days=1)
    assert desk.post(address, {"since": f"{long_ago:%Y-%m-%dT%H:%M}"}).status_code == 422
    desk.post(address, {"since": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}", "which": "failed"})
    given_up.refresh_from_db()
    assert given_up.state == "queued"


def test_removing_asks_first(desk: Client) -> None:
    endpoint = a_webhook()
    address = reverse("desk:webhook-remove", args=[endpoint.pk])
    assert "This cannot be undone" in desk.post(address).content.decode()
    assert Endpoint.objects.get().removed_at is None
    desk.post(address, {"sure": "yes"})
    page(desk, "webhook", endpoint.pk, status=404)
    assert "No webhook yet" in page(desk, "webhooks")


def test_today_tells_of_webhooks_that_fail_whoever_may_mend_them(admin: User) -> None:
    now = clock.now()
    a_webhook(active=False, off_reason="It answered 410.", off_at=now)
    a_webhook(failing_since=now - timedelta(hours=2))
    a_webhook(failing_since=now - timedelta(minutes=2))
    a_webhook(active=False)

    def told(user: User) -> list[tuple[str, int]]:
        found = overview(now=now, user=user).troubles
        return [(str(each.title), each.count) for each in found if "ebhook" in str(each.title)]

    assert told(admin) == [("Webhooks switched off", 1), ("Webhooks that fail", 1)]
    assert told(a_person("mira", EDITOR)) == []


def test_a_browser_left_alone_sends_nothing_to_another_address(admin: User) -> None:
    endpoint, browser = a_webhook(), Client()
    browser.force_login(admin)
    address = reverse("desk:webhook-edit", args=[endpoint.pk])
    answer = browser.post(address, {**GIVEN, "version": endpoint.version})
    assert answer["Location"].startswith("/desk/account/prove")
    assert Endpoint.objects.get().url == endpoint.url
