"""The audit trail in plain words: what everybody can do has a name, and somebody has always done it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

import publisher
from publisher.core import audit
from publisher.core.models import AuditEntry
from publisher.desk import trail, trail_fields
from publisher.desk.review import words as review_words
from publisher.digests.models import Digest
from publisher.schedule.models import Schedule
from publisher.social.models import Channel
from tests.builders import a_channel
from tests.desk.builders import a_post, an_edition

pytestmark = pytest.mark.django_db

SOURCES = Path(publisher.__file__).parent
ACTION = re.compile(r"audit\.record\([^,]+?,\s*\n?\s*\"([a-z]+\.[a-z_]+)\"")
NAMED_ELSEWHERE = re.compile(
    r"action=\"([a-z]+\.[a-z_]+)\"|_move\(\s*[^)]*?\"(edition\.[a-z_]+)\"", re.DOTALL
)

NEVER_WRITTEN = {
    *("id", "slug", "created_at", "version", "revision", "last_number"),
    *("paused_reason", "blocked_until"),
}
"""What the code itself counts and keeps."""


def an_entry(actor: audit.Actor = None, action: str = "edition.pause", **after: Any) -> AuditEntry:
    return audit.record(actor, action, an_edition(), {}, after)


def test_every_action_that_is_recorded_has_a_name_in_plain_words() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py"))
    actions = {
        name for pattern in (ACTION, NAMED_ELSEWHERE) for found in pattern.findall(code)
        for name in (found if isinstance(found, tuple) else (found,)) if name
    }  # fmt: skip
    assert len(actions) > 15
    assert {action for action in actions if ": " in trail.deed(action)} == set()


def recorded_fields() -> set[str]:
    """The fields that the code writes by their names into the trail, and those of the rows that it writes whole."""
    found = {
        field.name
        for model in (Channel, Schedule, Digest)
        for field in model._meta.get_fields()
        if field.concrete and field.name not in NEVER_WRITTEN
    }
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("audit.record", "audit.record_of"):
                given = [*node.args, *(keyword.value for keyword in node.keywords)]
                dicts = [each for value in given for each in ast.walk(value) if isinstance(each, ast.Dict)]
                found |= {key.value for each in dicts for key in each.keys if isinstance(key, ast.Constant)}
    return found


def test_every_field_that_is_recorded_has_a_name_in_plain_words() -> None:
    kinds = ("", "digest", "channel", "schedule")
    fields = recorded_fields()
    assert len(fields) > 60
    assert {name for name in fields if not any(trail_fields.known(name, kind) for kind in kinds)} == set()


def test_every_deed_says_what_kind_of_thing_it_is_about() -> None:
    named = {str(name) for name in (*trail.THINGS.values(), *review_words.THINGS.values())}
    assert {deed for deed in trail.deeds() if trail.thing_of(deed) not in named | {"Database"}} == set()


def test_names_of_the_code_are_told_in_words_and_what_a_new_thing_lacks_is_not_listed(
    admin_desk: Client, editor: User
) -> None:
    after = {"title": {"en": "The week"}, "weekday": 0, "seeds": [], "on_unknown": "hold", "reply_to": ""}
    entry = audit.record(editor, "digest.created", an_edition().digest, {}, after)
    page = admin_desk.get(f"/desk/audit/{entry.pk}").content.decode()
    assert "English: The week" in page
    assert "Monday" in page
    assert "Hold for a person" in page
    assert "Copies to" not in page
    assert "Replies go to" not in page
    changed = {"fields": ["month_budget", "thread_numbers"], "credentials": "as before"}
    entry = audit.record(editor, "channel.changed", a_channel(), {}, changed)
    page = admin_desk.get(f"/desk/audit/{entry.pk}", headers={"Accept-Language": "zh-Hans"}).content.decode()
    assert "month_budget" not in page
    assert "as before" not in page


def test_who_is_a_login_a_command_line_or_publisher_and_never_empty(editor: User) -> None:
    assert trail.who(an_entry(editor)) == "mira"
    assert trail.who(an_entry("ada@host-1")) == "ada@host-1 (command line)"
    assert trail.who(an_entry()) == "Publisher"
    assert trail.who(an_entry("")) == "Publisher"
    assert trail.who(an_entry(action="signingkey.on")) == "Command line", "of before its name was written"
    assert trail.who(an_entry(action="sending.went_on", by="root@host")) == "root@host (command line)"


def test_a_login_that_looks_like_a_command_line_is_a_login() -> None:
    assert trail.who(an_entry(User.objects.create_user("eva@office.example.org"))) == "eva@office.example.org"


def test_a_login_that_was_called_like_publisher_itself_is_told_as_a_login() -> None:
    """None can be made any more."""
    assert trail.who(an_entry(User.objects.create_user("system"))) == "system"
    assert trail.who(an_entry(None)) == "Publisher"


def test_values_read_as_people_say_them(admin_desk: Client, editor: User) -> None:
    audit.record(editor, "edition.pause", an_edition(), {"state": "sending"}, {"state": "waiting"})
    moved = {"slot_at": "2026-06-01T12:00:00+00:00"}
    audit.record(editor, "post.rescheduled", a_post(), {"slot_at": None}, moved)
    audit.record(editor, "post.confirmed", a_post(), {}, {"was_published": True})
    admin_desk.cookies["desk_zone"] = "Asia/Shanghai"
    page = admin_desk.get("/desk/audit").content.decode()
    for shown in ("1 Jun 2026, 20:00", "Waiting", "approval", "<dt>It is there</dt><dd>yes</dd>"):
        assert shown in page
    for raw in ("slot at", "T12:00:00+00:00</", "was published", "True"):
        assert raw not in page


def test_it_is_found_by_the_name_that_is_shown(admin_desk: Client) -> None:
    an_entry()
    an_entry("ada@host-1", "edition.cancel")
    for shown, other in (("Publisher", "Cancelled it"), ("ada@host-1 (command line)", "Paused it")):
        page = admin_desk.get("/desk/audit", {"actor": shown}).content.decode()
        assert f">{shown}</td>" in page
        assert other not in page


def test_a_thing_is_called_by_its_kind_and_number_and_the_mail_server_by_its_name() -> None:
    entry = an_entry()
    assert trail.thing(entry) == f"Edition {entry.object_id}"
    tried = audit.record_of("ada@host-1", "mail_server.try", "mail_server", "")
    assert trail.thing(tried) == "Mail server"
