"""The examples of docs/api.md, run as they stand against a server."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from tests.api.steps import a_secret
from tests.builders import a_digest

EXAMPLES = re.findall(r"```sh\n(.*?)```", (Path(__file__).parents[2] / "docs" / "api.md").read_text(), re.S)


@pytest.mark.django_db(transaction=True)
def test_every_example_is_answered(live_server: LiveServer, inbox: object) -> None:
    a_digest(slug="weekly")
    environment = {**os.environ, "BASE": live_server.url, "KEY": a_secret()}
    for example in EXAMPLES:
        done = subprocess.run(
            ["sh", "-c", example], env=environment, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 0, (example, done.stderr, done.stdout)
        assert json.loads(done.stdout)
    assert len(EXAMPLES) >= 4
