"""A reader's own page: what they choose is saved, what cannot be is marked, and nothing that they typed is lost."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.audience import pauses, subscriptions, tokens
from publisher.audience.models import Consent, ReaderLetter, Selection, Subscriber, Subscription, Suppression
from publisher.core import clock
from publisher.digests.models import Digest
from publisher.items import topic_sync
from publisher.items.models import Topic
from tests.builders import NOON, a_digest, a_subscriber, a_topic

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few_topics(db: None) -> None:
    Topic.objects.all().delete()


def token_of(subscription: Subscription) -> str:
    return tokens.write(tokens.Purpose.PREFERENCES, subscription.subscriber_id, subscription.digest_id)


def address_of(subscription: Subscription) -> str:
    return f"/p/{token_of(subscription)}"


def page(subscription: Subscription) -> str:
    return Client().get(address_of(subscription)).content.decode()


def fields(digest: Digest, **values: Any) -> dict[str, Any]:
    """What a browser sends of one newsletter: its fields by their names without the digest's number."""
    return {"shown": str(digest.pk)} | {f"{name}-{digest.pk}": value for name, value in values.items()}


def post(subscription: Subscription, **values: Any) -> tuple[int, str]:
    """What the page answers to a form without any cookie."""
    answer = Client(enforce_csrf_checks=True).post(address_of(subscription), values)
    subscription.refresh_from_db()
    return answer.status_code, answer.content.decode()


def save(subscription: Subscription, **values: Any) -> tuple[int, Selection]:
    digest = Digest.objects.get(pk=subscription.digest_id)
    status, _text = post(subscription, **fields(digest, **values))
    return status, subscription.selection


def test_the_page_shows_what_is_chosen_now() -> None:
    topic, _other = a_topic("water", name_en="Water", name_zh="水"), a_topic("soil")
    subscription = a_subscriber(a_digest(), kinds=["speech"], topics=[topic.pk], region="CN")
    text = page(subscription)
    assert text.count(" checked") == 3
    assert 'value="speech" checked' in text
    assert f'name="topic-{subscription.digest_id}" value="{topic.pk}" checked' in text
    assert '<option value="CN" selected>China</option>' in text


@pytest.mark.parametrize("language", ["en", "ar"])
def test_topics_stand_below_what_they_are_in_the_readers_language(language: str) -> None:
    topic_sync.sync()
    digest = a_digest(languages=["en", "ar"])
    text = page(a_subscriber(digest, language=language))
    said = {
        "en": (
            "Sustainable Development Goals",
            "Goal 1: No poverty",
            "Agencies",
            "World Health Organization",
        ),
        "ar": ("أهداف التنمية المستدامة", "الهدف 1: القضاء على الفقر", "الوكالات", "منظمة الصحة العالمية"),
    }[language]
    places = [text.index(f">{each}<") for each in said]
    assert places == sorted(places)
    assert f'<span lang="{language}" dir="auto">{said[1]}</span>' in text


def test_topics_of_one_kind_need_no_heading() -> None:
    topics = [a_topic("water"), a_topic("soil")]
    digest = a_digest(topics=[each.pk for each in topics])
    assert "Sustainable Development Goals" not in page(a_subscriber(digest))


def test_saving_changes_language_kinds_topics_and_region() -> None:
    water, fields_ = a_topic("water"), a_topic("fields")
    subscription = a_subscriber(a_digest(), region="CN")
    status, selection = save(
        subscription, language="zh", kind=["story", "video"], topic=[str(water.pk)], region="KE"
    )
    assert status == 200
    assert (selection.language, selection.kinds, selection.topics, selection.region) == (
        "zh",
        ["story", "video"],
        [water.pk],
        "KE",
    )
    assert fields_.pk not in selection.topics
    assert Consent.objects.latest("pk").how == "preference page: language, topics, kinds, region"


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


@pytest.mark.parametrize(
    ("wrong", "marked"),
    [
        ({"language": "fr"}, "error-language"),
        ({"language": "\x00"}, "error-language"),
        ({"region": "Nowhere"}, "error-region"),
        ({"rhythm": "999"}, "error-rhythm"),
        ({"rhythm": "\x00"}, "error-rhythm"),
    ],
)
def test_what_cannot_be_is_marked_and_nothing_is_saved_or_lost(wrong: dict[str, str], marked: str) -> None:
    digest = a_digest(family="news")
    a_digest(family="news", rhythm="monthly")
    subscription = a_subscriber(digest)
    given = fields(digest, kind=["speech"], leave="", **{"language": "zh", **wrong})
    status, text = post(subscription, **given, zone="Asia/Shanghai", pause="4")
    assert (status, subscription.selection.language, subscription.state) == (422, "en", "active")
    assert f'id="{marked}-{digest.pk}"' in text
    assert f'aria-describedby="{marked}-{digest.pk}"' in text
    assert 'value="speech" checked' in text
    assert '<option value="Asia/Shanghai" selected>' in text
    assert '<option value="4" selected>' in text
    assert "Nothing was saved" in text


@pytest.mark.parametrize(
    "wrong", [{"zone": "Mars/Base"}, {"pause": "5"}, {"pause": "x"}, {"pause": "9" * 50}]
)
def test_a_zone_or_pause_that_cannot_be_is_marked(wrong: dict[str, str]) -> None:
    subscription = a_subscriber(a_digest())
    digest = Digest.objects.get()
    status, text = post(subscription, **fields(digest, language="zh"), **wrong)
    assert (status, subscription.selection.language) == (422, "en")
    assert f'id="error-{next(iter(wrong))}"' in text


def test_the_answer_is_in_the_language_just_chosen() -> None:
    subscription = a_subscriber(a_digest())
    digest = Digest.objects.get()
    assert "已保存" in post(subscription, **fields(digest, language="zh"))[1]


def test_all_newsletters_stand_on_one_page_and_those_open_to_all_can_be_added() -> None:
    mine, other, offered = a_digest(), a_digest(), a_digest(open_to_all=True, title={"en": "The month"})
    a_digest(title={"en": "Closed"})
    a_digest(title={"en": "Off"}, open_to_all=True, enabled=False)
    subscription = a_subscriber(mine, "lin@example.net")
    second = a_subscriber(other, "lin@example.net")
    text = page(subscription)
    assert re.findall(r'name="shown" value="(\d+)"', text) == [
        str(each.pk) for each in (mine, other, offered)
    ]
    assert "The month" in text
    assert "Closed" not in text
    assert "Off" not in text
    given = fields(mine, language="en") | fields(offered, add="yes", language="zh")
    given |= {f"language-{other.pk}": "zh", "shown": [str(mine.pk), str(offered.pk)]}
    post(subscription, **given)
    second.refresh_from_db()
    assert second.selection.language == "en", "it was not on the page that was sent"
    added = Subscription.objects.get(digest_id=offered.pk)
    assert (added.subscriber_id, added.state, added.selection.language) == (
        subscription.subscriber_id,
        "active",
        "zh",
    )
    assert Consent.objects.filter(digest_id=offered.pk, action="given", how="preference page").count() == 1


def test_what_is_not_ticked_to_be_added_is_not_added_whatever_else_its_fields_say() -> None:
    mine, offered = a_digest(), a_digest(open_to_all=True)
    subscription = a_subscriber(mine)
    status, _ = post(subscription, **(fields(offered, language="xx")))
    assert (status, Subscription.objects.count()) == (200, 1)


def test_one_that_is_closed_to_the_public_cannot_be_added() -> None:
    mine, closed = a_digest(), a_digest()
    subscription = a_subscriber(mine)
    post(subscription, **fields(closed, add="yes", language="en"))
    assert Subscription.objects.count() == 1


def test_leaving_one_keeps_the_others() -> None:
    mine, other = a_digest(), a_digest()
    subscription, second = (a_subscriber(each, "lin@example.net") for each in (mine, other))
    assert save(subscription, language="fr", leave="yes")[0] == 200, "what is left needs no language"
    second.refresh_from_db()
    assert (subscription.state, second.state) == ("ended", "active")


def test_a_reader_chooses_another_rhythm_of_the_newsletter() -> None:
    weekly, monthly = (
        a_digest(family="news"),
        a_digest(family="news", rhythm="monthly", languages=["zh-Hans", "en"]),
    )
    a_digest(family="news", rhythm="daily", enabled=False)
    subscription = a_subscriber(weekly)
    text = page(subscription)
    assert re.findall(r'name="rhythm-\d+" value="(\d+)"', text) == [str(weekly.pk), str(monthly.pk)]
    status, _ = save(subscription, language="zh", rhythm=str(monthly.pk), kind=["speech"])
    new = Subscription.objects.get(digest_id=monthly.pk)
    assert (status, subscription.state, new.state) == (200, "ended", "active")
    assert (new.selection.language, new.selection.kinds) == ("zh-Hans", ["speech"])
    assert re.findall(r'name="shown" value="(\d+)"', page(subscription)) == [str(monthly.pk)]


def test_of_a_family_one_is_offered_and_none_to_whom_has_one() -> None:
    mine = a_digest()
    weekly, daily = (
        a_digest(family="news", open_to_all=True),
        a_digest(family="news", rhythm="daily", open_to_all=True),
    )
    a_digest(family="news", rhythm="monthly")
    subscription = a_subscriber(mine, "lin@example.net")
    text = page(subscription)
    assert re.findall(r'name="shown" value="(\d+)"', text) == [str(mine.pk), str(weekly.pk)]
    assert re.findall(r'name="rhythm-\d+" value="(\d+)"', text) == [str(daily.pk), str(weekly.pk)]
    post(subscription, **fields(weekly, add="yes", language="en", rhythm=str(daily.pk)))
    assert Subscription.objects.filter(digest_id=daily.pk, state="active").exists()
    assert len(re.findall(r'name="shown"', page(subscription))) == 2


def test_a_pause_is_begun_shown_and_ended() -> None:
    subscription = a_subscriber(a_digest())
    digest = Digest.objects.get()
    post(subscription, **fields(digest, language="en"), pause="2")
    assert subscription.state == "paused"
    assert subscription.paused_until
    assert timedelta(days=13) < subscription.paused_until - clock.now() <= timedelta(days=14)
    assert "Paused until" in page(subscription)
    post(subscription, **fields(digest, language="zh"), pause="")
    assert (subscription.state, subscription.selection.language) == ("paused", "zh")
    post(subscription, **fields(digest, language="zh"), pause="0")
    assert subscription.state == "active"


def test_the_time_zone_is_the_reader_s() -> None:
    subscription = a_subscriber(a_digest())
    digest = Digest.objects.get()
    post(subscription, **fields(digest, language="en"), zone="Africa/Nairobi")
    assert Subscriber.objects.get().zone == "Africa/Nairobi"
    assert '<option value="Africa/Nairobi" selected>Nairobi</option>' in page(subscription)
    post(subscription, **fields(digest, language="en"))
    assert Subscriber.objects.get().zone == "Africa/Nairobi", "a form without the field leaves it"


def test_one_who_has_left_everything_sees_so_and_may_come_back_to_what_is_open() -> None:
    digest = a_digest(open_to_all=True)
    subscription = a_subscriber(digest)
    subscriptions.leave(subscription.subscriber_id, subscription.digest_id, how="test", now=NOON)
    assert "At present you are subscribed to nothing" in page(subscription)
    post(subscription, **fields(digest, add="yes", language="en"))
    assert (subscription.state, Subscriber.objects.get().state) == ("active", "active")


def test_a_suppressed_address_is_told_to_whom_to_write() -> None:
    subscription = a_subscriber(a_digest(reply_to="desk@office.example.org"))
    key = subscription.subscriber.email_key
    assert "nothing is sent to your address" not in page(subscription)
    Suppression.objects.create(email_key=key, reason="bounced", at=NOON)
    text = page(subscription)
    assert "nothing is sent to your address" in text
    assert "desk@office.example.org" in text


def test_another_address_is_asked_for_and_both_are_written_to() -> None:
    subscription = a_subscriber(a_digest(), "lin@example.net")
    status, text = post(subscription, do="address", email=" lin@example.org ")
    assert (status, "writing to both addresses" in text) == (200, True)
    assert set(ReaderLetter.objects.values_list("to", flat=True)) == {"lin@example.net", "lin@example.org"}
    assert "lin@example.net" not in text, "a forwarded link tells nobody the address"
    assert "l…@example.net" in text


@pytest.mark.parametrize("email", ["nonsense", "lin@example.net", "\x00", "a" * 400 + "@example.org"])
def test_an_address_that_cannot_be_is_said_and_kept(email: str) -> None:
    subscription = a_subscriber(a_digest(), "lin@example.net")
    status, text = post(subscription, do="address", email=email)
    assert status == 422
    assert f'value="{email.replace(chr(0), "")}"' in text
    assert not ReaderLetter.objects.exists()


def test_the_answer_about_an_address_is_the_same_whether_it_is_known_or_not() -> None:
    subscription = a_subscriber(a_digest(), "lin@example.net")
    a_subscriber(a_digest(), "known@example.org")
    known = post(subscription, do="address", email="known@example.org")
    assert known == post(subscription, do="address", email="unknown@example.org")


def test_a_link_that_is_not_ours_is_answered_calmly() -> None:
    for path in ("/p/forged", "/p/forged/erase"):
        assert Client().get(path).status_code == 404
    assert Client().post("/p/forged/data").status_code == 404


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_page_changes_nothing(method: str) -> None:
    subscription = a_subscriber(a_digest(), kinds=["speech"])
    pauses.pause(subscription.subscriber_id, 1, how="test", now=NOON)
    before = Consent.objects.count()
    getattr(Client(), method)(address_of(subscription), {"leave-1": "yes", "pause": "0"})
    subscription.refresh_from_db()
    assert (subscription.state, Consent.objects.count()) == ("paused", before)


def test_a_link_whose_digest_is_gone_still_opens_the_page() -> None:
    gone, kept = a_digest(), a_digest()
    subscription = a_subscriber(gone, "lin@example.net")
    a_subscriber(kept, "lin@example.net")
    gone.delete()
    text = page(subscription)
    assert re.findall(r'name="shown" value="(\d+)"', text) == [str(kept.pk)]


def test_the_link_of_a_test_or_copy_says_that_there_is_nothing_to_choose() -> None:
    digest = a_digest()
    token = tokens.write(tokens.Purpose.PREFERENCES, tokens.NOBODY, digest.pk)
    for answer in (Client().get(f"/p/{token}"), Client().post(f"/p/{token}", {"language": "zh"})):
        assert (answer.status_code, "not subscribed" in answer.content.decode()) == (200, True)
    assert Client().post(f"/p/{token}/erase").status_code == 404
    assert Client().post(f"/p/{token}/data").status_code == 404
    assert not Subscription.objects.exists()


def test_in_arabic_the_page_runs_from_right_to_left_with_countries_and_weeks_in_arabic() -> None:
    digest = a_digest(languages=["ar"], title={"ar": "الأسبوع في ألماريا"})
    text = page(a_subscriber(digest, language="ar"))
    assert '<html lang="ar" dir="rtl">' in text
    assert ">كينيا</option>" in text
    assert "أسبوعان" in text


NAMES = (
    "language",
    "kind",
    "topic",
    "region",
    "rhythm",
    "leave",
    "add",
    "shown",
    "zone",
    "pause",
    "do",
    "email",
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.dictionaries(
        st.sampled_from(NAMES),
        st.text(max_size=30) | st.sampled_from(["yes", "0", "4", "en", "CN", "address"]),
    )
)
def test_whatever_is_typed_is_answered_and_never_breaks_the_page(values: dict[str, str]) -> None:
    digest = Digest.objects.filter(slug="fuzzed").first() or a_digest(slug="fuzzed", open_to_all=True)
    subscription = a_subscriber(digest, "fuzzed@example.net")
    own = {
        (name if name in ("zone", "pause", "do", "email") else f"{name}-{digest.pk}"): value
        for name, value in values.items()
    }
    status, _text = post(subscription, **{"shown": str(digest.pk), **own})
    assert status in (200, 422)
