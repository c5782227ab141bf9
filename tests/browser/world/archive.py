"""A digest with a public archive in three languages, which counts by person."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse

from publisher.archive import pictures
from publisher.archive.models import Picture
from publisher.audience import tokens
from publisher.counting.models import Link, LinkCount, PersonCount
from publisher.digests.models import Edition
from publisher.items.models import Item
from publisher.social.media import keeping
from tests.builders import a_subscriber, an_item
from tests.desk.builders import a_revision
from tests.drawn import drawn
from tests.site.archive_steps import a_sent_edition, an_archived_digest

PICTURE = "https://office.example.org/img/harbour.jpg"


def archived(now: datetime) -> tuple[dict[str, str], dict[str, str]]:
    """Its public pages and its page in the desk."""
    digest = an_archived_digest(
        slug="almaria",
        counting="persons",
        created_at=now - timedelta(days=60),
        intro={"en": "What moved in Almaria.", "zh": "阿尔马里亚的动态。", "ar": "ما جرى في ألماريا."},
    )
    for n in range(1, 23):
        items = [an_item(title=f"What week {n} brought", at=now)]
        a_sent_edition(digest, items=items, number=n, due_at=now - timedelta(days=7 * (30 - n)))
    edition = _newest(now, digest.pk)
    a_sent_edition(digest, items=[an_item()], number=24, state="cancelled", due_at=now)
    link = Link.objects.create(
        edition=edition, key=b"k" * 32, url="https://office.example.org/harbour?from=mail"
    )
    for back in range(3):
        day = (now - timedelta(days=back)).date()
        LinkCount.objects.create(edition=edition, link_id=link.pk, day=day, n=40 - 9 * back)
        LinkCount.objects.create(edition=edition, day=day, n=400 - 90 * back)
    subscription = a_subscriber(digest, "noor@example.net", language="ar")
    reader = subscription.subscriber
    PersonCount.objects.create(
        subscriber=reader, edition=edition, link_id=link.pk, n=1, first_at=now, last_at=now
    )
    token = tokens.write(tokens.Purpose.PREFERENCES, reader.pk, digest.pk)
    public = {
        "archive": "/archive",
        "archive-zh": "/archive?language=zh",
        "archive-ar": "/archive?language=ar",
        "archive-missing": "/archive/nothing",
        "archive-gone": "/archive/almaria/24/en",
        "archive-older": "/archive/almaria/en?before=4",
        "archive-search-none": "/archive/almaria/en?q=volcano",
        "preferences-counting": f"/p/{token}",
        "counting": f"/p/{token}/counting",
    }
    for language in ("en", "zh", "ar"):
        public[f"archive-digest-{language}"] = f"/archive/almaria/{language}"
        public[f"archive-edition-{language}"] = f"/archive/almaria/23/{language}"
    return public, {"edition-archived": reverse("desk:edition", args=[edition.pk])}


def _newest(now: datetime, digest_id: int) -> Edition:
    """In three languages: with a picture, an item that was corrected, and one that was withdrawn."""
    corrected = an_item(
        title="The harbour of Port Almaria opens again",
        summary="After nine years ships from the islands land where they used to.",
        image_url=PICTURE,
        image_alt="A ship at a stone quay",
        revision=2,
    )
    a_revision(corrected, 2, {"title": corrected.title}, ["title"])
    gone = an_item(title="Withdrawn", retracted_at=now)
    others = [
        an_item(
            title="阿尔马里亚港重新开放",
            summary="九年之后，岛上的船只又能靠岸了。",
            language="zh-Hans",
            image_url=PICTURE,
        ),
        an_item(
            title="ميناء ألماريا يفتح من جديد",
            summary="بعد تسع سنوات ترسو سفن الجزر حيث كانت ترسو.",
            language="ar",
        ),
        an_item(
            title="المدرجات تروى من جديد", summary="أعادت مئتا أسرة بناء القنوات الحجرية.", language="ar"
        ),
    ]
    items: list[Item] = [corrected, gone, *others]
    edition = a_sent_edition(
        items=items,
        digest=Edition.objects.filter(digest_id=digest_id).select_related("digest")[0].digest,
        number=23,
        due_at=now - timedelta(days=1),
        finished_at=now,
    )
    edition.edition_items.filter(item=corrected).update(revision=1)
    stored = keeping.keep(drawn("steelblue", (1200, 700), "JPEG"), now=now)
    Picture.objects.create(name=pictures.name_of(PICTURE), url=PICTURE, stored=stored)
    return edition
