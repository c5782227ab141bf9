"""The lines of several programs in one stream."""

from __future__ import annotations

import io
import json

from hypothesis import given
from hypothesis import strategies as st

from publisher.core.supervise.output import Lines, Output, json_line


def written(text: str, *, people: bool, colour: bool = False) -> str:
    stream = io.StringIO()
    Output(stream, names=("web", "worker"), people=people, colour=colour).line("web", text)
    return stream.getvalue()


def test_people_see_who_said_it_in_one_column() -> None:
    assert written("hello", people=True) == "web    | hello\n"
    assert written("hello", people=True, colour=True) == "\033[36mweb    |\033[0m hello\n"


def test_machines_get_the_programs_json_with_its_name() -> None:
    line = json.loads(written('{"event": "item.accepted", "item_id": 1}', people=False))
    assert line == {"program": "web", "event": "item.accepted", "item_id": 1}


def test_an_empty_line_is_for_people_only() -> None:
    assert written("", people=True) == "web    | \n"
    assert written(" ", people=False) == ""


@given(st.text())
def test_every_line_for_machines_is_one_json_object(text: str) -> None:
    line = json_line("web", text)
    assert "\n" not in line
    if not text.startswith('{"'):
        assert json.loads(line)["event"] == text


@given(
    st.lists(st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"])), max_size=20),
    st.data(),
)
def test_lines_are_whole_however_the_bytes_arrive(texts: list[str], data: st.DataObject) -> None:
    stream = "".join(text + "\n" for text in texts).encode()
    lines, found = Lines(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += lines.feed(stream[:size])
        stream = stream[size:]
    assert found + lines.end() == texts


def test_the_last_line_needs_no_end() -> None:
    lines = Lines()
    assert lines.feed(b"one\ntwo") == ["one"]
    assert lines.end() == ["two"]
    assert lines.end() == []


def test_a_line_without_end_is_not_collected_forever() -> None:
    lines = Lines()
    assert sum(len(line) for _ in range(20) for line in lines.feed(b"x" * 10_000)) > 100_000


def test_a_reader_that_went_away_stops_nobody() -> None:
    stream = io.StringIO()
    stream.close()
    Output(stream, names=(), people=True, colour=False).line("web", "hello")
