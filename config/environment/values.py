"""From the text of a variable to its value. Each raises `ValueError` that says what was expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from publisher.people.permissions import ROLES

DOMAIN = re.compile(
    r"(?=.{1,200}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.I
)
SHORT_LOCAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,18}")


def words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def whole_number(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1
        if not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return value

    return parse


def one_of(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in allowed:
            raise ValueError(f"one of {', '.join(allowed)}")
        return text.lower()

    return parse


def base_url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("an address that begins with http:// or https://")
    return text.rstrip("/")


def address_of(*schemes: str) -> Callable[[str], str]:
    """An address of one of the schemes, or nothing."""

    def parse(text: str) -> str:
        expected = f"an address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
        if text and not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(expected)
        try:
            _ = urlsplit(text).port
        except ValueError:
            raise ValueError(f"{expected}, with a number for its port") from None
        return text

    return parse


def domain(text: str) -> str:
    if text and not DOMAIN.fullmatch(text):
        raise ValueError("a domain name such as bounces.office.example.org")
    return text.lower()


def short_address(text: str) -> str:
    local, _, domain = text.partition("@")
    if text and not (SHORT_LOCAL.fullmatch(local) and DOMAIN.fullmatch(domain)):
        raise ValueError(
            "an address whose part before the @ has at most 19 letters, digits, dots and hyphens"
        )
    return text


def mail_address(text: str) -> str:
    local, _, domain = text.rpartition("@")
    if text and not (
        local and text.isascii() and DOMAIN.fullmatch(domain) and not re.search(r"[\s<>,;]", text)
    ):
        raise ValueError("a mail address without a name")
    return text


def resolver(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    try:
        parts = urlsplit(f"//{text}")
        return str(ip_address(parts.hostname or "")), parts.port or 53
    except ValueError:
        raise ValueError("an IP address, with or without a port") from None


def yes_or_no(text: str) -> bool:
    return one_of("yes", "no")(text) == "yes"


_ROLE_NAMES = tuple(role.name for role in ROLES)


def role_names(text: str) -> tuple[str, ...]:
    names = tuple(name.lower() for name in words(text))
    if not set(names) <= set(_ROLE_NAMES):
        raise ValueError(f"roles among {', '.join(_ROLE_NAMES)}")
    return names


def domains(text: str) -> tuple[str, ...]:
    names = tuple(name.lower().removeprefix("@") for name in words(text))
    if not all(DOMAIN.fullmatch(name) for name in names):
        raise ValueError("domain names such as office.example.org")
    return names


def roles_by_value(text: str) -> dict[str, str]:
    pairs = [pair.rpartition("=") for pair in words(text)]
    if not all(value.strip() and role.strip() in _ROLE_NAMES for value, _equals, role in pairs):
        raise ValueError(f"pairs such as comms-editors=editor, with roles among {', '.join(_ROLE_NAMES)}")
    return {value.strip(): role.strip() for value, _equals, role in pairs}


def issuer(text: str) -> str:
    return base_url(text) if text else ""
