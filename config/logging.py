"""How log lines look: one JSON object a line, or plain text on a terminal. Each carries the trace id of the item it is about."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from datetime import UTC, datetime
from typing import Any

from publisher.core import trace
from publisher.core.masking import masked_text

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


# What a mail server or a provider says repeats the address that it speaks of, and so do errors. Links in mails open a person's
# page, or an account, without a login; providers tell what became of mails at an address that nobody else knows. Whoever reads
# the log must not be able to follow them, nor learn who followed a link.
_PERSONAL_LINK = re.compile(
    r"(/[upecadx]/|/[lo]/[A-Za-z0-9_.:=~-]+/|/hooks/mail/[a-z0-9_-]+/"
    r"|/desk/(?:invitation|calendar/feed|reset/[A-Za-z0-9_-]+)/)[A-Za-z0-9_.:=~-]{8,}"
)


def masked(line: str) -> str:
    """The line with the tokens of personal links taken out, and of each address all but its first letter and its domain."""
    return masked_text(_PERSONAL_LINK.sub(r"\1…", line))


class TraceFilter(logging.Filter):
    """Puts the current trace id on every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.trace_id = getattr(record, "trace_id", "") or trace.current()
        return True


def extras(record: logging.LogRecord) -> dict[str, Any]:
    """What the caller passed as `extra`."""
    return {
        key: value for key, value in vars(record).items() if key not in _STANDARD and value not in ("", None)
    }


def _told(value: Any) -> Any:
    """A value as JSON has it, each text in it masked: what is masked in finished JSON may be half of an escape."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {str(name): _told(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_told(each) for each in value]
    return masked(str(value))


class JsonFormatter(logging.Formatter):
    """`{"at": …, "level": …, "logger": …, "event": …, "process": …, …extras}` on one line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            "process": record.process,
        }
        line = extras(record) | line
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(_told(line), ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """`12:03:04 info items.intake item.accepted item_id=1` for people."""

    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{key}={value}" for key, value in extras(record).items())
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        text = f"{at} {record.levelname.lower():7} {record.name.removeprefix('publisher.')} {record.getMessage()} {fields}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return masked(text.rstrip())


def logging_config(level: str, style: str) -> dict[str, Any]:
    """A `logging.config.dictConfig` for one process; everything goes to standard error."""
    if style == "auto":
        style = (
            "text" if sys.stderr is not None and sys.stderr.isatty() and not os.environ.get("CI") else "json"
        )
    formatter = JsonFormatter if style == "json" else TextFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"trace": {"()": TraceFilter}},
        "formatters": {"line": {"()": formatter}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["trace"]},
        },
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            "django.server": {"level": "WARNING"},
            "django.db.backends": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            "amqp": {"level": "WARNING"},
            "celery": {"level": "WARNING" if level != "debug" else "DEBUG"},
            "gunicorn": {"level": "WARNING" if level != "debug" else "DEBUG"},
        },
    }
