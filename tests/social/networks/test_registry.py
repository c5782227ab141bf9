"""Networks by name: our own, those of other packages, and what is said of one that is not there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from publisher.render.measure import Measure
from publisher.social.networks import registry
from publisher.social.networks.base import Account, ByHand, Grade, Network
from publisher.social.networks.registry import CannotSend, NoSuchNetwork
from publisher.social.networks.sandbox.faults import Kind


@dataclass(frozen=True)
class Village:
    """A network that another package brings."""

    name: str = "village"
    label: str = "Village board"

    def rules(self, account: Account) -> int:  # noqa: ARG002 - the same for all
        return 100

    def measure(self, text: str, rules: int) -> Measure:
        return Measure(len(text), rules, len(text) <= rules)


VILLAGE = Village()
POSER = Village(name="sandbox")
NAMELESS = Village(name="No Name!")


class Half:
    name = "half"
    label = "Half"


@dataclass(frozen=True)
class HalfSending(Village):
    name: str = "half"

    def publish(self) -> None:
        """The rest is not written yet."""


HALF = Half()
HALF_SENDING = HalfSending()


def an_entry_point(name: str, target: str) -> EntryPoint:
    return EntryPoint(name, f"{__name__}:{target}", registry.GROUP)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest imports test files under names of its own; entry points import by name."""
    import sys

    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])


def test_every_network_of_ours_can_be_drafted_for() -> None:
    for network in registry.OWN:
        assert registry.get(network.name) is network
        rules = network.rules(Account(1, "Almaria"))
        assert network.measure("Rain arrives.", rules).fits
        assert not network.measure("a" * 70_000, rules).fits


def test_a_network_either_sends_whole_or_says_that_it_cannot() -> None:
    for network in registry.OWN:
        if isinstance(network, Network):
            assert registry.sending(network.name) is network
        else:
            with pytest.raises(CannotSend, match=f"cannot send to {network.label} yet"):
                registry.sending(network.name)
    assert registry.can_send("sandbox")
    assert not registry.can_send("nowhere")


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(NoSuchNetwork, match="“myspace”") as raised:
        registry.get("myspace")
    assert "mastodon" in raised.value.hint


def test_nothing_outside_the_folders_of_networks_names_one() -> None:
    """But for the demo, which has channels, the parameters by which sites are told where a reader comes from, and what mailboxes
    answer, where a name may be that of a mail's header, and the list of programs that open links."""
    named = re.compile(
        r"\b(mastodon|bluesky|linkedin|facebook|telegram|wechat|weibo|networks\.(x|sandbox|webhook))\b",
        re.IGNORECASE,
    )
    root = Path(__file__).resolve().parents[3]
    may = (
        "publisher/social/networks/",
        "publisher/demo/",
        "publisher/items/urls.py",
        "publisher/feedback/reading/",
        "publisher/counting/asking.py",
        "templates/social/",
    )
    files = [
        file
        for folder in ("publisher", "tasks", "templates", "config")
        for file in (root / folder).rglob("*")
    ]
    found = [
        str(file.relative_to(root))
        for file in files
        if file.suffix in (".py", ".html", ".j2", ".css", ".js", ".yaml")
        and not str(file.relative_to(root)).startswith(may)
        and named.search(file.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_another_package_brings_a_network_by_entry_point() -> None:
    found = registry.installed([an_entry_point("village", "VILLAGE")])
    assert found["village"] is VILLAGE


@pytest.mark.parametrize("target", ["POSER", "NAMELESS", "NOT_THERE", "HALF"])
def test_a_package_that_cannot_be_used_stops_nothing(target: str) -> None:
    points = [an_entry_point("other", target), an_entry_point("village", "VILLAGE")]
    assert list(registry.installed(points)) == ["village"]


def test_a_package_that_fails_while_it_is_imported_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_network.py").write_text("raise RuntimeError('no settings')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    points = [EntryPoint("broken", "broken_network:IT", registry.GROUP), an_entry_point("village", "VILLAGE")]
    assert list(registry.installed(points)) == ["village"]


def test_what_a_network_of_another_package_lacks_for_sending_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert list(registry.installed([an_entry_point("half", "HALF_SENDING")])) == ["half"]
    (record,) = caplog.records
    assert record.getMessage() == "network.cannot_send"
    assert "retract" in record.lacks  # type: ignore[attr-defined]
    assert "publish" not in record.lacks.split(", ")  # type: ignore[attr-defined]


def test_no_network_of_ours_lacks_anything() -> None:
    for network in registry.OWN:
        kind = ByHand if isinstance(network, ByHand) else Network
        assert registry.missing(network, kind) == []


def test_mastodon_takes_the_limits_that_its_server_told() -> None:
    network = registry.get("mastodon")
    account = Account(1, "A", {}, {"max_characters": 11, "content_warning": "rain"})
    assert network.measure("seven..", network.rules(account)).fits
    assert not network.measure("eight...", network.rules(account)).fits


def test_the_page_on_networks_lists_every_fault_and_every_grade() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "networks.md").read_text(encoding="utf-8")
    for kind in Kind:
        assert f"| `{kind.value}` |" in page
    for grade in Grade:
        assert f"| {grade.name.replace('_', ' ').lower()} |" in page
    for network in registry.OWN:
        assert network.label in page
