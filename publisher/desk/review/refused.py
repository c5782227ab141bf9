"""The page that says why a person's deed was refused, with what they had typed, ready to be sent again."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from publisher.core.errors import UserError
from publisher.desk.page import show


def refused(
    request: HttpRequest,
    error: UserError,
    *,
    back: str,
    field: str = "",
    typed: str = "",
    stale: bool = False,
    title: str = "",
) -> HttpResponse:
    """409 when somebody was quicker, else 422. `field`: in which field of the form `typed` was; other values that were sent come
    along hidden, but for the version, which the page that is opened again brings. `title`: the heading, where there is a better
    one than that it was not done."""
    carried = {
        name: str(value)
        for name, value in request.POST.items()
        if name not in (field, "csrfmiddlewaretoken", "version", "assembled", "revision")
    }
    context = {
        "error": error,
        "back": back,
        "field": field,
        "typed": typed,
        "carried": {} if stale else carried | _versions(request),
        "again": "" if stale else request.get_full_path(),
        "title": title or (_("Somebody was quicker") if stale else _("This was not done")),
    }
    return show(request, "desk/review/refused.html", context, status=409 if stale else 422)


def _versions(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST[name] for name in ("version", "assembled", "revision") if name in request.POST}
