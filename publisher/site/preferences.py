"""Choosing what one subscription holds: language, kinds, topics. The signed link is the only proof asked for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from publisher.audience import subscriptions, tokens
from publisher.audience.choices import Choice
from publisher.audience.models import Selection, Subscription
from publisher.core import clock
from publisher.digests.models import Digest
from publisher.items.models import Kind, Topic
from publisher.render.words import base, kind_label
from publisher.site.page import show, stale
from publisher.site.subscription import subscription_of

LANGUAGE_NAMES = {
    "en": "English",
    "zh": "中文",
    "fr": "Français",
    "es": "Español",
    "ar": "العربية",
    "ru": "Русский",
}


@csrf_exempt  # nothing here is done in the name of a session: whoever holds the link may choose
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """The form, and saving it. What is not offered (a retired topic, an unknown kind) is left out quietly."""
    link = tokens.read(tokens.Purpose.PREFERENCES, token)
    digest = Digest.objects.filter(pk=link.target_id).first() if link else None
    if link is None or digest is None:
        return stale(request)
    if link.subscriber_id == tokens.NOBODY:  # of a test, or of a copy for the office
        return _page(request, link, digest, Selection(language=digest.languages[0]), ended=True)
    subscription = subscription_of(link)
    if subscription is None:
        return stale(request)
    if subscription.state != Subscription.State.ACTIVE:
        return _page(request, link, digest, subscription.selection, ended=True)
    if request.method != "POST":
        return _page(request, link, digest, subscription.selection)
    return _save(request, link, digest, subscription)


def _save(
    request: HttpRequest, link: tokens.Link, digest: Digest, subscription: Subscription
) -> HttpResponse:
    choice = _choice(request.POST, digest, subscription.selection)
    if choice is None:
        return _page(request, link, digest, subscription.selection, error=True)
    changed = subscriptions.choose(link.subscriber_id, link.target_id, choice, now=clock.now())
    if changed is None:  # it was ended in this very moment
        return _page(request, link, digest, subscription.selection, ended=True)
    return _page(request, link, digest, changed.selection, saved=True)


def _choice(data: QueryDict, digest: Digest, before: Selection) -> Choice | None:
    """What was chosen, held to what the digest offers; None without a language. All ticked is the same as none: everything."""
    language = data.get("language", "")
    if language not in digest.languages:
        return None
    offered_kinds, offered_topics = _kinds(digest), {str(topic.pk): topic.pk for topic in _topics(digest)}
    kinds = [kind for kind in offered_kinds if kind in data.getlist("kind")]
    topics = [pk for text, pk in offered_topics.items() if text in data.getlist("topic")]
    return Choice.of(
        language=language,
        kinds=kinds if len(kinds) < len(offered_kinds) else (),
        topics=topics if len(topics) < len(offered_topics) else (),
        region=before.region,
    )


def _kinds(digest: Digest) -> list[str]:
    return [kind for kind in Kind.values if not digest.kinds or kind in digest.kinds]


def _topics(digest: Digest) -> list[Topic]:
    rows = Topic.objects.filter(retired=False)
    return list(rows.filter(pk__in=digest.topics) if digest.topics else rows)


def _page(
    request: HttpRequest,
    link: tokens.Link,
    digest: Digest,
    selection: Selection,
    *,
    saved: bool = False,
    error: bool = False,
    ended: bool = False,
) -> HttpResponse:
    language = selection.language
    chinese = base(language) == "zh"
    context = {
        "title": digest.text("title", language),
        "languages": [(code, LANGUAGE_NAMES.get(base(code), code)) for code in digest.languages],
        "kinds": [(kind, kind_label(kind, language)) for kind in _kinds(digest)],
        "topics": [(topic.pk, topic.name_zh if chinese else topic.name_en) for topic in _topics(digest)],
        "selection": selection,
        "chosen_language": _offered(language, digest),
        "unsubscribe": tokens.write(tokens.Purpose.UNSUBSCRIBE, link.subscriber_id, link.target_id),
        "saved": saved,
        "error": error,
        "ended": ended,
    }
    return show(request, "site/preferences.html", context, language=language, status=422 if error else 200)


def _offered(language: str, digest: Digest) -> str:
    """The digest's language that stands for the one chosen: `zh` for `zh-Hans`."""
    exact = [code for code in digest.languages if code == language]
    return next(iter(exact or [code for code in digest.languages if base(code) == base(language)]), "")
