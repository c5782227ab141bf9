"""What a provider's answer means for a message, and what failed when no answer came: tables, read top down.

Statuses are those of HTTP; where an API says more in its body, the row names it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.delivery.email.headers import clean

Kind = type[OtherSideError]

LONGEST_REASON = 500
LONGEST_WAIT = timedelta(days=1)

# (scheme or "" for every provider, lowest status, highest status, what stands in the body, what it means for the message)
# A message is Rejected only for what is its own fault: a sender or account that may not send is the fault of none.
RULES: tuple[tuple[str, int, int, str, Kind], ...] = (
    # https://postmarkapp.com/developer/api/overview#error-codes; the number stands at the beginning of what is read
    ("postmark", 422, 422, r"^(?:100|429)\b", Retry),
    ("postmark", 422, 422, r"^(?:10|400|401|405|412|413|1221|1235)\b|'From'", ChannelDown),
    # https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors
    ("sendgrid", 400, 400, r"\bfrom\b|sender identity", ChannelDown),
    ("mailgun", 400, 400, r"'?\bfrom'? parameter|not allowed to send|\bdisabled\b", ChannelDown),
    ("brevo", 400, 400, r"\bsender\b|not_enough_credits|account_under_validation", ChannelDown),
    ("mailjet", 400, 499, r"\bFrom\b|sender", ChannelDown),
    ("resend", 400, 499, r"invalid_from_address|`from`", ChannelDown),
    ("resend", 409, 409, r"invalid_idempotent_request", Unknown),
    ("mailersend", 422, 422, r"from\.email|quota|trial", ChannelDown),
    ("mailtrap", 400, 499, r"'from'", ChannelDown),
    ("sparkpost", 420, 420, r"", Retry),  # "exceed sending limit"
    ("sparkpost", 400, 422, r"sending domain", ChannelDown),
    ("scaleway", 400, 400, r"\bfrom\b|domain", ChannelDown),
    # Mandrill answers every error with 500 and a name: https://mailchimp.com/developer/transactional/docs/fundamentals/
    ("mandrill", 500, 500, r"Invalid_Key|PaymentRequired|Unknown_Subaccount", ChannelDown),
    ("mandrill", 500, 500, r"ValidationError", Rejected),
    ("mandrill", 400, 400, r"invalid-sender|unsigned|test-mode-limit", ChannelDown),
    # Postal answers 200 with a status of its own
    ("postal", 200, 200, r"UnauthenticatedFromAddress|InvalidServerAPIKey|ServerSuspended|AccessDenied", ChannelDown),
    ("postal", 200, 200, r"parameter-error|\berror\b", Rejected),
    # https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
    ("ses", 400, 400, r"^(?:LimitExceeded|TooManyRequests|Throttling)", Retry),
    ("ses", 400, 400, r"^(?:AccountSuspended|SendingPaused|MailFromDomainNotVerified)|not verified", ChannelDown),
    ("", 200, 299, "", Unknown),  # accepted, perhaps, in words that are not understood
    ("", 300, 399, "", ChannelDown),  # the API is somewhere else now
    ("", 408, 408, "", Retry),
    ("", 409, 409, "", Unknown),  # the same call is being answered just now
    ("", 425, 425, "", Retry),
    ("", 429, 429, "", Retry),
    ("", 401, 405, "", ChannelDown),  # key, payment, permission, address of the API
    ("", 407, 407, "", ChannelDown),
    ("", 400, 499, "", Rejected),
    ("", 500, 500, "", Retry),  # all of these APIs ask to try again after 500 and 503
    ("", 503, 503, "", Retry),
    ("", 501, 599, "", Unknown),  # a gateway that lost what is behind it
)  # fmt: skip

# The innermost error that is in this table decides; what is not may have been accepted. Names, since boto3 may be missing.
FAILURES: dict[str, tuple[Kind, str]] = {
    "NameResolutionError": (Retry, "its name was not found"),
    "NewConnectionError": (Retry, "the connection was refused or led nowhere"),
    "ConnectTimeoutError": (Retry, "no connection in time"),
    "ConnectTimeout": (Retry, "no connection in time"),
    "EndpointConnectionError": (Retry, "the connection was refused or led nowhere"),
    "ProxyError": (Retry, "the proxy did not connect"),
    "ProxyConnectionError": (Retry, "the proxy did not connect"),
    "SSLEOFError": (Unknown, "TLS ended before the answer"),
    "SSLCertVerificationError": (ChannelDown, "its certificate is not valid"),
    "SSLError": (ChannelDown, "TLS could not be agreed"),
    "NoCredentialsError": (ChannelDown, "no credentials were found"),
    "PartialCredentialsError": (ChannelDown, "the credentials are incomplete"),
    "CredentialRetrievalError": (Retry, "the credentials could not be fetched"),
    "TooManyRedirects": (ChannelDown, "its API is at another address now"),
    "InvalidURL": (ChannelDown, "the address of its API is none"),
    "InvalidHeader": (ChannelDown, "its key has a sign that no key has"),
    "ParamValidationError": (Rejected, "the request is not of its form"),
    "ReadTimeout": (Unknown, "no answer in time"),
    "ReadTimeoutError": (Unknown, "no answer in time"),
}
LOST = (Unknown, "the connection ended before the answer")


def error_of(
    scheme: str, status: int, said: str, reason: str, after: timedelta | None = None
) -> OtherSideError:
    """What an answer that is not acceptance means. `said`: the body's own words; `reason`: what people read."""
    kind = _meaning(scheme, status, said)
    return Retry(reason, after) if kind is Retry else kind(reason)


def failure_of(error: BaseException) -> tuple[Kind, str]:
    """What it means that a call gave no answer, and how it failed in words."""
    return next((FAILURES[name] for name in _names(error) if name in FAILURES), LOST)


@cache
def _rules() -> Sequence[tuple[str, int, int, re.Pattern[str], Kind]]:
    return [
        (scheme, low, high, re.compile(words, re.IGNORECASE), kind)
        for scheme, low, high, words, kind in RULES
    ]


def _meaning(scheme: str, status: int, said: str) -> Kind:
    for whose, low, high, words, kind in _rules():
        if whose in ("", scheme) and low <= status <= high and words.search(said):
            return kind
    return Unknown


def _names(error: BaseException) -> Iterator[str]:
    """The names of an error's classes, the innermost error first, each from the class itself upwards."""
    chain: list[BaseException] = []
    inner: Any = error
    while isinstance(inner, BaseException) and inner not in chain:
        chain.insert(0, inner)
        inner = getattr(inner, "reason", None) or (inner.args[0] if inner.args else None)
        if not isinstance(inner, BaseException):
            inner = chain[0].__cause__ or getattr(chain[0], "kwargs", {}).get("error")
    for each in chain:
        yield from (cls.__name__ for cls in type(each).__mro__)


# Where the APIs put words that a person can read; among them the codes that RULES look for.
WORDS = frozenset(
    ("message", "error", "errormessage", "errorcode", "erroridentifier", "errorrelatedto", "errors", "reason", "reject_reason",
     "code", "name", "description", "detail", "details", "field", "status", "type")
)  # fmt: skip


def words_of(body: str) -> str:
    """The words of an answer in one line: of JSON the texts under the usual names, else the text itself."""
    try:
        found = " ".join(_words(json.loads(body)))
    except ValueError:
        found = ""
    return clean(found or re.sub(r"<[^>]*>", " ", body))[:LONGEST_REASON]


def _words(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _words(each, key.lower() if key.lower() in WORDS or not name else name)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each, name)
    elif name in WORDS and value not in (None, ""):
        yield str(value)


def wait_of(header: str | None, *, now: datetime) -> timedelta | None:
    """`Retry-After` (RFC 9110 section 10.2.3): seconds or a date; None when there is none that can be used."""
    text = (header or "").strip()
    try:
        wait = timedelta(seconds=int(text)) if text.isdecimal() else parsedate_to_datetime(text) - now
    except (ValueError, OverflowError, TypeError):
        return None
    return min(wait, LONGEST_WAIT) if wait > timedelta() else None
