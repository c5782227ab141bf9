"""The certificates that clients of ours trust. Loading them takes longer than most requests, so a process does it once."""

from __future__ import annotations

import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """What httpx would make for each client: certifi's authorities, and the host's name is checked. Shared by threads."""
    return httpx.create_ssl_context(trust_env=False)
