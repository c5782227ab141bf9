"""How networks show a post: folds, crops, links. Pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.social.accounts import preview_of
from publisher.social.models import Channel
from publisher.social.networks import registry
from publisher.social.networks.base import Previewing
from publisher.social.networks.preview import CardLayout, Preview, crop, folded, readers_text, shown_link

LINK = "https://www.office.example.org/stories/terraces-in-the-upper-valley"
looks = st.builds(
    Preview, fold_width=st.integers(0, 300), fold_lines=st.integers(0, 10), line_width=st.integers(10, 80)
)
sizes = st.tuples(st.integers(1, 5000), st.integers(1, 5000))
ratios = st.sampled_from([(1, 1), (16, 9), (191, 100), (7, 8), (235, 100)])


def test_each_of_our_networks_says_how_its_posts_look() -> None:
    assert [network.name for network in registry.OWN if not isinstance(network, Previewing)] == []


def test_a_network_that_says_nothing_is_shown_plainly() -> None:
    assert preview_of(Channel(name="a", network="gone")) == Preview()


@given(text=st.text(max_size=600), look=looks)
def test_the_two_sides_of_a_fold_are_the_text(text: str, look: Preview) -> None:
    seen, hidden = folded(text, look)
    assert seen + hidden == text


def test_the_fold_falls_by_characters_or_lines_and_not_within_a_word() -> None:
    look = Preview(fold_width=20)
    assert folded("Farmers of the valley share what they learned", look) == (
        "Farmers of the",
        " valley share what they learned",
    )
    assert folded("梯" * 12, look) == ("梯" * 10, "梯" * 2)
    assert folded("a\nb\nc\nd", Preview(fold_lines=3)) == ("a\nb\nc", "\nd")
    assert folded("x" * 100, Preview()) == ("x" * 100, "")


@given(size=sizes, ratio=ratios, x=st.floats(-1, 1), y=st.floats(-1, 1))
def test_a_crop_lies_within_the_picture_and_is_as_large_as_it_can_be(
    size: tuple[int, int], ratio: tuple[int, int], x: float, y: float
) -> None:
    left, top, width, height = crop(size, ratio, (x, y))
    assert left >= 0 <= top
    assert left + width <= size[0]
    assert top + height <= size[1]
    assert width == size[0] or height == size[1]


def test_a_crop_keeps_the_focus() -> None:
    assert crop((1000, 1000), (2, 1)) == (0, 250, 1000, 500)
    assert crop((1000, 1000), (2, 1), (0.0, 1.0)) == (0, 0, 1000, 500)
    assert crop((1000, 1000), (2, 1), (0.0, -0.7)) == (0, 500, 1000, 500)
    assert crop((1000, 500), (1, 1), (0.2, 0.0)) == (350, 0, 500, 500)
    assert crop((1000, 500), (0, 0)) == (0, 0, 1000, 500)


def test_links_are_shown_as_the_network_shows_them() -> None:
    look = Preview(link_characters=26, hides_link=True)
    assert shown_link(LINK, look) == "office.example.org/stories…"
    assert shown_link("https://a.org/b", look) == "a.org/b"
    assert shown_link(LINK, Preview()) == LINK
    assert readers_text(f"Read it\n{LINK}", look, link=LINK, has_card=True) == "Read it"
    assert readers_text(f"Read it\n{LINK}", look, link=LINK, has_card=False).endswith(LINK)
    assert readers_text(f"{LINK} is it", look, link=LINK, has_card=True).startswith(LINK)


@pytest.mark.parametrize(
    ("options", "card"), [({}, CardLayout.BESIDE), ({"link_preview": False}, CardLayout.NONE)]
)
def test_a_channels_settings_count(options: dict[str, object], card: CardLayout) -> None:
    assert preview_of(Channel(name="a", network="telegram", settings=options)).card is card
