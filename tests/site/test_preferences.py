"""Choosing what one subscription holds."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from publisher.audience import subscriptions, tokens
from publisher.audience.models import Selection, Subscription
from publisher.items.models import Topic
from tests.builders import NOON, a_digest, a_subscriber, a_topic

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few_topics(db: None) -> None:
    Topic.objects.all().delete()


def address_of(subscription: Subscription) -> str:
    link = (subscription.subscriber_id, subscription.digest_id)
    return f"/p/{tokens.write(tokens.Purpose.PREFERENCES, *link)}"


def save(subscription: Subscription, **values: Any) -> tuple[int, Selection]:
    status = Client(enforce_csrf_checks=True).post(address_of(subscription), values).status_code
    subscription.refresh_from_db()
    return status, subscription.selection


def test_the_form_shows_what_is_chosen_now() -> None:
    topic = a_topic("water", name_en="Water", name_zh="水")
    subscription = a_subscriber(a_digest(), kinds=["speech"], topics=[topic.pk])
    text = Client().get(address_of(subscription)).content.decode()
    assert text.count(" checked") == 3
    assert 'value="speech" checked' in text
    assert f'name="topic" value="{topic.pk}" checked' in text


def test_saving_changes_language_kinds_and_topics() -> None:
    water, fields = a_topic("water"), a_topic("fields")
    subscription = a_subscriber(a_digest(), region="CN")
    status, selection = save(subscription, language="zh", kind=["story", "video"], topic=[str(water.pk)])
    assert status == 200
    assert (selection.language, selection.kinds, selection.topics, selection.region) == (
        "zh",
        ["story", "video"],
        [water.pk],
        "CN",
    )
    assert fields.pk not in selection.topics


def test_everything_ticked_is_the_same_as_nothing_ticked_so_that_new_kinds_come_too() -> None:
    topic = a_topic("water")
    subscription = a_subscriber(a_digest(kinds=["story", "video"]))
    _, selection = save(subscription, language="en", kind=["story", "video"], topic=[str(topic.pk)])
    assert (selection.kinds, selection.topics) == ([], [])


def test_what_the_digest_does_not_offer_is_left_out() -> None:
    offered, other = a_topic("water"), a_topic("fields")
    a_topic("soil")
    digest = a_digest(kinds=["story", "video"], topics=[offered.pk, a_topic("rain").pk])
    _, selection = save(
        a_subscriber(digest),
        language="en",
        kind=["story", "podcast", "x"],
        topic=[str(other.pk), str(offered.pk), "x"],
    )
    assert (selection.kinds, selection.topics) == (["story"], [offered.pk])


@pytest.mark.parametrize("language", ["", "fr", "\x00"])
def test_a_language_that_is_not_offered_is_refused_and_nothing_changes(language: str) -> None:
    subscription = a_subscriber(a_digest())
    status, selection = save(subscription, language=language)
    assert (status, selection.language) == (422, "en")


def test_the_answer_is_in_the_language_just_chosen() -> None:
    subscription = a_subscriber(a_digest())
    text = Client().post(address_of(subscription), {"language": "zh"}).content.decode()
    assert "已保存" in text


def test_one_who_has_left_is_told_so_and_stays_away() -> None:
    subscription = a_subscriber(a_digest())
    subscriptions.leave(subscription.subscriber_id, subscription.digest_id, how="test", now=NOON)
    text = Client().post(address_of(subscription), {"language": "zh"}).content.decode()
    subscription.refresh_from_db()
    assert "not subscribed" in text
    assert (subscription.state, subscription.selection.language) == ("ended", "en")


def test_a_link_that_is_not_ours_is_answered_calmly() -> None:
    assert Client().get("/p/forged").status_code == 404


def test_opening_the_form_changes_nothing() -> None:
    subscription = a_subscriber(a_digest(), kinds=["speech"])
    before = subscription.selection_id
    Client().get(address_of(subscription))
    subscription.refresh_from_db()
    assert subscription.selection_id == before


def test_the_link_of_a_test_or_copy_says_that_there_is_nothing_to_choose() -> None:
    digest = a_digest()
    link = f"/p/{tokens.write(tokens.Purpose.PREFERENCES, tokens.NOBODY, digest.pk)}"
    for answer in (Client().get(link), Client().post(link, {"language": "zh"})):
        assert (answer.status_code, "not subscribed" in answer.content.decode()) == (200, True)
    assert not Subscription.objects.exists()
