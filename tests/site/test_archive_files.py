"""What programs read of the archive: Atom (RFC 4287), sitemaps, robots.txt, pictures."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta
from typing import Any

import feedparser
import pytest
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from publisher.archive import feeds, pictures, sitemap
from publisher.archive.models import Picture
from publisher.archive.shown import Shown, ShownItem
from publisher.core import clock
from publisher.delivery import unused_pictures
from publisher.digests.models import Digest, Edition
from publisher.items.models import Item
from publisher.render.views import ItemView
from publisher.site.archive.files import PRIVATE
from publisher.social.models import StoredPicture
from tests.builders import NOON, an_item
from tests.desk.builders import a_revision
from tests.drawn import Site, drawn
from tests.site.archive_steps import a_sent_edition, an_archived_digest, body_of, tagged

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)\Z")


def get(address: str, **headers: str) -> Any:
    return Client().get(address, headers=headers)


def wrong_with(root: ET.Element) -> list[str]:
    """What RFC 4287 forbids in a feed: cardinalities (4.1.1, 4.1.2), dates (3.3), ids (4.2.6), links (4.2.7)."""
    wrong = [] if root.tag == f"{ATOM}feed" else ["no feed"]
    entries = root.findall(f"{ATOM}entry")
    for element, names in (
        (root, ("id", "title", "updated")),
        *((e, ("id", "title", "updated")) for e in entries),
    ):
        wrong += [f"{name} not once" for name in names if len(element.findall(f"{ATOM}{name}")) != 1]
        wrong += [f"{name} empty" for name in names if not (element.findtext(f"{ATOM}{name}") or "").strip()]
        for name in ("updated", "published"):
            dates = [each.text or "" for each in element.findall(f"{ATOM}{name}")]
            wrong += [f"{name} {date}" for date in dates if not RFC3339.match(date)]
        links = [(e.get("rel"), e.get("type"), e.get("hreflang")) for e in element.findall(f"{ATOM}link")]
        wrong += ["two alternates alike"] if len(links) != len(set(links)) else []
        wrong += ["link without href" for each in element.findall(f"{ATOM}link") if not each.get("href")]
        wrong += [] if any(rel == "alternate" for rel, _type, _lang in links) else ["no alternate"]
        ids = element.findtext(f"{ATOM}id") or ""
        wrong += [] if re.match(r"[a-z][a-z0-9+.-]*:\S+\Z", ids) else [f"id {ids}"]
        wrong += [f"{each.tag} type" for each in element.iter() if each.get("type") == "xhtml" and each.text]
    if len(root.findall(f"{ATOM}author/{ATOM}name")) != 1:
        wrong.append("author")
    if [each.get("rel") for each in root.findall(f"{ATOM}link")].count("self") != 1:
        wrong.append("self")
    known = [each.findtext(f"{ATOM}id") for each in (root, *entries)]
    return wrong + (["ids twice"] if len(known) != len(set(known)) else [])


def the_feed(language: str = "en") -> ET.Element:
    answer = get(f"/archive/weekly/{language}/feed.atom")
    assert answer.status_code == 200
    return ET.fromstring(answer.content)  # noqa: S314 - ours


def test_the_feed_is_sound_and_programs_read_it() -> None:
    digest = an_archived_digest()
    for n in (1, 2, 3):
        a_sent_edition(digest, number=n)
    assert wrong_with(the_feed()) == []
    answer = get("/archive/weekly/en/feed.atom")
    read = feedparser.parse(answer.content, response_headers={"content-type": answer["Content-Type"]})
    assert (read.bozo, read.version) == (0, "atom10")
    assert read.feed.title == "The week in Almaria"
    assert [entry.link for entry in read.entries] == [
        f"{settings.BASE_URL}/archive/weekly/{n}/en" for n in (3, 2, 1)
    ]
    assert "Two hundred families" in read.entries[0].content[0].value
    assert read.feed.language == "en"
    chinese = the_feed("zh")
    assert chinese.get("{http://www.w3.org/XML/1998/namespace}lang") == "zh-Hans"
    assert wrong_with(chinese) == []


def test_an_empty_feed_is_sound_as_well() -> None:
    an_archived_digest()
    assert wrong_with(the_feed("ar")) == []


def test_ids_stay_when_the_service_moves_and_when_an_edition_is_corrected(settings: Any) -> None:
    item = an_item()
    a_sent_edition(items=[item])
    before = the_feed()
    ids = [each.text for each in before.iter(f"{ATOM}id")]
    settings.BASE_URL = "https://elsewhere.example.org"
    Item.objects.filter(pk=item.pk).update(title="Corrected", revision=2)
    a_revision(item, 2, {"title": "Corrected"}, ["title"])
    after = the_feed()
    assert [each.text for each in after.iter(f"{ATOM}id")] == ids
    assert after.findtext(f"{ATOM}entry/{ATOM}updated") == "2026-06-01T14:00:00Z"
    assert before.findtext(f"{ATOM}entry/{ATOM}updated") == "2026-06-01T13:00:00Z"
    assert after.findtext(f"{ATOM}updated") == "2026-06-01T14:00:00Z"


texts = st.text(max_size=60)


@given(title=texts, summary=texts, intro=texts, url=texts)
def test_whatever_an_item_says_the_feed_stays_sound(title: str, summary: str, intro: str, url: str) -> None:
    digest = Digest(slug="weekly", title={"en": title or "t"}, languages=["en"], created_at=NOON)
    view = ItemView(1, "story", title, url, summary, NOON)
    edition = Edition(digest=digest, number=1)
    one = Shown(edition, "en", ("en",), title, intro, (ShownItem(view, "", None),), 0, NOON, NOON)
    places = feeds.Places("https://a.example/f", "https://a.example/", lambda n: f"https://a.example/{n}")
    made = ET.tostring(feeds.atom(digest, "en", [one], places))
    read = ET.fromstring(made)  # noqa: S314 - ours
    assert [each for each in wrong_with(read) if each != "title empty"] == []
    assert feedparser.parse(made).bozo == 0


def the_sitemap() -> ET.Element:
    return ET.fromstring(body_of(get("/archive/weekly/sitemap.xml")))  # noqa: S314 - ours


def places_in(root: ET.Element) -> list[str]:
    return [(each.text or "").removeprefix(settings.BASE_URL) for each in root.iter(f"{MAP}loc")]


def test_the_sitemap_names_every_page_in_its_languages_and_no_other() -> None:
    digest = an_archived_digest()
    both = a_sent_edition(digest, number=1)
    a_sent_edition(digest, number=2, items=[an_item()])
    a_sent_edition(digest, number=3, state="waiting")
    index = ET.fromstring(get("/sitemap.xml").content)  # noqa: S314 - ours
    assert [each.text for each in index.iter(f"{MAP}loc")] == [
        f"{settings.BASE_URL}/archive/weekly/sitemap.xml"
    ]
    root = the_sitemap()
    paths = places_in(root)
    assert paths == [
        *(f"/archive/weekly/{language}" for language in ("en", "zh", "ar")),
        "/archive/weekly/2/en",
        *(f"/archive/weekly/{both.number}/{language}" for language in ("en", "zh")),
    ]
    assert {get(path).status_code for path in paths} == {200}
    last = root.findall(f"{MAP}url")[-1]
    others = last.findall("{http://www.w3.org/1999/xhtml}link")
    assert [each.get("hreflang") for each in others] == ["en", "zh-Hans"]


def test_the_sitemap_of_many_editions_is_one_statement_and_loads_none_of_them(
    django_assert_max_num_queries: Any,
) -> None:
    digest = an_archived_digest()
    items = [an_item(), an_item(language="zh-Hans")]
    for n in range(1, 21):
        a_sent_edition(digest, number=n, items=items)
    with django_assert_max_num_queries(2) as asked:  # the digest, and its editions
        assert len(places_in(the_sitemap())) == 3 + 20 * 2
    told = asked.captured_queries[-1]["sql"]
    assert all(column not in told for column in ("intro", "preheader", "body_text", "title"))


def test_the_sitemap_is_not_sent_again_to_who_has_it_until_something_in_it_changes() -> None:
    digest = an_archived_digest()
    edition = a_sent_edition(digest, number=1)
    first = get("/archive/weekly/sitemap.xml")
    assert first["Cache-Control"] == "public, max-age=300"
    assert first["Last-Modified"] == "Mon, 01 Jun 2026 13:00:00 GMT"

    def again() -> Any:
        return get("/archive/weekly/sitemap.xml", **{"If-None-Match": first["ETag"]})

    assert (again().status_code, again()["Cache-Control"]) == (304, "public, max-age=300")
    Item.objects.filter(editionitem__edition=edition, language="zh-Hans").update(language="ar")
    assert again().status_code == 200, "an edition has a page in another language by now"
    Item.objects.filter(language="ar").update(language="zh-Hans")
    assert again().status_code == 304
    a_sent_edition(digest, number=2)
    assert again().status_code == 200
    Edition.objects.filter(number=2).update(state="cancelled")
    assert again().status_code == 304
    Digest.objects.update(languages=["en", "zh-Hant", "ar"])
    assert again().status_code == 200, "a page is told by another tag"
    Digest.objects.update(archived=False)
    assert again().status_code == 404


def test_nobody_is_told_by_time_alone_that_the_sitemap_is_as_it_was() -> None:
    a_sent_edition(number=1)
    first = get("/archive/weekly/sitemap.xml")
    assert (
        get("/archive/weekly/sitemap.xml", **{"If-Modified-Since": first["Last-Modified"]}).status_code == 200
    )


def test_the_sitemap_ends_with_the_oldest_edition_that_fits_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "MOST", 8)
    monkeypatch.setattr(sitemap, "PIECE", 2)
    digest = an_archived_digest()
    for n in range(1, 6):
        a_sent_edition(digest, number=n, items=[an_item(language="fr")] if n == 5 else None)
    paths = places_in(the_sitemap())
    assert paths[3:] == [f"/archive/weekly/{n}/{language}" for n in (4, 3) for language in ("en", "zh")]


def test_an_address_with_signs_of_its_own_stands_in_the_sitemap_as_it_is(settings: Any) -> None:
    settings.BASE_URL = "https://news.example.org/a%20b&c"
    a_sent_edition(number=1)
    links = [each.get("href") for each in the_sitemap().iter("{http://www.w3.org/1999/xhtml}link")]
    assert f"{settings.BASE_URL}/archive/weekly/1/en" in links


def test_robots_may_read_the_archive_and_no_page_of_one_reader() -> None:
    from urllib.robotparser import RobotFileParser

    rules = RobotFileParser()
    rules.parse(get("/robots.txt").content.decode().splitlines())
    assert rules.can_fetch("anybot", f"{settings.BASE_URL}/archive/weekly/1/en")
    assert rules.can_fetch("anybot", f"{settings.BASE_URL}/")
    for path in (
        "/u/x",
        "/p/x",
        "/e/x",
        "/c/x",
        "/a/x",
        "/d/x",
        "/x/x",
        "/l/x",
        "/o/x",
        "/hooks/x",
        "/desk/",
        "/api/v1/items",
    ):
        assert not rules.can_fetch("anybot", settings.BASE_URL + path)
    assert rules.site_maps() == [f"{settings.BASE_URL}/sitemap.xml"]
    assert all(path.startswith("/") for path in PRIVATE)


def kept(now: datetime) -> int:
    return pictures.fetch_due(now=now, seconds=5)


def test_a_picture_comes_from_here_once_a_worker_has_fetched_it(picture_site: Site) -> None:
    picture_site.serves["/a.png"] = drawn(size=(900, 600))
    url = picture_site.url + "/a.png"
    edition = a_sent_edition(items=[an_item(image_url=url, image_alt="A field")])
    page = f"/archive/weekly/{edition.number}/en"
    ours = f"/archive/weekly/{edition.number}/pictures/{pictures.name_of(url)}"
    assert ours not in get(page).content.decode()
    assert get(ours).status_code == 404
    assert picture_site.asked == []
    now = clock.now()
    assert kept(now) == 1
    assert kept(now) == 0
    text = get(page).content.decode()
    assert f'<img src="{ours}" alt="A field" width="900" height="600">' in text
    assert f'<meta property="og:image" content="{settings.BASE_URL}{ours}">' in text
    assert '<meta property="og:image:alt" content="A field">' in text
    answer = get(ours)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert answer["Cache-Control"] == "public, max-age=300"
    assert get(ours, **{"If-None-Match": answer["ETag"]}).status_code == 304
    assert picture_site.asked == ["/a.png"]


@pytest.mark.parametrize("why", ["retracted", "uncleared", "not archived", "cancelled", "another edition"])
def test_a_picture_goes_with_what_shows_it(picture_site: Site, why: str) -> None:
    picture_site.serves["/a.png"] = drawn()
    item = an_item(image_url=picture_site.url + "/a.png")
    edition = a_sent_edition(items=[item])
    other = a_sent_edition(edition.digest, items=[an_item()])
    kept(clock.now())
    number = other.number if why == "another edition" else edition.number
    if why == "retracted":
        Item.objects.filter(pk=item.pk).update(retracted_at=NOON)
    elif why == "uncleared":
        tagged(item)
    elif why == "not archived":
        Digest.objects.update(archived=False)
    elif why == "cancelled":
        Edition.objects.filter(pk=edition.pk).update(state="cancelled")
    name = pictures.name_of(item.image_url)
    status = get(f"/archive/weekly/{number}/pictures/{name}").status_code
    assert status == (410 if why == "cancelled" else 404)


def test_what_is_not_public_is_not_fetched_for_the_archive(picture_site: Site) -> None:
    picture_site.serves["/a.png"] = drawn()
    url = picture_site.url + "/a.png"
    a_sent_edition(an_archived_digest(archived=False), items=[an_item(image_url=url)])
    a_sent_edition(
        an_archived_digest(slug="other"),
        items=[an_item(image_url=url, embargo_until=clock.now() + timedelta(days=2))],
    )
    assert kept(clock.now()) == 0
    assert picture_site.asked == []


def test_a_picture_that_is_none_is_given_up_and_one_that_fails_is_tried_later(picture_site: Site) -> None:
    picture_site.serves |= {"/page": b"<html>", "/broken": 503}
    edition = a_sent_edition(
        items=[an_item(image_url=f"{picture_site.url}/{name}") for name in ("page", "broken")]
    )
    now = clock.now()
    assert kept(now) == 0
    waiting = {row.url.rpartition("/")[2]: row.next_at for row in Picture.objects.all()}
    assert waiting["page"] is None
    assert waiting["broken"] is not None
    assert waiting["broken"] > now
    assert get(f"/archive/weekly/{edition.number}/en").status_code == 200
    at = now
    for _n in range(10):
        at += timedelta(days=8)
        kept(at)
    assert Picture.objects.get(url__endswith="broken").next_at is None
    assert picture_site.asked.count("/broken") <= len(pictures.WAITS) + 1


def test_a_picture_of_the_archive_is_not_forgotten_while_the_archive_shows_it(picture_site: Site) -> None:
    picture_site.serves["/a.png"] = drawn()
    a_sent_edition(items=[an_item(image_url=picture_site.url + "/a.png")])
    kept(clock.now())
    later = clock.now() + timedelta(days=3)
    assert unused_pictures.forget(now=later, besides=pictures.in_use) == 0
    Digest.objects.update(archived=False)
    assert unused_pictures.forget(now=later, besides=pictures.in_use) == 1
    assert not StoredPicture.objects.exists()
    assert not Picture.objects.exists()
