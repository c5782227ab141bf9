"""Leaving a digest by the link or the header of a mail. Opening the page changes nothing; pressing the button does.

Mail programs post `List-Unsubscribe=One-Click` to the same address by themselves (RFC 8058): without cookies, so the
signed token is the only proof asked for, and the answer is 200 without a redirect. It names subscriber and digest and never
expires: it works from any mail, also when the edition, the digest or the subscriber is gone.
"""

from __future__ import annotations

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from publisher.audience import subscriptions, tokens
from publisher.audience.models import Subscriber, Subscription
from publisher.core import clock
from publisher.digests.models import Digest
from publisher.site.page import asked_language, private, reader_language, show, stale, unknown
from publisher.site.sign_up.offered import open_digests
from publisher.site.subscription import language_of, subscription_of
from publisher.site.words import WORDS, spoken

PAGE, ONE_CLICK = "unsubscribe page", "one-click header"


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET: a page with one button, and one for all digests where there are more; what is done already is said. POST: done, and
    said so; again says the same."""
    link = tokens.read(tokens.Purpose.UNSUBSCRIBE, token)
    if link is None:
        return stale(request)
    pressed = _form(request) if request.method == "POST" else None
    if pressed is not None and pressed.get("List-Unsubscribe") == "One-Click":
        return _one_click(request, link)
    if _is_gone(link):
        return unknown(request, status=410 if pressed is None else 200)
    language = reader_language(request, language_of(link))
    digest = Digest.objects.filter(pk=link.target_id).first()
    context = {
        "title": digest.text("title", language) if digest else "",
        "preferences": tokens.write(tokens.Purpose.PREFERENCES, link.subscriber_id, link.target_id),
        "all": pressed is not None and "all" in pressed,
    }
    if pressed is None and not _has_left(link):
        asking = context | {"several": _has(link, 2)}
        return show(request, "site/unsubscribe.html", asking, language=language)
    if context["all"]:
        subscriptions.leave_all(link.subscriber_id, how=f"{PAGE}, all", now=clock.now())
    elif pressed is not None:
        subscriptions.leave(link.subscriber_id, link.target_id, how=PAGE, now=clock.now())
    told = context | {"others": _has(link, 1), "back": _can_come_back(link, everything=bool(context["all"]))}
    return show(request, "site/left.html", told, language=language)


def _form(request: HttpRequest) -> QueryDict:
    """What was posted. One that cannot be read is a wish to leave all the same: a program that names another charset than UTF-8,
    as Java's does, or forgets the boundary, must not leave its reader subscribed."""
    try:
        return request.POST
    except (BadRequest, MultiPartParserError, SuspiciousOperation, UnreadablePostError):
        return QueryDict("List-Unsubscribe=One-Click")


def _one_click(request: HttpRequest, link: tokens.Link) -> HttpResponse:
    """No person reads the answer, and providers wait for it: one short transaction, a line of text."""
    subscriptions.leave(link.subscriber_id, link.target_id, how=ONE_CLICK, now=clock.now())
    words = WORDS[spoken(asked_language(request))]
    return private(HttpResponse(words["left_one_click"] + "\n", content_type="text/plain; charset=utf-8"))


def _is_gone(link: tokens.Link) -> bool:
    """Whether its reader was erased; the link of a test or copy was never anybody's."""
    return (
        link.subscriber_id != tokens.NOBODY and not Subscriber.objects.filter(pk=link.subscriber_id).exists()
    )


def _has_left(link: tokens.Link) -> bool:
    """Whether what it would end has ended, also in the rhythm to which its reader moved."""
    row = subscription_of(link)
    return row is not None and row.state == Subscription.State.ENDED and row.moved_to is None


def _has(link: tokens.Link, least: int) -> bool:
    """Whether its reader has so many subscriptions."""
    mine = Subscription.objects.filter(subscriber_id=link.subscriber_id, state__in=subscriptions.LIVE)
    return mine.count() >= least


def _can_come_back(link: tokens.Link, *, everything: bool) -> bool:
    """Whether their own page offers what they have left."""
    offers = {digest.pk for digest in open_digests()} if link.subscriber_id != tokens.NOBODY else set()
    return bool(offers) if everything else link.target_id in offers
