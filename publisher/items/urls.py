"""The key of an address: two addresses of one page have the same key. Keys are compared, never opened or shown."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, quote, unquote, unquote_plus, urlencode, urlsplit, urlunsplit

import idna

from publisher.items.text import words

MAX_URL = 2000
_DEFAULT_PORTS = {"http": 80, "https": 443}
_TRACKING = words(
    "fbclid gclid dclid gbraid wbraid msclkid yclid twclid ttclid igshid igsh li_fat_id mkt_tok _hsenc "
    "_hsmi hsctatracking vero_id oly_anon_id oly_enc_id wickedid mibextid spm scm share_token wt_mc "
    "ref_src _openstat s_cid icid cmpid _ga _gl rb_clickid epik gad_source gad_campaignid srsltid trk trkcampaign "
    "at_medium at_campaign at_custom1 at_format at_link_id isappinstalled nsukey sharer_shareid vd_source mc_cid mc_eid mc_tc "
    "pk_campaign pk_kwd pk_keyword pk_source pk_medium pk_content pk_cid"
)
# `from` is a parameter of its own on many sites; these values are what messengers write into it.
_TRACKING_VALUES = {
    "from": words("timeline singlemessage groupmessage wechat weixin weibo qq"),
    "ref": words("fb facebook twitter linkedin rss"),
}
_TRACKING_PREFIXES = ("utm_", "amp;utm_", "mtm_", "piwik_", "matomo_", "hsa_", "spm_")
_UNRESERVED_PATH = "/:@!$&'()*+,;=~-._"
_HOST = re.compile(r"[^\s/?#@\\]+")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f<>\"\\^`{|}\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def url_key(url: str) -> str:
    """The canonical form of an http(s) address, or "" for an empty or unusable one.

    Tracking parameters, fragment (but for routes such as #!/a), default port, user information and a trailing slash are
    removed; the scheme becomes https (a site that moved to TLS keeps its items), the host lower-case ASCII (IDNA 2008),
    the query sorted. Idempotent.
    """
    parts = _split(url)
    if parts is None:
        return ""
    host = _ascii_host(parts.hostname or "")
    if not host:
        return ""
    port = f":{parts.port}" if parts.port not in {None, *_DEFAULT_PORTS.values()} else ""
    path = _normal_path(parts.path).rstrip("/") or "/"
    query = urlencode(
        sorted(p for p in parse_qsl(parts.query, keep_blank_values=True) if not _is_tracking(*p))
    )
    # A fragment that begins with #! or #/ names the page itself, on sites that are one script.
    route = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    key = urlunsplit(("https", host + port, path, query, quote(unquote(route), safe=_UNRESERVED_PATH + "?")))
    return key if len(key) <= MAX_URL else ""


def without_tracking(url: str) -> str:
    """The address as it was given, less the parameters that only tell where a reader came from."""
    parts = _split(url)
    if parts is None or not parts.query:
        return url
    pieces = parts.query.split("&")
    kept = [piece for piece in pieces if not _is_tracking(*_decoded(piece))]
    return url if len(kept) == len(pieces) else urlunsplit(parts._replace(query="&".join(kept)))


def host_of(url: str) -> str:
    """The host of an http(s) address, lower-case ASCII (IDNA 2008), without its port; "" for what is none."""
    parts = _split(url)
    return _ascii_host(parts.hostname or "") if parts else ""


def url_problem(url: str) -> str | None:
    """What is wrong with an address that a producer gave, in words that follow “is”, or None."""
    if len(url) > MAX_URL:
        return f"{len(url):,} characters long, the limit is {MAX_URL:,}"
    if _FORBIDDEN.search(url):
        return "not percent-encoded (a space, quote, backslash or control character is in it)"
    parts = _split(url)
    if parts is None:
        return "not an absolute http or https address"
    if parts.username is not None or parts.password is not None:
        return "carrying a user name or password"
    if not _ascii_host(parts.hostname or ""):
        return "without a valid host name"
    return None


def _decoded(piece: str) -> tuple[str, str]:
    name, _, value = piece.partition("=")
    return unquote_plus(name), unquote_plus(value)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port  # raises for a port that is no number or too large
    except ValueError:
        return None
    return parts if parts.scheme.lower() in _DEFAULT_PORTS and parts.hostname else None


def _ascii_host(host: str) -> str:
    host = host.rstrip(".").lower()
    if ":" in host:  # an IPv6 address; urlsplit took the brackets off
        return f"[{host}]" if re.fullmatch(r"[0-9a-f:.]+", host) else ""
    if not _HOST.fullmatch(host):
        return ""
    try:
        return host if host.isascii() and _is_plain(host) else idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ""


def _is_plain(host: str) -> bool:
    """Letters, digits, hyphens, underscores and dots: also names that IDNA 2008 would not register."""
    return len(host) <= 253 and all(re.fullmatch(r"[a-z0-9_-]{1,63}", label) for label in host.split("."))


def _normal_path(path: str) -> str:
    """Percent-encoding in one spelling: unreserved characters plain, all others encoded, a real `%2F` kept apart."""
    return "%2F".join(
        quote(unquote(part, errors="surrogateescape"), safe=_UNRESERVED_PATH, errors="surrogateescape")
        for part in re.split("%2[fF]", path)
    )


def _is_tracking(name: str, value: str) -> bool:
    name = name.lower()
    named = name in _TRACKING or name.startswith(_TRACKING_PREFIXES)
    return named or value.lower() in _TRACKING_VALUES.get(name, ())
