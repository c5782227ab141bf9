"""Which language the desk speaks to a viewer."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from publisher.core.errors import UserError
from publisher.desk.access import LANGUAGE_COOKIE
from publisher.desk.signin import cookies
from publisher.desk.signin.pages import safe_target


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep the language in a cookie of a year, and go back to the page."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        raise UserError(_("The desk does not speak this language."), _("Choose one at the foot of a page."))
    response = redirect(safe_target(request))
    cookies.keep(response, LANGUAGE_COOKIE, language)
    return response
