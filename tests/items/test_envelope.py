"""What a producer sends becomes an item, a retraction, or a refusal that says what to do."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.items.envelope import MAX_ENTRY, Accepted, Retracted, read_entry
from publisher.items.models import Kind as ModelKind
from publisher.items.refusals import CODES, Problem, Refused, refuse, told_reason
from publisher.items.schema import KINDS, item_json_schema
from tests.items.entries import NOW, entry, event, raw


def accepted(given: object) -> Accepted:
    answer = read_entry(raw(given), now=NOW)
    assert isinstance(answer, Accepted), answer
    return answer


def refused(given: object) -> Refused:
    answer = read_entry(given if isinstance(given, bytes) else raw(given), now=NOW)
    assert isinstance(answer, Refused), answer
    return answer


def test_a_plain_item_counts_as_published() -> None:
    answer = accepted(entry())
    assert (answer.event_type, answer.item.id, answer.source, answer.time) == (
        "published",
        "spring-1",
        "",
        None,
    )


def test_an_envelope_gives_type_source_key_and_time() -> None:
    answer = accepted(event("updated"))
    assert answer.event_type == "updated"
    assert (answer.source, len(answer.event_key)) == ("newsroom", 32)
    assert answer.time == datetime(2026, 11, 24, 7, 59, tzinfo=UTC)


def test_a_retraction_needs_no_more_than_the_id() -> None:
    answer = read_entry(raw(event("retracted", {"id": "spring-1", "reason": "wrong figures"})), now=NOW)
    assert isinstance(answer, Retracted)
    assert (answer.id, answer.reason) == ("spring-1", "wrong figures")


def test_unknown_fields_are_ignored_and_named() -> None:
    assert accepted(entry(colour="blue", priority=3)).ignored == ("colour", "priority")


def test_fields_come_out_normalised() -> None:
    item = accepted(
        entry(
            language="ZH_hans-cn",
            title="  Cafe\u0301 \n and  water ",
            published_at="2026-11-24T08:00:00+08:00",
            links={"cn": "https://office.example.cn/1"},
        )
    ).item
    assert item.language == "zh-Hans-CN"
    assert item.title == "Café and water"
    assert item.published_at == datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
    assert item.links == {"CN": "https://office.example.cn/1"}


def test_a_date_without_a_time_is_midnight_in_utc() -> None:
    assert accepted(entry(published_at="2026-11-24")).item.published_at == datetime(2026, 11, 24, tzinfo=UTC)


REFUSED_ENTRIES = {
    "too_large": b" " * 5_000_000,
    "empty_entry": b" \n",
    "not_utf8": b'{"id": "\xff"}',
    "not_json": b"title=Spring",
    "too_deep": b'{"a":' + b"[" * 50_000,
    "not_an_object": b"[1, 2]",
    "bad_characters": b'{"id": "1", "title": "half \\ud83d of a face"}',
    "bad_envelope": raw(event(specversion="0.3")),
    "unknown_event": raw(event(type="org.publisher.item.burned")),
    "no_id": raw({"title": "Spring"}),
    "no_title": raw({"id": "1"}),
    "missing_field": raw(entry(image={"alt": "a spring"})),
    "wrong_type": raw(entry(summary=["a", "b"])),
    "too_long": raw(entry(title="x" * 501)),
    "too_many": raw(entry(topics=["water"] * 51)),
    "bad_kind": raw(entry(kind="blog")),
    "bad_language": raw(entry(language="english")),
    "bad_region": raw(entry(links={"mainland": "https://office.example.cn"})),
    "bad_url": raw(entry(url="ftp://office.example.org/a")),
    "bad_date": raw(entry(published_at="2026-11-24T08:00:00")),
    "date_out_of_range": raw(entry(published_at="1870-01-01T00:00:00Z")),
    "bad_markup": raw(entry(body="<div>" * 5_000)),
    "bad_value": raw(entry(body_format="markdown")),
}


@pytest.mark.parametrize("code", REFUSED_ENTRIES)
def test_each_kind_of_bad_entry_has_its_own_code_and_a_hint(code: str) -> None:
    answer = refused(REFUSED_ENTRIES[code])
    assert answer.code == code
    assert answer.reason.endswith(".")
    assert answer.hint


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (entry(title="x" * 600), ["title", "600 characters", "500"]),
        (entry(published_at="2090-01-01"), ["published_at", "2090-01-01", "2028-11-24"]),
        (entry(embargo_until="1870-05-05"), ["embargo_until", "1870"]),
        (entry(url="javascript:alert(1)"), ["url", "javascript:alert(1)", "http"]),
        (entry(image={"url": 7}), ["image.url", "the number 7", "a string"]),
        (entry(title=["no"], kind="blog"), ["title", "a list", "kind", "“blog”", "press_release"]),
        (entry(id=17), ["id", "the number 17", "a string"]),
        (entry(topics=["water", 3]), ["topics.1", "the number 3", "a string"]),
    ],
)
def test_a_reason_names_the_field_what_was_found_and_what_is_expected(
    given: object, words: list[str]
) -> None:
    reason = refused(given).reason
    assert [word for word in words if word not in reason] == []


def test_the_size_of_what_is_too_large_is_named() -> None:
    assert "5,000,000 bytes" in refused(b"x" * 5_000_000).reason


def test_an_entry_of_exactly_the_limit_is_read() -> None:
    given = raw(entry())
    assert isinstance(read_entry(given + b" " * (MAX_ENTRY - len(given)), now=NOW), Accepted)


def test_a_bad_character_anywhere_is_found_even_in_ignored_fields() -> None:
    problem = refused(b'{"id": "1", "title": "x", "more": [{"deep": "\\u0000"}]}').fields[0]
    assert (problem.name, problem.found) == ("more.0.deep", "holding U+0000 at character 1")


def test_kinds_are_those_of_the_model() -> None:
    assert set(KINDS) == set(ModelKind.values)


def test_the_schema_says_what_is_required() -> None:
    assert item_json_schema()["required"] == ["id", "title"]


def test_every_code_has_a_reason_that_can_be_filled() -> None:
    for code, (reason, _) in CODES.items():
        holes = {name: 1 for name in re.findall(r"%\((\w+)\)s", reason) if name != "fields"}
        refused = refuse(code, (), **holes)
        assert "%" not in refused.reason
        assert told_reason(code, refused.reason, refused.fields_json()) == refused.reason


def test_a_stored_reason_is_told_with_its_fields_in_the_readers_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {
        "A field is missing: %(fields)s.": "缺少字段：%(fields)s。",
        "%(name)s is %(found)s, expected %(expected)s": "%(name)s：%(found)s，应为%(expected)s",
        "missing": "缺失",
        "a value": "一个值",
    }
    refused = refuse("missing_field", [Problem("title", "missing", "a value")])
    monkeypatch.setattr("publisher.items.refusals.gettext", lambda text: known.get(text, text))
    monkeypatch.setattr("publisher.items.refusals.told", lambda text: known.get(text, text))
    told = told_reason(refused.code, refused.reason, refused.fields_json())
    assert told == "缺少字段：title：缺失，应为一个值。"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from([*item_json_schema()["properties"], "specversion", "type", "data", "source", "time"])


@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer(given_bytes: bytes) -> None:
    assert isinstance(read_entry(given_bytes, now=NOW), Accepted | Retracted | Refused)


@settings(max_examples=300)
@given(st.dictionaries(fields, json_values, max_size=6), st.booleans())
def test_any_values_in_the_fields_get_an_answer(changes: dict[str, object], in_event: bool) -> None:
    given_entry = event(data=entry(**changes)) if in_event else entry(**changes)
    answer = read_entry(json.dumps(given_entry).encode(), now=NOW)
    assert isinstance(answer, Accepted | Retracted | Refused)
    if isinstance(answer, Refused):
        assert len(answer.reason) < 2_000
        answer.reason.encode()  # nothing that cannot be stored
