"""A reader's own page by a signed link, without an account: what they receive, another address, asking for their data.

Whoever holds the link may choose. GET changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import format_date
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from publisher.audience import address_change, preferences, rights, suppressed, tokens
from publisher.audience.address_change import Answer
from publisher.audience.models import Subscriber, Subscription
from publisher.core import clock
from publisher.core.masking import masked
from publisher.digests.models import Digest
from publisher.site.counting_consent import question
from publisher.site.page import reader_language, show, stale, unknown
from publisher.site.preferences import form, offered
from publisher.site.preferences.offered import Card, language_of
from publisher.site.sign_up.offered import contact, topic_groups


@csrf_exempt  # nothing here is done in the name of a session: whoever holds the link may choose
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The page, saving it, and asking for another address."""
    link = tokens.read(tokens.Purpose.PREFERENCES, token)
    if link is None:
        return stale(request)
    if link.subscriber_id == tokens.NOBODY:  # of a test, or of a copy for the office
        return _nobodys(request, link)
    subscriber = Subscriber.objects.filter(pk=link.subscriber_id).first()
    if subscriber is None:
        return unknown(request)
    if request.method != "POST":
        return _page(request, subscriber, link)
    if request.POST.get("do") == "address":
        return _address(request, subscriber, link)
    return _save(request, subscriber, link)


def _save(request: HttpRequest, subscriber: Subscriber, link: tokens.Link) -> HttpResponse:
    now, language = clock.now(), language_of(request, subscriber, link)
    cards = offered.cards(subscriber, named=link.target_id, language=language)
    typed = form.read(request.POST, cards, zone=subscriber.zone)
    if typed.wishes is None:
        return _page(request, subscriber, link, cards=cards, typed=typed, said="choices_mend", status=422)
    if not preferences.save(subscriber.pk, typed.wishes, now=now):
        return unknown(request)  # they were erased in this very moment
    subscriber.refresh_from_db()
    return _page(request, subscriber, link, said="saved")


def _address(request: HttpRequest, subscriber: Subscriber, link: tokens.Link) -> HttpResponse:
    email = request.POST.get("email", "").replace("\0", "").strip()
    answer = address_change.ask(
        subscriber.pk,
        email,
        language=language_of(request, subscriber, link),
        digest_id=link.target_id,
        now=clock.now(),
    )
    written = answer is Answer.WRITTEN
    return _page(
        request,
        subscriber,
        link,
        address=f"address_{answer}",
        email="" if written else email,
        status=200 if written else 422,
    )


def _page(
    request: HttpRequest,
    subscriber: Subscriber,
    link: tokens.Link,
    *,
    cards: list[Card] | None = None,
    typed: form.Typed | None = None,
    said: str = "",
    address: str = "",
    email: str = "",
    status: int = 200,
) -> HttpResponse:
    now, language = clock.now(), language_of(request, subscriber, link)
    if cards is None:
        cards = offered.cards(subscriber, named=link.target_id, language=language)
    digests = [card.digest for card in cards if card.mine] or [card.digest for card in cards]
    context: dict[str, Any] = {
        **question(subscriber.pk),
        "token": tokens.write(tokens.Purpose.PREFERENCES, link.subscriber_id, link.target_id),
        "unsubscribe": _unsubscribe(link),
        "lang": language,
        "cards": cards,
        "mine": [card for card in cards if card.mine],
        "more": [card for card in cards if not card.mine],
        "of": offered,
        "topic_groups": topic_groups,
        "regions": offered.regions(language) if cards else [],
        "zones": offered.zones(),
        "zone": typed.zone if typed else subscriber.zone,
        "weeks": offered.weeks(language),
        "pause": typed.pause if typed else "",
        "paused": _paused(subscriber, language),
        "errors": typed.errors if typed else {},
        "said": said,
        "address": address,
        "email": email,
        "masked": masked(subscriber.email),
        "hours": rights.HOURS,
        "suppressed": suppressed.standing(subscriber.email_key, now=now) is not None,
        "contact": contact(digests or list(Digest.objects.filter(enabled=True).order_by("pk")[:1])),
    }
    return show(request, "site/preferences.html", context, language=language, status=status)


def _nobodys(request: HttpRequest, link: tokens.Link) -> HttpResponse:
    digest = Digest.objects.filter(pk=link.target_id).first()
    if digest is None:
        return stale(request)
    language = reader_language(request, digest.languages[0])
    context = {"title": digest.text("title", language)}
    return show(request, "site/preferences_nobodys.html", context, language=language)


def _paused(subscriber: Subscriber, language: str) -> str:
    """Until which day something is paused, by the reader's clock; "" when nothing is."""
    paused = subscriber.subscriptions.filter(
        state=Subscription.State.PAUSED, paused_until__isnull=False
    ).order_by("-paused_until")
    row = paused.first()
    if row is None or row.paused_until is None:
        return ""
    return _day(row.paused_until, subscriber.zone, language)


def _day(moment: datetime, zone: str, language: str) -> str:
    local = moment.astimezone(ZoneInfo(zone)) if zone in available_timezones() else moment
    return format_date(local, "long", locale=offered.locale(language))


def _unsubscribe(link: tokens.Link) -> str:
    return tokens.write(tokens.Purpose.UNSUBSCRIBE, link.subscriber_id, link.target_id)
