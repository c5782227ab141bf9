"""Channels' templates by the API: tried on items, saved against the version that was seen, gone back to."""

from __future__ import annotations

import pytest

from publisher.core.models import AuditEntry
from publisher.social.models import Channel
from tests.api.steps import Caller, caller, data, problem
from tests.builders import NOON, a_channel, an_item
from tests.desk.builders import a_post

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]


@pytest.fixture
def program(db: None) -> Caller:
    return caller("design")


@pytest.fixture
def path(db: None) -> str:
    return f"/channels/{a_channel().pk}/template"


def test_a_text_is_tried_on_the_item_that_is_named_and_nothing_is_saved(program: Caller, path: str) -> None:
    item = an_item(title="Rain in the valley")
    an_item(title="Another one")
    (tried,) = data(program.post(f"{path}/try", {"text": "NEWS {{ fit(item.title) }}", "item": item.pk}))[
        "data"
    ]
    assert (tried["item_id"], tried["problem"]) == (item.pk, "")
    assert tried["parts"][0]["text"].startswith("NEWS Rain in the valley")
    assert tried["parts"][0]["fits"]
    assert Channel.objects.get().template == ""
    problem(program.post(f"{path}/try", {"item": item.pk + 1000}), 422, "refused")


def test_a_text_is_tried_on_several_items_and_says_where_it_fails(program: Caller, path: str) -> None:
    assert [each["item_id"] for each in data(program.post(f"{path}/try", {}))["data"]] == [None, None]
    an_item(title="Short")
    an_item(title="A much longer title of an item that is the newest one")
    failing = data(program.post(f"{path}/try", {"text": "a\n{{ item.titel }}"}))["data"]
    assert {each["line"] for each in failing} == {2}
    assert all("title" in each["problem"] for each in failing)
    assert len(failing) >= 2


def test_an_item_under_embargo_is_not_told_by_trying_it(program: Caller, path: str) -> None:
    hidden = an_item(title="Hidden", embargo_until=NOON.replace(year=2999))
    problem(program.post(f"{path}/try", {"item": hidden.pk}), 422, "refused")


def test_a_text_is_saved_against_the_version_and_gone_back_to(program: Caller, path: str) -> None:
    saved = data(program.post(f"{path}/save", {"version": 1, "text": "NEWS {{ link }}", "note": "Louder"}))
    assert (saved["version"], saved["text"], saved["newest"]) == (2, "NEWS {{ link }}\n", 1)
    problem(program.post(f"{path}/save", {"version": 1, "text": "Calm {{ link }}"}), 409, "stale")
    problem(program.post(f"{path}/save", {"text": "Calm {{ link }}"}), 428, "version_missing")
    data(program.post(f"{path}/save", {"text": "Calm {{ link }}"}, If_Match='"2"'))
    first = data(program.get(f"{path}/versions", {"limit": 1}))
    assert [each["number"] for each in first["data"]] == [2]
    (older,) = data(program.get(first["next"]))["data"]
    assert (older["number"], older["note"], older["by"]) == (1, "Louder", "mira")
    assert data(program.get(f"{path}/versions/1"))["text"] == "NEWS {{ link }}\n"
    back = data(program.post(f"{path}/versions/1/use", {"version": 3}))
    assert (back["text"], back["newest"]) == ("NEWS {{ link }}\n", 3)
    problem(program.post(f"{path}/versions/9/use", {"version": 4}), 404, "not_found")
    assert data(program.post(f"{path}/save", {"version": 4, "text": ""}))["text"] == ""
    assert AuditEntry.objects.filter(action="channel.template", actor_name="mira").count() == 4


def test_a_text_that_fails_is_refused_with_its_line(program: Caller, path: str) -> None:
    body = problem(
        program.post(f"{path}/save", {"version": 1, "text": "a\n{{ item.titel }}"}), 422, "refused"
    )
    assert body["fields"] == [{"name": "text", "found": "", "expected": "line 2"}]
    assert data(program.get(path))["version"] == 1


def test_drafts_of_before_are_made_anew(program: Caller) -> None:
    channel = a_channel()
    post = a_post(channel=channel, text="old", channel_revision=1)
    path = f"/channels/{channel.pk}/template"
    saved = data(program.post(f"{path}/save", {"version": 1, "text": "NEW {{ link }}"}))
    assert saved["outdated"] == 1
    done = data(program.post(f"{path}/draft-again"))
    assert done == {"made": 1, "same": 0, "left": 0, "outdated": 0}
    post.refresh_from_db()
    assert post.parts[0]["text"].startswith("NEW")


def test_the_networks_own_text_is_there_to_begin_with(program: Caller, path: str) -> None:
    assert "{{" in data(program.get(f"{path}/own", {"kind": "story"}))["text"]
