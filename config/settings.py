"""Django's settings, made from `config.environment`. Nothing here reads the environment by itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url

from config.environment import read
from config.logging import logging_config
from config.media import storages
from config.single_sign_on import openid_connect
from publisher.core.embedded import addresses

ENVIRONMENT = read(os.environ)
BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = ENVIRONMENT.secret_key
SECRET_KEY_FALLBACKS = list(ENVIRONMENT.secret_key_fallbacks)
DEBUG = False

BASE_URL = ENVIRONMENT.base_url
_base = urlsplit(BASE_URL)
_https = _base.scheme == "https"
ALLOWED_HOSTS = [_base.hostname or "localhost", "localhost", "127.0.0.1", "[::1]", *ENVIRONMENT.allowed_hosts]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "publisher.core",
    "publisher.people",
    "publisher.schedule",
    "publisher.items",
    "publisher.review",
    "publisher.audience",
    "publisher.digests",
    "publisher.social",
    "publisher.counting",
    "publisher.delivery",
    "publisher.archive",
    "publisher.hooks",
    "publisher.feedback",
    "publisher.retention",
    "publisher.api",
    "publisher.desk",
    "publisher.site",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "publisher.core.middleware.RequestLog",
    "publisher.api.health.Probes",
    "publisher.api.problems.ApiErrors",
    "publisher.core.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "publisher.desk.signin.seen.SeenSessions",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"environment": "config.jinja.environment"},
    },
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True},
]

_database: dict[str, Any] = {
    **dj_database_url.parse(ENVIRONMENT.database_url or addresses.postgres_url(ENVIRONMENT.data_dir)),
    "CONN_MAX_AGE": 300,
    "CONN_HEALTH_CHECKS": True,
}
_database["OPTIONS"] = {"connect_timeout": 5, **_database.get("OPTIONS", {})}
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = ENVIRONMENT.redis_url or addresses.valkey_url(ENVIRONMENT.data_dir)
CELERY_BROKER_URL = addresses.broker_url(REDIS_URL)
EVENT_NUDGE = "tasks.nudges.nudge"

CACHES = {
    "default": {  # in the database: codes that were used once must be known to every process, and to each host
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "people_used_codes",
    }
}

LOGIN_URL = "desk:login"
LOGIN_REDIRECT_URL = "desk:home"
LOGOUT_REDIRECT_URL = "desk:login"
SESSION_COOKIE_AGE = 14 * 24 * 3600
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

PASSWORD_RESET_TIMEOUT = 2 * 3600

REQUIRE_MFA = ENVIRONMENT.require_mfa
ACCOUNT_ADAPTER = "publisher.desk.signin.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = (
    "none"  # an address comes from an invitation, the command line or the OpenID provider
)
ACCOUNT_RATE_LIMITS = False  # `desk/signin/throttle.py` counts, in the database and by place
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60
ACCOUNT_LOGIN_TIMEOUT = 15 * 60
MFA_ADAPTER = "publisher.desk.signin.adapters.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Publisher"
MFA_TOTP_TOLERANCE = 1  # clocks of phones differ
OIDC = ENVIRONMENT.oidc
OIDC_LABEL = ENVIRONMENT.oidc_label
OIDC_DOMAINS = ENVIRONMENT.oidc_domains
OIDC_ROLE_CLAIM = ENVIRONMENT.oidc_role_claim
OIDC_ROLES = ENVIRONMENT.oidc_roles
OIDC_UNKNOWN = ENVIRONMENT.oidc_unknown
SOCIALACCOUNT_ADAPTER = "publisher.desk.signin.adapters.SingleSignOnAdapter"
SOCIALACCOUNT_PROVIDERS = (
    openid_connect(ENVIRONMENT.oidc, ENVIRONMENT.oidc_client_id, ENVIRONMENT.oidc_client_secret)
    if ENVIRONMENT.oidc
    else {}
)

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("zh-hans", "简体中文"),
]  # of the desk; subscribers' languages are the digests' own
LOCALE_PATHS = [BASE_DIR / "publisher" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

MEDIA_ROOT = ENVIRONMENT.data_dir / "media"  # pictures of posts, by the hash of their content
STORAGES = storages(ENVIRONMENT.media)
STATIC_URL = "/static/"
STATIC_ROOT = None  # served from where they lie, with no collecting step
STATICFILES_DIRS = [("site", BASE_DIR / "publisher" / "desk" / "assets")]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600

DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024  # without files: those have a limit of their own

LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_config(ENVIRONMENT.log_level, ENVIRONMENT.log_format)

STREAM = "publisher:items"
STREAM_GROUP = "intake"
FETCH_ALLOW = ENVIRONMENT.fetch_allow
MAIL = ENVIRONMENT.mail
MAIL_CONNECTIONS = ENVIRONMENT.mail_connections
MAIL_RATE = ENVIRONMENT.mail_rate
MAIL_DOMAIN_RATES = ENVIRONMENT.mail_domain_rates
MAIL_WARMUP = ENVIRONMENT.mail_warmup
MAIL_ERROR_LIMIT = ENVIRONMENT.mail_error_limit
UNSUBSCRIBE_ADDRESS = ENVIRONMENT.unsubscribe_address
RETURN_DOMAIN = ENVIRONMENT.return_domain
FEEDBACK_LISTEN = ENVIRONMENT.feedback_listen
NOTICES_FROM = ENVIRONMENT.notices_from
RESOLVER = ENVIRONMENT.resolver
LEASE_SECONDS = ENVIRONMENT.lease_seconds
ATTEMPTS = ENVIRONMENT.attempts
SIGN_UP_LIMITS = ENVIRONMENT.sign_up_limits
SIGN_UP_ROLES = ENVIRONMENT.sign_up_roles
SIGN_UP_DISPOSABLE = ENVIRONMENT.sign_up_disposable
API_RATE = ENVIRONMENT.api_rate
API_BURST = ENVIRONMENT.api_burst
KEEP_DELIVERIES_DAYS = ENVIRONMENT.keep_deliveries_days
RETENTION_HOUR = ENVIRONMENT.retention_hour
KEEP_SIGN_UPS_DAYS = ENVIRONMENT.keep_sign_ups_days
KEEP_LETTERS_DAYS = ENVIRONMENT.keep_letters_days
KEEP_EVIDENCE_DAYS = ENVIRONMENT.keep_evidence_days
KEEP_REPORTS_DAYS = max(ENVIRONMENT.keep_reports_days, ENVIRONMENT.soft_bounce_days + 1)
KEEP_COUNTS_DAYS = ENVIRONMENT.keep_counts_days
KEEP_LEFT_DAYS = ENVIRONMENT.keep_left_days
SOFT_BOUNCES = ENVIRONMENT.soft_bounces
SOFT_BOUNCE_DAYS = ENVIRONMENT.soft_bounce_days
SOFT_REST_DAYS = ENVIRONMENT.soft_rest_days
EACH_QUIET_MINUTES = ENVIRONMENT.each_quiet_minutes
EACH_A_DAY = ENVIRONMENT.each_a_day
TOPICS_FILE = BASE_DIR / "config" / "topics.yaml"

SILENCED_SYSTEM_CHECKS: list[str] = []
