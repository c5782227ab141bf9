"""Which editions stand in the public archive: those of archived digests that were sent. All others are nobody's business."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from django.db.models import Exists, OuterRef, Q, QuerySet

from publisher.digests.models import Digest, Edition, EditionItem
from publisher.items.languages import primary
from publisher.items.visibility import visible
from publisher.review import uncleared

S = Edition.State
MOST_NUMBER = 2**31 - 1
MOST_WORDS = 8


class Gone(Enum):
    """Why there is no page."""

    NEVER_WAS = 404
    CANCELLED = 410


def digests() -> QuerySet[Digest]:
    """The digests with an archive."""
    return Digest.objects.filter(archived=True).exclude(languages=[]).order_by("slug")


def digest_of(slug: str) -> Digest | None:
    return digests().filter(slug=slug).first()


def languages_of(digest: Digest) -> tuple[str, ...]:
    """The languages of its pages, the first one first: `zh` of `zh-Hans`, as readers are grouped."""
    return tuple(dict.fromkeys(map(primary, digest.languages)))


def tag_of(digest: Digest, language: str) -> str:
    """The full tag of one of these languages, for `lang` and `hreflang`."""
    return next((tag for tag in digest.languages if primary(tag) == language), language)


def sent(digest: Digest) -> QuerySet[Edition]:
    """Its editions that were approved, where that is asked, and sent to everybody, not to a segment; newest first."""
    rows = Edition.objects.filter(digest=digest, state=S.SENT, number__isnull=False, segment__isnull=True)
    return rows.order_by("-number")


def sent_in(digest: Digest, language: str) -> QuerySet[Edition]:
    """Those of them that were sent with something in this language. No join: each is looked at once, the newest first."""
    return sent(digest).filter(Exists(held().filter(_spoken(language, "item__"))))


def found(digest: Digest, number: int) -> Edition | Gone:
    """The edition of that number, or why it has no page. One that is on its way, waits, or goes to a segment, never was for the
    public."""
    if not 0 < number <= MOST_NUMBER:
        return Gone.NEVER_WAS
    edition = Edition.objects.select_related("digest").filter(digest=digest, number=number).first()
    if edition is None or edition.state not in (S.SENT, S.CANCELLED) or edition.segment is not None:
        return Gone.NEVER_WAS
    return Gone.CANCELLED if edition.state == S.CANCELLED else edition


def held() -> QuerySet[EditionItem]:
    """What an edition holds, from within a query of editions."""
    return EditionItem.objects.filter(edition=OuterRef("pk")).order_by()


def searched(editions: QuerySet[Edition], language: str, words: str, *, now: datetime) -> QuerySet[Edition]:
    """Those of which an item of this language that everybody may see has all of the words in its title or summary."""
    fitting = _spoken(language)
    for word in words.split()[:MOST_WORDS]:
        fitting &= Q(title__icontains=word) | Q(summary__icontains=word)
    waiting = uncleared.open_rows().order_by().values("item_id")
    items = visible(now).filter(fitting).exclude(pk__in=waiting)
    return editions.filter(Exists(held().filter(item__in=items.values("pk"))))


def _spoken(language: str, item: str = "") -> Q:
    """Of items: that they are in this language. `item` leads to them."""
    tag = f"{item}language"
    return Q(**{f"{tag}__iexact": language}) | Q(**{f"{tag}__istartswith": f"{language}-"})
