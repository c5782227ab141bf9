"""Fetching an address that somebody outside gave us: bounded in size and time, never from a private network.

The time counts over all names, redirects, header lines and the body.

Called by feeds, pages and pictures. Each hop of a redirect is resolved and checked, and the connection goes to the
very address that was checked (a name that answers differently the second time gains nothing).
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx
from django.conf import settings
from django.utils.translation import gettext_noop

from publisher.core.deadline import DeadlineTransport
from publisher.core.errors import Rejected, Retry
from publisher.core.names import addresses

MAX_REDIRECTS = 5
SECONDS = 15.0
USER_AGENT = "Publisher/0.1 (newsletter service)"


@dataclass(frozen=True)
class Fetched:
    """An answer: `url` is where redirects led; `headers` have lower-case names; `body` is at most `max_bytes` long."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes


class Answered(Rejected):
    """The server answered, and not with what was asked for; `status` is what it said."""

    def __init__(self, url: str, status: int) -> None:
        super().__init__(gettext_noop("%(url)s answered %(status)s.") % {"url": url, "status": status})
        self.status = status


class TooLarge(Rejected):
    """The server answered with more bytes than were wanted."""


def get(
    url: str,
    *,
    max_bytes: int,
    accept: str = "*/*",
    headers: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
) -> Fetched:
    """GET `url`, following redirects. Raises `Retry` (network, 429, 5xx, `seconds` are over) or `Rejected` (refused or
    impossible address, 4xx, too large).
    """
    return _judged(_followed(url, max_bytes=max_bytes, accept=accept, headers=headers, seconds=seconds))


def status(url: str, *, seconds: float = SECONDS) -> int:
    """What `url` answers in the end (404, 503, …), its body unread. Raises `Retry` (nobody answered in time) or `Rejected`
    (refused or impossible address)."""
    return _followed(url, max_bytes=None, accept="*/*", headers=None, seconds=seconds).status


def _followed(
    url: str, *, max_bytes: int | None, accept: str, headers: Mapping[str, str] | None, seconds: float
) -> Fetched:
    sent = {"User-Agent": USER_AGENT, "Accept": accept, **(headers or {})}
    until = time.monotonic() + seconds
    with httpx.Client(transport=DeadlineTransport(until), follow_redirects=False, trust_env=False) as http:
        for _hop in range(MAX_REDIRECTS + 1):
            try:
                answer = _one(http, url, sent, max_bytes, until)
                if answer.status not in (301, 302, 303, 307, 308):
                    return answer
                if "location" not in answer.headers:
                    raise Rejected(gettext_noop("%(url)s redirects without saying where to.") % {"url": url})
                url = urljoin(url, answer.headers["location"])
            except (ValueError, httpx.InvalidURL) as error:  # ports and labels that cannot be
                raise Rejected(
                    gettext_noop("%(url)s leads to an address that cannot be: %(why)s.")
                    % {"url": url[:200], "why": error}
                ) from error
    raise Rejected(
        gettext_noop("%(url)s redirects more than %(num)s times.") % {"url": url, "num": MAX_REDIRECTS}
    )


def _one(
    http: httpx.Client, url: str, headers: Mapping[str, str], max_bytes: int | None, until: float
) -> Fetched:
    """One request. Without `max_bytes` the body is left unread."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Rejected(gettext_noop("%(url)s is not an http or https address.") % {"url": url})
    port = parts.port or (443 if parts.scheme == "https" else 80)
    ip = checked_address(parts.hostname, port, settings.FETCH_ALLOW, until=until)
    literal = f"[{ip}]" if ":" in ip else ip
    pinned = parts._replace(netloc=f"{literal}:{port}", fragment="").geturl()
    request = http.build_request(
        "GET",
        pinned,
        headers={**headers, "Host": parts.netloc.rpartition("@")[2]},
        extensions={"sni_hostname": parts.hostname},
    )
    try:
        response = http.send(request, stream=True)
        try:
            body = b"" if max_bytes is None else _bounded(response, url, max_bytes)
        finally:
            response.close()
    except httpx.TimeoutException as error:
        raise Retry(gettext_noop("%(url)s took too long to answer.") % {"url": url}) from error
    except httpx.HTTPError as error:
        raise Retry(
            gettext_noop("%(url)s did not answer: %(why)s.")
            % {"url": url, "why": error or type(error).__name__}
        ) from error
    return Fetched(response.status_code, url, {k.lower(): v for k, v in response.headers.items()}, body)


def _bounded(response: httpx.Response, url: str, max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > max_bytes:
            raise TooLarge(
                gettext_noop("%(url)s is larger than %(most)s bytes.")
                % {"url": url, "most": f"{max_bytes:,}"}
            )
    return bytes(body)


def _judged(answer: Fetched) -> Fetched:
    if answer.status in (408, 425, 429) or answer.status >= 500:
        raise Retry(
            gettext_noop("%(url)s answered %(status)s.") % {"url": answer.url, "status": answer.status}
        )
    if answer.status >= 400:
        raise Answered(answer.url, answer.status)
    return answer


def checked_address(host: str, port: int, allowed: Iterable[str], *, until: float) -> str:
    """The IP address to connect to. Raises `Rejected` when the name leads to a private network, `Retry` when it is not found
    until then (monotonic seconds)."""
    found = addresses(host, port, until=until)
    if f"{host}:{port}" in allowed:
        return found[0]
    for address in found:
        if not _is_public(ipaddress.ip_address(address.partition("%")[0])):
            raise Rejected(
                gettext_noop(
                    "%(host)s is a private address (%(address)s); add %(host)s:%(port)s to PUBLISHER_FETCH_ALLOW if it is meant."
                )
                % {"host": host, "address": address, "port": port}
            )
    return found[0]


NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the last four bytes are an IPv4 address
COMPATIBLE = ipaddress.ip_network("::/96")  # RFC 4291, given up, and still routed by some


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether it is an address of the open internet, also when one of the private kind is wrapped into it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    wrapped = address.ipv4_mapped or address.sixtofour
    if wrapped is None and (address in NAT64 or address in COMPATIBLE):
        wrapped = ipaddress.IPv4Address(address.packed[-4:])
    if wrapped is not None:
        return _is_public(wrapped)
    return address.is_global and not (address.is_multicast or address.is_site_local or address.teredo)
