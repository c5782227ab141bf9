"""The words of a correction: what is proposed as new text and as answer, in the item's language and within each limit."""

from __future__ import annotations

import pytest

from publisher.delivery.amending.texts import words_for
from publisher.items.models import Item
from publisher.social.accounts import measured
from publisher.social.networks import registry
from tests.builders import NOON, a_channel, an_item

pytestmark = pytest.mark.django_db


def reply_of(item: Item, network: str = "sandbox") -> str:
    return words_for(item, a_channel(network, language=item.language), ["Old."]).reply


def test_an_answer_names_what_changed_and_links_to_it() -> None:
    item = an_item(
        title="Harvests are back", summary="Two hundred families.", url="https://office.example.org/1"
    )
    assert reply_of(item) == (
        "Correction: Harvests are back\n\nTwo hundred families.\n\nhttps://office.example.org/1"
    )


def test_an_answer_to_a_retraction_says_that_it_was_withdrawn_without_a_link() -> None:
    item = an_item(title="Harvests are back", retracted_at=NOON)
    assert reply_of(item) == "Correction: we have withdrawn “Harvests are back”. Please do not share it."


def test_answers_speak_the_items_language() -> None:
    item = an_item(
        title="梯田重新通水", summary="两百户家庭。", language="zh-Hans", url="https://office.example.org/2"
    )
    assert reply_of(item).startswith("更正：梯田重新通水\n")
    item.retracted_at = NOON
    assert reply_of(item) == "更正：我们已撤回《梯田重新通水》，请勿继续转发。"


@pytest.mark.parametrize("network", registry.sendable())
@pytest.mark.parametrize("retracted", [False, True])
def test_an_answer_fits_every_network_however_long_the_item_is(network: str, retracted: bool) -> None:
    item = an_item(title="Terraced fields " * 30, summary="Water came back. " * 200)
    item.retracted_at = NOON if retracted else None
    channel = a_channel(network)
    (measure,) = measured(channel, [words_for(item, channel, ["Old."]).reply])
    assert measure.fits, measure.why


def test_a_template_that_fails_proposes_what_stands_there_and_says_so() -> None:
    channel = a_channel("sandbox", template="{{ nothing.here }}")
    words = words_for(an_item(), channel, ["Old."])
    assert words.edits == ("Old.",)
    assert "The template failed" in words.problem
