"""The sandbox timeline as HTML: hostile texts stay texts, and what readers see is right."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.social.networks.sandbox.page import Person, ago, marked, timeline
from publisher.social.networks.sandbox.store import Post
from tests.builders import NOON


def a_post(text: str = "Rain.", **given: str) -> Post:
    return Post(
        **{"id": "1", "account": "Almaria Office", "text": text, "created_at": NOON.isoformat()} | given
    )


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        (
            "See https://example.org/a?b=1&c=2.",
            'See <a href="https://example.org/a?b=1&amp;c=2" rel="nofollow noopener">example.org/a?b=1&amp;c=2</a>.',
        ),
        ("（https://例子.cn/雨）", '（<a href="https://例子.cn/雨" rel="nofollow noopener">例子.cn/雨</a>）'),
        ("#水 and #Climate_Action", '<span class="tag">#水</span> and <span class="tag">#Climate_Action</span>'),
        ("#1 & a#b", "#1 &amp; a#b"),
        (
            'https://example.org/"onload="x',
            '<a href="https://example.org/" rel="nofollow noopener">example.org/</a>&#34;onload=&#34;x',
        ),
    ],
)  # fmt: skip
def test_a_text_is_escaped_and_its_links_and_tags_are_marked(text: str, html: str) -> None:
    assert str(marked(text)) == html


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Almaria Office", "AO"),
        ("Almaria on X", "AX"),
        ("阿尔马里亚办公室", "阿"),
        ("ilse", "I"),
        ("🌧 …", "?"),
    ],
)
def test_an_account_has_its_initials(name: str, initials: str) -> None:
    assert Person(name, 1).initials == initials


@pytest.mark.parametrize(
    ("past", "words"),
    [
        (timedelta(seconds=-3), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(hours=23), "23 h ago"),
        (timedelta(days=6), "6 d ago"),
        (timedelta(days=7), ""),
    ],
)
def test_how_long_ago(past: timedelta, words: str) -> None:
    assert ago(past) == words


def test_a_link_with_a_card_is_not_written_twice() -> None:
    link = "https://office.example.org/rain"
    html = timeline([a_post(f"Rain.\n{link}", link=link, card_title="Rain arrives")], now=NOON)
    assert html.count(link) == 1
    assert "office.example.org</span>" in html
    without = timeline([a_post(f"Rain.\n{link}", link=link)], now=NOON)
    assert f'href="{link}"' in without


def test_everything_that_a_poster_chose_is_escaped() -> None:
    nasty = '"><img src=x>'
    post = a_post(
        nasty,
        account=nasty,
        language=nasty,
        link="https://e.org/" + nasty,
        card_title=nasty,
        card_summary=nasty,
    )
    assert "<img" not in timeline([post], now=NOON)


def test_an_empty_timeline_says_what_to_expect() -> None:
    assert "Nothing has been posted yet" in timeline([], now=NOON)


def test_an_account_shows_its_own_posts_beside_all_accounts() -> None:
    posts = [a_post("Mine."), a_post("Theirs.", id="2", account="Others")]
    html = timeline(posts, now=NOON, account="Others")
    assert "Theirs." in html
    assert "Mine." not in html
    assert "Almaria Office" in html
