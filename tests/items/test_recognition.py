"""The same item twice is one; what changed is a revision; a retraction stays until it is published again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from publisher.items.content import Content
from publisher.items.recognition import (
    New,
    Retract,
    Revised,
    Snapshot,
    Unchanged,
    content_hash,
    recognise,
    recognise_retraction,
    same_item,
)
from publisher.items.refusals import Refused
from tests.items.entries import NOW, content

MAY = datetime(2026, 5, 1, tzinfo=UTC)


def known(item: Content, *, retracted: bool = False) -> Snapshot:
    dated = item.dated(MAY)
    return Snapshot(dated.as_json(), content_hash(dated), 3, dated.published_at or MAY, retracted)


def decide(existing: Snapshot | None, item: Content, event_type: Any = "published", **given: Any) -> Any:
    return recognise(existing, item, event_type, producer_id="spring-1", received_at=NOW, **given)


@pytest.mark.parametrize("event_type", ["published", "updated"])
def test_an_unknown_item_is_new_and_dated_by_its_receipt(event_type: str) -> None:
    decision = decide(None, content(), event_type)
    assert isinstance(decision, New)
    assert decision.content.published_at == NOW


def test_the_same_content_is_unchanged_even_without_a_date() -> None:
    assert decide(known(content()), content()) == Unchanged()


def test_noise_in_the_markup_is_no_change() -> None:
    before = content(body="<p>Water</p>", topics=["a", "b"])
    after = content(body='<p class="x" id="r4nd0m">Water</p><script>track()</script>', topics=["a", "b", "a"])
    assert decide(known(before), after) == Unchanged()


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"title": "Two valleys, one spring"}, ("title",)),
        ({"body": "More water.", "summary": "Water."}, ("summary", "body_html")),
        ({"published_at": "2026-05-02"}, ("published_at",)),
        ({"image": {"url": "https://office.example.org/a.jpg", "alt": "spring"}}, ("image_url", "image_alt")),
        ({"embargo_until": "2026-12-01T00:00:00Z"}, ("embargo_until",)),
        ({"url": "https://office.example.org/1"}, ("url",)),
    ],
)
def test_a_change_is_the_next_revision_and_names_what_changed(
    change: dict[str, Any], changed: tuple[str, ...]
) -> None:
    decision = decide(known(content()), content(**change))
    assert isinstance(decision, Revised)
    assert (decision.changed, decision.revision, decision.restores) == (changed, 4, False)


def test_the_hash_differs_with_every_field_said() -> None:
    said = [
        content(),
        content(title="x"),
        content(language="zh"),
        content(kind="video"),
        content(authors=["Ilse"]),
        content(links={"CN": "https://a.cn"}),
    ]
    assert len({content_hash(each) for each in said}) == len(said)


def test_a_retraction_stops_the_item_once() -> None:
    item = content()
    assert recognise_retraction(
        known(item), producer_id="spring-1", received_at=NOW, reason="wrong"
    ) == Retract("wrong")
    assert recognise_retraction(
        known(item, retracted=True), producer_id="spring-1", received_at=NOW
    ) == Unchanged(still_retracted=True)


def test_a_retraction_of_what_is_unknown_is_refused() -> None:
    answer = recognise_retraction(None, producer_id="spring-9", received_at=NOW)
    assert isinstance(answer, Refused)
    assert (answer.code, "spring-9" in answer.reason) == ("unknown_item", True)


def test_a_retracted_item_returns_when_it_is_published_again() -> None:
    decision = decide(known(content(), retracted=True), content())
    assert isinstance(decision, Revised)
    assert decision.restores


def test_an_update_does_not_bring_a_retracted_item_back() -> None:
    decision = decide(known(content(), retracted=True), content(title="x"), "updated")
    assert isinstance(decision, Refused)
    assert decision.code == "retracted_item"


def test_a_feed_that_still_lists_a_retracted_item_changes_nothing() -> None:
    assert decide(known(content(), retracted=True), content(title="x"), explicit=False) == Unchanged(
        still_retracted=True
    )


@pytest.mark.parametrize(
    ("by_id", "by_url", "found"), [(1, None, 1), (None, 2, 2), (1, 1, 1), (None, None, None)]
)
def test_an_item_is_found_by_its_id_or_its_address(
    by_id: int | None, by_url: int | None, found: int | None
) -> None:
    assert same_item(by_id, by_url, producer_id="a", url="https://a.example") == found


def test_id_and_address_of_two_items_conflict() -> None:
    answer = same_item(1, 2, producer_id="a", url="https://a.example")
    assert isinstance(answer, Refused)
    assert answer.code == "identity_conflict"
