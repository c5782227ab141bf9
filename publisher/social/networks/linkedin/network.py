"""LinkedIn for the registry: drafting and measuring. Sending is not built yet, so this is no `Network`."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.render.measure import Measure
from publisher.social.networks.base import Account
from publisher.social.networks.linkedin.measure import measure
from publisher.social.networks.linkedin.rules import Rules


@dataclass(frozen=True)
class LinkedIn:
    """See `Measuring`."""

    name: str = "linkedin"
    label: str = "LinkedIn"

    def rules(self, account: Account) -> Rules:  # noqa: ARG002 - the same for every account
        return Rules()

    def measure(self, text: str, rules: Rules) -> Measure:
        return measure(text, rules)


LINKEDIN = LinkedIn()
