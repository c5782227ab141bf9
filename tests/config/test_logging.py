"""How log lines look, and what must never stand in one."""

from __future__ import annotations

import json
import logging

import pytest

from config.logging import JsonFormatter, TextFormatter
from publisher.audience import tokens

TOKEN = "Ab3x-9_z.Q" * 4


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
@pytest.mark.parametrize(
    "door",
    [
        *("u", "p", "e", "c", "a", "l/x.Y_1", "o/x.Y_1", "hooks/mail/postmark"),
        *("desk/invitation", "desk/reset/MQ", "desk/calendar/feed"),
    ],
)
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


@pytest.mark.parametrize("door", ["u", "p", "e", "c", "a", "d", "x", "l/0.7~x-Y_1", "o/0.7~x-Y_1"])
def test_nor_does_one_as_it_is_written(door: str) -> None:
    token = tokens.write(tokens.Purpose.PREFERENCES, 8, 14)
    signature = token.partition("~")[2]
    for text in (f"Gone: /{door}/{token}", f"<WSGIRequest: POST '/{door}/{token}/counting?a=b'>"):
        line = TextFormatter().format(logging.makeLogRecord({"name": "x", "msg": text, "levelname": "INFO"}))
        assert signature not in line
        assert f"/{door}/…" in line


def test_a_line_for_machines_is_json_with_its_extras() -> None:
    record = logging.makeLogRecord(
        {"name": "django.request", "msg": "item.accepted", "levelname": "INFO", "item_id": 7}
    )
    line = json.loads(JsonFormatter().format(record))
    assert (line["event"], line["level"], line["item_id"]) == ("item.accepted", "info", 7)


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_of_an_address_that_a_server_repeats_its_domain_is_left(formatter: logging.Formatter) -> None:
    said = "550 5.1.1 <lin.wei+a+b@example.net>: no such user"
    record = logging.makeLogRecord({"name": "x", "msg": "delivery.answered", "levelname": "INFO"})
    record.reason, record.more = said, {"each": [said, "\x00lin.wei@example.net"]}
    line = formatter.format(record)
    assert "lin.wei" not in line
    assert "<l…@example.net>" in line


def test_a_line_with_an_address_behind_an_escape_is_still_json() -> None:
    record = logging.makeLogRecord(
        {"name": "x", "msg": "a\nlin@example.net \x01lin@example.net", "levelname": "INFO"}
    )
    assert json.loads(JsonFormatter().format(record))["event"].count("…@example.net") == 2
