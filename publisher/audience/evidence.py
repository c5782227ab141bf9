"""What proves a consent that was given by a form: the text word by word, the page, and the client as a hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.core.signing import BadSignature

from publisher.audience.models import ConsentText
from publisher.core.crypto import signer

LONGEST_PAGE = 500
_PURPOSE = "sign-up.text"


@dataclass(frozen=True)
class Evidence:
    """`page`: its address without query; `client`: `hashes.of_client` of the network address, None where it is not known."""

    text: ConsentText | None = None
    page: str = ""
    client: bytes | None = None


def consent_text(language: str, text: str, *, now: datetime) -> ConsentText:
    """The row of a text that people agree to, made when it is first agreed to."""
    digest = hashlib.sha256(f"{language}\n{text}".encode("utf-8", "replace")).digest()
    row, _made = ConsentText.objects.get_or_create(
        digest=digest, defaults={"language": language, "text": text, "first_at": now}
    )
    return row


def mark(form: str, language: str, text: str) -> str:
    """By which a form proves that it shows a text of ours, and for what: for the digest of this short name, "" for several. Forms
    on other sites show it for years, whatever the digest is called by then."""
    return signer(_PURPOSE).signature(_marked(form, language, text))


def is_ours(form: str, language: str, text: str, *, marked: str) -> bool:
    """Whether `marked` is the mark of just this."""
    try:
        signer(_PURPOSE).unsign(f"{_marked(form, language, text)}:{marked}")
    except BadSignature:
        return False
    return True


def _marked(form: str, language: str, text: str) -> str:
    return f"{form}\n{language}\n{text}"


def page_of(address: str) -> str:
    """A web page's address without query, fragment and password; "" for what is none."""
    try:
        parts = urlsplit(address.strip())
        host = parts.hostname
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or not address.isprintable():
        return ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{port}{parts.path}"[:LONGEST_PAGE]
