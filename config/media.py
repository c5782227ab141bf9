"""From PUBLISHER_MEDIA to Django's storage of pictures: a folder, or a bucket of S3 by django-storages."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qs, urlsplit

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
KNOWN = {"region", "endpoint"}
SECONDS = 10
"""Of each wait for the store: a post is sent within a minute, all its requests together."""


def checked(text: str) -> str:
    """The address as it was given. Raises ValueError with what was expected."""
    if not text:
        return text
    parts = urlsplit(text)
    given = parse_qs(parts.query, keep_blank_values=True)
    if parts.scheme != "s3" or not BUCKET.fullmatch(parts.netloc) or parts.fragment:
        raise ValueError(
            "s3://BUCKET/PREFIX, and no key in it: those come from AWS_ACCESS_KEY_ID and the like"
        )
    if not given.keys() <= KNOWN:
        raise ValueError("no other option than region=… and endpoint=…")
    if not given.get("endpoint", ["https://"])[0].startswith(("https://", "http://")):
        raise ValueError("an endpoint that begins with https://")
    if find_spec("boto3") is None:
        raise ValueError("that Publisher was installed with its extra `s3`, which brings the library")
    return text


def storages(address: str) -> dict[str, Any]:
    """Django's STORAGES: "default" keeps pictures, in MEDIA_ROOT or the bucket that `address` names."""
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    if not address:
        return {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}, "staticfiles": static}
    return {
        "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": _options(address)},
        "staticfiles": static,
    }


def _options(address: str) -> dict[str, Any]:
    from botocore.config import Config  # noqa: PLC0415 - an extra, needed only here

    parts = urlsplit(address)
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    endpoint = given.get("endpoint")
    style = {"addressing_style": "path"} if endpoint else {}
    return {
        "bucket_name": parts.netloc,
        "location": parts.path.strip("/"),
        "region_name": given.get("region"),
        "endpoint_url": endpoint,
        "default_acl": None,
        "client_config": Config(
            connect_timeout=5, read_timeout=SECONDS, retries={"total_max_attempts": 2}, s3=style
        ),
    }
