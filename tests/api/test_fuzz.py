"""Whatever is sent: no 5xx, and no answer that the schema does not know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import hypothesis
import jsonschema_rs
import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from publisher.api.v1 import api
from publisher.items import sources
from publisher.items.models import Item, Rejection
from publisher.items.schema import KINDS
from tests.api.fuzzing import EXAMPLES, the_schema
from tests.api.steps import a_secret
from tests.api.world import a_world
from tests.builders import a_source
from tests.items.entries import event, raw
from tests.items.stream_steps import drained

schema = the_schema()
COMPONENTS = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")["components"]))
TAKEN = jsonschema_rs.validator_for({"$ref": "#/components/schemas/EntryTaken", "components": COMPONENTS})


@pytest.fixture
def secret(db: None, inbox: Any, settings: Any) -> Iterator[str]:
    """A key of all scopes, in a world with one of everything."""
    settings.API_BURST = 10**9
    a_world()
    # As Django's own test client does: else the end of a request closes the connection, and the test's transaction with it.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield a_secret()
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.fixture
def source_key(db: None, inbox: Any) -> str:
    """The key of a producer, who may hand in items and do nothing else."""
    return sources.give_key(a_source())


# What a producer may hand in, with what every schema allows in each place. Times are near the present, addresses have a host.
LINES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=80)
URLS = st.from_regex(r"https://[a-z]{1,12}\.example\.org/[a-z0-9/-]{0,40}", fullmatch=True)
MOMENTS = st.integers(946_684_800, 1_760_000_000).map(
    lambda second: datetime.fromtimestamp(second, timezone(timedelta(hours=second % 25 - 12))).isoformat()
)
ITEMS = st.fixed_dictionaries(
    {"id": LINES, "title": LINES},
    optional={
        "url": URLS,
        "kind": st.sampled_from(KINDS),
        "language": st.sampled_from(["en", "zh-Hans", "fr", "ar", "pt-BR"]),
        "summary": st.text(st.characters(exclude_categories=("C",)), max_size=200),
        "body": st.text(st.characters(exclude_categories=("C",)), max_size=500)
        | LINES.map("<p>{}</p><script>x</script>".format),
        "body_format": st.sampled_from(["html", "text"]),
        "published_at": MOMENTS,
        "image": st.fixed_dictionaries({"url": URLS}, optional={"alt": LINES}),
        "topics": st.lists(LINES, max_size=3),
        "authors": st.lists(LINES, max_size=3),
        "links": st.dictionaries(st.sampled_from(["CN", "gb", "156"]), URLS, max_size=2),
        "not_known_here": st.integers(-1000, 1000) | st.none() | LINES,
    },
)
ENTRIES = ITEMS | st.tuples(ITEMS, LINES, st.sampled_from(["published", "updated"])).map(
    lambda drawn: event(drawn[2], drawn[0], id=drawn[1], source="radio")
)


@hypothesis.settings(max_examples=5 * EXAMPLES, suppress_health_check=list(HealthCheck), derandomize=True)
@hypothesis.given(body=ENTRIES)
def test_what_a_producer_may_write_is_taken_and_stored(body: dict[str, Any], source_key: str) -> None:
    """A new item is accepted, its answer fits the schema, and intake stores what the API took."""
    with transaction.atomic():
        headers = {"Authorization": f"Bearer {source_key}", "Host": "localhost"}
        answer = Client().post("/api/v1/items", raw(body), "application/json", headers=headers)
        assert answer.status_code == 202, answer.content
        TAKEN.validate(json.loads(answer.content))
        drained()
        assert Item.objects.count() == 1, list(Rejection.objects.values_list("reason", flat=True))
        transaction.set_rollback(True)


@pytest.mark.timeout(1800)
@schema.parametrize()
@hypothesis.settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_answer_is_one_of_the_schema(case: Any, secret: str, source_key: str) -> None:
    producing = case.operation.tags == ["producers"]
    with transaction.atomic():
        case.call_and_validate(
            headers={"Authorization": f"Bearer {source_key if producing else secret}", "Host": "localhost"},
            # What a producer's item may be is more than a schema can say: the rules are in items/envelope.py.
            excluded_checks=[positive_data_acceptance] if producing else [],
        )
        transaction.set_rollback(True)
