"""What is wrong in a file that a person wrote, in plain words: which entry, which key, what it must be. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from publisher.digests.forming import TIME

_SHOWN: Final = 60
_WORDS: Final[dict[str, str]] = {
    "missing": "must be given",
    "string_type": "must be text",
    "string_pattern_mismatch": "must look like {pattern}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "decimal_type": "must be an amount such as 50",
    "decimal_parsing": "must be an amount such as 50",
    "decimal_max_places": "must have {decimal_places} decimals at most",
    "string_too_long": "must have {max_length} characters at most",
    "too_short": "must have {min_length} or more entries",
    "dict_type": "must have a value for each key, such as {{en: …, zh: …}}",
    "model_type": "must be keys with their values",
    "model_attributes_type": "must be keys with their values",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "too_long": "must have {max_length} entries at most",
    "time_type": TIME,
    "time_parsing": TIME,
    "invalid_key": "must have a name for a key",
    "value_error": "{error}",
}
"""By the kind of a mistake. `{…}` is what the check knows of it."""
_PATTERNS: Final = {
    r"^[a-z0-9-]+$": "weekly-2: small letters, digits and hyphens",
    r"^#[0-9a-fA-F]{6}$": "#0b6e99, a colour",
}
_YAML: Final = {
    "mapping values are not allowed": "a colon stands where none can be; put the text into quotation marks",
    "could not find expected ':'": "a colon is missing",
    "cannot start any token": "a tab or a sign that cannot stand here; indent with blanks, and put the text into quotation marks",
    "expected <block end>": "the indentation does not fit that of the lines before",
    "stream end": "the file ends in the middle of a list or a text",
    "end of stream": "the file ends in the middle of a list or a text",
}
"""What the reader of YAML says, and what it means."""
_NO_VALUE: Final = frozenset({"missing", "extra_forbidden", "invalid_key"})


def of_yaml(error: yaml.YAMLError) -> str:
    """Where a text stops being YAML, and why."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    said = " ".join(str(problem or error).split())
    return place + next((words for known, words in _YAML.items() if known in said), said)


def of_fields(error: ValidationError, model: type[BaseModel], data: Any) -> list[str]:
    """A sentence for each mistake in `data`, which should have been a `model`."""
    said = [f"{_place(each['loc'], data)}{_said(each, model)}" for each in error.errors()]
    return [each if each.endswith((".", "?")) else f"{each}." for each in said]


def _place(loc: Sequence[int | str], data: Any) -> str:
    """`digest weekly, ` for the entry, by its name if it has one, else by its number; then the key."""
    parts: list[str] = []
    for depth, step in enumerate(loc[:2]):
        parts.append(f"{step}" if isinstance(step, str) else "")
        if isinstance(step, int):
            entry = _at(data, loc[: depth + 1])
            name = (
                next((entry[key] for key in ("slug", "name") if entry.get(key)), "")
                if isinstance(entry, Mapping)
                else ""
            )
            parts[-2:] = [f"{str(loc[depth - 1]).removesuffix('s')} {name or f'number {step + 1}'}"]
    parts += [f"entry {step + 1}" if isinstance(step, int) else step for step in loc[2:]]
    return f"{', '.join(parts)}: " if parts else "the file: "


def _at(data: Any, loc: Sequence[int | str]) -> Any:
    for step in loc:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _said(error: ErrorDetails, model: type[BaseModel]) -> str:
    kind, values = error["type"], dict(error.get("ctx", {}))
    if kind == "extra_forbidden":
        return "there is no such key" + _meant(error["loc"], model)
    if "pattern" in values:
        values["pattern"] = _PATTERNS.get(values["pattern"], values["pattern"])
    words = _WORDS[kind].format_map(values) if kind in _WORDS else error["msg"][:1].lower() + error["msg"][1:]
    words = words.replace("'", "") if kind == "literal_error" else words
    given = str(error["input"])
    if kind in _NO_VALUE or isinstance(error["input"], list | dict) or given in words:
        return words
    given = given if len(given) <= _SHOWN else f"{given[: _SHOWN - 1]}…"
    return f"{words}, not {'empty' if error['input'] is None else given}"


def _meant(loc: Sequence[int | str], model: type[BaseModel]) -> str:
    """The key that was probably meant; else all that there are."""
    for step in loc[:-1]:
        if isinstance(step, str):
            model = next(iter(get_args(model.model_fields[step].annotation)))
    close = get_close_matches(str(loc[-1]), model.model_fields, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(model.model_fields)}"
