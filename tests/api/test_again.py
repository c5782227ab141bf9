"""Sending again and drafting for one more channel by the API."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.core import clock
from publisher.delivery.models import Delivery
from publisher.social.models import Post
from tests.api.steps import Caller, caller, data, problem
from tests.builders import NOON, a_channel, an_item
from tests.delivery.test_again import a_sent_edition, failed
from tests.desk.builders import a_post

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]


@pytest.fixture
def program(db: None) -> Caller:
    return caller("see_desk", "publish", "write")


def test_a_failed_mail_is_tried_again_once(program: Caller) -> None:
    row = failed(a_sent_edition())
    seen = data(program.get(f"/deliveries/{row.pk}"))
    path = f"/deliveries/{row.pk}/retry"
    problem(program.post(path, {"fence": seen["fence"] + 1}), 422, "refused")
    assert data(program.post(path, {"fence": seen["fence"]}))["state"] == "queued"
    problem(program.post(path, {"fence": seen["fence"]}), 422, "refused")


def test_a_mail_that_left_is_sent_once_more_as_a_delivery_of_its_own(program: Caller) -> None:
    a_sent_edition()
    row = Delivery.objects.get()
    Delivery.objects.update(sent_at=clock.now(), settled_at=clock.now())
    path = f"/deliveries/{row.pk}/resend"
    copy = data(program.post(path, {"copies": 0}), 201)
    assert (copy["state"], copy["id"] != row.pk) == ("queued", True)
    problem(program.post(path, {"copies": 0}), 422, "refused")
    assert data(program.get(f"/deliveries/{row.pk}"))["copies"] == 1
    assert Delivery.objects.count() == 2


def test_an_item_is_drafted_for_one_more_channel(program: Caller) -> None:
    item, channel = an_item(at=NOON), a_channel(kinds=["video"])
    made = data(program.post(f"/items/{item.pk}/draft", {"channel_id": channel.pk}), 201)
    assert (made["state"], made["channel_id"], made["item_id"]) == ("draft", channel.pk, item.pk)
    problem(program.post(f"/items/{item.pk}/draft", {"channel_id": channel.pk}), 422, "refused")
    problem(program.post(f"/items/{item.pk}/draft", {"channel_id": channel.pk + 99}), 422, "refused")
    assert Post.objects.get().channel_id == channel.pk


def test_what_stands_against_a_post_is_told_and_its_links_are_asked(
    program: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = a_post(text="x" * 5_000)
    found = data(program.get(f"/posts/{post.pk}/preflight"))["findings"]
    assert "block" in [each["level"] for each in found]
    asked: list[Any] = []
    monkeypatch.setattr(
        "publisher.delivery.preflight.check_links", lambda texts: asked.append(list(texts)) or {}
    )
    data(program.post(f"/posts/{post.pk}/look-over"))
    assert asked == [["x" * 5_000]]
