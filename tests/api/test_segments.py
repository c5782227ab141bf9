"""Segments, tags and attributes by the API: made, changed against what was seen, counted and removed."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.audience.models import Attribute, Segment, Tag
from tests.api.steps import Caller, caller, data, problem
from tests.builders import a_digest, a_subscriber
from tests.desk.audience_builders import a_reader_tag, a_segment, an_attribute

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]
ACTIVE: list[list[dict[str, Any]]] = [[{"field": "state", "value": "active"}]]
LEFT: list[list[dict[str, Any]]] = [[{"field": "state", "value": "left"}]]


@pytest.fixture
def program(db: None) -> Caller:
    return caller("manage_audience", "see_desk")


def test_a_segment_is_made_read_counted_changed_and_removed(program: Caller) -> None:
    a_subscriber(a_digest(), "lin@example.org")
    assert data(program.post("/segments/count", {"groups": ACTIVE})) == {"number": 1, "exact": True}
    made = data(program.post("/segments", {"name": "Readers", "groups": ACTIVE}), 201)
    assert made["groups"] == [
        [{"field": "state", "op": "is", "value": "active", "within_weeks": None, "negated": False}]
    ]
    path = f"/segments/{made['id']}"
    assert data(program.get(f"{path}/count")) == {"number": 1, "exact": True}
    problem(program.post(f"{path}/change", {"groups": LEFT}), 428, "version_missing")
    changed = data(program.post(f"{path}/change", {"groups": LEFT, "version": 1}))
    assert (changed["name"], changed["version"]) == ("Readers", 2)
    problem(program.post(f"{path}/change", {"name": "Others", "version": 1}), 409, "stale")
    problem(program.post(f"{path}/change", {"name": "Others"}, If_Match='"1"'), 412, "stale")
    assert data(program.post(f"{path}/change", {"name": "Others"}, If_Match='"2"'))["name"] == "Others"
    assert data(program.get(f"{path}/count"))["number"] == 0
    data(program.post(f"{path}/remove"))
    problem(program.get(path), 404, "not_found")


def test_what_a_condition_may_be_about_can_be_read_and_asked(program: Caller) -> None:
    an_attribute("city")
    offered = {row["field"]: row for row in data(program.get("/conditions"))["data"]}
    assert {"state", "digest", "topic", "tag", "joined", "attribute:city"} <= set(offered)
    assert "active" in offered["state"]["values"]
    assert offered["text"]["in_segments"] is False
    groups = [[{"field": "attribute:city", "op": "contains", "value": "Kis", "negated": True}]]
    assert data(program.post("/segments/count", {"groups": groups}))["exact"] is True


def test_a_segment_searches_no_addresses(db: None) -> None:
    groups = [[{"field": "text", "value": "lin@example.org"}]]
    for program in (caller(), caller("manage_audience")):
        problem(program.post("/segments", {"name": "Lin", "groups": groups}), 422, "refused")
    assert not Segment.objects.exists()


def test_one_that_a_digest_goes_out_to_stays(program: Caller) -> None:
    segment = a_segment()
    a_digest(segment=segment.pk)
    problem(program.post(f"/segments/{segment.pk}/remove"), 422, "refused")
    assert Segment.objects.filter(pk=segment.pk).exists()


def test_a_tag_is_made_counted_renamed_and_removed(program: Caller) -> None:
    made = data(program.post("/tags", {"name": "Press"}), 201)
    assert data(program.post("/tags", {"name": "press"}), 201)["id"] == made["id"]
    path = f"/tags/{made['id']}"
    problem(program.post(f"{path}/rename", {"name": "Media", "name_before": "Radio"}), 409, "stale")
    assert data(program.post(f"{path}/rename", {"name": "Media", "name_before": "Press"}))["name"] == "Media"
    reader = a_subscriber(a_digest(), "lin@example.org").subscriber
    reader.tags.add(made["id"])
    a_reader_tag("Unused")
    counts = {row["name"]: row["subscribers"] for row in data(program.get("/tags/counts"))["data"]}
    assert counts == {"Media": 1, "Unused": 0}
    problem(program.post(f"{path}/remove"), 422, "refused")
    reader.tags.clear()
    data(program.post(f"{path}/remove"))
    assert list(Tag.objects.values_list("name", flat=True)) == ["Unused"]


def test_a_name_that_is_another_by_now_is_stale(program: Caller) -> None:
    reader = a_subscriber(a_digest(), "lin@example.org", name="Lin").subscriber
    path = f"/subscribers/{reader.pk}/rename"
    problem(program.post(path, {"name": "Li Na", "name_before": "Lan"}), 409, "stale")
    data(program.post(path, {"name": "Li Na", "name_before": "Lin"}))


def test_an_attribute_is_defined_called_otherwise_and_removed(program: Caller) -> None:
    given = {"key": "job_title", "label": "Job", "kind": "text"}
    made = data(program.post("/attributes", given), 201)
    assert (made["key"], made["kind"], made["version"]) == ("job_title", "text", 1)
    problem(program.post("/attributes", given), 422, "refused")
    path = f"/attributes/{made['id']}"
    changed = data(program.post(f"{path}/change", {"label": "Job title", "version": 1}))
    assert (changed["label"], changed["version"]) == ("Job title", 2)
    problem(program.post(f"{path}/change", {"label": "Post", "version": 1}), 409, "stale")
    reader = a_subscriber(a_digest(), "lin@example.org").subscriber
    reader.attributes = {"job_title": "head"}
    reader.save()
    problem(program.post(f"{path}/remove"), 422, "refused")
    reader.attributes = {}
    reader.save()
    data(program.post(f"{path}/remove"))
    assert not Attribute.objects.exists()
