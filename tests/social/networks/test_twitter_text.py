"""Every command and process imports the networks, and few of them count."""

from __future__ import annotations

import subprocess
import sys

from tests.processes import ROOT

LOADED = """
import sys
import publisher.social.networks.x.measure, publisher.social.networks.mastodon.measure
print("twitter_text" in sys.modules)
from publisher.social.networks import twitter_text
print(twitter_text.ascii_host("xn--e1afmkfd.com"), twitter_text.count("© example.org").weighted, "twitter_text" in sys.modules)
"""


def test_the_slow_library_is_loaded_by_the_first_text_and_without_its_warning() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stderr, done.stdout.splitlines()) == ("", ["False", "xn--e1afmkfd.com 25 True"])
