"""Pictures in the desk: the address that shows one, and the forms on a post's page."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from publisher.social.drafting import draft_item
from publisher.social.media.fetching import fetch_due
from publisher.social.models import Post
from tests.builders import NOON, a_channel, an_item
from tests.drawn import PAGE, Site, a_stored_picture, drawn, notes_of
from tests.social.steps import a_draft, fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(picture_site: Site) -> Post:
    """A draft whose picture is there and has no description."""
    post = a_draft(image_url=picture_site.put("/a.png", drawn("red")), image_alt="")
    fetch_due(now=NOON, seconds=5)
    return fresh(post)


def do(client: Client, post: Post, deed: str, **values: Any) -> HttpResponse:
    """Press a button of the pictures: the fields stand in the form of the text, a new picture's apart from the others."""
    values.setdefault("version", fresh(post).version)
    for name in ("alt", "focus"):
        if name in values:
            values[f"{name}-{values['number']}" if "number" in values else f"new_{name}"] = values.pop(name)
    return client.post(f"/desk/posts/{post.pk}/pictures/{deed}", values, follow=True)


def text_of(response: HttpResponse) -> str:
    return response.content.decode()


def page_of(client: Client, post: Post) -> str:
    return text_of(client.get(f"/desk/posts/{post.pk}"))


def a_file(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("bridge.png", data, content_type="image/png")


def test_a_stored_picture_is_shown_small_and_may_be_kept_by_the_browser(
    desk: Client, picture_site: Site
) -> None:
    row = a_stored_picture(drawn(size=(3000, 1500), kind="JPEG", where=True))
    answer = desk.get(f"/desk/pictures/{row.digest}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    assert Image.open(io.BytesIO(answer.content)).size == (960, 480)
    assert notes_of(answer.content) == {}


@pytest.mark.parametrize("digest", ["0" * 64, "..%2Fsecret-key", "x"])
def test_what_is_not_stored_is_not_found(desk: Client, picture_site: Site, digest: str) -> None:
    assert desk.get(f"/desk/pictures/{digest}").status_code == 404


def test_other_pages_are_still_kept_by_no_browser(desk: Client) -> None:
    assert "no-store" in desk.get("/desk/posts")["Cache-Control"]


def test_the_page_shows_the_picture_and_what_is_to_be_done(desk: Client, post: Post) -> None:
    text = page_of(desk, post)
    assert f"/desk/pictures/{post.pictures[0]['digest']}" in text
    assert "it has no description" in text


def test_a_description_is_saved_and_lets_the_post_be_approved(desk: Client, post: Post) -> None:
    text = text_of(do(desk, post, "describe", number=0, alt="A red field", focus="top"))
    assert "The description is saved." in text
    assert 'alt="A red field"' in text
    assert fresh(post).pictures[0]["focus"] == [0.0, 0.7]
    assert '<option value="top" selected>' in text
    assert fresh(post).state == "draft"


def test_a_description_that_is_too_long_is_said_and_kept(desk: Client, picture_site: Site) -> None:
    channel = a_channel("mastodon", settings={"description_limit": 10})
    post = a_draft(channel, image_url=picture_site.put("/a.png", drawn()), image_alt="")
    text = text_of(do(desk, post, "describe", number=0, alt="A very long description"))
    assert "takes 10" in text
    assert ">A very long description</textarea>" in text


def test_what_was_typed_is_not_lost_when_it_is_refused(desk: Client, post: Post) -> None:
    answer = do(desk, post, "describe", number=0, alt="words " * 1000)
    assert answer.status_code == 422
    assert ">words words" in text_of(answer)


def test_what_was_typed_is_not_lost_when_somebody_was_quicker(desk: Client, post: Post) -> None:
    answer = do(desk, post, "describe", number=0, alt="My own words", version=fresh(post).version + 1)
    assert answer.status_code == 409
    assert "My own words" in text_of(answer)
    assert fresh(post).pictures[0]["alt"] == ""


def test_a_picture_is_left_out_and_put_back(desk: Client, post: Post) -> None:
    do(desk, post, "leave-out", number=0)
    assert (fresh(post).pictures, fresh(post).state) == ([], "draft")
    assert "Put the item's picture back" in page_of(desk, post)
    do(desk, post, "put-back")
    assert len(fresh(post).pictures) == 1


def test_a_picture_is_uploaded_with_its_description(desk: Client, post: Post) -> None:
    text = text_of(do(desk, post, "upload", file=a_file(drawn("blue")), alt="A blue bridge"))
    assert "The picture is uploaded." in text
    assert fresh(post).pictures[1]["alt"] == "A blue bridge"


@pytest.mark.parametrize(
    ("data", "why"), [(PAGE, "a web page"), (None, "No file was chosen"), (b"x" * 20_000_001, "20 MB")]
)
def test_a_file_that_is_not_taken_says_why_and_keeps_the_description(
    desk: Client, post: Post, data: bytes | None, why: str
) -> None:
    values = {} if data is None else {"file": a_file(data)}
    answer = do(desk, post, "upload", alt="A blue bridge", **values)
    assert answer.status_code == 422
    assert why in text_of(answer)
    assert ">A blue bridge</textarea>" in text_of(answer)
    assert len(fresh(post).pictures) == 1


def test_a_refused_picture_is_explained_on_both_pages_and_can_be_tried_again(
    desk: Client, picture_site: Site
) -> None:
    post = a_draft(image_url=picture_site.put("/a.png", PAGE), image_alt="A field")
    fetch_due(now=NOON, seconds=5)
    assert "It is a web page, and no picture." in page_of(desk, post)
    assert "It is a web page, and no picture." in text_of(desk.get(f"/desk/items/{post.item_id}"))
    picture_site.put("/a.png", drawn())
    text = text_of(do(desk, post, "again"))
    assert "is being fetched" in text
    fetch_due(now=fresh(post).item.picture.next_at, seconds=5)
    assert f"/desk/pictures/{fresh(post).pictures[0]['digest']}" in page_of(desk, post)
    assert f"/desk/pictures/{fresh(post).pictures[0]['digest']}" in text_of(
        desk.get(f"/desk/items/{post.item_id}")
    )


def test_a_picture_on_its_way_is_said_with_the_last_failure(desk: Client, picture_site: Site) -> None:
    post = a_draft(image_url=picture_site.put("/a.png", 503), image_alt="A field")
    fetch_due(now=NOON, seconds=5)
    assert "answered 503" in page_of(desk, post)
    assert "answered 503" in text_of(desk.get(f"/desk/items/{post.item_id}"))


def test_a_network_without_pictures_has_no_such_forms(desk: Client) -> None:
    a_channel("webhook")
    item = an_item(image_url="https://a.example/a.png")
    draft_item(item.pk, now=NOON)
    assert "Upload" not in page_of(desk, Post.objects.get(item=item))


def test_a_sent_post_shows_its_pictures_and_no_forms(desk: Client, post: Post) -> None:
    Post.objects.filter(pk=post.pk).update(state="sent")
    text = page_of(desk, post)
    assert f"/desk/pictures/{post.pictures[0]['digest']}" in text
    assert "Save the description" not in text
    assert do(desk, post, "leave-out", number=0).status_code == 422


@pytest.mark.parametrize("number", ["", "x", "-1", "99999", "²"])
def test_a_form_that_was_tampered_with_changes_nothing(desk: Client, post: Post, number: str) -> None:
    assert do(desk, post, "describe", number=number, alt="x").status_code == 422
    assert fresh(post).pictures[0]["alt"] == ""


def test_a_text_that_is_being_written_outlives_what_is_done_to_pictures(desk: Client, post: Post) -> None:
    answer = do(desk, post, "describe", number=0, alt="A red field", text=["Half written"])
    assert ">Half written</textarea>" in text_of(answer)
    assert "not saved yet" in text_of(answer)
    assert fresh(post).pictures[0]["alt"] == "A red field"
    assert fresh(post).parts != [{"text": "Half written"}]
    answer = do(desk, post, "upload", file=a_file(drawn("blue")), alt="A blue bridge", text=["Half written"])
    assert ">Half written</textarea>" in text_of(answer)
    answer = do(desk, post, "leave-out", number=0, **{"text": ["Half written"], "alt-1": "A bluer bridge"})
    assert ">Half written</textarea>" in text_of(answer)
    assert ">A bluer bridge</textarea>" in text_of(answer)
    assert [each["alt"] for each in fresh(post).pictures] == ["A blue bridge"]


def test_a_text_that_is_being_written_outlives_a_refused_picture(desk: Client, post: Post) -> None:
    answer = do(desk, post, "upload", alt="x", text=["Half written"])
    assert answer.status_code == 422
    assert ">Half written</textarea>" in text_of(answer)


def press(client: Client, post: Post, **values: Any) -> HttpResponse:
    """“Save”, or “Save and approve”, with the fields of the whole form."""
    sent = {"version": fresh(post).version, "text": [part["text"] for part in post.parts], **values}
    return client.post(f"/desk/posts/{post.pk}/edit", sent, follow=True)


def test_saving_a_post_saves_what_was_typed_of_its_pictures(desk: Client, post: Post) -> None:
    press(desk, post, **{"alt-0": "A red bridge", "focus-0": "top"})
    (picture,) = fresh(post).pictures
    assert (picture["alt"], picture["focus"]) == ("A red bridge", [0.0, 0.7])


def test_saving_and_approving_approves_what_was_typed_of_its_pictures(desk: Client, post: Post) -> None:
    press(desk, post, then="approve", **{"alt-0": "A red bridge", "focus-0": ""})
    assert (fresh(post).state, fresh(post).pictures[0]["alt"]) == ("approved", "A red bridge")


def test_a_point_that_is_no_choice_of_the_page_stays_when_the_post_is_saved(desk: Client, post: Post) -> None:
    shown = [{**post.pictures[0], "alt": "A red bridge", "focus": [0.3, 0.2]}]
    Post.objects.filter(pk=post.pk).update(pictures=shown)
    press(desk, post, **{"alt-0": "A red  bridge", "focus-0": ""})
    assert (fresh(post).pictures, fresh(post).version) == (shown, post.version)
    sent = {
        f"version-{post.pk}": post.version,
        f"text-{post.pk}": "Other words.",
        f"alt-{post.pk}-0": "A red bridge",
    }
    desk.post(
        f"/desk/items/{post.item_id}/compose/act", {**sent, f"focus-{post.pk}-0": "", "do": f"save:{post.pk}"}
    )
    assert (fresh(post).parts, fresh(post).pictures) == ([{"text": "Other words."}], shown)


def test_a_description_that_somebody_was_quicker_than_is_shown_to_be_copied(desk: Client, post: Post) -> None:
    seen = post.version
    press(desk, post, text=["Quicker."])
    answer = press(desk, post, version=seen, **{"alt-0": "A long description", "focus-0": ""})
    assert answer.status_code == 409
    assert "A long description" in text_of(answer)
