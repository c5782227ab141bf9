"""The public archive: what was sent, as it may be seen today, and nothing of a reader."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from publisher.audience import tokens
from publisher.core import clock
from publisher.delivery.enqueue import assemble
from publisher.digests.models import Edition
from publisher.items.models import Item, Topic
from publisher.review.models import TextTag
from tests.builders import NOON, a_subscriber, an_item
from tests.desk.builders import a_mail, a_revision, a_variant, an_edition
from tests.site.archive_steps import a_sent_edition, an_archived_digest, body_of, tagged

pytestmark = pytest.mark.django_db


def get(address: str, **headers: str) -> Any:
    return Client().get(address, headers=headers)


def page_of(edition: Edition, language: str = "en") -> str:
    return f"/archive/{edition.digest.slug}/{edition.number}/{language}"


def text_of(edition: Edition, language: str = "en") -> str:
    answer = get(page_of(edition, language))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_an_edition_that_went_to_a_segment_is_nobodys_business() -> None:
    edition = a_sent_edition(segment=7)
    assert get(page_of(edition)).status_code == 404
    assert (
        f"/archive/{edition.digest.slug}/{edition.number}" not in get("/archive/weekly/en").content.decode()
    )


def test_a_sent_edition_has_a_page_in_each_language_with_the_items_of_that_language() -> None:
    edition = a_sent_edition()
    english, chinese = text_of(edition), text_of(edition, "zh")
    assert "Terraces carry water again" in english
    assert "梯田" not in english
    assert "梯田重新有水" in chinese
    assert '<article lang="zh-Hans" dir="ltr">' in chinese
    assert get(page_of(edition, "ar")).status_code == 404


def test_a_page_in_arabic_runs_from_right_to_left() -> None:
    edition = a_sent_edition(items=[an_item(title="المدرجات تروى من جديد", language="ar")])
    text = text_of(edition, "ar")
    assert '<html lang="ar" dir="rtl">' in text
    assert '<article lang="ar" dir="rtl">' in text
    assert "كل الأعداد" in text


@pytest.mark.parametrize("state", ["assembling", "blocked", "waiting", "sending", "paused", "empty"])
def test_what_is_not_all_sent_is_not_there(state: str) -> None:
    edition = a_sent_edition(state=state, number=4711)
    assert get(page_of(edition)).status_code == 404
    assert get(f"/archive/weekly/{edition.number}").status_code == 404
    assert "Terraces" not in get("/archive/weekly/en").content.decode()
    assert b"<entry" not in get("/archive/weekly/en/feed.atom").content
    assert b"4711" not in body_of(get("/archive/weekly/sitemap.xml"))


def test_a_cancelled_edition_is_gone() -> None:
    edition = a_sent_edition(state="cancelled")
    assert get(page_of(edition)).status_code == 410
    assert get(f"/archive/weekly/{edition.number}").status_code == 410
    assert "Terraces" not in get(page_of(edition)).content.decode()


def test_a_digest_without_an_archive_gives_nothing_away() -> None:
    digest = an_archived_digest(archived=False)
    sent, cancelled = a_sent_edition(digest), a_sent_edition(digest, items=[], state="cancelled")
    addresses = [
        page_of(sent),
        page_of(cancelled),
        f"/archive/weekly/{sent.number}",
        "/archive/weekly",
        "/archive/weekly/en",
        "/archive/weekly/en/feed.atom",
        "/archive/weekly/sitemap.xml",
    ]
    assert {get(address).status_code for address in addresses} == {404}
    assert "weekly" not in get("/archive").content.decode()
    assert b"weekly" not in get("/sitemap.xml").content


def test_an_item_that_was_corrected_after_it_was_sent_is_shown_corrected_and_says_so() -> None:
    item = an_item(title="Terraces carry water again")
    edition = a_sent_edition(items=[item])
    assert "Corrected" not in text_of(edition)
    Item.objects.filter(pk=item.pk).update(title="Terraces carry some water again", revision=2)
    a_revision(item, 2, {"title": "Terraces carry some water again"}, ["title"])
    text = text_of(edition)
    assert "Terraces carry some water again" in text
    assert "Terraces carry water again" not in text
    assert "Corrected on 1 June 2026, after this edition was sent." in text


def test_a_change_that_readers_cannot_see_is_no_correction() -> None:
    item = an_item()
    edition = a_sent_edition(items=[item])
    Item.objects.filter(pk=item.pk).update(contact="desk@office.example.org", revision=2)
    a_revision(item, 2, {"contact": "desk@office.example.org"}, ["contact"])
    assert "Corrected" not in text_of(edition)
    assert "desk@office.example.org" not in text_of(edition)


@pytest.mark.parametrize("why", ["retracted", "embargoed", "uncleared"])
def test_what_nobody_may_see_any_more_is_left_out_everywhere(why: str) -> None:
    item = an_item(title="The secret of the seventh terrace", summary="Nobody may read this.")
    edition = a_sent_edition(items=[item, an_item(title="Rain in Almaria")])
    if why == "retracted":
        Item.objects.filter(pk=item.pk).update(retracted_at=NOON + timedelta(days=1))
    elif why == "embargoed":
        Item.objects.filter(pk=item.pk).update(embargo_until=clock.now() + timedelta(days=1))
    else:
        tagged(item)
    text = text_of(edition)
    assert "is left out" in text
    assert "Rain in Almaria" in text
    everywhere = [
        page_of(edition),
        "/archive",
        "/archive/weekly/en",
        "/archive/weekly/en?q=rain",
        "/archive/weekly/en/feed.atom",
    ]
    for address in everywhere:
        said = get(address).content.decode()
        assert "secret" not in said
        assert "Nobody may read this" not in said
    assert "No edition has" in get("/archive/weekly/en?q=seventh").content.decode()


def test_what_was_taken_back_while_the_edition_was_sent_is_left_out_with_the_same_note() -> None:
    gone, chinese = an_item(title="The secret"), an_item(language="zh", title="秘密")
    edition = a_sent_edition(
        items=[an_item(title="Rain in Almaria")],
        dropped=[gone.pk, chinese.pk],
        intro={"en": "Of the secret."},
    )
    text = text_of(edition)
    assert "is left out" in text
    assert "secret" not in text
    assert "本期已没有可公开的内容" in text_of(edition, "zh")
    assert "secret" not in get("/archive/weekly/en/feed.atom").content.decode()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_words_written_for_an_edition_go_when_something_of_it_is_left_out(language: str) -> None:
    digest = an_archived_digest(subject={"en": "Of {{ first.title }}", "zh": "{{ first.title }}"})
    edition = a_sent_edition(
        digest,
        subject=dict.fromkeys(("en", "zh"), "All about the secret"),
        intro=dict.fromkeys(("en", "zh"), "Read the secret first."),
    )
    assert "All about the secret" in text_of(edition, language)
    Item.objects.filter(language="zh-Hans").update(retracted_at=NOON)
    text = text_of(edition, language)
    assert "secret" not in text
    assert ("<h1>Of Terraces carry water again</h1>" in text) == (language == "en")


def test_the_topics_of_an_item_are_named_in_the_language_of_the_page() -> None:
    edition = a_sent_edition(items=[an_item(title="المدرجات تروى من جديد", language="ar")])
    edition.edition_items.update(topics=[Topic.objects.get(slug="sdg-2").pk])
    assert "الهدف 2: القضاء التام على الجوع" in text_of(edition, "ar")


def test_an_edition_of_which_nothing_may_be_seen_says_that() -> None:
    item = an_item(title="The secret")
    edition = a_sent_edition(items=[item])
    Item.objects.filter(pk=item.pk).update(retracted_at=NOON)
    text = text_of(edition)
    assert "Nothing of this edition is public any more" in text
    assert "secret" not in text


def test_an_own_subject_or_introduction_that_waits_for_a_clearance_is_not_shown() -> None:
    edition = a_sent_edition(subject={"en": "The map is drawn"}, intro={"en": "See the map."})
    assert "The map is drawn" in text_of(edition)
    item = an_item()
    tagged(item)
    tag = item.clearance_tags.get().tag
    TextTag.objects.create(kind="edition", object_id=edition.pk, tag=tag, state="suggested", at=NOON)
    text = text_of(edition)
    assert "The map is drawn" not in text
    assert "See the map." not in text


def test_nothing_of_a_reader_is_on_any_public_page() -> None:
    digest = an_archived_digest(open_to_all=True)
    names = ["Ilse Marrow", "Tamsin Okafor", "林"]
    readers = [
        a_subscriber(digest, f"reader-{n}@example.net", name=name).subscriber for n, name in enumerate(names)
    ]
    edition = an_edition(
        digest,
        items=[an_item(title="Rain", image_url="https://office.example.org/a.jpg")],
        state="assembling",
        number=7,
        assembled_at=None,
    )
    assemble(edition.pk, now=NOON)
    Edition.objects.filter(pk=edition.pk).update(state="sent", finished_at=NOON, let_go_at=NOON)
    made = [
        tokens.write(purpose, reader.pk, target)
        for reader in readers
        for purpose in tokens.Purpose
        for target in (digest.pk, edition.pk)
    ]
    addresses = [
        "/archive",
        "/archive?language=zh",
        "/archive/weekly/en",
        "/archive/weekly/en?q=rain",
        "/archive/weekly/7/en",
        "/archive/weekly/en/feed.atom",
        "/archive/weekly/sitemap.xml",
        "/sitemap.xml",
        "/robots.txt",
    ]
    for address in addresses:
        answer = get(address)
        assert answer.status_code == 200
        said = body_of(answer).decode() + str(answer.headers)
        assert [word for word in (*names, *(each.email for each in readers), *made) if word in said] == []
        assert re.search(r"/(?:u|p|e|l|o|c)/[A-Za-z0-9]", said) is None
        assert "unsubscribe" not in said.lower()
        assert not answer.cookies


def test_nothing_is_loaded_from_elsewhere_and_no_script_runs() -> None:
    item = an_item(image_url="https://pictures.example.org/a.jpg")
    edition = a_sent_edition(items=[item])
    answer = get(page_of(edition))
    text = answer.content.decode()
    loaded = re.findall(r'<(?:img|script|link|iframe|source)\b[^>]*?\s(?:src|href)="([^"]+)"', text)
    assert all(each.startswith(("/", settings.BASE_URL)) for each in loaded)
    assert "pictures.example.org" not in text
    assert re.findall(r"<script(?! type=\"application/ld\+json\")", text) == []
    assert "default-src 'self'" in answer["Content-Security-Policy"]


def test_what_an_item_says_cannot_break_out_of_the_page() -> None:
    bad = "</script><script>alert(1)</script><!-- \u2028 & \"'"
    item = an_item(title=bad, summary=bad, url="javascript:alert(1)", url_key="x", image_alt=bad)
    text = text_of(a_sent_edition(items=[item], intro={"en": bad}))
    assert "<script>alert" not in text
    assert "javascript:" not in text
    inside = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    assert len(inside) == 1
    assert json.loads(inside[0])["hasPart"][0]["name"] == bad


def test_search_engines_and_networks_are_told_what_it_is() -> None:
    edition = a_sent_edition()
    text, base = text_of(edition), settings.BASE_URL
    assert f'<link rel="canonical" href="{base}{page_of(edition)}">' in text
    assert f'<link rel="alternate" hreflang="zh-Hans" href="{base}{page_of(edition, "zh")}">' in text
    assert f'hreflang="x-default" href="{base}/archive/weekly/{edition.number}"' in text
    assert text.count("x-default") == 1
    assert '<meta property="og:title"' in text
    assert '<meta property="og:locale:alternate" content="zh_CN">' in text
    assert '<meta name="twitter:card" content="summary">' in text
    assert 'name="robots"' not in text
    assert "X-Robots-Tag" not in get(page_of(edition))
    said = json.loads(re.findall(r"ld\+json\">(.*?)</script>", text)[0])
    assert (said["@type"], said["issueNumber"], said["inLanguage"]) == (
        "PublicationIssue",
        str(edition.number),
        "en",
    )


def test_search_engines_are_told_of_the_same_page_in_other_languages_by_its_own_address() -> None:
    a_sent_edition()
    base = settings.BASE_URL
    index, chinese = (get(f"/archive{query}").content.decode() for query in ("", "?language=zh"))
    assert f'<link rel="canonical" href="{base}/archive">' in index
    assert f'<link rel="canonical" href="{base}/archive?language=zh">' in chinese
    assert f'hreflang="x-default" href="{base}/archive"' in chinese
    listed, older = (get(f"/archive/weekly/en{query}").content.decode() for query in ("", "?before=5"))
    assert f'hreflang="x-default" href="{base}/archive/weekly"' in listed
    assert f'<link rel="canonical" href="{base}/archive/weekly/en?before=5">' in older
    assert 'rel="alternate" hreflang' not in older


def test_the_day_that_programs_read_is_the_day_that_is_shown() -> None:
    item = an_item(published_at=datetime(2026, 5, 31, 23, 0, tzinfo=UTC))
    edition = a_sent_edition(
        an_archived_digest(zone="Asia/Shanghai"),
        items=[item],
        due_at=datetime(2026, 5, 31, 23, 30, tzinfo=UTC),
    )
    for said in (text_of(edition), get("/archive/weekly/en").content.decode()):
        assert '<time datetime="2026-05-31T23:30:00+00:00">1 June 2026</time>' in said
    assert '<time datetime="2026-05-31T23:00:00+00:00">1 June 2026</time>' in text_of(edition)


def test_a_page_has_validators_and_may_be_kept_for_minutes() -> None:
    edition = a_sent_edition()
    answer = get(page_of(edition))
    assert answer["Cache-Control"] == "public, max-age=300"
    assert answer["Last-Modified"] == "Mon, 01 Jun 2026 13:00:00 GMT"
    again = get(page_of(edition), **{"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == answer["ETag"]


def test_a_withdrawal_reaches_who_asks_by_date_only() -> None:
    item = an_item()
    edition = a_sent_edition(items=[item])
    last = get(page_of(edition))["Last-Modified"]
    tagged(item)
    answer = get(page_of(edition), **{"If-Modified-Since": last})
    assert answer.status_code == 200
    assert "is left out" in answer.content.decode()


@pytest.mark.parametrize(
    ("asked", "language"), [("zh-CN,en;q=0.5", "zh"), ("en", "en"), ("fr", "en"), ("", "en"), ("ar", "en")]
)
def test_an_address_without_a_language_leads_to_the_reader_s(asked: str, language: str) -> None:
    edition = a_sent_edition()
    answer = get(f"/archive/weekly/{edition.number}", **{"Accept-Language": asked})
    assert (answer.status_code, answer["Location"]) == (302, page_of(edition, language))
    assert answer["Vary"] == "Accept-Language"


def test_a_digest_lists_its_editions_newest_first_a_page_at_a_time() -> None:
    digest = an_archived_digest()
    for n in range(1, 46):
        a_sent_edition(digest, items=[an_item(title=f"Story of week {n}.")], number=n)
    first = get("/archive/weekly/en").content.decode()
    assert [int(n) for n in re.findall(r"Story of week (\d+)\.</a>", first)] == list(range(45, 25, -1))
    assert 'href="?before=26"' in first
    second = get("/archive/weekly/en?before=26").content.decode()
    assert [int(n) for n in re.findall(r"Story of week (\d+)\.</a>", second)] == list(range(25, 5, -1))
    last = get("/archive/weekly/en?before=6").content.decode()
    assert [int(n) for n in re.findall(r"Story of week (\d+)\.</a>", last)] == [5, 4, 3, 2, 1]
    assert 'href="?before=' not in last


def test_a_list_says_of_each_edition_what_the_others_do_not_say() -> None:
    digest = an_archived_digest(intro={"en": "What moved in Almaria."})
    a_sent_edition(digest, items=[an_item(title="Rain"), an_item(title="A ship")])
    a_sent_edition(digest, items=[an_item(title="Wells", summary="Twelve opened.")])
    a_sent_edition(digest, intro={"en": "A word of our own."})
    listed = get("/archive/weekly/en").content.decode()
    for summary in ("A ship", "Twelve opened.", "A word of our own."):
        assert f"<p>{summary}</p>" in listed
    assert "What moved in Almaria." not in listed


def test_editions_are_found_by_words_of_their_items_in_any_script() -> None:
    digest = an_archived_digest()
    a_sent_edition(digest)
    a_sent_edition(digest, items=[an_item(title="Rain", summary="It rained on the coast.")])
    assert get("/archive/weekly/en?q=rained+COAST").content.decode().count("<h2>") == 1
    assert get("/archive/weekly/zh?q=水渠").content.decode().count("<h2>") == 1
    found = get("/archive/weekly/en?q=rained").content.decode()
    assert '<meta name="robots" content="noindex">' in found
    assert "No edition has" in get("/archive/weekly/en?q=%25").content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "/archive/weekly/en?before=0",
        "/archive/weekly/en?before=-4",
        "/archive/weekly/en?before=99999999999999999999",
        "/archive/weekly/en?before=x",
        "/archive/weekly/en?q=%00",
        "/archive/weekly/en?q=" + "a+" * 300,
        "/archive?language=%00",
    ],
)
def test_odd_questions_are_answered(address: str) -> None:
    a_sent_edition()
    assert get(address).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/archive/weekly/99999999999999999999",
        "/archive/weekly/0/en",
        "/archive/weekly/1/e%00n",
        "/archive/nothing",
        "/archive/weekly/xx",
        "/archive/weekly/xx/feed.atom",
        "/archive/../desk/",
    ],
)
def test_pages_that_never_were_are_not_found(address: str) -> None:
    a_sent_edition(number=1)
    assert get(address).status_code == 404


def test_a_page_that_is_not_there_speaks_the_language_of_its_address() -> None:
    a_sent_edition(number=1, state="cancelled")
    for address in ("/archive/weekly/1/ar", "/archive/nothing/ar", "/archive/weekly/9/ar"):
        assert '<html lang="ar" dir="rtl">' in get(address, **{"Accept-Language": "zh"}).content.decode()
    assert '<html lang="zh-Hans"' in get("/archive/nothing", **{"Accept-Language": "zh"}).content.decode()


def test_the_public_pages_only_read() -> None:
    edition = a_sent_edition()
    assert Client().post(page_of(edition)).status_code == 405
    assert Client().head(page_of(edition)).status_code == 200


def test_a_reader_s_own_web_version_leads_to_the_public_page() -> None:
    edition = a_sent_edition()
    html = "<html><head></head><body class='x'><p>Hello</p></body></html>"
    subscriber = a_subscriber(edition.digest).subscriber
    a_mail(edition, subscriber.email, subscriber=subscriber, variant=a_variant(edition, html=html))
    link = f"/e/{tokens.write(tokens.Purpose.WEB_VERSION, subscriber.pk, edition.pk)}"
    assert f'href="{settings.BASE_URL}{page_of(edition)}"' in get(link).content.decode()
    edition.digest.archived = False
    edition.digest.save()
    assert "/archive/" not in get(link).content.decode()
