"""Letters to readers outside of editions (`audience.ReaderLetter`): please confirm, welcome, your data.

Each leaves once (`outbox.py`), in its digest's name. Its text and its links are made when it leaves (`reader_words/`), and
whether it may leave is asked then: what was true when it was written may be over. To add a kind, add its text in each language,
and to `_MAKERS` what fills it in.

Nothing goes to a suppressed address, but for one thing: a request to confirm may go to a mailbox whose owner once refused our
mail or was erased. Only they can open it, it is their word alone that lifts such a suppression, and they hear from us at most
once a day. A mailbox that bounced or complained gets none: the first takes no mail, the second would call it spam again.

What a server says when it refuses one for good is kept with it, and judged by the rules of what comes back
(`feedback/refused.py`), as a delivery's refusal is.

A second letter to a mailbox within a day (`audience/signing_up/once_a_day.py`) waits until the day is over, unless the first
brought a link that is good for both, or says the same: who signs up for another digest in the afternoon must not wait for a mail
that never comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from publisher.audience import address_change, rights, suppressed, tokens, unsubscribe_mail
from publisher.audience.models import ReaderLetter, SignUp, Subscriber, Subscription
from publisher.audience.signing_up import asking, confirming, once_a_day, tally
from publisher.core.errors import UserError
from publisher.core.masking import masked
from publisher.delivery import plain_mail, return_path
from publisher.delivery.email.address import parse_address
from publisher.delivery.email.headers import Mailbox
from publisher.delivery.email.message import ListHeaders
from publisher.delivery.email.outgoing import Outgoing
from publisher.delivery.outbox import Later, Outbox, Over
from publisher.delivery.plain_mail import From, PlainMail, Tried
from publisher.delivery.reader_words import LANGUAGES, spoken
from publisher.delivery.reader_words.text import filled, written
from publisher.delivery.settle import LONGEST_TEXT
from publisher.digests.latest import latest_variant
from publisher.digests.models import Digest
from publisher.render.words import greeting

S, K = ReaderLetter.State, ReaderLetter.Kind

GOOD_FOR: Final = timedelta(days=3)
"""A letter that could not leave for so long: whoever asked has given it up, or asked again."""
NEXT_TRY: Final = timedelta(minutes=1)
"""Of a letter whose reader somebody else is changing."""

_TOO_LATE = gettext_noop("No mail could leave for too long.")
_OVER = gettext_noop("What it is about was done or withdrawn before it left.")
_ENOUGH = gettext_noop("Another letter of this kind went to this address within a day.")
_NO_DIGEST = gettext_noop("The digest that it is about does not go out any more.")
_SUPPRESSED = gettext_noop("The address is on the suppression list (%(reason)s).")


def send_due(*, now: datetime) -> dict[str, int]:
    """Send what is due; counts by the state reached. Nothing leaves while no mail server is set, while it is left alone after
    a failure, or while all sending stands still."""
    return _OUTBOX.send_due(now=now)


def _over(letter: ReaderLetter, now: datetime) -> Over | Later | None:
    if letter.created_at < now - GOOD_FOR:
        return Over(S.FAILED, _TOO_LATE)
    if letter.kind in once_a_day.CAUSED_BY_ANYBODY:
        _one_at_a_time(letter.to_key)
    if not _still_wanted(letter, now):
        return Over(S.CANCELLED, _OVER)
    found = suppressed.standing(letter.to_key, now=now)
    if found and not (letter.kind == K.CONFIRM and found.reason in suppressed.OWN_WISH):
        if letter.kind == K.CONFIRM:
            tally.count(tally.What.SUPPRESSED, now)
        return Over(S.FAILED, _SUPPRESSED % {"reason": found.reason})
    turned = letter.kind == K.CONFIRM and not found and _turn_if_known(letter, now)
    return turned if isinstance(turned, Later) else _leaving(letter, now, turned=turned)


def _leaving(letter: ReaderLetter, now: datetime, *, turned: bool) -> Over | Later | None:
    """The last to be asked of a letter that may leave; None: it does, and what that brings about is written down."""
    if not _digests(letter, now):
        return Over(S.CANCELLED, _NO_DIGEST)
    if too_soon := _too_soon(letter, now):
        if turned and once_a_day.was_told(letter.to_key, now=now):
            asking.answer_already(letter.to_key, now=now)
        return too_soon
    if turned:
        tally.count(tally.What.ALREADY, now)
        asking.answer_already(letter.to_key, now=now)
    if letter.kind == K.CONFIRM:  # it says so many days, and they begin when it leaves
        asking.wait_until(letter.to_key, now + asking.GOOD_FOR, now=now)
    return None


def _one_at_a_time(to_key: str) -> None:
    """Of several letters to one mailbox one is decided on after the other, until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"reader-letter {to_key}"])


def _too_soon(letter: ReaderLetter, now: datetime) -> Over | Later | None:
    """What becomes of a letter when another one goes, went or may have gone to this mailbox within a day; None: there is none."""
    if letter.kind not in once_a_day.CAUSED_BY_ANYBODY:
        return None
    soon = once_a_day.too_soon(letter.to_key, now=now, letter_id=letter.pk)
    if soon is None:
        return None
    if letter.kind == K.ALREADY or (letter.kind == K.CONFIRM and soon.same_link):
        return Over(S.CANCELLED, _ENOUGH)
    return Later(soon.until)


def _still_wanted(letter: ReaderLetter, now: datetime) -> bool:
    if letter.sign_up is not None and letter.kind == K.CONFIRM:
        asked = letter.sign_up
        return asked.confirmed_at is None and asked.refused_at is None and now < asked.expires_at
    if letter.change is not None:
        return letter.change.ended_at is None and now < letter.change.expires_at
    if letter.kind in rights.PURPOSES:
        return rights.is_for(letter, letter.subscriber)
    return letter.subscriber is not None


def _turn_if_known(letter: ReaderLetter, now: datetime) -> bool | Later:
    """A request to confirm what is subscribed already becomes a letter that says so. It is found out here and not when the form
    is sent, so that the form does the same work for every address."""
    known = Subscriber.objects.filter(email_key=letter.to_key)
    subscriber = known.select_for_update(skip_locked=True, no_key=True).first()
    if subscriber is None:  # whoever erases them just now waits for this letter: it waits for nobody
        return Later(now + NEXT_TRY) if known.exists() else False
    wanted = _wanted(asking.waiting(letter.to_key, now))
    if set(wanted) - set(_of_subscriber(subscriber).values_list("digest_id", flat=True)):
        return False
    letter.kind, letter.subscriber, letter.to = K.ALREADY, subscriber, subscriber.email
    letter.save(update_fields=["kind", "subscriber", "to"])
    asking.asks_nothing(letter.to_key, now=now)
    return True


def _digests(letter: ReaderLetter, now: datetime) -> list[Digest]:
    """What the letter is about, the digest in whose name it comes first. Empty: there is none any more."""
    ids = [letter.digest_id] if letter.digest_id else []
    if letter.kind == K.CONFIRM and letter.sign_up is not None:
        ids += _wanted(asking.waiting(letter.to_key, now))
    elif letter.kind == K.WELCOME and letter.sign_up is not None and letter.subscriber is not None:
        asked = _wanted(confirming.together(letter.sign_up))
        mine = _of_subscriber(letter.subscriber).filter(digest_id__in=asked)
        ids = sorted(mine.values_list("digest_id", flat=True), key=lambda pk: pk != letter.digest_id)
    elif letter.subscriber is not None:
        ids += _of_subscriber(letter.subscriber).values_list("digest_id", flat=True)
    known = Digest.objects.filter(enabled=True) if letter.kind == K.CONFIRM else Digest.objects.all()
    found = known.in_bulk(ids)
    return [found[pk] for pk in dict.fromkeys(ids) if pk in found]


def _wanted(rows: Iterable[SignUp]) -> list[int]:
    return [each["digest"] for row in rows for each in row.wanted]


def _of_subscriber(subscriber: Subscriber) -> QuerySet[Subscription]:
    return subscriber.subscriptions.exclude(state=Subscription.State.ENDED).order_by("pk")


class Filling(NamedTuple):
    """What fills a letter's text, and the lines of each digest."""

    values: dict[str, str]
    digests: Sequence[dict[str, str]] = ()


def _confirm(letter: ReaderLetter, _digests: Sequence[Digest], _now: datetime) -> Filling:
    """No name in it: whoever typed it in may be a stranger who wants to have something said to the owner of the mailbox."""
    if letter.sign_up_id is None:
        raise UserError(_OVER)
    token = tokens.write(tokens.Purpose.CONFIRM, tokens.NOBODY, letter.sign_up_id)
    return Filling({"link": f"{settings.BASE_URL}/c/{token}"})


def _links(letter: ReaderLetter, digests: Sequence[Digest], now: datetime) -> Filling:
    """The links of each subscription, with the latest edition as its reader would have got it."""
    subscriber = letter.subscriber
    if subscriber is None:
        raise UserError(_OVER)
    chosen = {each.digest_id: each for each in _of_subscriber(subscriber).select_related("selection")}
    lines = []
    for digest in digests:
        if digest.pk not in chosen:
            continue
        latest = latest_variant(digest, chosen[digest.pk].selection, now=now)
        token = tokens.write(tokens.Purpose.VARIANT, tokens.NOBODY, latest.pk) if latest else ""
        lines.append(
            {
                "title": digest.text("title", letter.language),
                "latest": f"{settings.BASE_URL}/e/{token}" if token else "",
                "preferences": _link("p", tokens.Purpose.PREFERENCES, subscriber, digest),
                "unsubscribe": _link("u", tokens.Purpose.UNSUBSCRIBE, subscriber, digest),
            }
        )
    return Filling({"greeting": greeting(letter.language, subscriber.name)}, lines)


def _change(letter: ReaderLetter, _digests: Sequence[Digest], _now: datetime) -> Filling:
    """The new mailbox is told the old address in part: it may belong to a stranger."""
    change, subscriber = letter.change, letter.subscriber
    if change is None or subscriber is None:
        raise UserError(_OVER)
    token = address_change.token(change, new=letter.kind == K.CHANGE_NEW)
    link = f"{settings.BASE_URL}/a/{token}"
    return Filling({"link": link, "new": change.email, "old": masked(subscriber.email)})


def _rights(letter: ReaderLetter, _digests: Sequence[Digest], _now: datetime) -> Filling:
    """Nothing of the reader in it but the link: what is told takes its button."""
    place = "d" if letter.kind == K.DATA else "x"
    return Filling({"link": f"{settings.BASE_URL}/{place}/{rights.token(letter)}", "hours": rights.HOURS})


def _link(place: str, purpose: tokens.Purpose, subscriber: Subscriber, digest: Digest) -> str:
    return f"{settings.BASE_URL}/{place}/{tokens.write(purpose, subscriber.pk, digest.pk)}"


Maker = Callable[[ReaderLetter, Sequence[Digest], datetime], Filling]
_MAKERS: Final[dict[str, Maker]] = {
    K.CONFIRM: _confirm,
    K.ALREADY: _links,
    K.WELCOME: _links,
    K.CHANGE_OLD: _change,
    K.CHANGE_NEW: _change,
    K.DATA: _rights,
    K.ERASE: _rights,
}


def _message(letter: ReaderLetter, now: datetime) -> Outgoing:
    digests = _digests(letter, now)
    if not digests:
        raise UserError(_NO_DIGEST)
    subject, text = _written(letter, digests, now)
    mail = PlainMail(
        letter.pk, letter.to, subject, text, f"reader.{letter.message_key}", spoken(letter.language)
    )
    return plain_mail.message(mail, now=now, links=True, sender=_sender(letter, digests[0]))


def _written(letter: ReaderLetter, digests: Sequence[Digest], now: datetime) -> tuple[str, str]:
    """Subject and text."""
    language = LANGUAGES[spoken(letter.language)]
    filling = _MAKERS[letter.kind](letter, digests, now)
    values = {
        "titles": language.titles([each.text("title", letter.language) for each in digests]),
        "site": settings.BASE_URL,
        "organisation": digests[0].text("organisation", letter.language),
        "postal_address": digests[0].text("postal_address", letter.language),
        **filling.values,
    }
    text = language.texts[letter.kind]
    return filled(text.subject, values), written(text, values, filling.digests)


def _sender(letter: ReaderLetter, digest: Digest) -> From:
    """The digest's own; a welcome can be unsubscribed from by a mail program's button, as editions can."""
    mail_from = ""
    if settings.RETURN_DOMAIN:
        mail_from = return_path.writer(settings.RETURN_DOMAIN, return_path.LETTER)(letter.pk)
    plain = From(
        Mailbox(digest.from_address, digest.text("from_name", letter.language)), digest.reply_to, mail_from
    )
    if letter.kind != K.WELCOME or letter.subscriber is None:
        return plain
    mailto = ""
    if settings.UNSUBSCRIBE_ADDRESS:
        mailto = unsubscribe_mail.writer(settings.UNSUBSCRIBE_ADDRESS)(letter.subscriber.pk, digest.pk)
    return plain._replace(
        list_headers=ListHeaders(
            identifier=f"{digest.slug.replace('_', '-')}.{parse_address(digest.from_address).domain}",
            title=digest.text("title", letter.language),
            help_url=f"{settings.BASE_URL}/",
        ),
        unsubscribe_url=_link("u", tokens.Purpose.UNSUBSCRIBE, letter.subscriber, digest),
        unsubscribe_mailto=mailto,
    )


def _refusal(tried: Tried, state: str) -> dict[str, object]:
    """The server's answer to a letter that it ended."""
    answer = tried.answer
    if state != S.FAILED or answer is None:
        return {}
    return {"code": answer.code or None, "enhanced": answer.enhanced[:12], "said": answer.text[:LONGEST_TEXT]}


_OUTBOX = Outbox(
    ReaderLetter,
    what="reader_letter",
    over=_over,
    message=_message,
    related=("sign_up", "subscriber", "change"),
    keep=_refusal,
    log_as=lambda letter: {"kind": letter.kind},
)
