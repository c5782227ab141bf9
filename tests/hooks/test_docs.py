"""docs/webhooks.md: what receivers copy from it checks our signatures, and refuses others."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from publisher.core import clock
from publisher.hooks import asking
from tests.hooks.steps import Receiver, an_admin, an_endpoint, send

pytestmark = pytest.mark.django_db
PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
(PYTHON,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
SHELL, *_COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, re.S)


@pytest.fixture
def told(receiver: Receiver) -> Receiver:
    """It got one message."""
    endpoint = an_endpoint(receiver, "post.sent")
    asking.send_test(endpoint.pk, user=an_admin(), now=clock.database_now())
    send()
    return receiver


def test_the_python_of_the_page_takes_ours_and_refuses_what_was_changed(told: Receiver) -> None:
    names: dict[str, object] = {}
    exec(compile(PYTHON, "docs/webhooks.md", "exec"), names)  # noqa: S102 - our own page
    check = names["is_from_publisher"]
    (request,), (secret,) = told.requests, told.secrets
    assert check(secret, request.headers, request.body) is True  # type: ignore[operator]  # from the page
    assert check(secret, request.headers, request.body + b" ") is False  # type: ignore[operator]
    old = {**request.headers, "webhook-timestamp": "1700000000"}
    assert check(secret, old, request.body) is False  # type: ignore[operator]


def test_the_shell_of_the_page_prints_our_signature(told: Receiver, tmp_path: Path) -> None:
    (request,), (secret,) = told.requests, told.secrets
    (tmp_path / "body").write_bytes(request.body)
    given = {
        "SECRET": secret,
        "ID": request.headers["webhook-id"],
        "TIMESTAMP": request.headers["webhook-timestamp"],
        "BODY": str(tmp_path / "body"),
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run(["sh", "-c", SHELL], env=given, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == request.headers["webhook-signature"]
