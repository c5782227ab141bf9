"""How long a digest takes to render. Run by the benchmarks; no test asserts it."""

from __future__ import annotations

import timeit

from publisher.render.digest import render_digest, template_source
from publisher.render.mjml import compile_mjml
from publisher.render.slots import SLOT_NAMES, cut, join
from tests.render.samples import a_digest

_ROUNDS = 50


def measure() -> dict[str, float]:
    """Milliseconds for a digest of twelve items, templates warm; and microseconds to join one recipient's HTML."""
    view = a_digest()
    source = template_source("digest", view)
    pieces = cut(render_digest(view).html, "html")
    values = dict.fromkeys(SLOT_NAMES, "https://almaria.example.org/u/token")
    return {
        "digest_jinja_ms": 1000 * _seconds(lambda: template_source("digest", view)),
        "digest_mjml_ms": 1000 * _seconds(lambda: compile_mjml(source, template="digest")),
        "digest_total_ms": 1000 * _seconds(lambda: render_digest(view)),
        "join_html_us": 1_000_000 * _seconds(lambda: join(pieces, values)),
    }


def _seconds(call: object) -> float:
    """The best of five runs: what the code costs without what else the machine does."""
    timer = timeit.Timer("call()", globals={"call": call})
    return min(timer.repeat(repeat=5, number=_ROUNDS)) / _ROUNDS


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:20} {value:8.3f}")  # noqa: T201 - what a person runs this for
