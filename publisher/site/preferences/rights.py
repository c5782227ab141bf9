"""A reader's data, and erasing them: asked for on their page, done by the link that goes to their own address.

The link to their page stands in every mail, and mails are passed on: whoever holds it can have a letter sent, and learns nothing
from the answer. GET changes nothing and tells nothing, of asking as of doing.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from publisher.audience import rights, tokens
from publisher.audience.models import ReaderLetter, Subscriber
from publisher.audience.rights import Answer, Seen, Stage
from publisher.core import clock
from publisher.core.masking import masked
from publisher.digests.models import Digest
from publisher.privacy import erasing
from publisher.privacy.held import held
from publisher.site.page import private, reader_language, show, stale, unknown
from publisher.site.preferences.offered import language_of
from publisher.site.sign_up.offered import contact

DATA: Final = ReaderLetter.Kind.DATA
ERASE: Final = ReaderLetter.Kind.ERASE
ERASED_BY: Final = "the link in a letter to their address"


@csrf_exempt  # nothing here is done in the name of a session: whoever holds the link may ask
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, token: str, kind: ReaderLetter.Kind) -> HttpResponse:
    """GET: a page with one button. POST: a letter to the reader's own address, and a page that says so."""
    link = tokens.read(tokens.Purpose.PREFERENCES, token)
    if link is None or link.subscriber_id == tokens.NOBODY:
        return stale(request)
    subscriber = Subscriber.objects.filter(pk=link.subscriber_id).first()
    if subscriber is None:
        return unknown(request)
    language, digest = language_of(request, subscriber, link), _in_whose_name(subscriber, link.target_id)
    answer = "open"
    if request.method == "POST":
        answer = _asked(subscriber, kind, language, digest)
    if answer == Answer.GONE:  # they were erased in this very moment
        return unknown(request)
    context = {
        "answer": answer,
        "of_data": kind == DATA,
        "preferences": token,
        "masked": masked(subscriber.email),
        "hours": rights.HOURS,
        "contact": contact([digest] if digest else []),
    }
    return show(request, "site/rights_ask.html", context, language=language)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: HttpRequest, token: str) -> HttpResponse:
    """GET: a page with one button. POST: everything that is held about the reader, as a file."""
    now = clock.now()
    seen = rights.look(DATA, token, now=now)
    if seen is None or seen.subscriber is None:
        return _nothing(request, seen)
    if request.method != "POST":
        return show(request, "site/data.html", {}, language=_language(request, seen))
    answer = JsonResponse(
        held(seen.subscriber, now=now), json_dumps_params={"ensure_ascii": False, "indent": 2}
    )
    answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return private(answer)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, token: str) -> HttpResponse:
    """GET: a page with one button. POST: done, and said so; again says the same. The links name nobody from then on."""
    if request.method != "POST":
        seen = rights.look(ERASE, token, now=clock.now())
        if seen is None or seen.letter is None:
            return _nothing(request, seen)
        named = seen.letter.subscriber_id or tokens.NOBODY, seen.letter.digest_id or 0
        context = {"unsubscribe": tokens.write(tokens.Purpose.UNSUBSCRIBE, *named)}
        return show(request, "site/erase.html", context, language=_language(request, seen))
    seen = _erase(token)
    if seen is None or seen.stage is Stage.OVER:
        return _nothing(request, seen)
    return show(request, "site/erased.html", {}, language=_language(request, seen))


@transaction.atomic
def _erase(token: str) -> Seen | None:
    """Asked of the link while nobody else changes the reader: one that another address ends in this moment does nothing."""
    now = clock.now()
    seen = rights.look(ERASE, token, now=now, lock=True)
    if seen and seen.subscriber:
        erasing.erase(seen.subscriber.pk, user=erasing.THEMSELVES, how=ERASED_BY, now=now)
    return seen


def _asked(subscriber: Subscriber, kind: ReaderLetter.Kind, language: str, digest: Digest | None) -> Answer:
    """Without any digest there is nobody in whose name a mail could go."""
    if digest is None:
        return Answer.UNREACHABLE
    return rights.ask(subscriber.pk, kind, language=language, digest_id=digest.pk, now=clock.now())


def _in_whose_name(subscriber: Subscriber, named: int) -> Digest | None:
    """The digest that the link names, else one that the reader has or had, else any."""
    mine = subscriber.subscriptions.order_by("state", "pk").values_list("digest_id", flat=True)
    known = Digest.objects.in_bulk([named, *mine])
    found = [known[pk] for pk in (named, *mine) if pk in known]
    return found[0] if found else Digest.objects.order_by("-enabled", "pk").first()


def _language(request: HttpRequest, seen: Seen) -> str:
    """That which was asked for, else of the letter, else of the browser."""
    return reader_language(request, seen.letter.language if seen.letter else "")


def _nothing(request: HttpRequest, seen: Seen | None) -> HttpResponse:
    """The answer to a link that is not ours, of a reader who is gone, or over."""
    if seen is None:
        return stale(request)
    if seen.stage is Stage.GONE:
        return unknown(request)
    context = {"hours": rights.HOURS}
    return show(request, "site/rights_over.html", context, language=reader_language(request, ""), status=410)
