"""Uploading a picture for a post by the API: a form with the file, what it shows and the point that no crop may lose."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from publisher.core.models import AuditEntry
from publisher.social.models import Channel, Post
from tests.api.steps import BASE, Caller, caller, data, problem
from tests.desk.builders import a_post
from tests.drawn import PAGE, drawn

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]


@pytest.fixture
def program(db: None) -> Caller:
    return caller("write", "see_desk")


def a_file(data: bytes = b"") -> SimpleUploadedFile:
    return SimpleUploadedFile("field.png", data or drawn("green"), content_type="image/png")


def send(program: Caller, post: Post, fields: dict[str, Any], **headers: str) -> Any:
    """As `curl -F` does it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named["Authorization"] = f"Bearer {program.secret}"
    return Client().post(f"{BASE}/posts/{post.pk}/pictures", fields, headers=named)


def test_a_picture_is_uploaded_with_what_it_shows_and_its_focus(program: Caller) -> None:
    post = a_post()
    fields = {"version": "1", "alt": "A farmer in a field", "focus": "0.5,-0.25", "file": a_file()}
    made = data(send(program, post, fields), 201)
    assert made["pictures"] == [{"number": 0, "alt": "A farmer in a field", "focus": [0.5, -0.25], "url": ""}]
    assert made["version"] == 2
    entry = AuditEntry.objects.get(action="post.picture_uploaded")
    assert (entry.actor_name, entry.object_id) == ("mira", str(post.pk))
    again = {**fields, "version": "2", "alt": "A bridge", "file": a_file(drawn("blue"))}
    assert [each["alt"] for each in data(send(program, post, again), 201)["pictures"]] == [
        "A farmer in a field",
        "A bridge",
    ]
    changed = data(
        program.post(f"/posts/{post.pk}/pictures/1/describe", {"version": 3, "alt": "A red bridge"})
    )
    assert changed["pictures"][1]["alt"] == "A red bridge"
    data(program.post(f"/posts/{post.pk}/pictures/0/leave-out", {"version": 4}))
    assert [each["alt"] for each in Post.objects.get(pk=post.pk).pictures] == ["A red bridge"]


def test_it_goes_against_the_version_that_was_seen(program: Caller) -> None:
    post = a_post()
    Post.objects.update(version=4)
    fields = {"alt": "A field"}
    problem(send(program, post, {**fields, "file": a_file()}), 428, "version_missing")
    problem(send(program, post, {**fields, "file": a_file(), "version": "3"}), 409, "stale")
    problem(send(program, post, {**fields, "file": a_file()}, If_Match='"3"'), 412, "stale")
    assert data(send(program, post, {**fields, "file": a_file()}, If_Match='"4"'), 201)["version"] == 5


def test_the_same_form_again_is_one_picture_whatever_its_boundary(program: Caller) -> None:
    post = a_post()
    fields = {"version": "1", "alt": "A field"}
    first = send(program, post, {**fields, "file": a_file()}, Idempotency_Key="upload-1")
    second = send(program, post, {"file": a_file(), **fields}, Idempotency_Key="upload-1")
    assert data(second, 201) == data(first, 201)
    assert second["Idempotent-Replayed"] == "true"
    assert len(Post.objects.get(pk=post.pk).pictures) == 1
    other = send(program, post, {**fields, "file": a_file(drawn("blue"))}, Idempotency_Key="upload-1")
    problem(other, 422, "idempotency_key_reused")


def test_the_desks_reasons_refuse_what_is_no_picture(program: Caller) -> None:
    post = a_post()
    given = {"version": "1", "alt": "A field"}
    assert (
        "not taken" in problem(send(program, post, {**given, "file": a_file(PAGE)}), 422, "refused")["detail"]
    )
    Channel.objects.update(alt_required=True)
    bare = {"version": "1", "file": a_file()}
    assert "no description" in problem(send(program, post, bare), 422, "refused")["detail"]
    assert Post.objects.get(pk=post.pk).pictures == []


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, "file"),
        ({"file": "no file"}, "file"),
        ({"file": 1, "version": "three"}, "version"),
        ({"file": 1, "focus": "2,0"}, "focus"),
        ({"file": 1, "alt": "x" * 2001}, "alt"),
        ({"file": 1, "caption": "A field"}, "caption"),
    ],
)
def test_what_does_not_fit_is_told_by_its_field(program: Caller, fields: dict[str, Any], named: str) -> None:
    sent = {name: a_file() if value == 1 else value for name, value in fields.items()}
    body = problem(send(program, a_post(), sent), 422, "invalid")
    assert [each["name"] for each in body["fields"]] == [named], body


def test_a_form_that_cannot_be_read_is_refused(program: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/posts/{a_post().pk}/pictures"
    problem(program.post(path, {"version": 1}), 415, "not_form_type")
    problem(program.post(path, b"--x", content_type="multipart/form-data"), 400, "not_a_form")
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n'
    broken = head + b"Content-Transfer-Encoding: base64\r\n\r\n!\r\n--x--"
    problem(program.post(path, broken, content_type="multipart/form-data; boundary=x"), 400, "not_a_form")
    twice = b'--x\r\nContent-Disposition: form-data; name="alt"\r\n\r\na\r\n' * 2 + b"--x--"
    problem(program.post(path, twice, content_type="multipart/form-data; boundary=x"), 422, "invalid")
    monkeypatch.setattr("publisher.api.v1.uploads.LARGEST", 100)
    monkeypatch.setattr("publisher.api.v1.uploads.AROUND", 10)
    problem(program.post(path, twice * 2, content_type="multipart/form-data; boundary=x"), 413, "too_large")
