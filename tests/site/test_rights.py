"""What a forwarded mail cannot do: its reader's data and erasing them take the link of a letter to their own address."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from publisher.audience import address_change, rights, tokens
from publisher.audience.models import (
    AddressChange,
    Erased,
    ReaderLetter,
    Subscriber,
    Subscription,
    Suppression,
)
from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.digests.models import Digest
from publisher.site.preferences.rights import ERASED_BY
from tests.builders import a_digest, a_subscriber

pytestmark = pytest.mark.django_db

ADDRESS, NAME = "lin.marrow@example.net", "Lin Marrow"
DEEDS = ("data", "erase")
PLACES = {"data": "d", "erase": "x"}


@pytest.fixture
def lin(db: None) -> Subscription:
    return a_subscriber(a_digest(reply_to="comms@office.example.org"), ADDRESS, name=NAME)


def in_every_mail(lin: Subscription) -> str:
    """The link that whoever holds a forwarded mail has."""
    return f"/p/{tokens.write(tokens.Purpose.PREFERENCES, lin.subscriber_id, lin.digest_id)}"


def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def ask(lin: Subscription, deed: str, **headers: str) -> str:
    answer = browser().post(f"{in_every_mail(lin)}/{deed}", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def letter_link(lin: Subscription, deed: str) -> str:
    """Where the letter leads that has just been asked for and has left."""
    ask(lin, deed)
    ReaderLetter.objects.filter(kind=deed).update(state="sent", settled_at=clock.now())
    return f"/{PLACES[deed]}/{rights.token(ReaderLetter.objects.filter(kind=deed).latest('pk'))}"


@pytest.mark.parametrize("deed", DEEDS)
def test_who_holds_a_forwarded_mail_has_a_letter_sent_to_its_reader_and_gets_nothing(
    lin: Subscription, deed: str
) -> None:
    text = ask(lin, deed)
    assert "A mail is on its way" in text
    assert "l…@example.net" in text
    assert "within 24 hours" in text
    assert "comms@office.example.org" in text
    for told in (ADDRESS, "lin.marrow", NAME, "/d/", "/x/"):
        assert told not in text
    assert list(ReaderLetter.objects.values_list("kind", "to")) == [(deed, ADDRESS)]
    assert Subscriber.objects.filter(email=ADDRESS).exists()


@pytest.mark.parametrize("deed", DEEDS)
def test_pressing_again_says_that_it_was_sent_already(lin: Subscription, deed: str) -> None:
    ask(lin, deed)
    text = ask(lin, deed)
    assert "We have written to you already" in text
    assert "l…@example.net" in text
    assert ReaderLetter.objects.count() == 1


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_page_that_asks_writes_no_letter(lin: Subscription, deed: str, method: str) -> None:
    answer = getattr(Client(), method)(f"{in_every_mail(lin)}/{deed}")
    assert answer.status_code == 200
    assert answer.content.decode().count("<button") == (method == "get")
    assert not ReaderLetter.objects.exists()


@pytest.mark.parametrize("deed", DEEDS)
def test_the_link_in_every_mail_is_not_that_of_the_letter(lin: Subscription, deed: str) -> None:
    token = in_every_mail(lin).removeprefix("/p/")
    assert browser().post(f"/{PLACES[deed]}/{token}").status_code == 404
    assert Subscriber.objects.exists()


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_letter_s_link_changes_nothing_and_tells_nothing(
    lin: Subscription, deed: str, method: str
) -> None:
    link = letter_link(lin, deed)
    answer = getattr(Client(), method)(link)
    text = answer.content.decode()
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert text.count("<button") == (method == "get")
    for told in (ADDRESS, "lin.marrow", "example.net", NAME):
        assert told not in text
    assert Subscriber.objects.filter(email=ADDRESS).exists()


def test_the_button_behind_the_letter_s_link_gives_the_data_as_a_file_that_nobody_keeps(
    lin: Subscription,
) -> None:
    answer = browser().post(letter_link(lin, "data"))
    assert (answer.json()["person"]["name"], answer.json()["person"]["address"]) == (NAME, ADDRESS)
    assert [each["kind"] for each in answer.json()["letters"]] == ["data"], "it tells of itself, too"
    assert (answer["Cache-Control"], answer["Content-Disposition"]) == (
        "no-store",
        'attachment; filename="my-data.json"',
    )
    assert Subscriber.objects.exists()


def test_the_button_behind_the_letter_s_link_erases_and_pressing_it_again_says_the_same(
    lin: Subscription,
) -> None:
    link, data = letter_link(lin, "erase"), letter_link(lin, "data")
    for _ in range(2):
        answer = browser().post(link)
        assert (answer.status_code, "is erased" in answer.content.decode()) == (200, True)
    assert not Subscriber.objects.exists()
    assert Erased.objects.count() == 1
    entry = AuditEntry.objects.get(action="subscriber.erased")
    assert entry.after == {"how": ERASED_BY}
    assert {Client().get(each).status_code for each in (link, data)} == {410}
    assert browser().post(data).status_code == 410
    assert browser().post(f"{in_every_mail(lin)}/erase").status_code == 410
    assert not ReaderLetter.objects.exists()


def test_who_would_rather_only_leave_finds_the_way(lin: Subscription) -> None:
    text = Client().get(letter_link(lin, "erase")).content.decode()
    found = re.search(r'href="(/u/[^"]+)"', text)
    assert found
    assert Client().post(found[1]).status_code == 200
    lin.refresh_from_db()
    assert lin.state == "ended"


@pytest.mark.parametrize(("deed", "other"), [DEEDS, DEEDS[::-1]])
def test_the_letter_of_one_deed_does_not_do_the_other(lin: Subscription, deed: str, other: str) -> None:
    token = letter_link(lin, deed).rpartition("/")[2]
    assert browser().post(f"/{PLACES[other]}/{token}").status_code == 404
    assert Subscriber.objects.exists()


@pytest.mark.parametrize("deed", DEEDS)
def test_a_letter_s_link_opens_no_page_and_ends_no_subscription(lin: Subscription, deed: str) -> None:
    token = letter_link(lin, deed).rpartition("/")[2]
    for place in "upac":
        assert browser().post(f"/{place}/{token}").status_code == 404
    assert browser().get(f"/e/{token}").status_code == 404
    lin.refresh_from_db()
    assert lin.state == "active"


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_after_a_day_it_is_over(lin: Subscription, deed: str, method: str) -> None:
    link = letter_link(lin, deed)
    ReaderLetter.objects.update(settled_at=clock.now() - timedelta(hours=24, seconds=1))
    answer = getattr(browser(), method)(link)
    text = answer.content.decode()
    assert (answer.status_code, "not good any more" in text, "<button" in text) == (410, True, False)
    assert ADDRESS not in text
    assert Subscriber.objects.exists()


@pytest.mark.parametrize("deed", DEEDS)
def test_after_a_change_of_address_it_does_nothing_for_who_has_the_old_mailbox(
    lin: Subscription, deed: str
) -> None:
    link, now = letter_link(lin, deed), clock.now()
    address_change.ask(lin.subscriber_id, "lin@example.org", language="en", digest_id=lin.digest_id, now=now)
    for new in (False, True):
        address_change.confirm(address_change.token(AddressChange.objects.get(), new=new), now=now)
    answer = browser().post(link)
    assert (answer.status_code, "lin@example.org" in answer.content.decode()) == (410, False)
    assert Subscriber.objects.filter(email="lin@example.org").exists()


def test_data_tell_of_an_address_that_only_such_a_letter_remembers(lin: Subscription) -> None:
    """What is told is what erasing takes away: the mailbox was theirs when the letter went to it."""
    letter_link(lin, "data")
    Subscriber.objects.update(email="lin@example.org", email_key="lin@example.org")
    Suppression.objects.create(email_key=ADDRESS, reason="bounced", at=clock.now())
    ReaderLetter.objects.update(created_at=clock.now() - rights.AGAIN)
    told = browser().post(letter_link(lin, "data")).json()
    assert [each["address"] for each in told["suppressions"]] == [ADDRESS]


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("reason", ["bounced", "refused"])
def test_who_gets_no_mail_is_told_to_whom_to_write(lin: Subscription, deed: str, reason: str) -> None:
    Suppression.objects.create(email_key=ADDRESS, reason=reason, at=clock.now())
    text = ask(lin, deed)
    assert "We cannot write to you" in text
    assert "Write to comms@office.example.org instead" in text
    assert not ReaderLetter.objects.exists()


@pytest.mark.parametrize(
    ("language", "said", "hours"),
    [
        ("en", "A mail is on its way", "within 24 hours"),
        ("zh-Hans", "邮件已在途中", "24 小时"),
        ("ar", "الرسالة في طريقها", "24 ساعة"),
    ],
)
@pytest.mark.parametrize("deed", DEEDS)
def test_page_and_letter_speak_the_reader_s_language(language: str, said: str, hours: str, deed: str) -> None:
    digest = a_digest(languages=["en", "zh-Hans", "ar"])
    lin = a_subscriber(digest, ADDRESS, language=language)
    text = ask(lin, deed, **{"Accept-Language": "en"})
    assert (said in text, hours in text) == (True, True)
    assert ReaderLetter.objects.get().language == language
    ReaderLetter.objects.update(state="sent", settled_at=clock.now())
    own = Client().get(f"/{PLACES[deed]}/{rights.token(ReaderLetter.objects.get())}").content.decode()
    assert f'<html lang="{language}"' in own


def test_who_left_a_digest_that_is_gone_is_written_to_in_the_name_of_another(lin: Subscription) -> None:
    Digest.objects.all().delete()
    Subscription.objects.update(state="ended")
    other = a_digest()
    ask(lin, "data")
    assert ReaderLetter.objects.get().digest_id == other.pk


def test_without_any_digest_nobody_can_write_and_the_page_says_so(lin: Subscription) -> None:
    Digest.objects.all().delete()
    assert "We cannot write to you" in ask(lin, "data")


def test_the_reader_s_page_has_both_buttons_and_says_what_comes(lin: Subscription) -> None:
    text = Client().get(in_every_mail(lin)).content.decode()
    for deed in DEEDS:
        assert f'<form method="post" action="{in_every_mail(lin)}/{deed}">' in text
    assert "we first write to l…@example.net, with a link that is good for 24 hours" in text


@pytest.mark.parametrize("place", ["d", "x"])
def test_a_link_that_is_not_ours_is_answered_calmly(place: str, lin: Subscription) -> None:
    for method in ("get", "post"):
        assert getattr(browser(), method)(f"/{place}/forged").status_code == 404
    nobody = tokens.write(tokens.Purpose.PREFERENCES, tokens.NOBODY, lin.digest_id)
    for deed in DEEDS:
        assert browser().post(f"/p/{nobody}/{deed}").status_code == 404


def test_leaving_and_choosing_by_the_link_of_every_mail_stay_as_they_are(lin: Subscription) -> None:
    token = tokens.write(tokens.Purpose.UNSUBSCRIBE, lin.subscriber_id, lin.digest_id)
    saved: Any = {"shown": str(lin.digest_id), f"language-{lin.digest_id}": "zh", "pause": "2"}
    assert browser().post(in_every_mail(lin), saved).status_code == 200
    lin.refresh_from_db()
    assert (lin.state, lin.selection.language) == ("paused", "zh")
    browser().post(f"/u/{token}", {"List-Unsubscribe": "One-Click"})
    lin.refresh_from_db()
    assert lin.state == "ended"
    assert not ReaderLetter.objects.exists()
