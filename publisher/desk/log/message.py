"""The message of a delivery as a file: a mail with its reader's own links, which act in their name, or a post's payload."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from publisher.core import audit, clock
from publisher.core.errors import UserError
from publisher.delivery.as_sent import Eyes, message_of
from publisher.delivery.models import Delivery
from publisher.desk.access import forbidden, user_of
from publisher.people.permissions import SEE_ADDRESSES


@require_POST
def download(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """The file. By POST, since it is written down who took it."""
    if not request.user.has_perm(SEE_ADDRESSES):
        return forbidden(request, SEE_ADDRESSES)
    known = Delivery.objects.select_related("edition__digest", "subscriber", "copy_of__subscriber", "channel")
    row = get_object_or_404(known, pk=delivery_id)
    message = message_of(row, Eyes.ALL, now=clock.now())
    if not message.data:
        raise UserError(message.notes[0], _("What is known of it stands on its page."))
    audit.record(user_of(request), "delivery.taken", row)
    kind, ending = ("message/rfc822", "eml") if message.is_mail else ("application/json", "json")
    response = HttpResponse(message.data, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="delivery-{row.pk}.{ending}"'
    return response
