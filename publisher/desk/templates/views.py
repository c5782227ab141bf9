"""Templates of posts: each channel's text, tried on real items while it is written; its versions, and the way back to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.desk.access import user_of
from publisher.desk.channels.editing import stale, version_of
from publisher.desk.differences import pieces
from publisher.desk.page import show
from publisher.desk.posts.measuring import Part
from publisher.desk.templates.words import WORDS
from publisher.items.models import Kind
from publisher.items.visibility import visible
from publisher.render.allowed import FILTERS
from publisher.social import sampling, templating
from publisher.social.models import Channel, TemplateVersion
from publisher.social.networks import registry
from publisher.social.sampling import Sample
from publisher.social.setting_up import Stale

RECENT = 30
"""Items that one may choose for the preview."""


@dataclass(frozen=True)
class Shown:
    """A template on an item, for the page."""

    sample: Sample
    parts: list[Part]
    problem: str
    line: int


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Each channel with which template it uses."""
    rows = Channel.objects.annotate(changed=Max("template_versions__at")).order_by("name")
    return show(request, "desk/templates/templates.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, channel_id: int) -> HttpResponse:
    """The editor. What cannot be rendered is refused with its line, and stays in the editor."""
    channel = get_object_or_404(Channel.objects.select_related("health"), pk=channel_id)
    if request.method != "POST":
        start = request.GET.get("start", "")
        text = templating.own_source(channel.network, start) if start in Kind.values else channel.template
        return _page(request, channel, text)
    text, then = request.POST.get("text", ""), request.POST.get("then", "")
    if then == "preview":
        return _page(request, channel, text)
    try:
        made = templating.save(
            channel.pk,
            "" if then == "default" else text,
            note=request.POST.get("note", "").replace("\0", ""),
            user=user_of(request),
            version=version_of(request),
            now=clock.now(),
        )
    except Stale as error:
        channel.refresh_from_db()
        return _page(request, channel, text, error=error, stale=True, status=409)
    except UserError as error:
        return _page(request, channel, text, error=error, status=422)
    said = (
        _("Saved as version %(number)s.") % {"number": made.number}
        if made
        else _("It was like that already.")
    )
    messages.success(request, said)
    return redirect("desk:template", channel.pk)


@require_POST
def preview(request: HttpRequest, channel_id: int) -> HttpResponse:
    """What the text makes of the items, for htmx; nothing is saved."""
    channel = get_object_or_404(Channel.objects.select_related("health"), pk=channel_id)
    shown = _shown(request, channel, request.POST.get("text", ""))
    return show(request, "desk/templates/_preview.html", {"shown": shown, "channel": channel})


@require_POST
def drafts(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Draft again what nobody has edited or approved."""
    done = templating.draft_again(channel_id, user=user_of(request), now=clock.now())
    said = ngettext("%(num)s draft was made anew.", "%(num)s drafts were made anew.", done.made) % {
        "num": done.made
    }
    if done.same:
        said += " " + ngettext("%(num)s was the same.", "%(num)s were the same.", done.same) % {
            "num": done.same
        }
    if done.left:
        said += " " + ngettext(
            "%(num)s was changed meanwhile, and left alone.",
            "%(num)s were changed meanwhile, and left alone.",
            done.left,
        ) % {"num": done.left}
    messages.success(request, said)
    return redirect("desk:template", channel_id)


@require_http_methods(["GET", "HEAD", "POST"])
def version(request: HttpRequest, channel_id: int, number: int) -> HttpResponse:
    """One version against the one before it and the present one; and the way back to it."""
    channel = get_object_or_404(Channel, pk=channel_id)
    row = get_object_or_404(TemplateVersion, channel=channel, number=number)
    if request.method == "POST":
        try:
            templating.go_back(
                channel.pk, number, user=user_of(request), version=version_of(request), now=clock.now()
            )
        except Stale as error:
            return stale(request, channel.pk, error)
        except UserError as error:
            messages.error(request, f"{error.message} {error.hint}".strip())
            return redirect("desk:template-version", channel.pk, number)
        messages.success(request, _("The text of version %(number)s is in use again.") % {"number": number})
        return redirect("desk:template", channel.pk)
    before = channel.template_versions.filter(number__lt=number).order_by("-number").first()
    context = {
        "channel": channel,
        "row": row,
        "before": before,
        "since": pieces(before.text if before else "", row.text),
        "now_differs": pieces(row.text, channel.template) if row.text != channel.template else (),
        "is_used": row.text == channel.template,
    }
    return show(request, "desk/templates/version.html", context)


def _page(
    request: HttpRequest,
    channel: Channel,
    text: str,
    *,
    error: UserError | None = None,
    stale: bool = False,
    status: int = 200,
) -> HttpResponse:
    shown = _shown(request, channel, text)
    line = next((each.line for each in shown if each.line), 0)
    context: dict[str, Any] = {
        "channel": channel,
        "network": registry.networks().get(channel.network),
        "text": text,
        "note": request.POST.get("note", ""),
        "error": error,
        "stale": stale,
        "difference": pieces(text, channel.template) if stale else (),
        "line": line,
        "shown": shown,
        "words": WORDS,
        "filters": sorted(FILTERS),
        "versions": templating.history(channel),
        "kinds": Kind.choices,
        "own": templating.own_source(channel.network, "story"),
        "recent": visible(clock.now()).order_by("-pk")[:RECENT],
        "item": request.POST.get("item", request.GET.get("item", "")),
        "outdated": templating.outdated(channel).count(),
        "most": templating.LONGEST,
    }
    return show(request, "desk/templates/template.html", context, status=status)


def _shown(request: HttpRequest, channel: Channel, text: str) -> list[Shown]:
    """The text on the item that was chosen, else on several."""
    chosen = number_in(request.POST.get("item", request.GET.get("item", "")))
    samples = sampling.samples_or(chosen, channel, now=clock.now())
    return [_on(channel, text, sample, number) for number, sample in enumerate(samples)]


def _on(channel: Channel, text: str, sample: Sample, place: int) -> Shown:
    """`place` keeps the numbers of all parts on the page apart."""
    trial = templating.try_out(channel, text, sample.item)
    pairs = zip(trial.texts, trial.measures, strict=True)
    parts = [Part(100 * place + number, part, measure) for number, (part, measure) in enumerate(pairs)]
    return Shown(sample, parts, trial.problem, trial.line)
