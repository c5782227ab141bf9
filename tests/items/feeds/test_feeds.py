"""Feeds of each kind become items; what is no feed is refused with a reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.items.feeds.reading import MAX_FEED, FeedResult, read_feed
from publisher.items.schema import ItemIn
from tests.items.entries import NOW

BASE = "https://office.example.org/feed"

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>Country Office of Almaria</title><language>fr-fr</language>
<item>
  <title>Deux vall\u00e9es &amp;amp; une source</title><link>/1?utm_source=rss</link><guid isPermaLink="false">item-1</guid>
  <description>&lt;p&gt;Un accord sur l'eau.&lt;/p&gt;</description>
  <content:encoded><![CDATA[<p>Le texte <img src="/a.png"></p>]]></content:encoded>
  <pubDate>Tue, 01 Aug 2023 10:00:00 +0800</pubDate><author>a@b.example (Ilse Marn)</author>
  <category>Communiqu\u00e9 de presse</category><category>Eau</category>
  <media:content url="https://office.example.org/a.jpg" medium="image">
  <media:description>La source de Karo</media:description></media:content>
</item>
<item><title>Sans texte</title><link>https://office.example.org/2</link>
<enclosure url="https://office.example.org/2.mp3" type="audio/mpeg"/></item>
<item><description>Sans titre</description></item>
<item><title>Trop vieux</title><guid>old</guid><pubDate>Tue, 01 Aug 1870 10:00:00 GMT</pubDate></item>
</channel></rss>"""

ATOM = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="zh-CN"><title>阿尔马里亚</title>
<entry xml:lang="en"><id>tag:office.example.org,2023:1</id><title type="html">One &lt;b&gt;spring&lt;/b&gt;</title>
  <link href="/1"/><link rel="enclosure" type="video/mp4" href="https://office.example.org/1.mp4"/>
  <published>2023-08-01T10:00:00+08:00</published><updated>2023-08-02T10:00:00Z</updated>
  <summary>Short.</summary><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Long.</p></div></content>
  <category term="water" label="Water"/><author><name>Ilse Marn</name></author></entry>
</feed>"""

RDF = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://office.example.org/"><title>Almaria</title><dc:language>es</dc:language></channel>
<item rdf:about="https://office.example.org/1"><title>Un manantial</title><link>https://office.example.org/1</link>
<description>Dos valles.</description><dc:date>2023-08-01T10:00:00Z</dc:date><dc:subject>agua</dc:subject>
<dc:creator>Ilse Marn</dc:creator></item>
</rdf:RDF>"""

JSON: dict[str, Any] = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Almaria",
    "language": "en",
    "authors": [{"name": "Ilse Marn"}],
    "items": [
        {
            "id": 17,
            "url": "/17",
            "title": "One spring",
            "content_html": "<p>Long.</p>",
            "summary": "Short.",
            "date_published": "2023-08-01T10:00:00Z",
            "image": "/a.jpg",
            "tags": ["Water", "Video"],
        }
    ],
}


def feed(body: str | bytes | dict[str, Any], content_type: str = "") -> FeedResult:
    data = (
        json.dumps(body).encode()
        if isinstance(body, dict)
        else body.encode()
        if isinstance(body, str)
        else body
    )
    return read_feed(data, content_type, BASE, now=NOW)


def items(body: str | bytes | dict[str, Any]) -> list[ItemIn]:
    return [found.item for found in feed(body).accepted]


def test_an_entry_of_rss_2_with_all_that_it_may_hold() -> None:
    item = items(RSS)[0]
    assert (item.id, item.url, item.title) == (
        "item-1",
        "https://office.example.org/1?utm_source=rss",
        "Deux vallées & une source",
    )
    assert (item.summary, item.body) == ("Un accord sur l'eau.", '<p>Le texte <img src="/a.png"></p>')
    assert (item.kind, item.language, item.topics, item.authors) == (
        "press_release",
        "fr-FR",
        ("Eau",),
        ("Ilse Marn",),
    )
    assert item.published_at == datetime(2023, 8, 1, 2, 0, tzinfo=UTC)
    assert item.image is not None
    assert (item.image.url, item.image.alt) == ("https://office.example.org/a.jpg", "La source de Karo")


def test_an_enclosure_makes_a_podcast_and_the_address_an_id() -> None:
    item = items(RSS)[1]
    assert (item.kind, item.id, item.published_at) == ("podcast", "https://office.example.org/2", None)


def test_entries_without_title_or_with_an_impossible_date_are_refused_one_by_one() -> None:
    result = feed(RSS)
    assert [(r.position, r.refusal.code) for r in result.rejected] == [
        (3, "no_title"),
        (4, "date_out_of_range"),
    ]
    assert "Sans titre" in result.rejected[0].raw
    assert result.refused is None


def test_an_entry_of_atom_keeps_its_own_language_and_first_date() -> None:
    item = items(ATOM)[0]
    assert (item.id, item.url, item.title) == (
        "tag:office.example.org,2023:1",
        "https://office.example.org/1",
        "One spring",
    )
    assert (item.language, item.kind, item.topics) == ("en", "video", ("Water",))
    assert (item.summary, item.body) == ("Short.", "<p>Long.</p>")
    assert item.published_at == datetime(2023, 8, 1, 2, 0, tzinfo=UTC)
    assert feed(ATOM).language == "zh-CN"


def test_an_entry_of_rss_1() -> None:
    item = items(RDF)[0]
    assert (item.title, item.language, item.body, item.topics, item.authors) == (
        "Un manantial",
        "es",
        "Dos valles.",
        ("agua",),
        ("Ilse Marn",),
    )


@pytest.mark.parametrize("version", ["1", "1.1"])
def test_an_entry_of_json_feed(version: str) -> None:
    item = items(JSON | {"version": f"https://jsonfeed.org/version/{version}"})[0]
    assert (item.id, item.url, item.kind, item.topics) == (
        "17",
        "https://office.example.org/17",
        "video",
        ("Water",),
    )
    assert (item.summary, item.body, item.authors, item.language) == (
        "Short.",
        "<p>Long.</p>",
        ("Ilse Marn",),
        "en",
    )
    assert item.image is not None
    assert item.image.url == "https://office.example.org/a.jpg"


@pytest.mark.parametrize(
    ("body", "name"), [(RSS, "rss20"), (ATOM, "atom10"), (RDF, "rss10"), (JSON, "json11")]
)
def test_the_kind_of_feed_is_told_by_its_bytes(body: Any, name: str) -> None:
    assert feed(body, "text/plain").format == name


def test_a_feed_in_another_encoding_than_it_says_is_still_read() -> None:
    item = items(RSS.encode("latin-1"))[0]
    assert item.title == "Deux vallées & une source"
    assert (
        items(ATOM.replace("<?xml version", '<?xml encoding="x" version').encode("utf-16"))[0].title
        == "One spring"
    )


def test_broken_xml_is_read_as_far_as_it_goes() -> None:
    assert [item.id for item in items(RSS.replace("</channel>", "<b>").replace("Un accord", "Un & accord"))][
        :1
    ] == ["item-1"]


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><rss version="2.0"><channel><title>&b;</title></channel></rss>'


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "feed_empty_body"),
        (b"\xef\xbb\xbf  \n", "feed_empty_body"),
        (b"<!doctype html><html><body>404</body></html>", "feed_is_html"),
        (b"<html><head><title>Log in</title></head></html>", "feed_is_html"),
        (b"Service unavailable", "not_a_feed"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_a_feed"),
        (b'{"items": []}', "not_a_feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1"', "not_a_feed"),
        (b'<rss version="2.0"><channel><title>x</title></channel></rss>', "feed_has_no_entries"),
        (BOMB.encode(), "feed_has_entities"),
        (BOMB.encode("utf-16"), "feed_has_entities"),
        (b"x" * (MAX_FEED + 1), "feed_too_large"),
        (b"<rss>" + b"<a>" * 200_000, "feed_too_long"),
        (b"<rss>" + b"<item>" * 6_000, "feed_too_long"),
    ],
)
def test_what_is_no_feed_is_refused_with_a_reason(body: bytes, code: str) -> None:
    refused = feed(body).refused
    assert refused is not None
    assert refused.code == code


def test_a_bomb_of_markup_in_one_entry_refuses_that_entry() -> None:
    bomb = JSON | {"items": [{"id": "1", "title": "a", "content_html": "<div>" * 1000}, *JSON["items"]]}
    result = feed(bomb)
    assert [r.refusal.code for r in result.rejected] == ["bad_markup"]
    assert len(result.accepted) == 1


def test_wrong_types_in_what_may_be_left_out_count_as_left_out() -> None:
    item = items(
        JSON
        | {
            "authors": 3,
            "items": [
                {"id": "1", "title": "a", "tags": "x", "image": 4, "summary": [], "date_published": None}
            ],
        }
    )[0]
    assert (item.title, item.topics, item.image, item.authors) == ("a", (), None, ())


def test_an_unreadable_date_in_json_is_refused_with_its_words() -> None:
    result = feed(JSON | {"items": [{"id": "1", "title": "a", "date_published": "last Tuesday"}]})
    assert "last Tuesday" in result.rejected[0].refusal.reason


@pytest.mark.parametrize(
    ("written", "read"), [("12 août 2023", "2023-08-12"), ("2023年8月12日", "2023-08-12")]
)
def test_a_date_of_rss_in_words_of_another_language_is_read(written: str, read: str) -> None:
    assert (
        f"{items(RSS.replace('Tue, 01 Aug 2023 10:00:00 +0800', written))[0].published_at:%Y-%m-%d}" == read
    )


def test_an_unreadable_date_of_rss_is_refused_and_not_taken_for_today() -> None:
    result = feed(RSS.replace("Tue, 01 Aug 2023 10:00:00 +0800", "last Tuesday"))
    assert (result.rejected[0].refusal.code, result.rejected[0].position) == ("bad_date", 1)
    assert "last Tuesday" in result.rejected[0].refusal.reason


def test_relative_addresses_of_a_feed_in_a_file_are_those_of_its_site() -> None:
    rss = (
        "<rss version='2.0'><channel><title>t</title><link>https://office.example.org/news/</link>"
        "<item><title>a</title><link>/1</link></item></channel></rss>"
    )
    result = read_feed(rss.encode(), "", "", now=NOW)
    assert [each.item.url for each in result.accepted] == ["https://office.example.org/1"]


def test_two_entries_of_one_id_do_not_overwrite_each_other() -> None:
    rss = "<rss version='2.0'><channel><title>t</title>{}</channel></rss>".format(
        "".join(f"<item><title>{t}</title><guid>g</guid></item>" for t in "AB")
    )
    result = feed(rss)
    assert [each.item.title for each in result.accepted] == ["A"]
    assert [(each.position, each.refusal.code) for each in result.rejected] == [(2, "duplicate_id")]


def test_a_feed_that_breaks_off_is_read_and_says_so() -> None:
    result = feed(RSS[: RSS.index("</channel>")])
    assert result.accepted
    assert result.broken
    assert not feed(RSS).broken


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "url", "mime_type", "title"]), inner, max_size=3)
    ),
    max_leaves=5,
)
names = st.sampled_from(
    [
        "id",
        "url",
        "title",
        "content_html",
        "content_text",
        "summary",
        "date_published",
        "tags",
        "authors",
        "attachments",
        "image",
    ]
)
xml = st.lists(
    st.sampled_from(
        [
            "<rss version='2.0'>",
            "<channel>",
            "<item>",
            "</item>",
            "<title>",
            "</title>",
            "<feed xmlns='http://www.w3.org/2005/Atom'>",
            "<entry>",
            "<content type='xhtml'>",
            "<![CDATA[",
            "]]>",
            "<!--",
            "&lt;p&gt;",
            "&#0;",
            "&nope;",
            "<pubDate>",
            "0000-99-99",
            "<link href='[' />",
            "<guid>",
            "<media:content url='x'/>",
            "<enclosure url='::' type='image/png'/>",
            "水",
            "\x00",
            "<?xml version='1.0' encoding='utf-7'?>",
        ]
    ),
    max_size=25,
).map("".join)


@settings(max_examples=200)
@given(st.binary(max_size=200) | xml.map(str.encode))
def test_any_bytes_get_an_answer(body: bytes) -> None:
    assert isinstance(feed(body), FeedResult)


@settings(max_examples=200)
@given(st.dictionaries(names, values, max_size=6), values)
def test_any_json_in_a_feed_gets_an_answer(entry: dict[str, Any], other: Any) -> None:
    assert isinstance(feed(JSON | {"authors": other, "items": [entry, other]}), FeedResult)
