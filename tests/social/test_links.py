"""The link of a post: whose readers it is for, and what is added to it."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from publisher.social.links import UtmRule, of_region, shown_in, slug, values_of, with_utm

VALUES = values_of(
    channel="Almaria Office",
    network="mastodon",
    kind="press_release",
    language="zh-Hans",
    published_at=datetime(2026, 3, 8, 23, 30, tzinfo=UTC),
)
RULE = UtmRule(hosts=["example.org", "例子.cn"])
ADDED = "utm_source=mastodon&utm_medium=social"


@pytest.mark.parametrize(
    ("url", "made"),
    [
        ("https://example.org/a", f"https://example.org/a?{ADDED}"),
        ("https://example.org", f"https://example.org/?{ADDED}"),
        ("HTTPS://WWW.Example.ORG:8443/A", f"HTTPS://WWW.Example.ORG:8443/A?{ADDED}"),
        ("https://example.org/a?b=1&c=%2F", f"https://example.org/a?b=1&c=%2F&{ADDED}"),
        ("https://example.org/a?", f"https://example.org/a?{ADDED}"),
        ("https://example.org/a?b&", f"https://example.org/a?b&{ADDED}"),
        ("https://example.org/a#part?x", f"https://example.org/a?{ADDED}#part?x"),
        ("https://example.org/#!/a", f"https://example.org/?{ADDED}#!/a"),
        ("https://例子.cn/气候", f"https://例子.cn/气候?{ADDED}"),
        ("https://xn--fsqu00a.cn/", f"https://xn--fsqu00a.cn/?{ADDED}"),
        ("https://elsewhere.net/a", "https://elsewhere.net/a"),
        ("https://notexample.org/a", "https://notexample.org/a"),
        ("https://example.org.evil.net/a", "https://example.org.evil.net/a"),
        ("https://example.org/a?utm_source=us", "https://example.org/a?utm_source=us"),
        ("https://example.org/a?b=1&UTM%5FCampaign=us#c", "https://example.org/a?b=1&UTM%5FCampaign=us#c"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("", ""),
    ],
)
def test_only_links_to_the_own_site_get_parameters_and_only_once(url: str, made: str) -> None:
    assert with_utm(url, RULE, VALUES) == made
    assert with_utm(made, RULE, VALUES) == made


def test_values_name_what_the_post_is() -> None:
    rule = UtmRule(
        hosts=["example.org"],
        source="{network}",
        medium="social",
        campaign="{kind} {date}",
        content="{channel}-{language}",
    )
    made = with_utm("https://example.org/a", rule, VALUES)
    assert made == (
        "https://example.org/a?utm_source=mastodon&utm_medium=social"
        "&utm_campaign=press_release%202026-03-08&utm_content=almaria-office-zh-hans"
    )


def test_a_value_of_any_script_is_encoded_and_reads_back() -> None:
    rule = UtmRule(hosts=["example.org"], campaign="春节 & más #1", medium="")
    query = urlsplit(with_utm("https://example.org/a", rule, VALUES)).query
    assert dict(parse_qsl(query)) == {"utm_source": "mastodon", "utm_campaign": "春节 & más #1"}


def test_a_link_that_would_get_too_long_stays_as_it_is() -> None:
    url = "https://example.org/" + "a" * 1970
    assert with_utm(url, RULE, VALUES) == url


@given(
    path=st.text(
        st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters="?#"), max_size=30
    ),
    query=st.text(st.sampled_from("ab=&%/"), max_size=20),
    fragment=st.text(st.sampled_from("ab?&=/!"), max_size=10),
)
def test_everything_else_of_a_link_stays_as_it_was(path: str, query: str, fragment: str) -> None:
    url = f"https://example.org/{path}?{query}#{fragment}"
    made = with_utm(url, RULE, VALUES)
    assert made.startswith(f"https://example.org/{path}?{query}")
    assert made.endswith(f"#{fragment}")
    before, after = (parse_qsl(each.partition("?")[2].partition("#")[0], True) for each in (url, made))
    assert after == [*before, ("utm_source", "mastodon"), ("utm_medium", "social")]
    assert with_utm(made, RULE, VALUES) == made


@pytest.mark.parametrize(
    "wrong",
    [
        {"hosts": []},
        {},
        {"hosts": ["https://example.org"]},
        {"hosts": ["exam ple.org"]},
        {"hosts": ["example.org"], "campaign": "{item}"},
        {"hosts": ["example.org"], "campaign": "{kind"},
        {"hosts": ["example.org"], "campaign": "a\nb"},
        {"hosts": ["example.org"], "term": "x"},
    ],
)
def test_a_rule_that_cannot_work_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        UtmRule.model_validate(wrong)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Almaria Office", "almaria-office"),
        ("阿尔马里亚办公室", "阿尔马里亚办公室"),
        ("  X / Twitter_2 ", "x-twitter-2"),
    ],
)
def test_a_channels_name_has_one_spelling(name: str, made: str) -> None:
    assert slug(name) == made


def test_a_region_without_a_link_gets_the_items_own() -> None:
    links = {"CN": "https://example.cn/1"}
    assert of_region("https://e.org/1", links, "CN") == "https://example.cn/1"
    assert of_region("https://e.org/1", links, "cn") == "https://example.cn/1"
    assert of_region("https://e.org/1", links, "DE") == "https://e.org/1"
    assert of_region("https://e.org/1", links, "") == "https://e.org/1"


def test_the_preview_leads_where_the_persons_text_leads() -> None:
    old, new = "https://e.org/old", "https://e.org/new"
    assert shown_in([f"By hand {old}"], new=new, before=old) == old
    assert shown_in([f"By hand {new}"], new=new, before=old) == new
    assert shown_in(["By hand"], new=new, before=old) == new
