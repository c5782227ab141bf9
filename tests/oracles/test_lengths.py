"""10,000 texts of mixed scripts, as we measure them and as others do: what we call fitting fits, and what fits we call so.

The others are X's own library for JavaScript, Intl.Segmenter of Node.js and JavaScript's strings; Mastodon's rules are written
a second time in `oracle.js`. `.ci/npm-packages` installs what it needs.
"""

from __future__ import annotations

import importlib.resources
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import regex

from publisher.social.networks import graphemes, twitter_text
from publisher.social.networks.base import Part
from publisher.social.networks.bluesky import measure as bluesky
from publisher.social.networks.facebook import measure as facebook
from publisher.social.networks.facebook.payload import payload as facebook_payload
from publisher.social.networks.linkedin import measure as linkedin
from publisher.social.networks.mastodon import measure as mastodon
from publisher.social.networks.telegram import measure as telegram
from publisher.social.networks.webhook import measure as webhook
from publisher.social.networks.webhook.escaping import escaped
from publisher.social.networks.webhook.rules import Format
from publisher.social.networks.x import measure as x
from tests.oracles.samples import samples

FOLDER = Path(__file__).parent
COUNT, SEED = 10_000, 5


def asked(questions: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """The answers of `oracle.js`, in one process."""
    if not shutil.which("node") or not (FOLDER / "node_modules").is_dir():
        pytest.fail("Node.js or its packages are missing: run .ci/npm-packages")
    lines = "\n".join(json.dumps(question) for question in questions)
    done = subprocess.run(
        ["node", "oracle.js"], cwd=FOLDER, input=lines.encode(), capture_output=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return samples(COUNT, SEED)


@pytest.fixture(scope="module")
def told(texts: list[str]) -> list[dict[str, Any]]:
    return asked([("all", text) for text in texts])


def test_the_samples_hold_what_is_hard(texts: list[str], told: list[dict[str, Any]]) -> None:
    assert len(texts) == len(told) == COUNT
    assert sum(bool(regex.search(r"\p{Han}https?://", text)) for text in texts) > 100
    assert sum(bool(regex.search(r"\p{Arabic}[a-z]+\.com", text)) for text in texts) > 10
    assert sum(270 <= each["x"] <= 290 for each in told) > 50
    assert sum(490 <= each["mastodon"] <= 510 for each in told) > 10


# X's library for JavaScript takes half of a pair of surrogates for the character before a link without scheme, and the other
# half for the beginning of its host. Where that host has a name of nearly 63 characters, this makes it too long.
_AFTER_A_PAIR = regex.compile(r"(?<=[\U00010000-\U0010ffff])(?=([^\s.]+)\.)")


def halves_a_pair(text: str) -> bool:
    names = (twitter_text.ascii_host(found[1]) for found in _AFTER_A_PAIR.finditer(text))
    return any(name is not None and 50 <= len(name) <= 63 for name in names)


def test_x_counts_and_refuses_as_its_own_library_does(texts: list[str], told: list[dict[str, Any]]) -> None:
    wrong, known = [], 0
    for text, oracle in zip(texts, told, strict=True):
        ours = x.measure(text, x.Rules())
        if (ours.length, ours.fits) == (oracle["x"], oracle["x_valid"]):
            continue
        if halves_a_pair(text):
            known += 1
        else:
            wrong.append((text, ours, oracle["x"], oracle["x_valid"]))
    assert wrong == []
    assert known <= 5


def test_each_emoji_counts_as_in_the_library_of_x() -> None:
    listed = importlib.resources.files("twitter_text").joinpath("regexp/emoji-test.txt").read_text("utf-8")
    points = [line.split(";")[0].split() for line in listed.splitlines() if regex.match("[0-9A-F]+ ", line)]
    emoji = ["".join(chr(int(point, 16)) for point in each) for each in points]
    assert len(emoji) > 3000
    answers = asked([("all", each) for each in emoji])
    wrong = [
        (each, x.measure(each, x.Rules()).length, oracle["x"])
        for each, oracle in zip(emoji, answers, strict=True)
        if x.measure(each, x.Rules()).length != oracle["x"]
    ]
    assert wrong == []


def test_a_letter_is_what_intl_segmenter_calls_one(texts: list[str], told: list[dict[str, Any]]) -> None:
    wrong = [
        (text, graphemes.count(text), oracle["graphemes"])
        for text, oracle in zip(texts, told, strict=True)
        if graphemes.count(text) != oracle["graphemes"]
    ]
    assert wrong == []


@pytest.mark.parametrize("room", [0, 1])
def test_bluesky_takes_what_has_room_in_letters_and_bytes(
    texts: list[str], told: list[dict[str, Any]], room: int
) -> None:
    """Each text at the very limit, and one beyond it."""
    for text, oracle in zip(texts, told, strict=True):
        if not text:
            continue
        rules = bluesky.Rules(limit=oracle["graphemes"], most_bytes=oracle["bytes"] - room)
        assert bluesky.measure(text, rules).fits is (room == 0), text
        rules = bluesky.Rules(limit=oracle["graphemes"] - room, most_bytes=oracle["bytes"])
        assert bluesky.measure(text, rules).fits is (room == 0), text


def test_mastodon_counts_links_and_mentions_as_its_server_does(
    texts: list[str], told: list[dict[str, Any]]
) -> None:
    wrong = []
    for text, oracle in zip(texts, told, strict=True):
        at_the_limit = mastodon.measure(text, mastodon.Rules(limit=oracle["mastodon"]))
        beyond = mastodon.measure(text, mastodon.Rules(limit=oracle["mastodon"] - 1))
        if at_the_limit.fits is not bool(text.strip()) or beyond.fits:
            wrong.append((text, at_the_limit.length, oracle["mastodon"]))
    assert wrong == []


def test_where_units_of_utf_16_count_they_are_those_of_what_is_sent(texts: list[str]) -> None:
    measured = {
        "linkedin": [(linkedin.escape(text), linkedin.measure(text, linkedin.Rules())) for text in texts],
        "telegram": [
            (text.replace("\r\n", "\n").strip(), telegram.measure(text, telegram.Rules())) for text in texts
        ],
        "facebook": [
            (facebook_payload(Part(text))["message"], facebook.measure(text, facebook.Rules()))
            for text in texts
            if text.strip()
        ],
        **{
            kind.value: [
                (escaped(text, kind), webhook.measure(text, webhook.Rules(format=kind))) for text in texts
            ]
            for kind in (Format.SLACK, Format.DISCORD)
        },
    }
    for name, pairs in measured.items():
        answers = asked([("units", sent) for sent, _ in pairs])
        wrong = [
            (name, sent, ours.length, oracle["units"])
            for (sent, ours), oracle in zip(pairs, answers, strict=True)
            if ours.length != oracle["units"]
        ]
        assert wrong == []
