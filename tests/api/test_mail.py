"""Signing keys and mailboxes by the API: secrets are written and never told."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.core.crypto import opened
from publisher.core.models import AuditEntry
from publisher.delivery.models import SigningKey
from publisher.feedback.models import Mailbox
from tests.api.steps import Caller, caller, data, problem
from tests.desk.builders import a_mailbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]
SECRET = "hush-hush"
MAILBOX = {
    "name": "Bounces",
    "way": "imap",
    "host": "127.0.0.1",
    "username": "b@office.example.org",
    "port": 9,
}


@pytest.fixture
def program(db: None) -> Caller:
    return caller("set_up")


def test_a_mailbox_is_made_changed_paused_and_removed_and_its_password_never_told(program: Caller) -> None:
    answer = program.post("/mailboxes", MAILBOX | {"password": SECRET, "security": "none"})
    made = data(answer, 201)
    path = f"/mailboxes/{made['id']}"
    assert (made["name"], made["port"], made["active"], made["folder"]) == ("Bounces", 9, True, "INBOX")
    problem(program.post(f"{path}/change", {"name": "Returns"}), 428, "version_missing")
    changed = data(program.post(f"{path}/change", {"version": made["version"], "name": "Returns"}))
    assert (changed["name"], changed["host"]) == ("Returns", "127.0.0.1")
    assert opened(Mailbox.objects.get().secret) == {"password": SECRET}
    problem(program.post(f"{path}/change", {"version": made["version"], "name": "x"}), 409, "stale")
    rotated = program.post(f"{path}/change", {"version": changed["version"], "password": "hush-hush-2"})
    assert opened(Mailbox.objects.get().secret) == {"password": "hush-hush-2"}
    paused = data(program.post(f"{path}/switch", {"active": False}))
    assert paused["active"] is False
    problem(program.post(f"{path}/verify"), 422, "refused")  # nobody answers there
    trail = AuditEntry.objects.filter(object_type="mailbox")
    told = [each.content.decode() for each in (answer, rotated, program.get(path), program.get("/mailboxes"))]
    assert not any(SECRET in each for each in [*told, *(f"{row.before}{row.after}" for row in trail)])
    problem(program.post(f"{path}/remove", {"version": made["version"]}), 409, "stale")
    data(program.post(f"{path}/remove", {"version": paused["version"]}))
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"host": "http://x"}, {"way": "pop3", "after": "move"}, {"security": "none", "host": "example.org"}],
)
def test_what_a_mailbox_cannot_be_is_refused(program: Caller, wrong: dict[str, Any]) -> None:
    problem(program.post("/mailboxes", MAILBOX | {"password": SECRET} | wrong), 422, "refused")
    assert not Mailbox.objects.exists()


def test_a_stored_password_goes_to_no_other_server(program: Caller) -> None:
    row = a_mailbox()
    path = f"/mailboxes/{row.pk}/change"
    problem(program.post(path, {"version": row.version, "host": "127.0.0.2"}), 422, "refused")


def test_a_signing_key_is_made_off_switched_on_and_removed(program: Caller) -> None:
    made = data(program.post("/signing-keys", {"domain": "Office.example.org", "selector": "june"}), 201)
    assert (made["domain"], made["active"]) == ("office.example.org", False)
    assert made["record_name"] == "june._domainkey.office.example.org"
    assert "p=" in made["record"]
    problem(
        program.post("/signing-keys", {"domain": "office.example.org", "selector": "june"}), 422, "refused"
    )
    path = f"/signing-keys/{made['id']}"
    assert data(program.post(f"{path}/switch-on", {"unseen": True}))["active"]
    problem(program.post(f"{path}/remove"), 422, "refused")
    assert not data(program.post(f"{path}/switch-off"))["active"]
    data(program.post(f"{path}/remove"))
    assert not SigningKey.objects.exists()
    answer = program.get("/signing-keys")
    assert data(answer)["data"] == []


def test_an_examination_is_kept_and_a_test_mail_goes_to_the_owner(program: Caller, settings: Any) -> None:
    from django.contrib.auth.models import User

    from publisher.core.redis import client
    from publisher.delivery.doctor import kept

    client().delete(kept.KEY)
    assert data(program.get("/mail-server/examination"))["at"] is None
    settings.MAIL = ""
    found = data(program.post("/mail-server/examine"))
    assert found["at"] is not None
    assert "problem" in [each["level"] for each in found["findings"]]
    assert data(program.get("/mail-server/examination")) == found
    assert AuditEntry.objects.get(action="mail_server.examined").actor_name == "mira"
    assert "no address" in problem(program.post("/mail-server/test"), 422, "refused")["detail"]
    User.objects.update(email="mira@office.example.org")
    assert "No mail server" in problem(program.post("/mail-server/test"), 422, "refused")["detail"]
