"""Reviewing and clearance by the API, by the rules of the desk."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.review.models import ClearanceTag
from publisher.social.models import Post
from tests.api.steps import Caller, an_owner, caller, data, problem
from tests.builders import a_channel, a_digest, a_schedule, an_item
from tests.desk.builders import a_post, an_edition
from tests.review.steps import a_role, a_tag, tagged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]


@pytest.fixture
def program(db: None) -> Caller:
    return caller("see_desk", "write", "publish", "set_up")


# Reviewing.


def test_a_post_is_talked_about_and_sent_back(program: Caller) -> None:
    post = a_post(channel=a_channel(approvals=1), state="approved")
    said = data(program.post(f"/posts/{post.pk}/comment", {"text": "Is this of this year?"}), 201)
    assert (said["by"], said["asks"]) == ("mira", False)
    path = f"/posts/{post.pk}/ask-changes"
    problem(program.post(path, {"text": "Name the valley."}), 428, "version_missing")
    problem(program.post(path, {"version": 9, "text": "Name the valley."}), 409, "stale")
    asked = data(program.post(path, {"version": 1, "text": "Name the valley."}))
    assert (asked["needed"], [each["asks"] for each in asked["comments"]]) == (1, [False, True])
    assert Post.objects.get(pk=post.pk).state == "draft"
    assert data(program.get(f"/posts/{post.pk}/review")) == asked
    problem(program.post(f"/posts/{post.pk}/comment", {"text": " "}), 422, "refused")


def test_an_edition_is_talked_about_and_changes_are_asked_for(program: Caller) -> None:
    edition = an_edition(a_digest(slug="weekly", needs_approval=True, approvals=2))
    version = data(program.get(f"/editions/{edition.pk}"))["version"]
    data(program.post(f"/editions/{edition.pk}/comment", {"text": "A good one."}), 201)
    asked = program.post(f"/editions/{edition.pk}/ask-changes", {"version": version, "text": "Shorter."})
    assert [each["text"] for each in data(asked)["comments"]] == ["A good one.", "Shorter."]
    assert data(program.get(f"/editions/{edition.pk}/review"))["needed"] == 2
    stale = {"version": "sending", "text": "Shorter."}
    problem(program.post(f"/editions/{edition.pk}/ask-changes", stale), 409, "stale")


def test_a_time_against_the_rules_takes_a_reason(program: Caller) -> None:
    quiet = [{"start": "00:00", "end": "23:59"}]
    channel = a_channel(schedule=a_schedule(zone="UTC", quiet=quiet))
    at = (clock.now() + timedelta(days=2)).replace(hour=12, minute=0, second=0, microsecond=0)
    post = a_post(channel=channel, state="scheduled", slot_at=at + timedelta(days=1), approved_at=clock.now())
    given = {"version": 1, "at": at.isoformat()}
    problem(program.post(f"/posts/{post.pk}/reschedule", given), 422, "refused")
    moved = data(
        program.post(f"/posts/{post.pk}/reschedule", given | {"reason": "The minister speaks then."})
    )
    assert moved["slot_at"].startswith(at.isoformat()[:16])


def test_a_post_is_approved_for_a_time(program: Caller) -> None:
    at = (clock.now() + timedelta(days=2)).replace(microsecond=0)
    post = a_post(state="draft")
    approved = data(program.post(f"/posts/{post.pk}/approve", {"version": 1, "at": at.isoformat()}))
    assert (approved["state"], approved["slot_at"]) == ("scheduled", at.isoformat().replace("+00:00", "Z"))
    past = {"version": 1, "at": (at - timedelta(days=3)).isoformat(), "reason": "Late."}
    other = a_post(state="draft")
    problem(program.post(f"/posts/{other.pk}/approve", past), 422, "refused")
    assert Post.objects.get(pk=other.pk).state == "draft"


# Clearance.


def test_an_item_waits_for_its_tag_and_a_member_of_its_role_clears_it(program: Caller) -> None:
    item, tag = an_item(), a_tag(role=a_role("Cartography"))
    path = f"/items/{item.pk}/tags"
    held = data(program.post(path, {"tag_id": tag.pk, "reason": "A border is in it."}))
    assert [(each["tag"], each["holds"], each["state"]) for each in held["data"]] == [("Map", True, "set")]
    (waits,) = data(program.get("/clearance/waiting"))["data"]
    assert (waits["item_id"], waits["tag"], waits["role"]) == (item.pk, "Map", "Cartography")
    problem(program.post(f"{path}/{tag.pk}/clear", {"revision": item.revision}), 422, "refused")
    tag.group.user_set.add(an_owner())
    problem(program.post(f"{path}/{tag.pk}/clear", {"revision": item.revision + 1}), 409, "stale")
    cleared = data(program.post(f"{path}/{tag.pk}/clear", {"revision": item.revision, "note": "Seen."}))
    (given,) = cleared["data"][0]["cleared"]
    assert (given["by"], given["note"], given["counts"], cleared["data"][0]["holds"]) == (
        "mira",
        "Seen.",
        True,
        False,
    )
    assert data(program.get("/clearance/waiting"))["data"] == []
    back = data(program.post(f"{path}/{tag.pk}/take-back", {"reason": "The map was changed."}))
    assert (back["data"][0]["holds"], back["data"][0]["cleared"][0]["counts"]) == (True, False)
    problem(program.post(f"{path}/{tag.pk}/remove", {"reason": " "}), 422, "refused")
    removed = data(program.post(f"{path}/{tag.pk}/remove", {"reason": "It is a street map."}))
    assert (removed["data"][0]["state"], removed["data"][0]["holds"]) == ("removed", False)


def test_a_key_that_may_only_read_clears_nothing(db: None) -> None:
    item, tag = an_item(), a_tag()
    tagged(item, tag)
    tag.group.user_set.add(an_owner())
    reader = caller("see_desk")
    problem(
        reader.post(f"/items/{item.pk}/tags/{tag.pk}/clear", {"revision": item.revision}), 403, "not_allowed"
    )
    assert data(reader.get(f"/items/{item.pk}/tags"))["data"][0]["holds"]


def test_tags_and_roles_are_made_and_changed_against_the_version(program: Caller) -> None:
    problem(program.post("/clearance/tags", {"name": "Map", "role": "Cartography"}), 422, "refused")
    role = data(program.post("/clearance/roles", {"name": "Cartography", "members": ["mira"]}), 201)
    assert role["members"] == ["mira"]
    problem(program.post("/clearance/roles", {"name": "Law", "members": ["nobody"]}), 422, "refused")
    made = data(
        program.post("/clearance/tags", {"name": "Map", "role": "Cartography", "words": ["border*"]}), 201
    )
    path = f"/clearance/tags/{made['id']}"
    changed = data(program.post(f"{path}/change", {"version": made["version"], "active": False}))
    assert (changed["active"], changed["words"], changed["role"]) == (False, ["border*"], "Cartography")
    problem(program.post(f"{path}/change", {"version": made["version"], "active": True}), 409, "stale")
    assert data(program.get(path)) == changed
    assert not ClearanceTag.objects.get().active
    assert [each["name"] for each in data(program.get("/clearance/tags"))["data"]] == ["Map"]
    emptied = data(
        program.post(f"/clearance/roles/{role['id']}/change", {"name": "Cartographers", "members": []})
    )
    assert (emptied["name"], emptied["members"]) == ("Cartographers", [])
    assert AuditEntry.objects.filter(action__startswith="clearance_", actor_name="mira").count() == 4


def test_the_roles_of_the_desk_are_no_roles_that_clear(program: Caller) -> None:
    from django.contrib.auth.models import Group

    admin = Group.objects.get(name="admin")
    problem(
        program.post(f"/clearance/roles/{admin.pk}/change", {"name": "x", "members": []}), 404, "not_found"
    )
    assert Group.objects.filter(name="admin").exists()


def test_texts_of_an_edition_are_cleared_as_they_were_seen(program: Caller) -> None:
    tag = a_tag(words=("border",), role=a_role("Cartography"))
    tag.group.user_set.add(an_owner())
    edition = an_edition(a_digest(slug="weekly", languages=["en"]))
    version = data(program.get(f"/editions/{edition.pk}"))["version"]
    data(
        program.post(f"/editions/{edition.pk}/write", {"version": version, "intro": {"en": "At the border."}})
    )
    (waits,) = data(program.get(f"/editions/{edition.pk}/tags"))["data"]
    path = f"/editions/{edition.pk}/tags/{tag.pk}"
    problem(program.post(f"{path}/clear", {"seen": "0" * 64}), 409, "stale")
    cleared = data(program.post(f"{path}/clear", {"seen": waits["seen"]}))
    assert [each["state"] for each in cleared["data"]] == ["cleared"]
    problem(program.post(f"{path}/remove", {"reason": "No map."}), 409, "stale")
