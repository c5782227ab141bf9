"""The settings as values, read at once."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.environment.keeping import KEEPING
from config.environment.mail import MAIL
from config.environment.service import STORES, WEB, WORK
from config.environment.setting import Setting
from config.environment.signing_in import SIGNING_IN
from config.environment.signing_up import SIGNING_UP
from publisher.audience.signing_up.rates import Rates as SignUpRates
from publisher.core.errors import UserError
from publisher.delivery.pacing.limits import Rate, Warmup

MIN_SECRET_LENGTH = 32
SECRETS = re.compile(r":.*@")
"""Where a password stands in an address, well written or not."""
SETTINGS: tuple[Setting, ...] = (*STORES, *MAIL, *WEB, *WORK, *SIGNING_IN, *SIGNING_UP, *KEEPING)


@dataclass(frozen=True)
class Environment:
    """The settings as values. An empty `database_url` or `redis_url` means: the embedded server in `data_dir`."""

    data_dir: Path
    database_url: str
    redis_url: str
    mail: str
    mail_connections: int
    mail_rate: tuple[Rate, ...]
    mail_domain_rates: dict[str, Rate]
    mail_warmup: Warmup | None
    mail_error_limit: int
    unsubscribe_address: str
    return_domain: str
    feedback_listen: str
    notices_from: str
    resolver: tuple[str, int] | None
    proxies: int
    secret_key: str
    secret_key_fallbacks: tuple[str, ...]
    base_url: str
    allowed_hosts: tuple[str, ...]
    bind: str
    port: int
    workers: int
    threads: int
    concurrency: int
    log_level: str
    log_format: str
    media: str
    fetch_allow: tuple[str, ...]
    lease_seconds: int
    attempts: int
    api_rate: int
    api_burst: int
    keep_deliveries_days: int
    each_quiet_minutes: int
    each_a_day: int
    soft_bounces: int
    soft_bounce_days: int
    soft_rest_days: int
    public_metrics: bool
    require_mfa: tuple[str, ...]
    oidc: str
    oidc_client_id: str
    oidc_client_secret: str
    oidc_label: str
    oidc_domains: tuple[str, ...]
    oidc_role_claim: str
    oidc_roles: dict[str, str]
    oidc_unknown: str
    sign_up_limits: SignUpRates
    sign_up_roles: str
    sign_up_disposable: str
    retention_hour: int
    keep_sign_ups_days: int
    keep_letters_days: int
    keep_evidence_days: int
    keep_reports_days: int
    keep_counts_days: int
    keep_left_days: int


def read(environ: Mapping[str, str]) -> Environment:
    """Read every setting; raise `UserError` that names the variable when one cannot be understood."""
    known = {setting.name for setting in SETTINGS}
    for name in environ:
        if name.startswith("PUBLISHER_") and name not in known:
            raise UserError(f"{name} is not a setting of Publisher.", "docs/configuration.md lists them all.")
    values = {setting.field: _value(setting, environ) for setting in SETTINGS}
    if values["oidc"] and not (values["oidc_client_id"] and values["oidc_client_secret"]):
        raise UserError(
            "PUBLISHER_OIDC is set without a client.",
            "Set PUBLISHER_OIDC_CLIENT_ID and PUBLISHER_OIDC_CLIENT_SECRET as the provider shows them.",
        )
    key = values["secret_key"] or _generated_key(values["data_dir"])
    if len(key) < MIN_SECRET_LENGTH:
        raise UserError(
            f"PUBLISHER_SECRET_KEY has {len(key)} characters; it needs {MIN_SECRET_LENGTH} or more.",
            "Make one with `openssl rand -base64 48`, or leave it empty to have it generated.",
        )
    return Environment(**{**values, "secret_key": key})


def _value(setting: Setting, environ: Mapping[str, str]) -> Any:
    text = environ.get(setting.name, "").strip() or setting.default
    try:
        return setting.parse(text)
    except ValueError as error:
        raise UserError(
            f"{setting.name}={SECRETS.sub(':…@', text)!r} cannot be used: expected {error} ({setting.unit}).",
            f"Example: {setting.name}={setting.example}",
        ) from error


def _generated_key(data_dir: Path) -> str:
    """The key in `data_dir/secret-key`, made on first use; two processes that start together agree on one."""
    path = data_dir / "secret-key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise UserError(
            f"Cannot keep a secret key in {path}: {error.strerror}.",
            "Choose a writable PUBLISHER_DATA_DIR, or set PUBLISHER_SECRET_KEY.",
        ) from error
    with os.fdopen(handle, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        key = file.read().strip()
        if not key:
            key = secrets.token_urlsafe(48)
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
    return key
