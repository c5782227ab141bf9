"""The names of kinds that files, forms and the API take are those that items have."""

from __future__ import annotations

from typing import get_args

from publisher.items.kinds import KindName
from publisher.items.models import Kind


def test_the_names_are_those_of_the_model() -> None:
    assert list(get_args(KindName)) == Kind.values
