"""What holds for every provider, over real sockets, through anymail's real backends, to servers that play the vendors."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.core.errors import ChannelDown, Rejected, Retry, SenderRefused, Unknown
from publisher.delivery.email.headers import Mailbox
from publisher.delivery.email.outgoing import Outgoing, Result, Withdrawn
from publisher.delivery.email.providers.table import PROVIDERS
from tests.delivery.email.providers.steps import (
    ALL,
    IMPATIENT,
    IN_BATCHES,
    a_template,
    an_outgoing,
    as_smtp_brings_it,
    letters,
    send,
    session_at,
)
from tests.fakes.mail_apis.server import FakeApi, Mail, at, split_address
from tests.fakes.mail_apis.ses import Ses

every = pytest.mark.parametrize("api", ALL, ids=lambda api: api.scheme)
in_batches = pytest.mark.parametrize("api", IN_BATCHES, ids=lambda api: api.scheme)

NO_LIST_ID = ("mailjet",)
"""They refuse it: Mailjet writes its own."""


NO_BODY = ("sendgrid", "mailersend")
"""Their yes is the status, and a header."""


def test_every_provider_of_the_table_has_a_fake() -> None:
    assert {api.scheme for api in ALL} == set(PROVIDERS)


@every
def test_what_arrives_is_what_smtp_would_bring(api: type[FakeApi]) -> None:
    outgoing = letters(3)
    with api() as fake:
        assert send(fake, outgoing).kinds == ["accepted"] * 3
    for mail, message in zip(fake.mails, outgoing, strict=True):
        same_as_by_smtp(mail, message)


def same_as_by_smtp(mail: Mail, message: Outgoing) -> None:
    expected = as_smtp_brings_it(message)
    assert (mail.to, mail.name, mail.subject) == (expected.to, expected.name, expected.subject)
    assert mail.html == expected.html
    assert mail.text == expected.text
    name, address = split_address(mail.sender)
    assert Mailbox(address, name) == expected.sender
    assert split_address(mail.reply_to)[1] == expected.reply_to
    assert mail.headers["List-Unsubscribe"] == expected.unsubscribe
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@every
def test_the_headers_of_a_list_are_there(api: type[FakeApi]) -> None:
    with api() as fake:
        send(fake, letters(1))
    headers = {name.lower(): value for name, value in fake.mails[0].headers.items()}
    assert headers["precedence"] == "bulk"
    assert headers["feedback-id"] == "7:weekly:digest:office"
    if api.scheme not in NO_LIST_ID:
        assert headers["list-id"].endswith("<weekly.office.example.org>")


@every
def test_only_a_delivery_is_told_by_its_number(api: type[FakeApi]) -> None:
    """Letters and notices have numbers of their own: told as deliveries', their bounces would be those of other readers."""
    delivery, letter = (an_outgoing(number, a_template()) for number in (4711, 4712))
    with api() as fake:
        for message in (delivery, letter._replace(is_delivery=False)):
            assert send(fake, [message]).kinds == ["accepted"]
    told, untold = fake.mails
    if api is Ses:
        assert [b"EmailTags" in request.body for request in fake.requests] == [True, False]
    assert not untold.metadata.get("delivery")
    assert "4711" in told.metadata.get("delivery", "4711")


@every
def test_names_and_texts_in_chinese_arrive(api: type[FakeApi]) -> None:
    template = a_template(subject="阿尔马里亚一周：终于下雨了", extra="河水回来了", title="阿尔马里亚一周")
    message = an_outgoing(1, template, name='王"小明", 记者')
    with api() as fake:
        assert send(fake, [message]).kinds == ["accepted"]
    same_as_by_smtp(fake.mails[0], message)


SYNTAX = (
    "%recipient.name% %unsubscribe_url% {{ params.x }} {{{y}}} {% if x %} *|UNSUB|* {$name} -x.html_greeting- "
    "%tag_unsubscribe_url% <% body %> [[var]]"
)


@every
@pytest.mark.parametrize("count", [1, 2])
def test_what_looks_like_a_providers_placeholder_is_not_filled(api: type[FakeApi], count: int) -> None:
    template = a_template(subject=f"About {SYNTAX}", extra=SYNTAX)
    outgoing = [an_outgoing(number, template, name=f"Anna {SYNTAX}") for number in range(count)]
    with api() as fake:
        assert send(fake, outgoing).kinds == ["accepted"] * count
    for mail, message in zip(fake.mails, outgoing, strict=True):
        expected = as_smtp_brings_it(message)
        assert visible(mail.text) == visible(expected.text)
        assert visible(mail.subject) == visible(expected.subject)
        assert visible(mail.name) == visible(expected.name)
        assert rendered(mail.html) == rendered(expected.html)


def visible(text: str) -> str:
    """Without the invisible sign that keeps a provider from seeing a placeholder."""
    return text.replace("\u2060", "")


def rendered(html: str) -> str:
    """With the references resolved that a browser resolves."""
    return html.replace("&#123;", "{").replace("&#37;", "%").replace("&#42;", "*")


@every
def test_the_providers_own_id_is_told(api: type[FakeApi]) -> None:
    with api() as fake:
        sent = send(fake, letters(2))
    assert [result.answer.remote_id for result in sent.results] == [mail.id for mail in fake.mails]
    assert all(mail.id for mail in fake.mails)


@every
def test_a_refused_recipient_among_three_is_refused_alone(api: type[FakeApi]) -> None:
    with api(refused=frozenset({"reader2@example.net"})) as fake:
        sent = send(fake, letters(3))
    assert [result.id for result in sent.results] == [1, 2, 3]
    assert sent.kinds == ["accepted", "Rejected", "accepted"]
    assert sent.ended_by is None
    assert fake.recipients == ["reader1@example.net", "reader3@example.net"]
    refused = sent.results[1].answer.error
    assert isinstance(refused, Rejected)
    assert PROVIDERS[api.scheme].name in refused.reason


@every
def test_an_address_in_another_script_is_refused_alone(api: type[FakeApi]) -> None:
    template = a_template()
    outgoing = [
        an_outgoing(1, template),
        an_outgoing(2, template, to="读者@例子.example"),
        an_outgoing(3, template),
    ]
    with api() as fake:
        assert send(fake, outgoing).kinds == ["accepted", "Rejected", "accepted"]


@every
def test_a_domain_in_another_script_becomes_ascii(api: type[FakeApi]) -> None:
    template = a_template()
    outgoing = [an_outgoing(1, template, to="leser@straße.example"), an_outgoing(2, template)]
    with api() as fake:
        assert send(fake, outgoing).kinds == ["accepted", "accepted"]
    assert fake.recipients == ["leser@xn--strae-oqa.example", "reader2@example.net"]
    assert fake.mails[0].headers["List-Unsubscribe"] == "<https://office.example.org/u/token-1_x>"


@every
def test_a_wrong_key_takes_the_channel_down_and_is_not_repeated(api: type[FakeApi]) -> None:
    with api() as fake:
        sent = send(fake, letters(3), key="geheim-key")
    assert sent.results == []
    assert isinstance(sent.ended_by, ChannelDown)
    assert "geheim" not in sent.ended_by.reason
    assert fake.mails == []


@every
@pytest.mark.parametrize("count", [1, 2])
def test_a_sender_that_may_not_send_is_no_recipients_fault(api: type[FakeApi], count: int) -> None:
    with api(verified="other.example.org") as fake:
        sent = send(fake, letters(count))
    assert sent.results == []
    assert isinstance(sent.ended_by, SenderRefused)


@every
def test_a_refused_recipient_whose_address_reads_like_a_refusal_of_the_sender_is_refused_alone(
    api: type[FakeApi],
) -> None:
    template, address = a_template(), "'From'.sender.disabled@from.example.net"
    outgoing = [
        an_outgoing(1, template),
        an_outgoing(2, template, to=address),
        an_outgoing(3, template),
    ]
    with api(refused=frozenset({address})) as fake:
        sent = send(fake, outgoing)
    assert sent.kinds == ["accepted", "Rejected", "accepted"]
    assert sent.ended_by is None


@every
def test_too_many_requests_wait_as_long_as_asked(api: type[FakeApi]) -> None:
    with api(
        rules=[at(status=429, body={"message": "slow down"}, headers={"Retry-After": "7"}, times=1)]
    ) as fake:
        sent = send(fake, letters(3))
        assert sent.results == []
        assert isinstance(sent.ended_by, Retry)
        assert sent.ended_by.after == timedelta(seconds=7)
        assert send(fake, letters(3)).kinds == ["accepted"] * 3
    assert len(fake.recipients) == len(set(fake.recipients)) == 3


@every
def test_an_error_at_the_provider_costs_one_call_a_try_and_ends_the_round(api: type[FakeApi]) -> None:
    with api(rules=[at(status=500, body={"message": "oops"}, times=1)]) as fake:
        sent = send(fake, letters(3))
    in_one_call = 3 if api in IN_BATCHES else 1
    assert sent.kinds == ["Retry"] * in_one_call
    assert isinstance(sent.ended_by, Retry)
    assert fake.mails == []


@every
def test_a_gateway_that_lost_the_answer_leaves_the_call_in_doubt(api: type[FakeApi]) -> None:
    with api(rules=[at(status=502, body="<html><h1>Bad Gateway</h1></html>", first=True)]) as fake:
        sent = send(fake, letters(1))
    assert sent.kinds == ["Unknown"]
    assert isinstance(sent.ended_by, Retry)
    assert len(fake.mails) == 1


@every
@pytest.mark.parametrize("deed", ["silence", "close", "reset"])
def test_an_answer_that_never_comes_leaves_the_call_in_doubt_and_sends_nothing_twice(
    api: type[FakeApi], deed: str
) -> None:
    with api(rules=[at(deed, first=True)]) as fake:  # type: ignore[arg-type]  # a Deed by the list above
        sent = send(fake, letters(2), limits=IMPATIENT)
    in_one_call = 2 if api in IN_BATCHES else 1
    assert sent.kinds == ["Unknown"] * in_one_call
    assert isinstance(sent.ended_by, Retry)
    assert len(fake.recipients) == len(set(fake.recipients)) == in_one_call


@pytest.mark.parametrize("api", [api for api in ALL if api.scheme not in NO_BODY], ids=lambda api: api.scheme)
@pytest.mark.parametrize("body", ["<html>", {"odd": [1]}, [], "null"])
def test_a_yes_that_is_not_understood_leaves_the_call_in_doubt(api: type[FakeApi], body: object) -> None:
    with api(rules=[at(status=200, body=body)]) as fake:
        sent = send(fake, letters(1))
    assert sent.kinds == ["Unknown"]


@every
def test_an_api_that_has_moved_is_not_followed_with_the_key(api: type[FakeApi]) -> None:
    with api() as other, api(rules=[at(status=301, headers={"Location": other.api})]) as fake:
        sent = send(fake, letters(1))
    assert sent.results == []
    assert isinstance(sent.ended_by, ChannelDown)
    assert other.requests == []


@every
def test_nobody_there_is_for_later(api: type[FakeApi]) -> None:
    with api() as fake:
        pass
    sent = send(fake, letters(2))
    assert sent.results == []
    assert isinstance(sent.ended_by, Retry)
    assert PROVIDERS[api.scheme].name in sent.ended_by.reason


@every
def test_nothing_is_sent_once_the_sender_may_not_go_on(api: type[FakeApi]) -> None:
    with api() as fake:
        session = session_at(fake)
        with pytest.raises(Withdrawn):
            list(session.send(letters(2), lambda: False))
        session.close()
    assert fake.requests == []


@every
def test_a_message_that_nothing_can_carry_is_refused_here_and_stops_no_other(api: type[FakeApi]) -> None:
    template = a_template()
    broken = Outgoing(2, "", "a b@example.net", b"", merge=an_outgoing(2, template).merge)
    with api() as fake:
        sent = send(fake, [an_outgoing(1, template), broken, an_outgoing(3, template)])
    assert [result.id for result in sent.results] == [1, 2, 3]
    assert sent.kinds == ["accepted", "Rejected", "accepted"]


@every
def test_a_message_that_was_not_joined_from_a_template_goes_too(api: type[FakeApi]) -> None:
    message = an_outgoing(1, a_template(), name="Anna Müller")
    alone = Outgoing(1, message.mail_from, message.rcpt_to, message.data)
    with api() as fake:
        assert send(fake, [alone]).kinds == ["accepted"]
    same_as_by_smtp(fake.mails[0], message)


@in_batches
def test_many_messages_go_in_few_calls(api: type[FakeApi]) -> None:
    flight = PROVIDERS[api.scheme].batch.most  # type: ignore[union-attr]  # these have batches
    with api() as fake:
        sent = send(fake, letters(flight + 20))
    assert sent.kinds == ["accepted"] * (flight + 20)
    assert len(fake.requests) == 2
    assert fake.recipients == [f"reader{number}@example.net" for number in range(1, flight + 21)]


@in_batches
def test_no_call_has_the_same_address_twice(api: type[FakeApi]) -> None:
    template = a_template()
    outgoing = [
        an_outgoing(1, template, to="anna@example.net"),
        an_outgoing(2, template, to="ANNA@example.net"),
    ]
    with api() as fake:
        assert send(fake, outgoing).kinds == ["accepted", "accepted"]
    assert len(fake.requests) == 2
    assert [mail.name for mail in fake.mails] == ["Reader 1", "Reader 2"]


@in_batches
def test_each_template_keeps_its_own_words(api: type[FakeApi]) -> None:
    english, chinese = a_template(), a_template(subject="一周", extra="河水回来了")
    outgoing = [
        an_outgoing(1, english),
        an_outgoing(2, english),
        an_outgoing(3, chinese),
        an_outgoing(4, chinese),
    ]
    with api() as fake:
        assert send(fake, outgoing).kinds == ["accepted"] * 4
    for mail, message in zip(fake.mails, outgoing, strict=True):
        same_as_by_smtp(mail, message)


@in_batches
def test_the_search_for_a_refused_recipient_sends_nobody_twice(api: type[FakeApi]) -> None:
    refused = frozenset({"reader1@example.net", "reader7@example.net", "reader13@example.net"})
    with api(refused=refused) as fake:
        sent = send(fake, letters(13))
    assert [result.id for result in sent.results] == list(range(1, 14))
    assert sent.kinds.count("Rejected") == 3
    assert len(fake.recipients) == len(set(fake.recipients)) == 10


def test_leave_is_asked_before_each_call() -> None:
    from tests.fakes.mail_apis.mailgun import Mailgun

    asked: list[int] = []

    def may_go() -> bool:
        asked.append(len(fake.mails))
        return len(asked) < 3

    results: list[Result] = []
    with Mailgun(refused=frozenset({"reader4@example.net"})) as fake:
        session = session_at(fake)
        with pytest.raises(Withdrawn):
            results += session.send(letters(4), may_go)
        session.close()
    assert asked == [0, 0, 2]
    assert fake.recipients == ["reader1@example.net", "reader2@example.net"]


def test_a_recipient_that_is_not_verified_in_the_sandbox_of_ses_is_refused_alone() -> None:
    template = a_template()
    outgoing = [an_outgoing(1, template), an_outgoing(2, template, to="anna@office.example.org")]
    with Ses(in_sandbox=True) as fake:
        sent = send(fake, outgoing)
    assert sent.kinds == ["Rejected", "accepted"]
    assert sent.ended_by is None


def test_what_is_unknown_says_how_it_came_to_that() -> None:
    from tests.fakes.mail_apis.postmark import Postmark

    with Postmark(rules=[at("silence")]) as fake:
        error = send(fake, letters(1), limits=IMPATIENT).results[0].answer.error
    assert isinstance(error, Unknown)
    assert error.reason == "Postmark: no answer in time."
