"""A network of ours as it was before it could send: for what the desk and approval say of one that cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from publisher.render.measure import Measure
from publisher.social.networks import registry
from publisher.social.networks.base import Account, Measuring


@dataclass(frozen=True)
class MeasuredOnly:
    inner: Measuring[Any]

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def label(self) -> str:
        return self.inner.label

    def rules(self, account: Account) -> Any:
        return self.inner.rules(account)

    def measure(self, text: str, rules: Any) -> Measure:
        return self.inner.measure(text, rules)


def cannot_send(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """For the time of the test, posts on that network can only be drafted."""
    known = registry.networks()
    changed = known | {name: MeasuredOnly(known[name])}
    monkeypatch.setattr(registry, "networks", lambda: changed)
