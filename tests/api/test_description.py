"""The description of the API: OpenAPI 3.1, its examples, its errors, and the page to read it."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client

from publisher.api.problems import CODES
from publisher.api.v1 import api
from publisher.api.v1.examples import EXAMPLES
from publisher.api.v1.frame import OPERATIONS
from publisher.api.v1.shapes import Given, Shape

pytestmark = pytest.mark.urls("config.urls")
DOCS = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    served: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")))
    return served


def test_it_is_openapi_3_1(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1.")
    assert {"ApiKeyAuth", "SourceKey"} <= set(described["components"]["securitySchemes"])


def test_every_example_fits_its_schema(described: dict[str, Any]) -> None:
    for name, example in EXAMPLES.items():
        whole = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
        jsonschema_rs.validator_for(whole).validate(example)


def test_no_two_schemas_have_the_same_name() -> None:
    """In the description one would silently take the place of the other."""
    ours = [each for each in _all_of(Shape) + _all_of(Given) if "[" not in each.__name__]
    names = Counter(each.__name__ for each in ours)
    assert [name for name, n in names.items() if n > 1] == []


def _all_of(kind: type) -> list[type]:
    return [found for each in kind.__subclasses__() for found in [each, *_all_of(each)]]


def test_every_error_that_the_code_raises_is_listed() -> None:
    folder = Path(__file__).parents[2] / "publisher" / "api"
    written = "\n".join(path.read_text() for path in folder.rglob("*.py"))
    raised = set(re.findall(r"ProblemError\(\s*\d{3},\s*\"(\w+)\"", written))
    assert raised - set(CODES) <= {"binary_mode", "failed", "not_durable", "stream_away", "stream_unclear"}


def test_the_page_shows_every_operation_and_every_error() -> None:
    answer = Client().get("/api/v1/docs")
    page = answer.content.decode()
    for operation in OPERATIONS:
        assert f'id="{operation.name}"' in page, operation.name
    for code in CODES:
        assert f'id="error-{code}"' in page
    assert "--data-binary @list.csv" in page
    assert "<script" not in page
    assert "style=" not in page
    assert (
        "script-src" not in answer["Content-Security-Policy"]
        or "unsafe" not in answer["Content-Security-Policy"]
    )


def test_an_operation_says_which_errors_and_headers_it_has(described: dict[str, Any]) -> None:
    """A file may be too large or of unknown length; what is not remembered takes no Idempotency-Key."""

    def of(path: str) -> tuple[set[str], set[str]]:
        found = described["paths"][f"/api/v1{path}"]["post"]
        return set(found["responses"]), {each["name"] for each in found["parameters"]}

    answers, names = of("/imports")
    assert {"201", "411", "413", "415"} <= answers
    assert {"name", "Idempotency-Key"} <= names
    answers, names = of("/subscribers/{subscriber_id}/data")
    assert "415" not in answers
    assert "Idempotency-Key" not in names
    told = described["paths"]["/api/v1/subscribers/{subscriber_id}/data"]["post"]["description"]
    assert {"see_addresses", "manage_audience"} <= set(re.findall(r"`(\w+)`", told))
