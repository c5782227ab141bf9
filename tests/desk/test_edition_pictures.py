"""Pictures in the preview of a mail: from us, whatever their host is, and nothing else is loaded."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from publisher.desk.editions import pictures
from publisher.digests import webview
from publisher.digests.models import Edition
from publisher.social.models import ItemPicture
from tests.builders import NOON, an_item
from tests.desk.builders import a_revision, a_variant, an_edition
from tests.drawn import PAGE, SVG, Site, a_stored_picture, bomb, drawn, notes_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_was_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_silent", {})


def shown(client: Client, edition: Edition, url: str) -> HttpResponse:
    """The picture as the preview of its edition loads it."""
    return client.get(f"/desk/editions/{edition.pk}/pictures/{pictures.name_of(url)}")


def preview(client: Client, edition: Edition, html: str, query: str = "") -> HttpResponse:
    variant = a_variant(edition, html=html)
    return client.get(f"/desk/editions/{edition.pk}/variants/{variant.pk}{query}")


def test_the_preview_loads_its_pictures_from_here_and_is_locked_to_that(desk: Client) -> None:
    url = "https://office.example.org/a.jpg?size=2&x=1"
    edition = an_edition(items=[an_item(image_url=url)])
    foreign = "https://tracker.example/1.gif"
    answer = preview(
        desk,
        edition,
        f'<p style="background:url({foreign})">a</p><img alt="src=x > y" src="{url.replace("&", "&amp;")}" width=3>'
        f'<img srcset="{foreign} 2x" src={foreign} alt="t">',
    )
    folder = f"/desk/editions/{edition.pk}/pictures/"
    text = answer.content.decode()
    assert f'<img alt="src=x > y" src="{folder}{pictures.name_of(url)}" width=3>' in text
    assert '<img alt="t">' in text
    policy = dict(part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["img-src"] == f"http://testserver{folder}"
    assert policy["sandbox"] == "allow-same-origin"
    assert "script" not in answer["Content-Security-Policy"]
    assert answer["X-DNS-Prefetch-Control"] == "off"


def test_with_images_off_none_is_loaded_at_all(desk: Client) -> None:
    url = "https://office.example.org/a.jpg"
    edition = an_edition(items=[an_item(image_url=url)])
    answer = preview(desk, edition, f'<img src="{url}" alt="A well">', "?look=images-off")
    assert answer.content.decode() == '<img alt="A well">'
    assert "img-src 'none'" in answer["Content-Security-Policy"]


def test_a_picture_that_is_stored_is_shown_without_asking_its_host(desk: Client, picture_site: Site) -> None:
    url = picture_site.put("/a.png", drawn("red"))
    item = an_item(image_url=url)
    stored = a_stored_picture(drawn("blue", size=(3000, 1500), kind="JPEG", where=True))
    ItemPicture.objects.create(item=item, url=url, state="stored", stored=stored, next_at=NOON)
    answer = shown(desk, an_edition(items=[item]), url)
    made = Image.open(io.BytesIO(answer.content))
    assert (answer["Content-Type"], made.size, notes_of(answer.content)) == ("image/jpeg", (1200, 600), {})
    assert picture_site.asked == []
    assert answer["Cache-Control"].startswith("private")


def test_any_other_is_fetched_and_encoded_anew(desk: Client, picture_site: Site) -> None:
    url = picture_site.put("/a.jpg", drawn(kind="JPEG", where=True))
    answer = shown(desk, an_edition(items=[an_item(image_url=url)]), url)
    assert (answer["Content-Type"], notes_of(answer.content)) == ("image/jpeg", {})
    assert picture_site.asked == ["/a.jpg"]
    assert not ItemPicture.objects.exists(), "looking is not keeping"


@pytest.mark.parametrize("what", [404, 503, PAGE, SVG, bomb(), "http://10.0.0.1/a.png"])
def test_what_cannot_be_shown_is_a_grey_field_and_never_what_was_answered(
    desk: Client, picture_site: Site, what: Any
) -> None:
    url = picture_site.put("/a.png", what)
    answer = shown(desk, an_edition(items=[an_item(image_url=url)]), url)
    assert (answer.status_code, answer.content) == (200, pictures.PLACEHOLDER)
    assert answer["Content-Security-Policy"] == "default-src 'none'"


def test_a_host_that_does_not_answer_is_left_alone_for_a_while(
    desk: Client, picture_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [picture_site.put(f"/{n}.png", 503) for n in range(3)]
    edition = an_edition(items=[an_item(image_url=url) for url in urls])
    for url in urls:
        shown(desk, edition, url)
    assert picture_site.asked == ["/0.png"]
    monkeypatch.setattr(pictures, "_silent", {urlsplit(urls[0]).netloc: 0.0})
    shown(desk, edition, urls[1])
    assert picture_site.asked == ["/0.png", "/1.png"]


def test_only_pictures_of_the_editions_own_items_are_fetched(desk: Client, picture_site: Site) -> None:
    url = picture_site.put("/a.png", drawn())
    an_edition(items=[an_item(image_url=url)])
    assert shown(desk, an_edition(items=[an_item()]), url).status_code == 404
    assert picture_site.asked == []


def test_the_picture_of_the_revision_that_left_is_shown_after_the_item_has_another(
    desk: Client, picture_site: Site
) -> None:
    was, now = picture_site.put("/was.png", drawn("red")), picture_site.put("/now.png", drawn("blue"))
    item = an_item(image_url=now)
    edition = an_edition(items=[item])
    a_revision(item, item.revision, {"image_url": was}, ["image_url"])
    for url in (was, now):
        assert shown(desk, edition, url)["Content-Type"] == "image/jpeg"


def test_who_is_not_staff_gets_no_picture(client: Client, outsider: Client, picture_site: Site) -> None:
    url = picture_site.put("/a.png", drawn())
    edition = an_edition(items=[an_item(image_url=url)])
    assert (shown(client, edition, url).status_code, shown(outsider, edition, url).status_code) == (302, 403)
    assert picture_site.asked == []


def test_texts_that_look_like_pictures_stay_as_they_are() -> None:
    html = '<p>img src="x"</p><IMG SRC=\'a&amp;b\' Alt=\'1 > 2\'><imgs src="y"><img\n src="c"/>'
    assert webview.with_pictures_at(html, lambda url: {"a&b": "/n?x&y", "c": ""}[url]) == (
        '<p>img src="x"</p><IMG src="/n?x&amp;y" Alt=\'1 > 2\'><imgs src="y"><img/>'
    )


def test_asking_for_pictures_costs_the_same_few_queries_however_many_items(
    django_assert_max_num_queries: Any,
) -> None:
    items = [an_item(image_url=f"https://office.example.org/{n}.jpg") for n in range(30)]
    edition = an_edition(items=items)
    with django_assert_max_num_queries(3):
        pictures.from_here('<img src="https://office.example.org/7.jpg">', edition)
