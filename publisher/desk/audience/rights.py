"""What a reader may ask the office for, by mail or telephone: a copy of all that is known of them, and to be erased.

The same functions as on their own page (`site/preferences`), for who cannot or does not want to use it.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from publisher.audience.models import Subscriber
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.desk.access import user_of
from publisher.desk.audience import person
from publisher.privacy import erasing
from publisher.privacy.held import fetched


@require_POST
def data(request: HttpRequest, subscriber_id: int) -> HttpResponse:
    """Everything that is held about a reader, as a file to be sent to them."""
    row = get_object_or_404(Subscriber, pk=subscriber_id)
    held = fetched(row, user=user_of(request), now=clock.now())
    answer = JsonResponse(held, json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="subscriber-{row.pk}.json"'
    return answer


@require_POST
def erase(request: HttpRequest, subscriber_id: int) -> HttpResponse:
    """Erase a reader who asked for it. It cannot be undone, so a second word is asked for."""
    row = get_object_or_404(Subscriber, pk=subscriber_id)
    how, sure = request.POST.get("erase", "").strip(), request.POST.get("sure") == "yes"
    if not how or not sure:
        error = UserError(
            _("Nobody was erased."),
            _("Say how the reader asked for it, and tick that you are sure: it cannot be undone."),
        )
        return person.page(request, row, error=error, status=422)
    erasing.erase(row.pk, user=user_of(request), how=how, now=clock.now())
    messages.success(
        request,
        _(
            "Erased. A hash of the address is kept, so that no import brings them back; only they can come back."
        ),
    )
    return redirect("desk:subscribers")
