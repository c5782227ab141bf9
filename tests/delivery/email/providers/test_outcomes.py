"""What providers' answers mean, and what it means that none came. No socket."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import urllib3.exceptions
from botocore import exceptions as boto
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, SenderRefused, Unknown
from publisher.delivery.email.providers.outcomes import error_of, failure_of
from publisher.delivery.email.providers.reading import Said, body_of, values_at, wait_of
from publisher.delivery.email.providers.table import PROVIDERS

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


SENDER = "news@office.example.org"
MENACING = "'From'.sender.invalid_from_address.disabled@from.example"
"""A recipient whose address reads like a refusal of the sender."""

NOT_VERIFIED = (
    "Email address is not verified. The following identities failed the check in region EU-WEST-1: "
)


def ses(code: str, message: str) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": message}}


def mailjet(code: str, message: str, about: str, status: int = 400) -> dict[str, Any]:
    error = {"ErrorCode": code, "StatusCode": status, "ErrorMessage": message, "ErrorRelatedTo": [about]}
    return {"Messages": [{"Status": "error", "Errors": [error]}]}


def about(field: str | None, message: str) -> dict[str, Any]:
    return {"errors": [{"message": message, "field": field, "help": None}]}


@pytest.mark.parametrize(
    ("scheme", "status", "body", "kind"),
    [
        ("mailgun", 401, "Forbidden", ChannelDown),
        ("mailgun", 404, {"message": "Domain not found: mg.example.org"}, ChannelDown),
        ("mailgun", 400, {"message": "to parameter is not a valid address. please check documentation"}, Rejected),
        ("mailgun", 400, {"message": f"to parameter is not a valid address: {MENACING}"}, Rejected),
        ("mailgun", 400, {"message": "'from' parameter is not a valid address. please check"}, SenderRefused),
        ("mailgun", 400, {"message": "Domain mg.example.org is not allowed to send: recipient limit"}, ChannelDown),
        ("mailgun", 413, "Request Entity Too Large", Rejected),
        ("postmark", 422, {"ErrorCode": 406, "Message": f"You tried to send to {MENACING}."}, Rejected),
        ("postmark", 422, {"ErrorCode": 300, "Message": f"Invalid 'To' address: '{MENACING}'."}, Rejected),
        ("postmark", 422, {"ErrorCode": 300, "Message": f"Invalid 'From' address: '{SENDER}'."}, SenderRefused),
        ("postmark", 422, {"ErrorCode": 400, "Message": "… is not a Sender Signature."}, SenderRefused),
        ("postmark", 422, {"ErrorCode": 405, "Message": "Account has run out of credits."}, ChannelDown),
        ("postmark", 422, {"ErrorCode": 412, "Message": "Your account is pending approval."}, ChannelDown),
        ("postmark", 422, {"ErrorCode": 429, "Message": "Rate limit"}, Retry),
        ("sendgrid", 400, about("personalizations.0.to.0.email", "Does not contain a valid address."), Rejected),
        ("sendgrid", 400, about("personalizations.0.to.0.email", f"The from of {MENACING}"), Rejected),
        ("sendgrid", 403, about("from", "does not match a verified Sender Identity."), SenderRefused),
        ("sendgrid", 400, about("from.email", "The from email does not contain a valid address."), SenderRefused),
        ("sendgrid", 403, about(None, "access forbidden"), ChannelDown),
        ("brevo", 402, {"code": "not_enough_credits", "message": "Not enough credits"}, ChannelDown),
        ("brevo", 400, {"code": "account_under_validation", "message": "…"}, ChannelDown),
        ("brevo", 400, {"code": "invalid_parameter", "message": "email is not valid in to"}, Rejected),
        ("brevo", 400, {"code": "invalid_parameter", "message": f"{MENACING} is no sender"}, Rejected),
        ("brevo", 400, {"code": "invalid_parameter", "message": "email is not valid in sender"}, SenderRefused),
        ("brevo", 400, {"code": "missing_parameter", "message": "sender is missing"}, SenderRefused),
        ("mailjet", 400, mailjet("mj-0013", f'"{MENACING}" is an invalid email address.', "To[0].Email"), Rejected),
        ("mailjet", 403, mailjet("send-0008", "not authorized", "From", 403), SenderRefused),
        ("mailjet", 400, mailjet("mj-0013", '"news" is an invalid email address.', "From.Email"), SenderRefused),
        ("mailjet", 401, {"ErrorCode": "mj-0001", "StatusCode": 401}, ChannelDown),
        ("mailjet", 409, "", Unknown),
        ("resend", 422, {"name": "validation_error", "message": f"Invalid `to` field. {MENACING}"}, Rejected),
        ("resend", 422, {"name": "invalid_from_address", "message": "Invalid `from` field."}, SenderRefused),
        ("resend", 422, {"name": "validation_error", "message": "Invalid `from` field."}, SenderRefused),
        ("resend", 403, {"name": "validation_error", "message": "The domain is not verified."}, SenderRefused),
        ("resend", 403, {"name": "invalid_api_key", "message": "API key is invalid."}, ChannelDown),
        ("resend", 429, {"name": "daily_quota_exceeded", "message": "…"}, Retry),
        ("resend", 409, {"name": "invalid_idempotent_request", "message": "…"}, Unknown),
        ("ses", 400, ses("LimitExceededException", "Daily message quota exceeded."), Retry),
        ("ses", 400, ses("AccountSuspendedException", "sending is disabled"), ChannelDown),
        ("ses", 400, ses("MailFromDomainNotVerifiedException", "…"), SenderRefused),
        ("ses", 400, ses("MessageRejected", "Email address is not verified."), SenderRefused),
        ("ses", 400, ses("MessageRejected", f"{NOT_VERIFIED}{SENDER}"), SenderRefused),
        ("ses", 400, ses("MessageRejected", f"{NOT_VERIFIED}The Office <{SENDER}>, a@b.example"), SenderRefused),
        ("ses", 400, ses("MessageRejected", f"{NOT_VERIFIED}reader@example.net"), Rejected),
        ("ses", 400, ses("MessageRejected", f"{NOT_VERIFIED}{SENDER}.evil.example"), Rejected),
        ("ses", 400, ses("MessageRejected", f"Address blacklisted: {MENACING} not verified"), Rejected),
        ("mandrill", 500, {"status": "error", "name": "Invalid_Key", "message": "Invalid API key"}, ChannelDown),
        ("mandrill", 500, {"status": "error", "name": "ValidationError", "message": "Invalid_Key"}, Rejected),
        ("mandrill", 500, {"status": "error", "name": "GeneralError"}, Retry),
        ("mandrill", 400, [{"email": MENACING, "status": "rejected", "reject_reason": "unsigned"}], SenderRefused),
        ("mandrill", 400, [{"email": "unsigned", "status": "rejected", "reject_reason": "spam"}], Rejected),
        ("mandrill", 400, [{"email": "a", "reject_reason": "test-mode-limit"}], ChannelDown),
        ("sparkpost", 420, {"errors": [{"message": "Exceed Sending Limit (daily)", "code": "2101"}]}, Retry),
        ("sparkpost", 400, {"errors": [{"message": "Invalid domain", "code": "7001"}]}, SenderRefused),
        ("sparkpost", 422, {"errors": [{"message": f"no sending domain {MENACING}", "code": "1300"}]}, Rejected),
        ("mailersend", 422, {"message": "… #MS42207", "errors": {"from.email": ["…"]}}, SenderRefused),
        ("mailersend", 422, {"message": "… #MS42209", "errors": {"to.0.email": ["from.email quota"]}}, Rejected),
        ("mailersend", 422, {"message": "Trial accounts can only … #MS42225", "errors": {"to": ["…"]}}, ChannelDown),
        ("mailtrap", 403, {"success": False, "errors": ["Forbidden"]}, SenderRefused),
        ("mailtrap", 401, {"success": False, "errors": ["Unauthorized"]}, ChannelDown),
        ("mailtrap", 422, {"success": False, "errors": ["'to' address is invalid: 'from' @ x"]}, Rejected),
        ("mailtrap", 422, {"success": False, "errors": ["'from' address is invalid"]}, SenderRefused),
        ("mailtrap", 503, "", Retry),
        ("mailtrap", 504, "", Unknown),
        ("postal", 200, {"status": "error", "data": {"code": "InvalidServerAPIKey"}}, ChannelDown),
        ("postal", 200, {"status": "error", "data": {"code": "UnauthenticatedFromAddress"}}, SenderRefused),
        ("postal", 200, {"status": "error", "data": {"code": "ValidationError", "message": "AccessDenied"}}, Rejected),
        ("scaleway", 400, {"type": "invalid_arguments", "details": [{"argument_name": "to"}]}, Rejected),
        ("scaleway", 400, {"type": "invalid_arguments", "details": [{"argument_name": "from.email"}]}, SenderRefused),
        ("scaleway", 403, {"type": "permissions_denied", "message": "…"}, SenderRefused),
        ("scaleway", 408, "", Retry),
        ("brevo", 301, "", ChannelDown),
        ("brevo", 202, "what?", Unknown),
    ],
)  # fmt: skip
def test_what_an_answer_means(scheme: str, status: int, body: Any, kind: type[OtherSideError]) -> None:
    assert type(error_of(scheme, Said(status, body), "reason", sender=SENDER)) is kind


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=9) | st.sampled_from(["errors", "message", "Error", "code"]), inner
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(list(PROVIDERS)), st.integers(100, 999), anything, st.text(max_size=20))
def test_every_answer_means_something(scheme: str, status: int, body: Any, sender: str) -> None:
    assert isinstance(error_of(scheme, Said(status, body), "reason", sender=sender), OtherSideError)


@given(st.sampled_from(list(PROVIDERS)), st.text(max_size=50))
def test_a_refusal_in_words_that_nobody_knows_is_of_this_message_alone(scheme: str, words: str) -> None:
    assert type(error_of(scheme, Said(400, words), "reason", sender=SENDER)) is Rejected


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
    assert Said(400, body_of(body)).words == words


@given(st.text())
def test_any_answer_has_words_in_one_line(body: str) -> None:
    assert "\n" not in Said(400, body_of(body)).words


@pytest.mark.parametrize(
    ("body", "path", "values"),
    [
        ({"errors": [{"field": "from"}, {"field": None}, {"field": "to"}]}, "errors.field", ["from", "to"]),
        ({"errors": {"from.email": ["bad"]}}, "errors", ["from.email"]),
        ([{"code": 7}, {"code": "x"}], "code", ["7", "x"]),
        ("<html>", "errors", []),
        ({"errors": "no"}, "errors.field", []),
        (None, "", []),
    ],
)
def test_the_values_of_a_field(body: Any, path: str, values: list[str]) -> None:
    assert list(values_at(body, path)) == values
