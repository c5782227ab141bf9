"""Sending over real sockets to a server that behaves, and to one that does not."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from publisher.core.errors import ChannelDown, Rejected, Retry, Unknown
from publisher.delivery.email.smtp import Limits, MailServer, Outgoing, Result, Session, Withdrawn
from publisher.delivery.email.smtp.connection import tls_context
from tests.fakes.certificate import self_signed
from tests.fakes.smtp_sink import OFFERS, Rule, SmtpSink, at

QUICK = Limits(connect=2, greeting=1, reply=0.5, write=5, final=0.5, quit=0.5)
WITHOUT_PIPELINING = [offer for offer in OFFERS if offer != "PIPELINING"]
BODY = b"Subject: hello\r\n\r\nNews of the week.\r\n"


def a_message(number: int, to: str = "", data: bytes = BODY) -> Outgoing:
    return Outgoing(number, "bounce@news.example", to or f"reader{number}@example.org", data)


def messages(count: int) -> list[Outgoing]:
    return [a_message(number) for number in range(1, count + 1)]


def a_session(sink: SmtpSink, limits: Limits = QUICK, **server: object) -> Session:
    return Session(MailServer("127.0.0.1", sink.port, **server), limits)  # type: ignore[arg-type]  # test shorthand


def send(sink: SmtpSink, outgoing: list[Outgoing], limits: Limits = QUICK) -> list[Result]:
    with a_session(sink, limits) as session:
        return list(session.send(outgoing))


def kinds(results: list[Result]) -> list[str]:
    return ["accepted" if r.answer.error is None else type(r.answer.error).__name__ for r in results]


@pytest.fixture(params=["pipelined", "in turn"])
def offers(request: pytest.FixtureRequest) -> list[str]:
    return list(OFFERS) if request.param == "pipelined" else WITHOUT_PIPELINING


def test_every_message_arrives_once_in_order(offers: list[str]) -> None:
    with SmtpSink(offers=offers) as sink:
        results = send(sink, messages(20))
    assert [result.id for result in results] == list(range(1, 21))
    assert kinds(results) == ["accepted"] * 20
    assert sink.recipients == [message.rcpt_to for message in messages(20)]
    assert {taken.data for taken in sink.messages} == {BODY}
    assert sink.connections == 1


def test_an_accepted_message_carries_the_words_of_the_server() -> None:
    with SmtpSink([at("DOT", "250-2.6.0 <x@y> queued\r\n250 2.6.0 as 4711\r\n")]) as sink:
        answer = send(sink, messages(1))[0].answer
    assert (answer.code, answer.enhanced, answer.text) == (250, "2.6.0", "<x@y> queued as 4711")


def test_the_next_envelope_rides_behind_the_dot_when_pipelining_is_offered() -> None:
    with SmtpSink() as sink:
        send(sink, messages(5))
    assert sink.most_behind == 3


def test_nothing_rides_behind_the_dot_without_pipelining() -> None:
    with SmtpSink(offers=WITHOUT_PIPELINING) as sink:
        send(sink, messages(5))
    assert sink.most_behind == 0


def test_a_message_is_sent_only_after_the_result_before_was_taken() -> None:
    with SmtpSink() as sink, a_session(sink) as session:
        results = session.send(messages(3))
        next(results)
        assert len(sink.messages) == 1
        next(results)
        assert len(sink.messages) == 2


def test_ending_early_sends_nothing_more_and_the_session_goes_on() -> None:
    with SmtpSink() as sink, a_session(sink) as session:
        for result in session.send(messages(5)):
            if result.id == 2:
                break
        assert kinds(list(session.send([a_message(9)]))) == ["accepted"]
    assert sink.recipients == ["reader1@example.org", "reader2@example.org", "reader9@example.org"]


def test_a_connection_is_reused_between_calls() -> None:
    with SmtpSink() as sink, a_session(sink) as session:
        for number in range(3):
            list(session.send([a_message(number)]))
    assert sink.connections == 1


def test_a_connection_is_replaced_after_its_number_of_messages(offers: list[str]) -> None:
    with SmtpSink(offers=offers) as sink:
        results = send(sink, messages(7), Limits(messages=3, quit=0.5))
    assert kinds(results) == ["accepted"] * 7
    assert [taken.connection for taken in sink.messages] == [1, 1, 1, 2, 2, 2, 3]


def test_a_connection_is_replaced_when_it_is_old() -> None:
    with SmtpSink() as sink:
        send(sink, messages(3), Limits(age=0, quit=0.5))
    assert sink.connections == 3


REFUSALS = [
    *((step, "451 4.7.1 later", "Retry") for step in ("MAIL", "RCPT", "DATA", "DOT")),
    *((step, "550 5.1.1 no such user", "Rejected") for step in ("RCPT", "DATA", "DOT")),
    ("MAIL", "552 5.3.4 too large", "Rejected"),
]


@pytest.mark.parametrize(("step", "reply", "kind"), REFUSALS)
def test_a_refusal_counts_for_its_message_only(offers: list[str], step: str, reply: str, kind: str) -> None:
    with SmtpSink([at(step, reply, after=1, times=1)], offers=offers) as sink:
        results = send(sink, messages(4))
    assert kinds(results) == ["accepted", kind, "accepted", "accepted"]
    assert sink.recipients == ["reader1@example.org", "reader3@example.org", "reader4@example.org"]
    refused = results[1].answer
    assert f"{refused.code} {refused.enhanced} {refused.text}" == reply
    assert sink.connections == 1


def test_a_refused_sender_is_no_recipients_fault(offers: list[str]) -> None:
    reply = "550 5.7.1 sender address rejected"
    with SmtpSink([at("MAIL", reply, after=1)], offers=offers) as sink, a_session(sink) as session:
        results = session.send(messages(4))
        assert next(results).answer.accepted
        with pytest.raises(ChannelDown, match="sender address rejected"):
            next(results)
    assert sink.recipients == ["reader1@example.org"]


def test_nothing_more_is_sent_once_the_sender_may_not_go_on(offers: list[str]) -> None:
    asked: list[int] = []

    def may_go() -> bool:
        asked.append(len(sink.messages))
        return len(asked) < 3

    with SmtpSink(offers=offers) as sink, a_session(sink) as session:
        results = []
        with pytest.raises(Withdrawn):
            results += session.send(messages(4), may_go)
    assert asked == [0, 1, 2]
    assert len(sink.messages) == 2


def test_the_reason_names_the_step() -> None:
    with SmtpSink([at("RCPT", "550 5.1.1 no such user")]) as sink:
        error = send(sink, messages(1))[0].answer.error
    assert isinstance(error, Rejected)
    assert error.reason == "At RCPT TO: 550 5.1.1 no such user"


def test_a_server_that_grants_data_without_a_recipient_gets_no_message(offers: list[str]) -> None:
    rules = [at("RCPT", "550 5.1.1 no", when="reader2"), at("DATA", "354 go ahead")]
    with SmtpSink(rules, offers=offers) as sink:
        results = send(sink, messages(3))
    assert kinds(results) == ["accepted", "Rejected", "accepted"]
    assert sink.recipients == ["reader1@example.org", "reader3@example.org"]


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_421_before_the_message_is_sent_again_over_a_new_connection(offers: list[str], step: str) -> None:
    with SmtpSink(
        [at(step, "421 4.3.2 going down", after=1, times=1, then_close=True)], offers=offers
    ) as sink:
        results = send(sink, messages(3))
    assert kinds(results) == ["accepted"] * 3
    assert sink.recipients == [message.rcpt_to for message in messages(3)]
    assert sink.connections == 2


def test_421_at_the_dot_is_a_refusal_for_now(offers: list[str]) -> None:
    with SmtpSink([at("DOT", "421 4.3.2 down", after=1, times=1, then_close=True)], offers=offers) as sink:
        results = send(sink, messages(3))
    assert kinds(results) == ["accepted", "Retry", "accepted"]
    assert sink.recipients == ["reader1@example.org", "reader3@example.org"]


@pytest.mark.parametrize("deed", ["close", "reset", "silence", "half"])
def test_no_answer_to_the_dot_leaves_the_message_unknown(offers: list[str], deed: str) -> None:
    rule = Rule("DOT", deed, times=1, after=1)  # type: ignore[arg-type]  # a Deed by the list above
    with SmtpSink([rule], offers=offers) as sink:
        results = send(sink, messages(3))
    assert kinds(results) == ["accepted", "Unknown", "accepted"]
    assert sink.recipients == [message.rcpt_to for message in messages(3)]


@pytest.mark.parametrize(
    "reply", ["what?", "999 no such code", "354 go on", "250-and then\r\n550 no\r\n", "x" * 9000]
)
def test_nonsense_at_the_dot_leaves_the_message_unknown(reply: str) -> None:
    with SmtpSink([at("DOT", reply, times=1)]) as sink:
        results = send(sink, messages(2))
    assert kinds(results) == ["Unknown", "accepted"]


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("deed", ["close", "reset", "silence", "half"])
def test_a_connection_lost_before_the_dot_costs_nothing(offers: list[str], step: str, deed: str) -> None:
    rule = Rule(step, deed, times=1, after=1)  # type: ignore[arg-type]  # a Deed by the list above
    with SmtpSink([rule], offers=offers) as sink:
        results = send(sink, messages(3))
    assert kinds(results) == ["accepted"] * 3
    assert sink.recipients == [message.rcpt_to for message in messages(3)]


@pytest.mark.parametrize("deed", ["close", "reset", "silence", "half"])
def test_a_new_connection_lost_before_the_dot_is_tried_again_later(deed: str) -> None:
    with SmtpSink([Rule("MAIL", deed, times=1)]) as sink:  # type: ignore[arg-type]  # a Deed by the list above
        results = send(sink, messages(2))
    assert kinds(results) == ["Retry", "accepted"]


def test_a_server_that_closes_after_each_message_gets_all(offers: list[str]) -> None:
    with SmtpSink([at("DOT", "250 2.0.0 taken", then_close=True)], offers=offers) as sink:
        results = send(sink, messages(4))
    assert kinds(results) == ["accepted"] * 4
    assert sink.recipients == [message.rcpt_to for message in messages(4)]


def test_a_server_that_always_breaks_off_is_left_alone_after_a_few_times() -> None:
    with SmtpSink([at("MAIL", deed="close")]) as sink, a_session(sink) as session:
        results: list[Result] = []
        with pytest.raises(Retry, match="3 times in a row"):
            results += session.send(messages(100))
    assert sink.connections == 3


def test_replies_in_single_bytes_are_read() -> None:
    rules = [Rule(step, "bytewise") for step in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "DOT")]
    with SmtpSink(rules) as sink:
        assert kinds(send(sink, messages(2))) == ["accepted"] * 2


def test_replies_in_one_piece_are_told_apart() -> None:
    with SmtpSink([Rule("MAIL", "merge"), Rule("RCPT", "merge")]) as sink:
        assert kinds(send(sink, messages(3))) == ["accepted"] * 3


def test_an_answer_that_comes_before_its_message_is_not_believed(offers: list[str]) -> None:
    early = at("DATA", "354 go ahead\r\n250 2.0.0 taken\r\n", after=1, times=1)
    refusal = at("DOT", "554 5.7.1 looks like spam", after=1, times=1)
    with SmtpSink([early, refusal], offers=offers) as sink:
        assert kinds(send(sink, messages(3))) == ["accepted", "Rejected", "accepted"]
    assert sink.recipients == ["reader1@example.org", "reader3@example.org"]


def test_an_answer_too_many_is_not_taken_for_that_of_the_next_message(offers: list[str]) -> None:
    with SmtpSink([at("DOT", "250 2.0.0 taken\r\n250 2.0.0 taken\r\n", times=1)], offers=offers) as sink:
        assert kinds(send(sink, messages(3))) == ["accepted"] * 3
    assert sink.recipients == [message.rcpt_to for message in messages(3)]


@pytest.mark.parametrize("deed", ["close", "reset", "silence", "half", "reply"])
def test_a_server_that_parts_rudely_costs_nothing(deed: str) -> None:
    with SmtpSink([Rule("QUIT", deed, "what?")]) as sink:  # type: ignore[arg-type]  # a Deed by the list above
        assert kinds(send(sink, messages(1))) == ["accepted"]


@pytest.mark.parametrize(
    "deed",
    ["421 4.3.2 closing", "554 5.0.0 no", "451 4.0.0 no", "what?", "close", "reset", "silence", "half"],
)
def test_a_transaction_that_cannot_be_taken_back_costs_the_connection_only(
    offers: list[str], deed: str
) -> None:
    """RSET goes before the envelope that follows a refused one."""
    wrong = Rule("RSET", deed) if deed.isalpha() else at("RSET", deed)  # type: ignore[arg-type]  # a Deed where it is a word
    with SmtpSink([at("RCPT", "550 5.1.1 no", when="reader1@"), wrong], offers=offers) as sink:
        assert kinds(send(sink, messages(3))) == ["Rejected", "accepted", "accepted"]
    assert sink.recipients == ["reader2@example.org", "reader3@example.org"]


def test_a_slow_server_is_given_up_within_the_limit_of_the_step() -> None:
    slow = at("MAIL", "250 " + "x" * 2000, deed="bytewise", times=1)
    with SmtpSink([slow]) as sink:
        assert kinds(send(sink, messages(1))) == ["Retry"]


def test_dots_at_the_beginning_of_lines_arrive_as_they_were() -> None:
    data = b".Subject: x\r\n\r\n.\r\n..\r\n.hidden\r\nend\r\n"
    with SmtpSink() as sink:
        send(sink, [a_message(1, data=data)])
    assert sink.messages[0].data == data


@pytest.mark.parametrize("data", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\n.\nMAIL FROM:<x>\r\n", b"no end"])
def test_line_ends_that_servers_read_differently_are_refused(data: bytes) -> None:
    with SmtpSink() as sink:
        assert kinds(send(sink, [a_message(1, data=data)])) == ["Rejected"]
    assert sink.connections == 0


BAD = [
    "",
    "reader",
    "a b@example.org",
    "a@b\r\nRCPT TO:<x@example.org>",
    "a\0@example.org",
    "a@exa mple.org",
    "@x.org",
]


@pytest.mark.parametrize("address", [*BAD, "<a@example.org>", "a@example.org>", "x" * 300 + "@example.org"])
def test_an_address_that_is_none_never_reaches_the_socket(address: str) -> None:
    message = Outgoing(1, "bounce@news.example", address, BODY)
    assert kinds(list(Session(MailServer("127.0.0.1", 1)).send([message]))) == ["Rejected"]


def test_a_bad_address_among_good_ones_stops_none(offers: list[str]) -> None:
    with SmtpSink(offers=offers) as sink:
        results = send(sink, [a_message(1), a_message(2, "bad address@x"), a_message(3)])
    assert kinds(results) == ["accepted", "Rejected", "accepted"]


def test_a_domain_in_another_script_becomes_ascii() -> None:
    with SmtpSink(offers=["PIPELINING"]) as sink:
        assert kinds(send(sink, [a_message(1, "leser@straße.example")])) == ["accepted"]
    assert sink.recipients == ["leser@xn--strae-oqa.example"]


def test_a_local_part_in_another_script_needs_smtputf8() -> None:
    with SmtpSink() as sink:
        assert kinds(send(sink, [a_message(1, "读者@例子.example")])) == ["accepted"]
    assert sink.recipients == ["读者@xn--fsqu00a.example"]
    assert any(line.startswith("MAIL") and line.endswith(" SMTPUTF8") for line in sink.commands)
    with SmtpSink(offers=["PIPELINING", "8BITMIME"]) as sink:
        answer = send(sink, [a_message(1, "读者@例子.example")])[0].answer
    assert isinstance(answer.error, Rejected)
    assert answer.enhanced == "5.6.7"


def test_a_mail_to_an_address_in_another_script_is_announced_as_8_bit_too() -> None:
    """Its To header holds the address as it is (RFC 6532)."""
    data = "To: <读者@xn--fsqu00a.example>\r\n\r\nhello\r\n".encode()
    with SmtpSink() as sink:
        assert kinds(send(sink, [a_message(1, "读者@例子.example", data)])) == ["accepted"]
    assert f"MAIL FROM:<bounce@news.example> SIZE={len(data)} BODY=8BITMIME SMTPUTF8" in sink.commands
    with SmtpSink(offers=["SMTPUTF8"]) as sink:
        assert kinds(send(sink, [a_message(1, "读者@例子.example", data)])) == ["Rejected"]


def test_a_message_beyond_the_size_limit_is_refused_here() -> None:
    with SmtpSink(offers=["PIPELINING", "SIZE 1000"]) as sink:
        results = send(sink, [a_message(1, data=b"x" * 70 + b"\r\n" + BODY * 100), a_message(2)])
    assert kinds(results) == ["Rejected", "accepted"]
    assert f"MAIL FROM:<bounce@news.example> SIZE={len(BODY)}" in sink.commands


def test_eight_bit_text_is_announced_or_refused() -> None:
    data = "Subject: x\r\n\r\nÄ\r\n".encode()
    with SmtpSink(offers=["8BITMIME"]) as sink:
        assert kinds(send(sink, [a_message(1, data=data)])) == ["accepted"]
    assert "MAIL FROM:<bounce@news.example> BODY=8BITMIME" in sink.commands
    with SmtpSink(offers=[]) as sink:
        assert kinds(send(sink, [a_message(1, data=data)])) == ["Rejected"]


def test_a_server_that_knows_only_helo_is_served() -> None:
    with SmtpSink([at("EHLO", "502 5.5.1 what is that")]) as sink:
        assert kinds(send(sink, messages(2))) == ["accepted"] * 2


def test_an_idle_connection_that_was_closed_is_replaced_unseen() -> None:
    with SmtpSink([at("DOT", "250 ok\r\n421 4.4.2 idle too long\r\n", times=1, then_close=True)]) as sink:
        session = a_session(sink)
        assert kinds(list(session.send([a_message(1)]))) == ["accepted"]
        assert kinds(list(session.send([a_message(2)]))) == ["accepted"]
        session.close()
    assert sink.connections == 2


def test_no_server_at_all_is_for_later() -> None:
    with SmtpSink() as sink:
        port = sink.port
    with pytest.raises(Retry, match="cannot be reached"):
        list(Session(MailServer("127.0.0.1", port), QUICK).send(messages(1)))


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (at("CONNECT", "421 4.3.2 too busy"), Retry),
        (at("CONNECT", "554 5.3.2 no mail here"), ChannelDown),
        (at("CONNECT", deed="silence"), Retry),
        (at("CONNECT", "<html>"), Retry),
        (at("EHLO", "550 5.7.1 go away", when="."), Retry),
        (at("MAIL", "530 5.7.0 log in first"), ChannelDown),
    ],
)
def test_a_server_that_cannot_be_used_raises(rule: Rule, error: type[Exception]) -> None:
    rules = [rule, at("HELO", "450 4.7.1 later")]
    with SmtpSink(rules) as sink, pytest.raises(error):
        send(sink, messages(2))
    assert sink.messages == []


@pytest.mark.parametrize("mechanisms", ["AUTH PLAIN LOGIN", "AUTH LOGIN", "AUTH=LOGIN"])
def test_login(mechanisms: str) -> None:
    with (
        SmtpSink(offers=[mechanisms], login=("anna", "sécret")) as sink,
        a_session(sink, username="anna", password="sécret") as session,
    ):
        assert kinds(list(session.send(messages(1)))) == ["accepted"]


def test_a_refused_login_takes_the_channel_down_without_the_password_in_the_reason() -> None:
    with (
        SmtpSink(offers=["AUTH PLAIN"], login=("anna", "right")) as sink,
        a_session(sink, username="anna", password="wrong-password") as session,
        pytest.raises(ChannelDown) as e,
    ):
        list(session.send(messages(1)))
    assert "535" in e.value.reason
    assert "wrong-password" not in e.value.reason


def test_no_password_in_the_clear_to_another_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.delivery.email.smtp.url.is_loopback", lambda _host: False)
    with (
        SmtpSink(offers=["AUTH PLAIN"], login=("anna", "x")) as sink,
        a_session(sink, username="anna", password="x") as session,
        pytest.raises(ChannelDown, match="in the clear"),
    ):
        list(session.send(messages(1)))
    assert not any(line.startswith("AUTH") for line in sink.commands)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"), "localhost")


def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize("implicit", [True, False])
def test_tls_with_a_certificate_that_is_trusted(certificate: Path, implicit: bool) -> None:
    big = b"Subject: big\r\n\r\n" + (b"x" * 70 + b"\r\n") * 3000
    with SmtpSink(tls=server_tls(certificate), implicit_tls=implicit) as sink:
        server = MailServer("localhost", sink.port, implicit_tls=implicit)
        with Session(server, QUICK, tls_context(ca_file=str(certificate))) as session:
            results = list(session.send([a_message(n, data=big) for n in range(5)]))
    assert kinds(results) == ["accepted"] * 5
    assert sink.messages[4].data == big


@pytest.mark.parametrize(("host", "trusted"), [("localhost", False), ("127.0.0.1", True)])
def test_a_certificate_that_is_not_trusted_or_of_another_name_takes_the_channel_down(
    certificate: Path, host: str, trusted: bool
) -> None:
    context = tls_context(ca_file=str(certificate) if trusted else None)
    with SmtpSink(tls=server_tls(certificate)) as sink, pytest.raises(ChannelDown, match="certificate"):
        list(Session(MailServer(host, sink.port), QUICK, context).send(messages(1)))
    assert sink.messages == []


def test_verification_can_be_switched_off(certificate: Path) -> None:
    with SmtpSink(tls=server_tls(certificate)) as sink, a_session(sink, verify=False) as session:
        assert kinds(list(session.send(messages(1)))) == ["accepted"]


def test_required_starttls_that_is_not_offered_takes_the_channel_down() -> None:
    with (
        SmtpSink() as sink,
        a_session(sink, starttls="required") as session,
        pytest.raises(ChannelDown, match="STARTTLS"),
    ):
        list(session.send(messages(1)))


def test_words_smuggled_in_before_tls_are_not_believed(certificate: Path) -> None:
    smuggled = at("STARTTLS", "220 go ahead\r\n250 SIZE 1\r\n")
    with (
        SmtpSink([smuggled], tls=server_tls(certificate)) as sink,
        a_session(sink, verify=False) as session,
        pytest.raises(Retry, match="injection"),
    ):
        list(session.send(messages(1)))


def test_a_hang_up_in_the_middle_of_the_content_is_certainly_not_accepted() -> None:
    big = b"Subject: big\r\n\r\n" + (b"x" * 70 + b"\r\n") * 300_000
    with SmtpSink([at("DATA", "354 go ahead", then_close=True)], offers=["PIPELINING"]) as sink:
        results = send(sink, [a_message(1, data=big)])
    assert kinds(results) == ["Retry"]
    assert sink.messages == []


def test_an_unknown_says_so() -> None:
    with SmtpSink([at("DOT", deed="close")]) as sink:
        answer = send(sink, messages(1))[0].answer
    assert isinstance(answer.error, Unknown)
    assert answer.code == 0
    assert "no answer came" in answer.error.reason
