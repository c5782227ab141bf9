"""Retracted items and items under embargo are shown nowhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.items.models import Item, ItemTopic
from publisher.items.visibility import is_visible, visible, visible_q
from tests.builders import a_topic, an_item
from tests.items.entries import NOW

HOUR = timedelta(hours=1)
CASES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"embargo_until": NOW + HOUR}, False),
    ({"embargo_until": NOW}, True),
    ({"embargo_until": NOW - HOUR}, True),
    ({"retracted_at": NOW - HOUR}, False),
    ({"retracted_at": NOW - HOUR, "embargo_until": NOW - HOUR}, False),
]


@pytest.mark.parametrize(("given", "shown"), CASES)
def test_the_rule_for_one_item(given: dict[str, Any], shown: bool) -> None:
    assert is_visible(Item(**given), NOW) is shown


@pytest.mark.django_db
@pytest.mark.parametrize(("given", "shown"), CASES)
def test_the_rule_for_a_query_is_the_same(given: dict[str, Any], shown: bool) -> None:
    item = an_item(**given)
    assert visible(NOW).filter(pk=item.pk).exists() is shown
    ItemTopic.objects.create(item=item, topic=a_topic("spring"), state="accepted")
    assert ItemTopic.objects.filter(visible_q(NOW, "item__")).exists() is shown
