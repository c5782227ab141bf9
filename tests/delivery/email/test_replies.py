"""Reading replies, telling what they mean, and the addresses of people and servers. No socket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.errors import (
    ChannelDown,
    OtherSideError,
    Rejected,
    Retry,
    SenderRefused,
    Unknown,
    UserError,
)
from publisher.delivery.email.address import BadAddress, parse_address, verp
from publisher.delivery.email.smtp.envelope import features_of
from publisher.delivery.email.smtp.outcomes import Step, answer_of
from publisher.delivery.email.smtp.replies import MAX_LINE, Garbage, Reply, ReplyReader
from publisher.delivery.email.smtp.url import MailServer, OAuth, parse_mail_url

LINES = st.lists(
    st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="\x7f")), min_size=1
)


def read(data: bytes, size: int = 10_000) -> list[Reply]:
    reader, replies = ReplyReader(), []
    for start in range(0, len(data), size):
        reader.feed(data[start : start + size])
        while reply := reader.next():
            replies.append(reply)
    return replies


def written(code: int, lines: list[str]) -> bytes:
    last = len(lines) - 1
    return "".join(f"{code}{' ' if n == last else '-'}{line}\r\n" for n, line in enumerate(lines)).encode()


@pytest.mark.parametrize(
    ("data", "code", "enhanced", "text"),
    [
        (b"250 ok\r\n", 250, "", "ok"),
        (b"250 2.1.0 sender ok\r\n", 250, "2.1.0", "sender ok"),
        (b"550-5.1.1 no such\r\n550 5.1.1 user\r\n", 550, "5.1.1", "no such user"),
        (b"451 4.7.500 slow down\r\n", 451, "4.7.500", "slow down"),
        (b"250\r\n", 250, "", ""),
        (b"250 ok\n", 250, "", "ok"),
        (b"250 2.0.0\r\n", 250, "2.0.0", ""),
        (b"550 10.0.0.1 is blocked\r\n", 550, "", "10.0.0.1 is blocked"),
        (b"550 bad \x1b[31m\xff name\r\n", 550, "", "bad  [31m\ufffd name"),
    ],
)
def test_a_reply_is_read(data: bytes, code: int, enhanced: str, text: str) -> None:
    (reply,) = read(data)
    assert (reply.code, *reply.said) == (code, enhanced, text)


@given(replies=st.lists(st.tuples(st.integers(200, 599), LINES), max_size=5), size=st.integers(1, 50))
def test_replies_are_the_same_in_whatever_pieces_they_come(
    replies: list[tuple[int, list[str]]], size: int
) -> None:
    data = b"".join(written(code, lines) for code, lines in replies)
    assert [reply.code for reply in read(data, size)] == [code for code, _ in replies]
    assert read(data, size) == read(data)


@pytest.mark.parametrize(
    "data",
    [b"hello\r\n", b"25 ok\r\n", b"150 x\r\n", b"650 x\r\n", b"250_ok\r\n", b"2500 x\r\n", b"\r\n", b"250-a\r\n550 b\r\n",
     b"x" * (MAX_LINE + 1), b"250-x\r\n" * 300],
)  # fmt: skip
def test_what_is_no_reply_is_garbage(data: bytes) -> None:
    with pytest.raises(Garbage):
        read(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "“HTTP/1.1 400 Bad Request”"),
        (b"\r\n", "an empty line"),
        (b"\x16\x03\x01 ok\r\n", "ok”"),
        (b"250-a\r\n550 b\r\n", "lines that begin with 250 and then with 550"),
    ],
)
def test_what_came_instead_of_a_reply_is_told(data: bytes, said: str) -> None:
    with pytest.raises(Garbage) as garbage:
        read(data)
    assert str(garbage.value).endswith(said)
    assert str(garbage.value).isprintable()


@given(st.binary(max_size=300), st.integers(1, 20))
def test_any_bytes_are_replies_or_garbage_and_nothing_else(data: bytes, size: int) -> None:
    try:
        replies = read(data, size)
    except Garbage:
        return
    assert all(200 <= reply.code <= 599 for reply in replies)


@pytest.mark.parametrize("data", [b"250 o", b"250-more\r\n", b"250-more\r\n250 o", b""])
def test_half_a_reply_is_none_yet(data: bytes) -> None:
    assert read(data) == []


@pytest.mark.parametrize(
    ("step", "code", "kind"),
    [
        (Step.DOT, 250, None),
        (Step.DOT, 421, Retry),
        (Step.DOT, 452, Retry),
        (Step.DOT, 550, Rejected),
        (Step.DOT, 354, Unknown),
        (Step.DOT, 530, Rejected),
        (Step.RCPT, 251, None),
        (Step.RCPT, 450, Retry),
        (Step.RCPT, 553, Rejected),
        (Step.DATA, 354, None),
        (Step.DATA, 250, Retry),
        (Step.MAIL, 354, Retry),
        (Step.MAIL, 530, ChannelDown),
        (Step.MAIL, 535, ChannelDown),
        (Step.MAIL, 552, Rejected),
        (Step.MAIL, 550, SenderRefused),
        (Step.AUTH, 235, None),
        (Step.AUTH, 454, Retry),
        (Step.AUTH, 535, ChannelDown),
        (Step.GREETING, 220, None),
        (Step.GREETING, 421, Retry),
        (Step.GREETING, 554, ChannelDown),
        (Step.STARTTLS, 454, Retry),
        (Step.STARTTLS, 501, ChannelDown),
    ],
)
def test_what_a_reply_means(step: Step, code: int, kind: type[OtherSideError] | None) -> None:
    error = answer_of(step, Reply(code, (b"words",))).error
    assert (type(error) if error else None) is kind


@pytest.mark.parametrize("step", list(Step))
@given(code=st.integers(200, 599))
def test_every_reply_means_something_and_only_2xx_is_acceptance(step: Step, code: int) -> None:
    accepted = answer_of(step, Reply(code, (b"words",))).accepted
    assert accepted == ((code == 354) if step is Step.DATA else 200 <= code <= 299)


def test_features_are_read_from_ehlo() -> None:
    features = features_of(
        ("mx.example hello", "pipelining", "SIZE 1000", "AUTH PLAIN login", "8BITMIME", "X-UNKNOWN a")
    )
    assert features.pipelining
    assert features.eight_bit
    assert not features.smtputf8
    assert features.size == 1000
    assert features.auth == {"PLAIN", "LOGIN"}
    assert features_of(("mx", "SIZE")).size == 0
    assert features_of(("mx",)).size is None


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("smtp://localhost", MailServer("localhost", 25)),
        ("smtp://mail.example.org:2525", MailServer("mail.example.org", 2525)),
        ("smtps://mail.example.org", MailServer("mail.example.org", 465, implicit_tls=True)),
        ("smtp://a:b@mail.example.org", MailServer("mail.example.org", 587, username="a", password="b")),
        ("smtp://a%40x:p%2F%3F%23@h:1", MailServer("h", 1, username="a@x", password="p/?#")),
        ("smtp://h?starttls=required&verify=off", MailServer("h", 25, starttls="required", verify=False)),
        ("smtp://[::1]:25/", MailServer("::1", 25)),
        (
            "smtp://h?ca=/etc/ca.pem&cert=/etc/own.pem&helo=[192.0.2.1]",
            MailServer("h", 25, ca="/etc/ca.pem", cert="/etc/own.pem", helo="[192.0.2.1]"),
        ),
        (
            "smtp://u@h?auth=xoauth2&token_url=https://login.example/t&client_id=c&client_secret=s&scope=x",
            MailServer(
                "h", 587, username="u", auth="xoauth2", oauth=OAuth("https://login.example/t", "c", "s", "x")
            ),
        ),
    ],
)
def test_the_address_of_a_mail_server(text: str, server: MailServer) -> None:
    assert parse_mail_url(text) == server


@pytest.mark.parametrize(
    "text",
    ["", "localhost:25", "http://x", "smtp://", "smtp://:25", "smtp://h:0", "smtp://h:99999", "smtp://h:x", "smtp://u@h",
     "smtp://u:geheim/x@h", "smtp://h?tls=on", "smtp://h?starttls=maybe", "smtp://h/path", "smtp://[::1",
     "smtp://u:p?geheim@h", "smtp://h?geheim/x=1", "smtp://h?ca=", "smtp://h?auth=plain", "smtp://u:p@h?auth=ntlm", "smtp://u@h?auth=xoauth2",
     "smtp://u:geheim@h?token_url=https://x", "smtp://u:geheim@h?auth=xoauth2&token_url=https://x",
     "smtp://u:geheim@h?auth=xoauth2&client_id=x", "smtp://u:geheim@h?auth=xoauth2&token_url=http://x.example&client_id=x",
     "smtp://u:p@h?auth=plain&client_secret=geheim", "smtp://h?helo=a b", "smtp://h?helo=a%0D%0AQUIT"],
)  # fmt: skip
def test_an_address_that_is_none_is_explained_without_the_password(text: str) -> None:
    with pytest.raises(UserError) as error:
        parse_mail_url(text)
    assert error.value.hint
    assert "geheim" not in error.value.message + error.value.hint


def test_a_mail_server_never_shows_its_login() -> None:
    server = parse_mail_url("smtp://anna:geheim@h")
    assert "geheim" not in repr(server) + str(server)
    assert "anna" not in repr(server) + str(server)
    oauth = parse_mail_url(
        "smtp://anna:t@h?auth=xoauth2&token_url=https://x&client_id=c&client_secret=geheim"
    ).oauth
    assert "geheim" not in repr(oauth)


@pytest.mark.parametrize(
    "address", ["a@b.c", "x+y=z@sub.example.org", "o'neil@example.org", "读者@例子.example", "a@localhost"]
)
def test_addresses_that_are_fine(address: str) -> None:
    assert parse_address(address).local == address.partition("@")[0]


@pytest.mark.parametrize(
    "address",
    ["", "a", "@b.c", "a@", "a@b@c.d", "a b@c.d", ".a@b.c", "a.@b.c", "a..b@c.d", "a@-b.c", "a@b..c", "a@b_.c.", "a\n@b.c",
     "a@b\n.c",
     "a\u200bb@c.d", "a\u3000b@c.d", "a\u202eb@c.d", "a@\u3000.c", "\ud800@b.c", "x" * 65 + "@b.c", "ж" * 33 + "@b.c",
     "a@" + "b." * 127 + "c", "a@[127.0.0.1]", "<a@b.c>", "a,b@c.d", "a@b.c>"],
)  # fmt: skip
def test_addresses_that_are_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        parse_address(address)


@given(st.text(max_size=100))
def test_whatever_is_accepted_cannot_end_a_command_or_a_path(text: str) -> None:
    try:
        address = str(parse_address(text))
    except BadAddress:
        return
    assert not set(address) & set("\r\n\0 <>\t")
    assert address.count("@") == 1


def test_the_return_path_names_its_delivery() -> None:
    assert verp("4711.c2ln", "news.example") == "bounce+4711.c2ln@news.example"
    for token in ("", "a b", "a@b", "a..b", "x" * 60, "a\n"):
        with pytest.raises(BadAddress):
            verp(token, "news.example")
