"""Invitations and new passwords by mail: each once, the link made when it leaves, nothing while nothing may leave."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

from publisher.core import standstill
from publisher.core.errors import Rejected
from publisher.core.models import AuditEntry, Standstill
from publisher.delivery import outage, people_letters
from publisher.delivery.plain_mail import Tried
from publisher.people import invitations, passwords
from publisher.people.models import Invitation, Letter
from publisher.people.permissions import EDITOR
from tests.builders import NOON
from tests.fakes.smtp_sink import SmtpSink, at
from tests.people.builders import somebody

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
LINK = re.compile(r"https://news\.office\.example\.org(/desk/\S+)")


@pytest.fixture
def sink(settings: Any) -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        settings.MAIL = sink.url
        settings.NOTICES_FROM = "publisher@office.example.org"
        settings.BASE_URL = "https://news.office.example.org"
        yield sink


def invite(address: str = "ilse@example.org") -> Invitation:
    return invitations.invite(address, EDITOR, actor="ops@host", by_mail=True, now=NOON)[0]


def read(sink: SmtpSink, number: int = 0) -> tuple[EmailMessage, str]:
    message = email.message_from_bytes(sink.messages[number].data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    assert body is not None
    return message, str(body.get_content()).replace("\r\n", "\n")


def path_in(text: str) -> str:
    found = LINK.search(text)
    assert found, text
    return found[1]


def states() -> list[str]:
    return list(Letter.objects.order_by("pk").values_list("state", flat=True))


def test_the_link_of_an_invitation_comes_by_mail_and_works(sink: SmtpSink) -> None:
    invite()
    assert people_letters.send_due(now=NOON) == {"sent": 1}
    assert people_letters.send_due(now=NOON) == {}
    message, text = read(sink)
    assert (message["To"], message["Auto-Submitted"]) == ("ilse@example.org", "auto-generated")
    assert "ops@host invites you" in text
    assert "Editor" in text
    html = message.get_body(("html",))
    assert html is not None
    assert '<a href="https://news.office' in html.get_content()
    invitations.of_token(path_in(text).rpartition("/")[2], now=NOON)


def test_no_token_is_stored_and_the_newest_mail_counts(sink: SmtpSink) -> None:
    invitation = invite()
    people_letters.send_due(now=NOON)
    old = path_in(read(sink)[1]).rpartition("/")[2]
    assert old not in str(list(Letter.objects.values())) + str(list(Invitation.objects.values()))
    invitations.send_again(invitation.pk, actor=None, by_mail=True, now=NOON, version=1)
    people_letters.send_due(now=NOON + MINUTE)
    new = path_in(read(sink, 1)[1]).rpartition("/")[2]
    invitations.of_token(new, now=NOON)
    with pytest.raises(invitations.LinkDead):
        invitations.of_token(old, now=NOON)


def test_a_withdrawn_invitation_is_not_mailed_any_more(sink: SmtpSink) -> None:
    invitation = invite()
    invitations.withdraw(invitation.pk, actor=None, now=NOON, version=1)
    assert people_letters.send_due(now=NOON) == {"cancelled": 1}
    assert sink.messages == []


def test_a_letter_speaks_the_language_of_whoever_asked_for_it(sink: SmtpSink) -> None:
    with translation.override("zh-hans"):
        invite()
    assert Letter.objects.get().language == "zh-hans"
    people_letters.send_due(now=NOON)
    assert states() == ["sent"]


def test_nothing_leaves_without_a_server_or_while_all_stands_still(sink: SmtpSink, settings: Any) -> None:
    invite()
    server, settings.MAIL = settings.MAIL, ""
    assert people_letters.send_due(now=NOON) == {}
    settings.MAIL = server
    standstill.begin(Standstill.Kind.STOPPED, reason="Wait", by="ops@host", now=NOON)
    assert people_letters.send_due(now=NOON) == {}
    assert states() == ["queued"]


def test_a_refused_address_is_told_and_not_tried_again(sink: SmtpSink) -> None:
    sink.rules = (at("RCPT", reply="550 5.1.1 no such user"),)
    invite()
    assert people_letters.send_due(now=NOON) == {"failed": 1}
    assert "no such user" in Letter.objects.get().reason
    assert people_letters.send_due(now=NOON + timedelta(hours=1)) == {}


def test_what_may_have_left_is_not_sent_again_by_guessing(sink: SmtpSink) -> None:
    invite()
    Letter.objects.update(state="sending", lease_until=NOON)
    people_letters.send_due(now=NOON + MINUTE)
    assert states() == ["unknown"]
    assert sink.messages == []


def test_an_acceptance_that_comes_after_the_lease_counts_and_a_refusal_does_not(sink: SmtpSink) -> None:
    invite()
    letter = people_letters._OUTBOX.claimed(Letter.objects.get().pk, NOON)
    assert letter is not None
    assert people_letters.send_due(now=NOON + timedelta(hours=1)) == {}
    assert states() == ["unknown"]
    people_letters._OUTBOX._settle(letter, Tried(Rejected("550 no such user")), NOON + timedelta(hours=1))
    assert states() == ["unknown"], "who came too late settles nothing else"
    people_letters._OUTBOX._settle(letter, Tried(None), NOON + timedelta(hours=1))
    assert states() == ["sent"]
    assert Letter.objects.get().reason == ""


def test_a_server_that_is_away_is_left_alone_and_the_letter_waits(settings: Any) -> None:
    settings.MAIL, settings.NOTICES_FROM = "smtp://127.0.0.1:9", "publisher@office.example.org"
    invite()
    assert people_letters.send_due(now=NOON) == {"queued": 1}
    assert outage.look().rests


def test_a_request_for_a_password_that_waited_too_long_says_nothing_new(sink: SmtpSink) -> None:
    somebody("mira", EDITOR, "mira@example.org")
    passwords.ask_for_new("mira", now=NOON)
    assert people_letters.send_due(now=NOON + timedelta(hours=2)) == {"failed": 1}
    assert sink.messages == []


@pytest.mark.parametrize("asked", ["mira", "MIRA", "Mira@Example.org "])
def test_a_new_password_by_mail(sink: SmtpSink, asked: str) -> None:
    mira = somebody("mira", EDITOR, "mira@example.org")
    browser = Client()
    browser.force_login(mira)
    Client().post("/desk/reset", {"who": asked})
    due = Letter.objects.get().due_at
    people_letters.send_due(now=due)
    path = path_in(read(sink)[1])
    stranger = Client()
    assert "mira" in stranger.get(path).content.decode()
    for sent, said in (
        ({"password": "short", "again": "short"}, "too short"),
        ({"password": "a" * 12, "again": "b"}, "differ"),
    ):
        wrong = stranger.post(path, sent)
        assert (wrong.status_code, said in wrong.content.decode()) == (422, True)
    new = "three words and rain"
    assert stranger.post(path, {"password": new, "again": new})["Location"] == "/desk/reset/done"
    assert stranger.get("/desk/reset/done").status_code == 200
    assert stranger.get(path).status_code == 410
    assert browser.get("/desk/").status_code == 302, "all sessions are over"
    assert User.objects.get().check_password(new)
    told = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert told == ["person.reset_asked", "person.password_reset", "person.sessions_ended"]


def test_the_same_is_answered_whether_somebody_is_known_or_not(sink: SmtpSink) -> None:
    somebody("mira", EDITOR, "mira@example.org")
    User.objects.create_user("gone", "gone@example.org", is_active=False)
    somebody("plain", EDITOR)
    answers = [
        Client(REMOTE_ADDR=f"192.0.2.{n}").post("/desk/reset", {"who": who}).content
        for n, who in enumerate(("mira", "nobody", "gone@example.org", "plain", "x\0y", ""))
    ]
    assert len({re.sub(rb'name="csrfmiddlewaretoken" value="[^"]*"', b"", answer) for answer in answers}) == 1
    assert list(Letter.objects.values_list("to", flat=True)) == ["mira@example.org"]


def test_nobody_fills_the_mailbox_of_somebody(sink: SmtpSink) -> None:
    somebody("mira", EDITOR, "mira@example.org")
    for minutes in (0, 1, 9, 11):
        passwords.ask_for_new("mira", now=NOON + minutes * MINUTE)
    assert Letter.objects.count() == 2
    place = Client(REMOTE_ADDR="192.0.2.9")
    assert [place.post("/desk/reset", {"who": "x"}).status_code for _ in range(11)] == [200] * 10 + [429]


def test_without_mail_the_page_says_whom_to_ask(db: None) -> None:
    assert "Ask an admin" in Client().get("/desk/reset").content.decode()


@pytest.mark.parametrize(
    "path", ["/desk/reset/x/y", "/desk/reset/MQ/abc-def", "/desk/reset/%00/%00", "/desk/invitation/x"]
)
def test_a_link_that_nobody_made_is_dead(db: None, path: str) -> None:
    assert Client().get(path).status_code == 410
    assert Client().post(path, {"password": "x"}).status_code == 410
