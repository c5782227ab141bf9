"""What becomes a link, a tag or a mention on Bluesky, to the byte."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.social.networks.bluesky.facets import facets

LINK = "https://example.org/a"


def marked(text: str, link: str = "") -> list[tuple[str, str]]:
    """Each facet as the text that it covers, by its bytes, and what it leads to."""
    data = text.encode()
    return [
        (data[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(), _target(facet))
        for facet in facets(text, link)
    ]


def _target(facet: dict[str, Any]) -> str:
    (feature,) = facet["features"]
    return str(next(value for name, value in feature.items() if name != "$type"))


@pytest.mark.parametrize(
    ("text", "link"),
    [
        (f"请看 {LINK}。后来下雨", LINK),
        (f"请看{LINK}后来下雨", LINK),
        (f"（{LINK}）下雨", LINK),
        (f"雨が降る{LINK}です", LINK),
        (f"비 {LINK}에서", LINK),
        ("见https://example.org。后", "https://example.org"),
        ("见https://example.org后", "https://example.org"),
        (f"See {LINK}.", LINK),
        (f"See ({LINK}), then", LINK),
        ("https://en.wikipedia.org/wiki/Rain_(film) is", "https://en.wikipedia.org/wiki/Rain_(film)"),
        ("(https://en.wikipedia.org/wiki/Rain_(film)) is", "https://en.wikipedia.org/wiki/Rain_(film)"),
        ("https://de.wikipedia.org/wiki/Köln, sagt", "https://de.wikipedia.org/wiki/Köln"),
        ("https://müller.example/ sagt", "https://müller.example/"),
        ("👩‍👩‍👧 https://example.org/?a=b&c=%E4%B8%AD#d!", "https://example.org/?a=b&c=%E4%B8%AD#d"),
        ("https://example.org:8443/a", "https://example.org:8443/a"),
    ],
)
def test_a_link_ends_where_it_ends_for_a_reader(text: str, link: str) -> None:
    assert marked(text) == [(link, link)]


@pytest.mark.parametrize(
    "text",
    ["no links", "https://", "https://nodots", "xhttps://example.org", "mail a@example.org", "example.org"],
)
def test_what_is_no_link_is_left_alone(text: str) -> None:
    assert marked(text) == []


def test_the_post_s_own_link_is_one_whatever_it_holds() -> None:
    link = "https://zh.wikipedia.org/wiki/联合国"
    assert marked(f"联合国：{link}", link) == [(link, link)]


@pytest.mark.parametrize("link", ["https://a b", "javascript:a", "a", ""])
def test_what_a_server_would_refuse_as_an_address_is_no_link(link: str) -> None:
    assert marked(f"See {link}", link) == []


def test_the_post_s_own_link_is_not_found_within_a_longer_one() -> None:
    text = f"{LINK}bc and {LINK}"
    assert marked(text, LINK) == [(f"{LINK}bc", f"{LINK}bc"), (LINK, LINK)]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#Rain and #GoodHealth.", ["Rain", "GoodHealth"]),
        ("#气候行动，#可持续发展", ["气候行动", "可持续发展"]),
        ("＃雨", ["雨"]),
        ("#العمل_المناخي", ["العمل_المناخي"]),
        ("#नमस्ते", ["नमस्ते"]),
        ("#1 #2026 #_", []),
        ("#3goals", ["3goals"]),
        ("a#b &#39; ##x", []),
        ("https://example.org/#part", []),
        ("#" + "a" * 64, ["a" * 64]),
        ("#" + "a" * 65, []),
    ],
)
def test_hashtags(text: str, tags: list[str]) -> None:
    found = [facet for facet in facets(text) if facet["features"][0]["$type"].endswith("#tag")]
    assert [_target(facet) for facet in found] == tags


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("says @Office.Example.org.", ["office.example.org"]),
        ("（@office.example.org）", ["office.example.org"]),
        ("@office.example.org的", ["office.example.org"]),
        ("@office", []),
        ("mail a@example.org", []),
        ("@a@example.org", []),
        ("https://example.org/@office.example.org", []),
        ("@1.2.3.4", []),
    ],
)
def test_mentions(text: str, handles: list[str]) -> None:
    found = [facet for facet in facets(text) if "handle" in facet["features"][0]]
    assert [_target(facet) for facet in found] == handles


PIECES = st.sampled_from(
    [
        "https://example.org/",
        LINK,
        "#",
        "#Tag",
        "@",
        "@office.example.org",
        "。",
        "，后",
        "👩‍👩‍👧",
        "ö",
        " ",
        ".",
        "()",
        "a",
        "\n",
    ]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=3)), max_size=25).map("".join))
def test_facets_cover_whole_characters_in_order_and_never_each_other(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    last = 0
    for facet in facets(text, LINK):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        assert last <= start < end <= len(data)
        last = end
        covered = data[start:end].decode()
        assert (
            covered.removeprefix("#").removeprefix("＃").removeprefix("@").lower() == _target(facet).lower()
        )
