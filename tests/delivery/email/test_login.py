"""Logging in to mail servers: which way is chosen, and access tokens."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from publisher.core.errors import ChannelDown, Retry
from publisher.delivery.email.smtp import Session, oauth, parse_mail_url
from tests.delivery.email.test_session import QUICK, kinds, messages
from tests.fakes.smtp_sink import SmtpSink, at
from tests.fakes.token_server import TokenServer

EVERY = ("AUTH PLAIN LOGIN XOAUTH2",)


@pytest.fixture(autouse=True)
def no_tokens() -> Iterator[None]:
    oauth._tokens.clear()
    yield
    oauth._tokens.clear()


def logged_in(
    sink: SmtpSink,
    options: str,
    *,
    password: str = "right",  # noqa: S107 - a test's own
    user: str = "anna@example.org",
) -> list[str]:
    """Send one message with a login; what became of it."""
    login = f"{quote(user, safe='')}:{quote(password, safe='')}" if password else quote(user, safe="")
    server = parse_mail_url(f"smtp://{login}@127.0.0.1:{sink.port}?{options}")
    with Session(server, QUICK) as session:
        return kinds(list(session.send(messages(1))))


def fetched(authority: TokenServer, *, secret: str = "the-client-secret") -> str:  # noqa: S107 - a test's own
    return (
        f"auth=xoauth2&token_url={quote(authority.url, safe='')}&client_id=our-client&client_secret={secret}"
    )


@pytest.mark.parametrize(
    ("option", "mechanism"),
    [("auth=auto", "PLAIN"), ("auth=plain", "PLAIN"), ("auth=login", "LOGIN"), ("auth=xoauth2", "XOAUTH2")],
)
def test_the_way_to_log_in_can_be_chosen(option: str, mechanism: str) -> None:
    with SmtpSink(offers=EVERY, login=("anna@example.org", "right")) as sink:
        assert logged_in(sink, option) == ["accepted"]
    assert [line.split(" ")[1] for line in sink.commands if line.startswith("AUTH")] == [mechanism]


@pytest.mark.parametrize("option", ["auth=login", "auth=xoauth2"])
def test_a_way_that_is_not_offered_takes_the_channel_down(option: str) -> None:
    with SmtpSink(offers=["AUTH PLAIN"], login=("anna@example.org", "right")) as sink:
        with pytest.raises(ChannelDown, match="offers no login by"):
            logged_in(sink, option)
        assert not any(line.startswith("AUTH") for line in sink.commands)


def test_a_password_is_never_sent_as_a_token_by_itself() -> None:
    with SmtpSink(offers=["AUTH XOAUTH2"], login=("anna@example.org", "right")) as sink:
        with pytest.raises(ChannelDown):
            logged_in(sink, "auth=auto")
        assert not any(line.startswith("AUTH") for line in sink.commands)


def test_a_refused_token_is_answered_as_the_protocol_wants_and_takes_the_channel_down() -> None:
    with (
        SmtpSink(offers=EVERY, login=("anna@example.org", "another")) as sink,
        pytest.raises(ChannelDown) as error,
    ):
        logged_in(sink, "auth=xoauth2", password="expired-token")
    assert "535 5.7.8" in error.value.reason
    assert "expired-token" not in error.value.reason


@pytest.mark.parametrize("length", [10, 3000])
def test_long_secrets_wait_to_be_asked_for(length: int) -> None:
    token = "t" * length
    for option in ("auth=xoauth2", "auth=plain"):
        with SmtpSink(offers=EVERY, login=("anna@example.org", token)) as sink:
            assert logged_in(sink, option, password=token) == ["accepted"]


def test_a_temporary_refusal_of_the_login_is_for_later() -> None:
    with (
        SmtpSink([at("AUTH", "454 4.7.0 try later")], offers=EVERY, login=("a", "b")) as sink,
        pytest.raises(Retry, match=r"454 4\.7\.0"),
    ):
        logged_in(sink, "auth=xoauth2")


@pytest.mark.parametrize("length", [0, 2000])
def test_a_token_is_fetched_once_and_used_until_it_expires(length: int) -> None:
    with TokenServer(length=length) as authority:
        token = "token-1-" + "x" * length
        with SmtpSink(offers=EVERY, login=("anna@example.org", token)) as sink:
            for _ in range(3):
                assert logged_in(sink, fetched(authority), password="the-refresh-token") == ["accepted"]
    assert authority.asked == [
        {
            "grant_type": "refresh_token",
            "refresh_token": "the-refresh-token",
            "client_id": "our-client",
            "client_secret": "the-client-secret",
        }
    ]


def test_an_expired_token_is_replaced() -> None:
    with TokenServer(lasts=30) as authority:
        server = parse_mail_url(f"smtp://anna:the-refresh-token@127.0.0.1?{fetched(authority)}")
        assert server.oauth is not None
        assert [oauth.access_token(server, server.oauth) for _ in range(2)] == ["token-1-", "token-2-"]


def test_a_token_that_is_refused_before_its_time_is_replaced_at_once() -> None:
    with TokenServer() as authority, SmtpSink(offers=EVERY, login=("anna@example.org", "token-2-")) as sink:
        assert logged_in(sink, fetched(authority), password="the-refresh-token") == ["accepted"]
    assert sink.connections == 1


def test_an_authority_that_changes_the_refresh_token_is_followed() -> None:
    with TokenServer(lasts=30, rotates=True) as authority:
        server = parse_mail_url(f"smtp://anna:the-refresh-token@127.0.0.1?{fetched(authority)}")
        assert server.oauth is not None
        assert oauth.access_token(server, server.oauth) == "token-1-"
        assert oauth.access_token(server, server.oauth) == "token-2-"
    assert authority.asked[1]["refresh_token"] == "refresh-1"


def test_a_client_can_have_a_token_of_its_own() -> None:
    with TokenServer() as authority, SmtpSink(offers=EVERY, login=("anna@example.org", "token-1-")) as sink:
        options = fetched(authority) + "&scope=https%3A%2F%2Foutlook.office365.com%2F.default"
        assert logged_in(sink, options, password="") == ["accepted"]
    assert authority.asked[0]["grant_type"] == "client_credentials"
    assert authority.asked[0]["scope"] == "https://outlook.office365.com/.default"


@pytest.mark.parametrize(
    ("password", "secret"), [("geheim-1", "the-client-secret"), ("the-refresh-token", "geheim-2")]
)
def test_an_authority_that_refuses_takes_the_channel_down_without_the_secrets(
    password: str, secret: str
) -> None:
    with TokenServer() as authority, SmtpSink(offers=EVERY) as sink, pytest.raises(ChannelDown) as error:
        logged_in(sink, fetched(authority, secret=secret), password=password)
    assert "invalid_" in error.value.reason
    assert "geheim" not in error.value.reason


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, "oops"),
        (429, {}),
        (200, "<html>"),
        (200, {"token_type": "Bearer"}),
        (200, {"access_token": "with\r\nline"}),
        (200, {"access_token": 7}),
        (200, []),
    ],
)
def test_an_authority_in_trouble_is_for_later(status: int, answer: object) -> None:
    with (
        TokenServer(status=status, answer=answer) as authority,
        SmtpSink(offers=EVERY) as sink,
        pytest.raises(Retry, match="No access token"),
    ):
        logged_in(sink, fetched(authority))
    assert not any(line.startswith("AUTH") for line in sink.commands)


def test_an_authority_that_is_away_is_for_later() -> None:
    with TokenServer() as authority:
        options = fetched(authority)
    with SmtpSink(offers=EVERY) as sink, pytest.raises(Retry, match="cannot be reached"):
        logged_in(sink, options)
