"""The sign-up page: of all open digests, or of one. It also takes the forms that stand on other sites.

It needs no script, no cookie and no session. What is said does not depend on what is known of an address. Only the language of
the page comes from the browser, or from the links that switch it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from publisher.archive import editions
from publisher.audience import hashes
from publisher.audience.evidence import Evidence, mark, page_of
from publisher.audience.signing_up import challenge, gate, limits, stamps, tally
from publisher.audience.signing_up.gate import Outcome, Signs
from publisher.audience.signing_up.limits import CannotCount
from publisher.audience.signing_up.stamps import Age
from publisher.core import clock
from publisher.core.visitor import Visitor, place, visitor
from publisher.digests.models import Digest
from publisher.digests.signing_up import consent
from publisher.items.languages import primary
from publisher.render.words import base, kind_label
from publisher.site.page import asked_language, show
from publisher.site.sign_up import form as forms
from publisher.site.sign_up import offered
from publisher.site.sign_up.form import TRAP, Typed
from publisher.site.words import LANGUAGE_NAMES, WORDS, spoken

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 3600
"""What the page says in words."""


@dataclass(frozen=True)
class Visit:
    """A request for a sign-up page, with what it is answered from."""

    request: HttpRequest
    digests: Sequence[Digest]
    language: str
    now: datetime

    @property
    def slug(self) -> str:
        """The short name of the only digest of the form; "" where there are several."""
        return self.digests[0].slug if len(self.digests) == 1 else ""

    def shown(self, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        """A page in the visit's language; its links to others come back to the form."""
        frame = {
            "lang": self.language,
            "contact": offered.contact(self.digests),
            "archive": editions.digests().exists(),
            "open": False,  # it is this page
        }
        return show(self.request, template, frame | context, language=self.language, status=status)


@csrf_exempt  # nothing here is done in the name of a session, and forms on other sites have no cookie of ours
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest, slug: str = "") -> HttpResponse:
    """The form, and taking it. 200 and the same words whether the address is known or not."""
    digests = [each for each in offered.open_digests() if slug in ("", each.slug)]
    visit = Visit(request, digests, language_of(request), clock.now())
    if not digests:
        return visit.shown("site/sign_up_busy.html", {"closed": True}, status=404 if slug else 200)
    if request.method == "POST":
        return _taken(visit)
    response = _page(visit, Typed(language=_first_language(visit)))
    del response["X-Robots-Tag"]  # the one page of these that people should find
    return response


def language_of(request: HttpRequest) -> str:
    """The language of the page: what the form or a link says, else the browser's."""
    return spoken(_named(request) or asked_language(request))


def _named(request: HttpRequest) -> str:
    """What the form or a link says; "" for none that we have words in."""
    named = request.POST.get("lang", "") or request.GET.get("lang", "")
    return named if base(named) in WORDS else ""


def _taken(visit: Visit) -> HttpResponse:
    form = forms.typed(visit.request.POST)
    wrong = forms.problems(form, visit.digests)
    if wrong:
        return _page(visit, form, errors=wrong, status=422)
    text = forms.agreed(form, visit.slug, visit.language, now=visit.now)
    if text is None:
        tally.count(tally.What.STALE_FORM, visit.now)
        return _page(visit, form, said="sign_up_stale", status=422)
    who = visitor(visit.request, proxies=settings.ENVIRONMENT.proxies)
    client = hashes.of_client(who.address) if who.known and who.address else None
    asked = forms.asked(
        form,
        visit.digests,
        visit.language,
        Evidence(text, _page_asked_on(visit.request), client),
        accept_language=visit.request.headers.get("Accept-Language", ""),
    )
    try:
        outcome = gate.take(asked, _signs(visit.request, who), now=visit.now)
    except CannotCount:
        log.warning("sign_up.cannot_count")
        return _busy(visit, status=503)
    return _answered(visit, form, outcome, asked.email)


def _signs(request: HttpRequest, who: Visitor) -> Signs:
    return Signs(
        visitor=place(who.address),
        is_shared=not who.known,
        trap=request.POST.get(TRAP, ""),
        stamp=request.POST.get("stamp"),
        proof=request.POST.get("altcha", ""),
    )


def _answered(visit: Visit, form: Typed, outcome: Outcome, email: str) -> HttpResponse:
    if outcome is Outcome.DONE:
        return visit.shown("site/sign_up_done.html", {"email": email})
    if outcome in (Outcome.BUSY, Outcome.NETWORK):
        return _busy(visit, status=429, said=f"sign_up_{outcome.value}")
    said = f"sign_up_{outcome.value}"
    if outcome in (Outcome.MACHINE, Outcome.ROLE, Outcome.DISPOSABLE):
        return _page(visit, form, errors={"email": said}, status=422)
    proof = outcome is Outcome.PROOF
    return _page(visit, form, said=said, proof=proof, status=429 if proof else 422)


def _busy(visit: Visit, *, status: int, said: str = "sign_up_busy") -> HttpResponse:
    response = visit.shown("site/sign_up_busy.html", {"closed": False, "said": said}, status=status)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _page(
    visit: Visit,
    form: Typed,
    *,
    errors: dict[str, str] | None = None,
    said: str = "",
    proof: bool = False,
    status: int = 200,
) -> HttpResponse:
    digests, language = visit.digests, visit.language
    text = consent(digests, language)
    one = digests[0] if len(digests) == 1 else None
    languages = offered.languages_of(digests)
    context: dict[str, Any] = {
        "one": one,
        "action": reverse("site:sign-up-one", args=[one.slug]) if one else reverse("site:sign-up"),
        "digests": [
            (each.slug, each.text("title", language), each.text("about", language)) for each in digests
        ],
        "form": form,
        "errors": errors or {},
        "said": said,
        "languages": [(tag, LANGUAGE_NAMES.get(primary(tag), tag)) for tag in languages],
        "chosen_language": form.language or _first_language(visit),
        "kinds": [(kind, kind_label(kind, language)) for kind in offered.kinds_of(digests)],
        "topics": offered.topic_groups(offered.topics_of(digests), language),
        "consent": text,
        "shown": mark(visit.slug, language, text),
        "stamp": _stamp(visit),
        "trap": TRAP,
        "task": challenge.new(visit.now) if proof or limits.proof_is_asked(visit.now) else "",
    }
    return visit.shown("site/sign_up.html", context, status=status)


def _stamp(visit: Visit) -> str:
    """A form that is shown once more keeps its time: whoever presses again at once has not been quick."""
    given = visit.request.POST.get("stamp", "")
    return stamps.write(visit.now) if stamps.age(given, now=visit.now) is Age.STALE else given


def _first_language(visit: Visit) -> str:
    """The language that the page was asked for in, else the first of the browser, if a digest comes in it; else that of the
    page."""
    languages = offered.languages_of(visit.digests)
    offer = {primary(tag): tag for tag in languages}
    named = _named(visit.request)
    if named and spoken(named) in offer:
        return offer[spoken(named)]
    for tag, _quality in parse_accept_lang_header(visit.request.headers.get("Accept-Language", "")):
        if primary(tag) in offer:
            return offer[primary(tag)]
    return offer.get(visit.language, languages[0] if languages else "en")


def _page_asked_on(request: HttpRequest) -> str:
    """The page that the form stands on, as the browser says; ours where it says nothing and the form has our mark."""
    for header in ("Referer", "Origin"):
        said = page_of(request.headers.get(header, ""))
        if said and urlsplit(said).netloc != urlsplit(settings.BASE_URL).netloc:
            return said
    return f"{settings.BASE_URL}{request.path}"[:500] if request.POST.get("stamp") else ""
