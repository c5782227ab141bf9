"""From PUBLISHER_OIDC to the provider that django-allauth knows."""

from __future__ import annotations

import hashlib
from typing import Any


def provider_id(issuer: str) -> str:
    """The name under which links to accounts of this issuer are stored. Another issuer has another: its subjects are not ours."""
    return f"oidc-{hashlib.sha256(issuer.encode()).hexdigest()[:12]}"


def openid_connect(issuer: str, client_id: str, secret: str) -> dict[str, Any]:
    """The value of SOCIALACCOUNT_PROVIDERS: one provider, always with PKCE."""
    app = {
        "provider_id": provider_id(issuer),
        "name": "OpenID Connect",
        "client_id": client_id,
        "secret": secret,
        "settings": {"server_url": issuer, "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"APPS": [app]}}
