"""Tries a template that staff hand in with items as they come, so that what is wrong with it is heard before it is used."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, TypeVar

from publisher.render.digest import render_subject
from publisher.render.failure import TemplateFailure
from publisher.render.measure import Measurer
from publisher.render.social import render_snippet
from publisher.render.views import DigestView, ItemView

Rules = TypeVar("Rules")

_FULL: Final = ItemView(
    id=1,
    kind="story",
    title="Terraced fields carry water again",
    url="https://www.example.org/stories/terraces",
    summary="Two hundred families rebuilt the channels that their grandparents laid.",
    published_at=datetime(2026, 11, 24, 8, 0, tzinfo=UTC),
    topics=("Zero hunger", "Food and Agriculture Organization"),
    tags=("SDG2", "FAO"),
    image_url="https://www.example.org/terraces.jpg",
    image_alt="Two farmers lift a flat stone",
)
_BARE: Final = replace(
    _FULL, id=2, kind="other", url="", summary="", topics=(), tags=(), image_url="", image_alt=""
)
SAMPLES: Final = (_FULL, _BARE)


def subject_problem(template: str, *, language: str, name: str) -> TemplateFailure | None:
    """What is wrong with the template of a subject; None when both a full and a bare digest can be given one."""
    for items in ((_FULL,), (_BARE, *[replace(_FULL, id=n) for n in range(3, 7)])):
        view = DigestView(
            title="Digest",
            language=language,
            items=tuple(replace(item, language=language) for item in items),
            organisation="Organisation",
            issued_at=_FULL.published_at,
            subject_name=name,
        )
        try:
            render_subject(view, template)
        except TemplateFailure as failure:
            return failure
    return None


def snippet_problem(
    network: str, template: str, *, language: str, limits: Rules, measure: Measurer[Rules]
) -> TemplateFailure | None:
    """What is wrong with a channel's template; None when both a full and a bare item can be rendered."""
    for item in SAMPLES:
        try:
            render_snippet(
                network,
                replace(item, language=language),
                limits=limits,
                measure=measure,
                channel_template=template,
            )
        except TemplateFailure as failure:
            return failure
    return None
