"""Letters to readers: each once, in its digest's name and its reader's language, none to who must not be written to."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from publisher.audience import addresses, hashes, letters, subscriptions, tokens
from publisher.audience.models import (
    ConsentText,
    Erased,
    ReaderLetter,
    SignUp,
    Subscriber,
    Subscription,
    Suppression,
)
from publisher.core import standstill
from publisher.core.models import Standstill
from publisher.delivery import reader_letters, return_path
from publisher.delivery.reader_words import LANGUAGES
from publisher.delivery.reader_words.text import DIGESTS, Text, written
from publisher.digests.latest import latest_variant
from publisher.digests.models import Digest, Edition, EditionItem, Variant
from tests.builders import NOON, a_digest, a_sending_edition, a_subscriber, an_item
from tests.fakes.smtp_sink import OFFERS, SmtpSink, at

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SITE = "https://news.office.example.org"
K = ReaderLetter.Kind


@pytest.fixture
def sink(settings: Any) -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        settings.MAIL = sink.url
        settings.BASE_URL = SITE
        yield sink


def a_sign_up(*digests: Digest, to: str = "ilse@example.net", language: str = "en") -> SignUp:
    text = ConsentText.objects.get_or_create(
        digest=b"x" * 32, defaults={"language": "en", "text": "Yes.", "first_at": NOON}
    )[0]
    return SignUp.objects.create(
        email=to,
        email_key=addresses.key(to),
        wanted=[{"digest": each.pk, "language": language} for each in digests],
        language=language,
        text=text,
        created_at=NOON,
        expires_at=NOON + 7 * DAY,
    )


def asks(*digests: Digest, to: str = "ilse@example.net", language: str = "en") -> ReaderLetter:
    """A letter that asks to confirm."""
    sign_up = a_sign_up(*(digests or [a_digest()]), to=to, language=language)
    return letters.queue(K.CONFIRM, to=to, language=language, sign_up=sign_up, now=NOON)


def welcomes(subscription: Subscription, language: str = "en") -> ReaderLetter:
    reader = subscription.subscriber
    return letters.queue(
        K.WELCOME,
        to=reader.email,
        language=language,
        subscriber=reader,
        digest_id=subscription.digest_id,
        now=NOON,
    )


def read(sink: SmtpSink, number: int = 0) -> tuple[EmailMessage, str]:
    message = email.message_from_bytes(sink.messages[number].data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    assert body is not None
    return message, str(body.get_content()).replace("\r\n", "\n")


def states() -> list[str]:
    return list(ReaderLetter.objects.order_by("pk").values_list("state", flat=True))


def test_it_leaves_once_in_the_name_of_its_digest_with_office_and_address_at_its_foot(sink: SmtpSink) -> None:
    asks(a_digest(reply_to="comms@office.example.org"))
    assert reader_letters.send_due(now=NOON) == {"sent": 1}
    assert reader_letters.send_due(now=NOON) == {}
    message, text = read(sink)
    assert message["From"] == "Country Office <news@office.example.org>"
    assert (message["To"], message["Reply-To"]) == ("ilse@example.net", "comms@office.example.org")
    assert message["Subject"] == "Please confirm: “The week in Almaria”"
    assert message["Auto-Submitted"] == "auto-generated"
    assert text.rstrip().endswith("Country Office of Almaria\n1 Harbour Road, Almaria")
    sign_up = SignUp.objects.get()
    token = tokens.write(tokens.Purpose.CONFIRM, tokens.NOBODY, sign_up.pk)
    assert f"\n{SITE}/c/{token}\n" in text
    html = message.get_body(("html",))
    assert html is not None
    assert f'<a href="{SITE}/c/{token}"' in html.get_content()


def test_no_link_is_stored(sink: SmtpSink) -> None:
    asks()
    reader_letters.send_due(now=NOON)
    assert "/c/" not in str(list(ReaderLetter.objects.values())) + str(list(SignUp.objects.values()))


@pytest.mark.parametrize(
    ("language", "subject", "way"),
    [
        ("en", "Please confirm: “The week in Almaria”", 'lang="en" dir="ltr"'),
        ("zh-Hans", "请确认订阅《阿尔马里亚一周》", 'lang="zh" dir="ltr"'),
        ("ar", "يرجى تأكيد الاشتراك: «أسبوع ألماريا»", 'lang="ar" dir="rtl"'),
        ("ru", "Please confirm: “The week in Almaria”", 'lang="en" dir="ltr"'),
    ],
)
def test_it_speaks_the_language_of_its_reader(sink: SmtpSink, language: str, subject: str, way: str) -> None:
    title = {"en": "The week in Almaria", "zh": "阿尔马里亚一周", "ar": "أسبوع ألماريا"}
    asks(a_digest(title=title), language=language)
    reader_letters.send_due(now=NOON)
    message, _ = read(sink)
    assert message["Subject"] == subject
    html = message.get_body(("html",))
    assert html is not None
    assert way in html.get_content()


def test_one_mailbox_is_asked_once_a_day_whatever_is_typed_into_forms(sink: SmtpSink) -> None:
    digest = a_digest()
    asks(digest)
    asks(digest)
    asks(a_digest())
    assert reader_letters.send_due(now=NOON) == {"sent": 1, "cancelled": 2}
    asks(digest, to="ILSE@example.net")
    assert reader_letters.send_due(now=NOON + 23 * HOUR) == {"cancelled": 1}
    asks(digest)
    assert reader_letters.send_due(now=NOON + DAY) == {"sent": 1}
    assert len(sink.messages) == 2


def test_one_that_may_have_left_counts_and_one_that_failed_does_not(sink: SmtpSink) -> None:
    digest = a_digest()
    asks(digest)
    ReaderLetter.objects.update(state="failed", settled_at=NOON)
    asks(digest)
    ReaderLetter.objects.filter(state="queued").update(state="sending", lease_until=NOON)
    asks(digest)
    assert reader_letters.send_due(now=NOON + MINUTE) == {"queued": 1}
    assert states() == ["failed", "unknown", "queued"]
    assert sink.messages == []
    assert reader_letters.send_due(now=NOON + MINUTE + DAY) == {"sent": 1}, "it was asked for anew"


def confirmed(sign_up: SignUp) -> None:
    """As its mailbox confirms it."""
    digests = [each["digest"] for each in sign_up.wanted]
    for digest in digests:
        a_subscriber(Digest.objects.get(pk=digest), sign_up.email)
    reader = Subscriber.objects.get(email=sign_up.email)
    SignUp.objects.filter(pk=sign_up.pk).update(confirmed_at=NOON, subscriber=reader)


def test_who_confirms_one_and_asks_for_another_the_same_day_is_asked_at_once(sink: SmtpSink) -> None:
    first = asks(a_digest())
    assert reader_letters.send_due(now=NOON) == {"sent": 1}
    assert first.sign_up
    confirmed(first.sign_up)
    second = asks(a_digest(title={"en": "Alerts"}))
    assert reader_letters.send_due(now=NOON + HOUR) == {"sent": 1}
    assert read(sink, 1)[0]["Subject"] == "Please confirm: “Alerts”"
    assert second.sign_up
    second.sign_up.refresh_from_db()
    assert second.sign_up.expires_at == NOON + HOUR + 7 * DAY, "seven days, as the letter says"
    asks(a_digest(), to="ilse@example.net")
    assert reader_letters.send_due(now=NOON + 2 * HOUR) == {"cancelled": 1}, "that link is good for both"


def test_who_confirms_leaves_and_signs_up_again_the_same_day_is_asked_at_once(sink: SmtpSink) -> None:
    digest = a_digest()
    first = asks(digest)
    reader_letters.send_due(now=NOON)
    assert first.sign_up
    confirmed(first.sign_up)
    subscriptions.leave(Subscriber.objects.get().pk, digest.pk, how="test", now=NOON + HOUR)
    asks(digest)
    assert reader_letters.send_due(now=NOON + 2 * HOUR) == {"sent": 1}
    assert str(read(sink, 1)[0]["Subject"]).startswith("Please confirm")


def test_who_confirms_and_signs_up_again_the_same_day_is_told_that_they_have_it_once(sink: SmtpSink) -> None:
    digest = a_digest()
    first = asks(digest)
    reader_letters.send_due(now=NOON)
    assert first.sign_up
    confirmed(first.sign_up)
    for hours, came in ((1, {"sent": 1}), (2, {"cancelled": 1})):
        asks(digest)
        assert reader_letters.send_due(now=NOON + hours * HOUR) == came
        told = SignUp.objects.order_by("pk").last()
        assert told
        assert told.already_at == NOON + hours * HOUR
    assert SignUp.objects.get(pk=first.sign_up.pk).already_at is None
    assert "already" in str(read(sink, 1)[0]["Subject"])
    subscriptions.leave(Subscriber.objects.get().pk, digest.pk, how="test", now=NOON + 3 * HOUR)
    asks(digest)
    assert reader_letters.send_due(now=NOON + 4 * HOUR) == {"sent": 1}, "they have left since"


def test_who_is_told_that_they_have_one_and_asks_for_another_is_asked_the_next_day(sink: SmtpSink) -> None:
    digest = a_digest()
    a_subscriber(digest, "ilse@example.net")
    asks(digest)
    assert reader_letters.send_due(now=NOON) == {"sent": 1}
    asks(digest)
    asks(a_digest(title={"en": "Alerts"}))
    assert reader_letters.send_due(now=NOON + HOUR) == {"queued": 2}
    assert reader_letters.send_due(now=NOON + DAY) == {"sent": 1, "cancelled": 1}
    assert str(read(sink, 1)[0]["Subject"]).startswith("Please confirm")


def test_who_is_told_that_they_have_it_is_not_told_twice_a_day(sink: SmtpSink) -> None:
    digest = a_digest()
    a_subscriber(digest, "ilse@example.net")
    for later in (timedelta(), HOUR):
        asks(digest)
        reader_letters.send_due(now=NOON + later)
    assert states() == ["sent", "cancelled"]


def test_a_letter_asks_about_all_that_waits_for_its_mailbox(sink: SmtpSink) -> None:
    asks(a_digest(title={"en": "News"}))
    asks(a_digest(title={"en": "Alerts"}))
    assert reader_letters.send_due(now=NOON) == {"sent": 1, "cancelled": 1}
    assert read(sink)[0]["Subject"] == "Please confirm: “News”, “Alerts”"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [False, True])
def test_of_requests_to_one_mailbox_that_are_sent_at_once_one_leaves(sink: SmtpSink, known: bool) -> None:
    digest = a_digest()
    if known:
        a_subscriber(digest, "ilse@example.net")
    for _ in range(6):
        asks(digest)

    def one(_: int) -> None:
        try:
            reader_letters.send_due(now=NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(one, range(3)))
    assert len(sink.messages) == 1
    assert sorted(states()) == ["cancelled"] * 5 + ["sent"]


@pytest.mark.parametrize("reason", ["bounced", "soft", "complained", "staff", "imported"])
def test_who_must_not_be_written_to_gets_no_letter(sink: SmtpSink, reason: str) -> None:
    Suppression.objects.create(email_key="ilse@example.net", reason=reason, at=NOON)
    asks()
    assert reader_letters.send_due(now=NOON) == {"failed": 1}
    assert "suppression list" in ReaderLetter.objects.get().reason
    assert sink.messages == []


def test_who_refused_or_was_erased_may_be_asked_since_only_they_can_take_it_back(sink: SmtpSink) -> None:
    Suppression.objects.create(email_key="ilse@example.net", reason="refused", at=NOON)
    Erased.objects.create(hash=hashes.of_address("lin@example.net"), at=NOON)
    asks()
    asks(to="lin@example.net")
    assert reader_letters.send_due(now=NOON) == {"sent": 2}


def test_who_refused_and_was_never_unsubscribed_is_asked_and_not_told_that_nothing_has_changed(
    sink: SmtpSink,
) -> None:
    digest = a_digest()
    a_subscriber(digest, "ilse@example.net")
    Suppression.objects.create(email_key="ilse@example.net", reason="refused", at=NOON)
    asks(digest)
    assert reader_letters.send_due(now=NOON) == {"sent": 1}
    assert str(read(sink)[0]["Subject"]).startswith("Please confirm")


def test_who_refused_gets_nothing_else(sink: SmtpSink) -> None:
    Suppression.objects.create(email_key="ilse@example.net", reason="refused", at=NOON)
    welcomes(a_subscriber(a_digest(), "ilse@example.net"))
    assert reader_letters.send_due(now=NOON) == {"failed": 1}


def test_a_suppression_that_has_ended_holds_nothing(sink: SmtpSink) -> None:
    Suppression.objects.create(email_key="ilse@example.net", reason="soft", at=NOON, until=NOON + HOUR)
    asks()
    assert reader_letters.send_due(now=NOON + 2 * HOUR) == {"sent": 1}


def test_who_is_subscribed_is_told_so_with_links_that_are_theirs(sink: SmtpSink) -> None:
    digest = a_digest()
    subscription = a_subscriber(digest, "Ilse@example.net")
    asks(digest)
    assert reader_letters.send_due(now=NOON) == {"sent": 1}
    message, text = read(sink)
    assert message["To"] == "Ilse@example.net"
    assert message["Subject"] == "You are subscribed already: “The week in Almaria”"
    link = (subscription.subscriber_id, digest.pk)
    assert f"{SITE}/p/{tokens.write(tokens.Purpose.PREFERENCES, *link)}" in text
    assert f"{SITE}/u/{tokens.write(tokens.Purpose.UNSUBSCRIBE, *link)}" in text
    assert "/c/" not in text
    assert SignUp.objects.get().expires_at == NOON, "no link is good for it"


@pytest.mark.django_db(transaction=True)
def test_a_letter_does_not_wait_for_whoever_changes_its_reader_and_may_wait_for_the_letter(
    sink: SmtpSink,
) -> None:
    digest = a_digest()
    reader = a_subscriber(digest, "ilse@example.net").subscriber
    asks(digest)

    def send() -> dict[str, int]:
        try:
            return reader_letters.send_due(now=NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Subscriber.objects.select_for_update().get(pk=reader.pk)
        assert pool.submit(send).result(timeout=30) == {"queued": 1}
    assert reader_letters.send_due(now=NOON + MINUTE) == {"sent": 1}
    assert str(read(sink)[0]["Subject"]).startswith("You are subscribed already")


def test_who_is_subscribed_to_one_and_asks_for_another_is_asked_to_confirm(sink: SmtpSink) -> None:
    old, new = a_digest(), a_digest(title={"en": "Alerts"})
    a_subscriber(old, "ilse@example.net")
    asks(old, new)
    reader_letters.send_due(now=NOON)
    assert str(read(sink)[0]["Subject"]).startswith("Please confirm")


def test_a_welcome_has_the_latest_edition_in_the_readers_language_and_can_be_left_by_one_click(
    sink: SmtpSink, settings: Any
) -> None:
    settings.UNSUBSCRIBE_ADDRESS = "leave@office.example.org"
    digest = a_digest()
    edition = a_sending_edition(digest, mails=0)
    edition.state = "sent"
    edition.save()
    EditionItem.objects.create(edition=edition, item=an_item(), revision=1, position=0)
    for language in ("en", "zh"):
        Variant.objects.create(
            edition=edition, mask=1, language=language, html=f"<p>{language}</p>", text="x"
        )
    subscription = a_subscriber(digest, "lin@example.net", language="zh", name="林")
    welcomes(subscription, "zh")
    assert reader_letters.send_due(now=NOON) == {"sent": 1}
    message, text = read(sink)
    assert message["Subject"] == "欢迎订阅《阿尔马里亚一周》"
    assert "林，您好！" in text
    found = re.search(rf"{SITE}(/e/\S+)", text)
    assert found
    assert Client().get(found[1]).content.decode() == "<p>zh</p>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"{SITE}/u/" in message["List-Unsubscribe"]
    assert "mailto:leave+" in message["List-Unsubscribe"]


def test_a_welcome_does_not_lead_to_an_edition_that_shows_what_was_withdrawn(sink: SmtpSink) -> None:
    digest = a_digest()
    edition = a_sending_edition(digest, mails=0)
    Edition.objects.filter(pk=edition.pk).update(state="sent")
    items = [an_item(), an_item(retracted_at=NOON)]
    for position, item in enumerate(items):
        EditionItem.objects.create(edition=edition, item=item, revision=1, position=position)
    for mask in (0b11, 0b10, 0b101):
        Variant.objects.create(edition=edition, mask=mask, language="en", html="<p>both</p>", text="x")
    welcomes(a_subscriber(digest))
    reader_letters.send_due(now=NOON)
    assert "latest edition" not in read(sink)[1]
    Variant.objects.create(edition=edition, mask=0b01, language="en", html="<p>one</p>", text="x")
    latest = latest_variant(digest, Subscription.objects.get().selection, now=NOON)
    assert latest is not None
    assert latest.html == "<p>one</p>"


def test_a_welcome_to_a_digest_without_editions_leaves_that_line_out(sink: SmtpSink) -> None:
    welcomes(a_subscriber(a_digest()))
    reader_letters.send_due(now=NOON)
    assert "latest edition" not in read(sink)[1]


def test_a_welcome_comes_in_the_name_of_what_is_new_and_lists_what_was_confirmed_with_it(
    sink: SmtpSink,
) -> None:
    digests = [a_digest(title={"en": each}) for each in ("Old", "New", "More")]
    rows = [a_sign_up(each) for each in digests]
    for row in rows:
        confirmed(row)
    reader = Subscriber.objects.get()
    letters.queue(
        K.WELCOME,
        to=reader.email,
        language="en",
        digest_id=digests[1].pk,
        subscriber=reader,
        sign_up=SignUp.objects.get(pk=rows[0].pk),
        now=NOON,
    )
    assert reader_letters.send_due(now=NOON) == {"sent": 1}
    message, _ = read(sink)
    assert message["Subject"] == "Welcome to “New”, “Old”, “More”"
    token = tokens.write(tokens.Purpose.UNSUBSCRIBE, reader.pk, digests[1].pk)
    assert f"{SITE}/u/{token}" in message["List-Unsubscribe"]


def test_who_left_before_the_welcome_gets_none(sink: SmtpSink) -> None:
    subscription = a_subscriber(a_digest())
    letter = letters.queue(
        K.WELCOME,
        to=subscription.subscriber.email,
        language="en",
        subscriber=subscription.subscriber,
        sign_up=a_sign_up(Digest.objects.get()),
        now=NOON,
    )
    subscription.state = "ended"
    subscription.save()
    assert reader_letters.send_due(now=NOON) == {"cancelled": 1}
    assert letter.kind == K.WELCOME
    assert sink.messages == []


@pytest.mark.parametrize("over", [{"confirmed_at": NOON}, {"refused_at": NOON}, {"expires_at": NOON}])
def test_what_was_confirmed_dropped_or_has_run_out_is_not_asked(sink: SmtpSink, over: dict[str, Any]) -> None:
    asks()
    SignUp.objects.update(**over)
    assert reader_letters.send_due(now=NOON + MINUTE) == {"cancelled": 1}


@pytest.mark.parametrize("how", ["deleted", "switched off"])
def test_a_letter_whose_digest_is_gone_is_not_sent(sink: SmtpSink, how: str) -> None:
    asks()
    Digest.objects.all().delete() if how == "deleted" else Digest.objects.update(enabled=False)
    assert reader_letters.send_due(now=NOON) == {"cancelled": 1}


def test_one_that_could_not_leave_for_three_days_says_nothing_any_more(sink: SmtpSink) -> None:
    asks()
    assert reader_letters.send_due(now=NOON + 3 * DAY + HOUR) == {"failed": 1}


def test_nothing_leaves_without_a_server_or_while_all_stands_still(sink: SmtpSink, settings: Any) -> None:
    asks()
    server, settings.MAIL = settings.MAIL, ""
    assert reader_letters.send_due(now=NOON) == {}
    settings.MAIL = server
    standstill.begin(Standstill.Kind.STOPPED, reason="Wait", by="ops@host", now=NOON)
    assert reader_letters.send_due(now=NOON) == {}
    assert states() == ["queued"]


def test_an_answer_that_was_lost_is_not_sent_again(sink: SmtpSink) -> None:
    sink.rules = [at("DOT", deed="reset")]
    asks()
    assert reader_letters.send_due(now=NOON) == {"unknown": 1}
    assert reader_letters.send_due(now=NOON + HOUR) == {}


def test_an_address_that_the_server_cannot_take_says_so(settings: Any) -> None:
    with SmtpSink(offers=[each for each in OFFERS if each != "SMTPUTF8"]) as sink:
        settings.MAIL = sink.url
        asks(to="林@example.net")
        assert reader_letters.send_due(now=NOON) == {"failed": 1}
        assert "SMTPUTF8" in ReaderLetter.objects.get().reason


@pytest.mark.parametrize("to", ["ilse+news@example.net", "林@例子.网络", "läufer@bücher.example"])
def test_plus_addresses_and_addresses_in_other_scripts_are_written_to(sink: SmtpSink, to: str) -> None:
    asks(to=to)
    assert reader_letters.send_due(now=NOON) == {"sent": 1}
    assert sink.recipients[0].partition("@")[0] == to.partition("@")[0]


def test_a_bounce_of_it_names_the_letter_and_no_delivery(sink: SmtpSink, settings: Any) -> None:
    settings.RETURN_DOMAIN = "bounces.office.example.org"
    letter = asks()
    reader_letters.send_due(now=NOON)
    back = sink.messages[0].mail_from
    assert (return_path.read_letter(back), return_path.read(back)) == (letter.pk, None)


def places(text: Text) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", "".join([text.subject, *text.paragraphs, text.each])))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_each_language_has_each_letter_and_fills_in_the_same(language: str) -> None:
    texts, english = LANGUAGES[language].texts, LANGUAGES["en"].texts
    assert set(texts) == set(reader_letters._MAKERS)
    for kind, text in texts.items():
        assert places(text) == places(english[kind])
        assert (DIGESTS in text.paragraphs) == bool(text.each)


def test_a_value_that_looks_like_a_place_is_none() -> None:
    text = Text("", ("{a}\n{b}", DIGESTS, "{c}"), "{a} {d}")
    values = {"a": "{b} {d}", "b": "", "c": ""}
    assert written(text, values, [{"d": "1"}, {"d": ""}]) == "{b} {d}\n\n{b} {d} 1\n"
