"""How log lines look, and what must never stand in one."""

from __future__ import annotations

import json
import logging

import pytest

from config.logging import JsonFormatter, TextFormatter

TOKEN = "Ab3x-9_z.Q" * 4


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
@pytest.mark.parametrize("door", ["u", "p", "e"])
def test_the_token_of_a_personal_link_never_stands_in_the_log(
    formatter: logging.Formatter, door: str
) -> None:
    record = logging.makeLogRecord(
        {"name": "django.request", "msg": f"Not Found: /{door}/{TOKEN}", "levelname": "WARNING"}
    )
    record.path = f"/{door}/{TOKEN}"
    line = formatter.format(record)
    assert TOKEN not in line
    assert f"/{door}/…" in line


def test_a_line_for_machines_is_json_with_its_extras() -> None:
    record = logging.makeLogRecord(
        {"name": "django.request", "msg": "item.accepted", "levelname": "INFO", "item_id": 7}
    )
    line = json.loads(JsonFormatter().format(record))
    assert (line["event"], line["level"], line["item_id"]) == ("item.accepted", "info", 7)
