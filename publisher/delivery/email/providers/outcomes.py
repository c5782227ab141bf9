"""What a provider's answer means for a message, and what failed when no answer came: tables, read top down.

Statuses are those of HTTP. Where an API says more, a row names the field of its body that decides. Words of a text are looked
at only where an API has nothing else, and then from its beginning: what stands behind may be an address or a subject.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, SenderRefused, Unknown
from publisher.delivery.email.providers.reading import Said, values_at

Kind = type[OtherSideError]


class Rule(NamedTuple):
    """A row. `scheme`: whose, "" of every provider. `low` to `high`: the statuses. `path`: the field (`values_at`) of which one
    value must match `pattern` as a whole; "" of both: any body. `{sender}` in a pattern is the address of the sender."""

    scheme: str
    low: int
    high: int
    path: str
    pattern: str
    kind: Kind


# A message is Rejected only for what is its own fault. A sender that may not send stops its own edition (SenderRefused), an
# account that may not stops everything (ChannelDown). A refusal that no row knows (the 4xx at the end) counts against the one
# message that was refused alone: so no address can stop an edition, and an edition that is refused again and again is paused
# by its limit of errors, with what was said.
RULES: tuple[Rule, ...] = tuple(Rule(*row) for row in (
    # https://postmarkapp.com/developer/api/overview#error-codes
    ("postmark", 422, 422, "ErrorCode", r"100|429", Retry),
    ("postmark", 422, 422, "ErrorCode", r"10|405|412|413|1221|1235", ChannelDown),
    ("postmark", 422, 422, "ErrorCode", r"400|401", SenderRefused),
    ("postmark", 422, 422, "Message", r"Invalid 'From' address.*", SenderRefused),
    # https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors
    ("sendgrid", 400, 403, "errors.field", r"from(?:\.email)?", SenderRefused),
    # Mailgun has a text only. The domain is that of our own address of it, of all senders: the account's.
    ("mailgun", 400, 400, "message", r"'?from'? parameter is .*", SenderRefused),
    ("mailgun", 400, 400, "message", r"Domain \S+ is not allowed to send.*|(?:Account|Domain \S+) is disabled.*", ChannelDown),
    # https://developers.brevo.com/docs/how-it-works
    ("brevo", 400, 400, "code", r"not_enough_credits|account_under_validation|permission_denied", ChannelDown),
    ("brevo", 400, 400, "message", r"Sending has been rejected because the sender you used .*", SenderRefused),
    ("brevo", 400, 400, "message", r"sender (?:\w+ )?is missing|valid sender .*", SenderRefused),
    ("brevo", 400, 400, "message", r"\w+ is (?:not valid|missing) in sender", SenderRefused),
    # https://dev.mailjet.com/email/guides/send-api-v31/#send-api-errors
    ("mailjet", 400, 499, "Messages.Errors.ErrorCode", r"send-0006|send-0007|send-0008", SenderRefused),
    ("mailjet", 400, 499, "Messages.Errors.ErrorRelatedTo", r"(?:From|Sender)(?:\W.*)?", SenderRefused),
    ("mailjet", 400, 499, "ErrorCode", r"send-0006|send-0007|send-0008", SenderRefused),
    # https://resend.com/docs/api-reference/errors; 403 with this name: a domain that is not verified, or may not write to all
    ("resend", 400, 499, "name", r"invalid_from_address", SenderRefused),
    ("resend", 403, 403, "name", r"validation_error", SenderRefused),
    ("resend", 422, 422, "message", r"Invalid `from` field.*", SenderRefused),
    # https://developers.mailersend.com/general.html#errors; a trial may write to few addresses
    ("mailersend", 422, 422, "errors", r"from(?:\..*)?", SenderRefused),
    ("mailersend", 422, 422, "message", r".* #MS42225", ChannelDown),
    # https://docs.mailtrap.io/developers/email-sending/: "Make sure domain verification process is completed"
    ("mailtrap", 403, 403, "", r"", SenderRefused),
    ("mailtrap", 400, 499, "errors", r"'from' .*", SenderRefused),
    # https://support.sparkpost.com/docs/faq/difference-between-invalid-and-unconfigured; 420: "exceed sending limit"
    ("sparkpost", 420, 420, "", r"", Retry),
    ("sparkpost", 400, 422, "errors.code", r"7001", SenderRefused),
    # https://www.scaleway.com/en/developers/api/: 403 is said of a key's rights and of a domain's alike
    ("scaleway", 400, 400, "details.argument_name", r"from(?:\..*)?", SenderRefused),
    ("scaleway", 403, 403, "type", r"permissions_denied", SenderRefused),
    ("scaleway", 412, 412, "type", r"precondition_failed", SenderRefused),
    # Mandrill answers every error with 500 and a name: https://mailchimp.com/developer/transactional/docs/fundamentals/
    ("mandrill", 500, 500, "name", r"Invalid_Key|PaymentRequired|Unknown_Subaccount", ChannelDown),
    ("mandrill", 500, 500, "name", r"ValidationError", Rejected),
    ("mandrill", 400, 400, "reject_reason", r"invalid-sender|unsigned", SenderRefused),
    ("mandrill", 400, 400, "reject_reason", r"test-mode-limit", ChannelDown),
    # Postal answers 200 with a status of its own: https://apiv1.postalserver.io/controllers/send/message
    ("postal", 200, 200, "data.code", r"UnauthenticatedFromAddress|FromAddressMissing", SenderRefused),
    ("postal", 200, 200, "data.code", r"InvalidServerAPIKey|ServerSuspended|AccessDenied", ChannelDown),
    ("postal", 200, 200, "status", r"parameter-error|error", Rejected),
    # https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html. In the sandbox recipients must be verified,
    # too: the text lists who is not.
    ("ses", 400, 400, "Error.Code", r"(?:LimitExceeded|TooManyRequests|Throttling).*", Retry),
    ("ses", 400, 400, "Error.Code", r"(?:AccountSuspended|SendingPaused).*", ChannelDown),
    ("ses", 400, 400, "Error.Code", r"MailFromDomainNotVerified.*", SenderRefused),
    ("ses", 400, 400, "Error.Message", r"Email address is not verified\.?", SenderRefused),
    ("ses", 400, 400, "Error.Message", r"Email address is not verified\. [^:]*:(.*[\s,<])?{sender}([\s,>].*)?", SenderRefused),
    ("", 200, 299, "", "", Unknown),  # accepted, perhaps, in words that are not understood
    ("", 300, 399, "", "", ChannelDown),  # the API is somewhere else now
    ("", 408, 408, "", "", Retry),
    ("", 409, 409, "", "", Unknown),  # the same call is being answered just now
    ("", 425, 425, "", "", Retry),
    ("", 429, 429, "", "", Retry),
    ("", 401, 405, "", "", ChannelDown),  # key, payment, permission, address of the API
    ("", 407, 407, "", "", ChannelDown),
    ("", 400, 499, "", "", Rejected),
    ("", 500, 500, "", "", Retry),  # all of these APIs ask to try again after 500 and 503
    ("", 503, 503, "", "", Retry),
    ("", 501, 599, "", "", Unknown),  # a gateway that lost what is behind it
))  # fmt: skip

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


def error_of(scheme: str, said: Said, reason: str, *, sender: str) -> OtherSideError:
    """What an answer that is not acceptance means. `reason`: what people read; `sender`: the address in From."""
    kind = next((rule.kind for rule in RULES if _fits(rule, scheme, said, sender)), Unknown)
    return Retry(reason, said.after) if kind is Retry else kind(reason)


def failure_of(error: BaseException) -> tuple[Kind, str]:
    """What it means that a call gave no answer, and how it failed in words."""
    return next((FAILURES[name] for name in _names(error) if name in FAILURES), LOST)


def _fits(rule: Rule, scheme: str, said: Said, sender: str) -> bool:
    if rule.scheme not in ("", scheme) or not rule.low <= said.status <= rule.high:
        return False
    if not rule.pattern:
        return True
    pattern = re.compile(rule.pattern.replace("{sender}", re.escape(sender)), re.IGNORECASE | re.DOTALL)
    return any(pattern.fullmatch(value) for value in values_at(said.body, rule.path))


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
