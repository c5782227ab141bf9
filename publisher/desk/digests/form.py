"""Making and changing a digest in the desk. What it may hold is decided in `digests/forming.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST
from pydantic import ValidationError

from publisher.audience.models import Segment
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.core.numbers import number_in
from publisher.desk.access import user_of
from publisher.desk.digests import typed
from publisher.desk.digests.quicker import differing
from publisher.desk.digests.typed import Typed
from publisher.desk.language_names import language_name
from publisher.desk.page import show
from publisher.digests import forming
from publisher.digests.forming import DAYS, DigestIn, Quicker, Refused
from publisher.digests.models import Digest
from publisher.digests.next_edition import next_edition
from publisher.items.languages import normalise_tag, primary
from publisher.items.models import Kind, Topic
from publisher.render import colour, look

WEEKDAYS = tuple(
    zip(
        DAYS,
        (
            *(
                gettext_lazy("Monday"),
                gettext_lazy("Tuesday"),
                gettext_lazy("Wednesday"),
                gettext_lazy("Thursday"),
            ),
            *(gettext_lazy("Friday"), gettext_lazy("Saturday"), gettext_lazy("Sunday")),
        ),
        strict=True,
    )
)
LAYOUTS = (
    ("digest", gettext_lazy("A digest of several items, by its rhythm")),
    ("alert", gettext_lazy("An alert about one item, when a person makes it")),
)
RHYTHMS = tuple((value, Digest.Rhythm(value).label) for value in ("each", "daily", "weekly", "monthly"))
ON_UNKNOWN = (
    ("resend", gettext_lazy("Send it again (rarely somebody gets it twice)")),
    ("hold", gettext_lazy("Hold it for a person (never twice)")),
)
APPROVALS = (
    ("0", gettext_lazy("As the box above says")),
    ("1", gettext_lazy("One")),
    ("2", gettext_lazy("Two")),
)
COMMON_LANGUAGES = ("en", "zh-Hans", "fr", "es", "ar", "ru", "pt", "zh-Hant")
HISTORY = 10


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form of a digest that is to be made."""
    if request.method == "GET":
        return _page(request, None, typed.empty())
    return _taken(request, None)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, digest_id: int) -> HttpResponse:
    """The form of a digest."""
    digest = get_object_or_404(Digest, pk=digest_id)
    if request.method == "GET":
        return _page(request, digest, typed.from_digest(digest, _slugs()))
    return _taken(request, digest)


@require_POST
def switch(request: HttpRequest, digest_id: int) -> HttpResponse:
    """Switch a digest on or off."""
    get_object_or_404(Digest, pk=digest_id)
    on = request.POST.get("on") == "yes"
    digest = forming.switch(digest_id, on=on, user=user_of(request), now=clock.now())
    said = (
        _("%(digest)s is switched on.")
        if on
        else _("%(digest)s is switched off: it begins no edition by itself.")
    )
    messages.success(request, said % {"digest": digest})
    return redirect("desk:digests")


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """A fragment for htmx: what the next edition would hold, by what is typed."""
    return show(request, "desk/digests/_next.html", _next(typed.from_post(request.POST)))


def _taken(request: HttpRequest, digest: Digest | None) -> HttpResponse:
    """A posted form: a language added or removed, looked at, or saved."""
    form = typed.from_post(request.POST)
    if digest:
        form.plain["slug"] = digest.slug
    deed, _colon, tag = request.POST.get("do", "save").partition(":")
    if deed == "add-language":
        added = normalise_tag(request.POST.get("language", ""))
        if added is None:
            return _page(
                request,
                digest,
                form,
                {"language": _("This is no language. Write a tag such as fr or zh-Hans.")},
            )
        if primary(added) not in form.tags:
            form.languages.append(added)
        return _page(request, digest, form)
    if deed == "remove-language":
        form.languages = [each for each in form.languages if each != tag]
        return _page(request, digest, form)
    return _page(request, digest, form) if deed == "look" else _saved(request, digest, form)


def _saved(request: HttpRequest, digest: Digest | None, form: Typed) -> HttpResponse:
    if too_long := typed.too_long(form):
        return _page(request, digest, form, too_long)
    seen = request.POST.get("version", "")
    try:
        wanted = DigestIn.model_validate(form.as_given())
        done = forming.put(
            wanted,
            user=user_of(request),
            now=clock.now(),
            seen=number_in(seen) or 0,
            new=digest is None,
        )
    except ValidationError as error:
        return _page(request, digest, form, typed.beside(typed.mistakes(error), form.tags))
    except Refused as error:
        return _page(request, digest, form, typed.beside(error.fields, form.tags))
    except Quicker as error:
        return _second(request, form, error)
    except UserError as error:
        return _page(request, digest, form, {"form": f"{error.message} {error.hint}".strip()})
    said = {
        "created": _("%(digest)s is made."),
        "changed": _("%(digest)s is changed. Editions that are being made now keep what they had."),
        "unchanged": _("Nothing of %(digest)s was changed."),
    }[done.deed]
    messages.success(request, said % {"digest": done.digest})
    return redirect("desk:digest-edit", done.digest.pk)


def _second(request: HttpRequest, form: Typed, error: Quicker) -> HttpResponse:
    """For the second of two people: the form as they filled it in, beside what the first has stored. Saved once more, now that
    they have seen it, it replaces that."""
    digest = Digest.objects.get(slug=form.plain["slug"])
    choices = {
        "weekday": WEEKDAYS,
        "layout": LAYOUTS,
        "on_unknown": ON_UNKNOWN,
        "kinds": Kind.choices,
        "approvals": APPROVALS,
        "counting": Digest.Counting.choices,
    }
    names = {name: {value: str(label) for value, label in each} for name, each in choices.items()}
    differences = differing(form, typed.from_digest(digest, _slugs()), names)
    return _page(request, digest, form, second={"error": error, "differences": differences})


def _slugs() -> dict[int, str]:
    return dict(Topic.objects.values_list("id", "slug"))


def _page(
    request: HttpRequest,
    digest: Digest | None,
    form: Typed,
    errors: Mapping[str, str] | None = None,
    *,
    second: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """`second`: what somebody else did meanwhile, for whoever looks at it now."""
    seen = "" if second else request.POST.get("version", "")
    accent = form.plain["accent"] or "#0b6e99"
    is_colour = "accent" not in (errors or {})
    context: dict[str, Any] = {
        "digest": digest,
        "form": form,
        "errors": errors or {},
        "second": second,
        "version": seen or (digest.version if digest else 0),
        "spoken": [(tag, primary(tag), language_name(primary(tag))) for tag in form.languages],
        "more_languages": [
            (tag, language_name(tag)) for tag in COMMON_LANGUAGES if primary(tag) not in form.tags
        ],
        "weekdays": WEEKDAYS,
        "layouts": LAYOUTS,
        "rhythms": RHYTHMS,
        "unknowns": ON_UNKNOWN,
        "approvals": APPROVALS,
        "countings": Digest.Counting.choices,
        "segments": segment_choices(form.plain["segment"]),
        "kinds": Kind.choices,
        "topics": list(Topic.objects.filter(retired=False).values_list("slug", "name_en", "name_zh")),
        "zones": sorted(available_timezones()),
        "accents": {"light": look.light(accent).accent, "dark": look.dark(accent).accent}
        if is_colour
        else None,
        "contrast": _contrast(accent),
        "history_entries": AuditEntry.objects.filter(object_type="digest", object_id=str(digest.pk)).order_by(
            "-pk"
        )[:HISTORY]
        if digest
        else None,
        **_next(form),
    }
    status = 409 if second else 422 if errors else 200
    return show(request, "desk/digests/form.html", context, status=status)


def segment_choices(chosen: str = "") -> list[tuple[str, str]]:
    """Who may get an edition: everybody, or those in a segment, by its name. One that is gone and still chosen is told so."""
    names = list(Segment.objects.values_list("name", flat=True))
    found = [("", _("Everybody who subscribes to it")), *((name, name) for name in names)]
    if chosen and chosen not in names:
        found.append((chosen, _("%(name)s (not there any more)") % {"name": chosen}))
    return found


def _contrast(accent: str) -> str:
    """The contrast of the colour as it was chosen, on white."""
    try:
        return f"{colour.contrast(accent, '#ffffff'):.1f}"
    except (ValueError, IndexError):
        return ""


def _next(form: Typed) -> dict[str, Any]:
    """What the next edition would hold; why that cannot be said, when it cannot."""
    now = clock.now()
    try:
        given = form.as_given()
        given["slug"] = given["slug"] or "new"
        digest = forming.unsaved(DigestIn.model_validate(given), now=now)
    except (ValidationError, UserError):
        return {"next": None, "next_digest": None}
    ahead = next_edition(digest, now=now)
    named = [(tag, language_name(tag), titles) for tag, titles in ahead.titles]
    return {"next": ahead, "next_digest": digest, "next_titles": named}
