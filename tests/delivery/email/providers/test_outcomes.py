"""What providers' answers mean, and what it means that none came. No socket."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import pytest
import requests
import urllib3.exceptions
from botocore import exceptions as boto
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.delivery.email.providers.outcomes import error_of, failure_of, wait_of, words_of
from publisher.delivery.email.providers.table import PROVIDERS

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("scheme", "status", "said", "kind"),
    [
        ("mailgun", 401, "Forbidden", ChannelDown),
        ("mailgun", 404, "Domain not found: mg.example.org", ChannelDown),
        ("mailgun", 400, "to parameter is not a valid address. please check documentation", Rejected),
        ("mailgun", 400, "from parameter is not a valid address. please check documentation", ChannelDown),
        ("mailgun", 413, "Request Entity Too Large", Rejected),
        ("postmark", 422, "406 You tried to send to a recipient that has been marked as inactive.", Rejected),
        ("postmark", 422, "300 Invalid 'To' address: 'x'.", Rejected),
        ("postmark", 422, "405 Account has run out of credits.", ChannelDown),
        ("postmark", 422, "412 Your account is pending approval.", ChannelDown),
        ("sendgrid", 400, "Does not contain a valid address. personalizations.0.to.0.email", Rejected),
        ("sendgrid", 403, "The from address does not match a verified Sender Identity. from", ChannelDown),
        ("brevo", 402, "not_enough_credits Not enough credits", ChannelDown),
        ("brevo", 400, "invalid_parameter email is not valid in to", Rejected),
        ("resend", 422, "422 validation_error Invalid `to` field.", Rejected),
        ("resend", 422, "422 invalid_from_address Invalid `from` field.", ChannelDown),
        ("resend", 429, "429 daily_quota_exceeded", Retry),
        ("ses", 400, "LimitExceededException: Daily message quota exceeded.", Retry),
        ("ses", 400, "AccountSuspendedException: sending is disabled", ChannelDown),
        ("ses", 400, "MessageRejected: Email address is not verified.", ChannelDown),
        ("ses", 400, "MessageRejected: Address blacklisted.", Rejected),
        ("mandrill", 500, "error -1 Invalid_Key Invalid API key", ChannelDown),
        ("mandrill", 500, "error -2 ValidationError email is required", Rejected),
        ("mandrill", 500, "error -99 GeneralError", Retry),
        ("sparkpost", 420, "Exceed Sending Limit (daily)", Retry),
        ("mailersend", 422, "The from.email domain must be verified", ChannelDown),
        ("postal", 200, "error InvalidServerAPIKey", ChannelDown),
        ("scaleway", 408, "", Retry),
        ("mailjet", 409, "", Unknown),
        ("mailtrap", 503, "", Retry),
        ("mailtrap", 504, "", Unknown),
        ("brevo", 301, "", ChannelDown),
        ("brevo", 202, "what?", Unknown),
    ],
)
def test_what_an_answer_means(scheme: str, status: int, said: str, kind: type[OtherSideError]) -> None:
    assert type(error_of(scheme, status, said, "reason")) is kind


@given(st.sampled_from(list(PROVIDERS)), st.integers(100, 999), st.text(max_size=50))
def test_every_answer_means_something(scheme: str, status: int, said: str) -> None:
    assert isinstance(error_of(scheme, status, said, "reason"), OtherSideError)


def not_connected(reason: Exception) -> requests.ConnectionError:
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(None, "/", reason))  # type: ignore[arg-type]  # no pool


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (requests.ConnectTimeout(), Retry),
        (not_connected(urllib3.exceptions.NewConnectionError(None, "refused")), Retry),  # type: ignore[arg-type]  # no pool
        (not_connected(urllib3.exceptions.NameResolutionError("h", None, OSError())), Retry),  # type: ignore[arg-type]  # no pool
        (requests.exceptions.SSLError(ssl.SSLCertVerificationError("self-signed")), ChannelDown),
        (requests.exceptions.SSLError(ssl.SSLEOFError("eof")), Unknown),
        (requests.exceptions.SSLError("wrong version number"), ChannelDown),
        (requests.ReadTimeout(), Unknown),
        (
            requests.ConnectionError(
                urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError())
            ),
            Unknown,
        ),
        (requests.exceptions.ChunkedEncodingError(), Unknown),
        (boto.EndpointConnectionError(endpoint_url="https://x"), Retry),
        (boto.ConnectTimeoutError(endpoint_url="https://x"), Retry),
        (boto.NoCredentialsError(), ChannelDown),
        (boto.ReadTimeoutError(endpoint_url="https://x"), Unknown),
        (boto.ConnectionClosedError(endpoint_url="https://x"), Unknown),
        (boto.ParamValidationError(report="x"), Rejected),
        (RuntimeError("anything"), Unknown),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.__name__,
)
def test_what_it_means_that_no_answer_came(error: Exception, kind: type[OtherSideError]) -> None:
    assert failure_of(error)[0] is kind


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), (" 30 ", 30), ("Mon, 01 Jun 2026 12:01:00 GMT", 60), ("9" * 30, None), ("100000", 86400),
     ("Mon, 01 Jun 2026 11:00:00 GMT", None), ("0", None), ("soon", None), ("", None), (None, None), ("-5", None)],
)  # fmt: skip
def test_how_long_to_wait(header: str | None, seconds: int | None) -> None:
    assert wait_of(header, now=NOON) == (timedelta(seconds=seconds) if seconds else None)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"ErrorCode": 300, "Message": "Invalid"}', "300 Invalid"),
        ('{"errors": [{"message": "no", "field": "from", "help": null}]}', "no from"),
        ('{"errors": {"to.0.email": ["bad"]}}', "bad"),
        ('{"id": 7, "code": "x", "time": 3}', "x"),
        ("<html><h1>Bad\n Gateway</h1></html>", "Bad Gateway"),
        ("Forbidden", "Forbidden"),
        ("", ""),
        ("x" * 900, "x" * 500),
    ],
)
def test_the_words_of_an_answer(body: str, words: str) -> None:
    assert words_of(body) == words


@given(st.text())
def test_any_answer_has_words_in_one_line(body: str) -> None:
    assert "\n" not in words_of(body)
