"""Items: the list, the page of one, and deciding its topics."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from publisher.core import clock
from publisher.delivery.amending.standing import needing
from publisher.desk.access import user_of
from publisher.desk.content import shown_html
from publisher.desk.differences import FieldChange, field_changes
from publisher.desk.items.journey import journey_of
from publisher.desk.page import asked, is_htmx, show, unknown
from publisher.desk.paging import latest
from publisher.desk.posts.pictures import own_picture
from publisher.desk.review.clearing import panel_of
from publisher.digests.models import EditionItem
from publisher.items import topic_choice
from publisher.items.models import Item, ItemTopic, Kind, Origin, Revision, Source, Topic
from publisher.items.search.finding import holding

VISIBILITY = (
    ("visible", gettext_lazy("Visible")),
    ("embargo", gettext_lazy("Under embargo")),
    ("retracted", gettext_lazy("Retracted")),
)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All items, latest first."""
    now = clock.now()
    wanted = asked(request, "q", "kind", "language", "source", "origin", "topic", "state", "from", "to")
    sources = [(str(source.pk), str(source)) for source in Source.objects.order_by("name")]
    languages = [
        (tag, tag) for tag in Item.objects.values_list("language", flat=True).distinct().order_by("language")
    ]
    topics = [(topic.slug, topic.name) for topic in Topic.objects.filter(retired=False)]
    errors = unknown(
        wanted,
        kind=Kind.choices,
        origin=Origin.choices,
        state=VISIBILITY,
        source=sources,
        topic=topics,
        language=languages,
    ) | _no_days(wanted)
    rows = Item.objects.select_related("source").defer("body_html", "body_text")
    rows = rows.none() if errors else _filtered(rows, wanted, now)
    context = {
        "listing": latest(request, rows, "published_at"),
        "wanted": wanted,
        "errors": errors,
        "filtered": any(wanted.values()),
        "kinds": Kind.choices,
        "origins": Origin.choices,
        "visibility": VISIBILITY,
        "sources": sources,
        "topics": topics,
        "languages": languages,
        "state_of": lambda item: state_of(item, now),
    }
    return show(request, "desk/items/items.html", context, status=422 if errors else 200)


def _filtered(rows: QuerySet[Item], wanted: dict[str, str], now: datetime) -> QuerySet[Item]:
    rows = holding(rows, wanted["q"], language=wanted["language"])
    if wanted["language"]:
        rows = rows.filter(language=wanted["language"])
    rows = _published_within(rows, wanted)
    if wanted["kind"]:
        rows = rows.filter(kind=wanted["kind"])
    if wanted["origin"]:
        rows = rows.filter(origin=wanted["origin"])
    if wanted["source"]:
        rows = rows.filter(source_id=int(wanted["source"]))
    if wanted["topic"]:
        about = ItemTopic.objects.filter(topic__slug=wanted["topic"]).exclude(state=ItemTopic.State.DECLINED)
        rows = rows.filter(pk__in=about.values("item_id"))
    embargoed = Q(embargo_until__gt=now)
    return {
        "visible": rows.filter(~embargoed | Q(embargo_until=None), retracted_at=None),
        "embargo": rows.filter(embargoed, retracted_at=None),
        "retracted": rows.exclude(retracted_at=None),
    }.get(wanted["state"], rows)


def _no_days(wanted: dict[str, str]) -> dict[str, str]:
    """A sentence for each end of the time that is no day."""
    return {
        name: _("“%(given)s” is no day. Write it like 2026-06-01.") % {"given": wanted[name][:40]}
        for name in ("from", "to")
        if wanted[name] and _midnight(wanted[name]) is None
    }


def _published_within(rows: QuerySet[Item], wanted: dict[str, str]) -> QuerySet[Item]:
    """Whole days of the viewer's zone, both ends included."""
    if first := _midnight(wanted["from"]):
        rows = rows.filter(published_at__gte=first)
    if last := _midnight(wanted["to"]):
        rows = rows.filter(published_at__lt=_midnight_after(last))
    return rows


def _midnight(day: str) -> datetime | None:
    """When a day like 2026-06-01 begins in the viewer's zone; None when it is none."""
    try:
        return datetime.combine(date.fromisoformat(day), time(), timezone.get_current_timezone())
    except ValueError:
        return None


def _midnight_after(begin: datetime) -> datetime:
    """By the calendar: a day on which clocks change has 23 or 25 hours."""
    try:
        return datetime.combine(begin.date() + timedelta(days=1), time(), begin.tzinfo)
    except OverflowError:
        return begin


def state_of(item: Item, now: datetime) -> str:
    """visible, embargo or retracted."""
    if item.retracted_at:
        return "retracted"
    return "embargo" if item.embargo_until and item.embargo_until > now else "visible"


@require_GET
def detail(request: HttpRequest, item_id: int) -> HttpResponse:
    """One item and its whole way."""
    item = get_object_or_404(Item.objects.select_related("source", "original", "picture__stored"), pk=item_id)
    context = {
        "item": item,
        "state": state_of(item, clock.now()),
        "picture": own_picture(item),
        "content": shown_html(item.body_html),
        "revisions": revisions_of(item),
        "translations": _translations(item),
        "other_names": item.other_names.select_related("source").order_by("pk"),
        "posts": item.posts.select_related("channel").order_by("channel__name"),
        "editions": EditionItem.objects.filter(item=item)
        .select_related("edition__digest")
        .order_by("-edition_id"),
        "journey": journey_of(item),
        "needing": needing(item),
        "clearance": panel_of(item, user_of(request)),
        **topics_context(item),
    }
    return show(request, "desk/items/item.html", context)


def topics_context(item: Item) -> dict[str, object]:
    """The topics of an item, open suggestions first."""
    order = {ItemTopic.State.SUGGESTED: 0, ItemTopic.State.ACCEPTED: 1, ItemTopic.State.DECLINED: 2}
    rows = item.item_topics.select_related("topic", "decided_by")
    return {
        "topics": sorted(
            rows, key=lambda row: (order[ItemTopic.State(row.state)], -row.score, row.topic.position)
        )
    }


def revisions_of(item: Item) -> list[tuple[Revision, tuple[FieldChange, ...]]]:
    """Newest first, each with what it changed against the one before."""
    rows = list(item.revisions.order_by("number"))
    pairs = []
    before: dict[str, Any] = {}
    for row in rows:
        pairs.append((row, field_changes(before, row.content, row.changed) if before else ()))
        before = row.content
    return pairs[::-1]


def _translations(item: Item) -> list[Item]:
    """The other language versions: the original's, when this is a translation itself."""
    root = item.original or item
    family = [root, *root.translations.order_by("language", "pk")]
    return [each for each in family if each.pk != item.pk]


@require_POST
def decide_topic(request: HttpRequest, item_id: int, topic_id: int) -> HttpResponse:
    """Accept or decline a topic of an item; the form's `accept` is yes or no."""
    item = get_object_or_404(Item, pk=item_id)
    row = get_object_or_404(ItemTopic.objects.select_related("topic"), item=item, topic_id=topic_id)
    accept = request.POST.get("accept") == "yes"
    topic_choice.decide(item.pk, topic_id, accept=accept, user=user_of(request))
    if is_htmx(request):
        return show(request, "desk/items/_topics.html", {"item": item, **topics_context(item)})
    said = _("%(topic)s is accepted.") if accept else _("%(topic)s is declined.")
    messages.success(request, said % {"topic": row.topic.name})
    return redirect("desk:item", item_id=item.pk)
