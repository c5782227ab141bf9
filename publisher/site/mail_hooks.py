"""The door of mail providers: a call is answered once it is stored. What it says is taken by a task (`feedback/webhooks`)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from publisher.core import clock
from publisher.core.errors import Retry
from publisher.feedback.models import ProviderDoor
from publisher.feedback.webhooks import calls, doors
from publisher.feedback.webhooks.proofs import Call, Refused
from publisher.feedback.webhooks.table import INTAKES


@csrf_exempt
@require_http_methods(["HEAD", "POST"])
def tell(request: HttpRequest, provider: str, path: str) -> HttpResponse:
    """200: stored, or known already. 401, 403: not the provider. 413: too large. 503: bring it again. HEAD: is it there?"""
    door = ProviderDoor.objects.filter(provider=provider, path=path).first()
    if door is None or provider not in INTAKES:
        raise Http404
    if request.method == "HEAD":
        return HttpResponse()
    now = clock.now()
    body = request.read(calls.LARGEST + 1)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        calls.accept(door, Call(body, headers, doors.address(door)), now=now)
    except Refused as refused:
        calls.refuse(door, refused.reason, len(body), now=now)
        return _refusal(provider, refused, too_large=len(body) > calls.LARGEST)
    except Retry:
        return HttpResponse(
            "Not now.\n", status=503, content_type="text/plain", headers={"Retry-After": "30"}
        )
    return HttpResponse("Stored.\n", content_type="text/plain")


def _refusal(provider: str, refused: Refused, *, too_large: bool) -> HttpResponse:
    status = 413 if too_large else 403
    if not too_large and INTAKES[provider].answers_with_login:
        status = 401
    response = HttpResponse(f"{refused.reason}\n", status=status, content_type="text/plain")
    if status == 401:
        response["WWW-Authenticate"] = 'Basic realm="Publisher"'
    return response
