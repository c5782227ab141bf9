"""Who gets an edition, in the desk: chosen for a digest or for one edition, counted, and told with what was asked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from publisher.audience import tags
from publisher.audience.models import Segment, Subscriber, Tag
from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.delivery.enqueue import assemble
from publisher.digests import due
from publisher.digests.models import Digest, Edition
from publisher.people.permissions import AUTHOR
from tests.builders import NOON, a_digest, a_subscriber, an_item
from tests.desk.audience_builders import a_segment
from tests.desk.conftest import a_person
from tests.desk.test_digest_form import form_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def digest() -> Digest:
    """Two readers, one of whom is of the press."""
    digest = a_digest(slug="weekly", needs_approval=True)
    tags.put(a_subscriber(digest, "ann@example.org").subscriber_id, "Press", user=None, now=NOON)
    a_subscriber(digest, "bo@example.org")
    an_item(at=clock.now() - timedelta(hours=1))
    return digest


@pytest.fixture
def segment(digest: Digest) -> Segment:
    value = str(Tag.objects.get().pk)
    return a_segment(
        "Journalists", groups=[[{"field": "tag", "op": "is", "value": value, "within": "", "not": False}]]
    )


def an_edition(digest: Digest) -> Edition:
    digest.refresh_from_db()
    edition = due.create_now(digest, window_from=clock.now() - timedelta(days=7), now=clock.now())
    return assemble(edition.pk, now=clock.now())


def page(browser: Client, edition: Edition, query: str = "") -> str:
    answer = browser.get(f"/desk/editions/{edition.pk}{query}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def choose(browser: Client, edition: Edition, segment: Segment | None) -> int:
    given = {"segment": segment.pk if segment else "", "version": edition.version}
    return browser.post(f"/desk/editions/{edition.pk}/readers", given).status_code


def test_one_edition_is_narrowed_on_its_page_which_tells_what_was_asked(
    desk: Client, digest: Digest, segment: Segment
) -> None:
    edition = an_edition(digest)
    assert "Everybody who subscribes to the digest" in page(desk, edition)
    assert choose(desk, edition, segment) == 302
    edition = assemble(edition.pk, now=clock.now())
    body = page(desk, edition)
    assert "1 of 2 subscribers were in it" in body
    assert "Tag is Press" in body
    assert AuditEntry.objects.get(action="edition.readers").after == {"segment": "Journalists"}
    assert choose(desk, edition, None) == 302
    assert assemble(edition.pk, now=clock.now()).readers is None


def test_how_many_they_are_now_is_counted_with_and_without_scripts(
    desk: Client, digest: Digest, segment: Segment
) -> None:
    Digest.objects.filter(pk=digest.pk).update(segment=segment.pk)
    edition = an_edition(digest)
    assert 'hx-trigger="load"' in page(desk, edition)
    tags.put(Subscriber.objects.get(email="bo@example.org").pk, "Press", user=None, now=NOON)
    fragment = desk.get(f"/desk/editions/{edition.pk}/readers/now").content.decode()
    assert "2 subscribers" in fragment
    assert "2 subscribers" in page(desk, edition, "?count=yes")


def test_what_a_tag_was_called_is_told_when_it_is_called_otherwise_now(
    desk: Client, digest: Digest, segment: Segment
) -> None:
    Digest.objects.filter(pk=digest.pk).update(segment=segment.pk)
    edition = an_edition(digest)
    tags.rename(Tag.objects.get().pk, "Media", seen="Press", user=None)
    Segment.objects.filter(pk=segment.pk).update(version=2)
    body = page(desk, edition)
    assert "Tag is Press" in body
    assert "The segment was changed since" in body


def test_the_second_of_two_who_choose_readers_is_told(desk: Client, digest: Digest, segment: Segment) -> None:
    edition = an_edition(digest)
    assert choose(desk, edition, segment) == 302
    assert choose(desk, edition, None) == 409


def test_who_may_not_publish_chooses_no_readers(digest: Digest, segment: Segment) -> None:
    browser = Client()
    browser.force_login(a_person("abel", AUTHOR))
    edition = an_edition(digest)
    assert choose(browser, edition, segment) == 403
    assert "Choose these readers" not in page(browser, edition)


def test_a_digest_gets_its_readers_in_its_form_which_counts_them(
    desk: Client, digest: Digest, segment: Segment
) -> None:
    form = form_of(digest) | {"segment": "Journalists"}
    counted = desk.post("/desk/digests/preview", form).content.decode()
    assert "<dt>Readers</dt><dd>1</dd>" in counted
    assert desk.post(f"/desk/digests/{digest.pk}", form).status_code == 302
    digest.refresh_from_db()
    assert digest.segment == segment.pk
    assert AuditEntry.objects.get(action="digest.changed").after == {"segment": "Journalists"}
    assert "subscribers in the segment Journalists" in desk.get("/desk/digests").content.decode()
    refused = desk.post(f"/desk/digests/{digest.pk}", form_of(digest) | {"segment": "Nobody"})
    assert refused.status_code == 422
    assert "There is no segment Nobody" in refused.content.decode()


def test_two_who_differ_in_rhythm_and_readers_are_told(
    desk: Client, digest: Digest, segment: Segment
) -> None:
    mine = form_of(digest) | {"rhythm": "daily", "monthday": "3", "family": "news", "about-en": "News"}
    theirs = form_of(digest) | {"segment": "Journalists", "open_to_all": "yes"}
    assert desk.post(f"/desk/digests/{digest.pk}", theirs).status_code == 302
    answer = desk.post(f"/desk/digests/{digest.pk}", mine)
    assert answer.status_code == 409
    assert "Journalists" in answer.content.decode()


def test_a_segment_that_something_goes_to_is_not_removed(
    desk: Client, digest: Digest, segment: Segment
) -> None:
    Digest.objects.filter(pk=digest.pk).update(segment=segment.pk)
    refused = desk.post(f"/desk/segments/{segment.pk}/remove", {"sure": "yes"})
    assert "going out to this segment" in refused.content.decode()
    assert Segment.objects.exists()
    Digest.objects.update(segment=None)
    assert desk.post(f"/desk/segments/{segment.pk}/remove", {"sure": "yes"}).status_code == 302
    assert not Segment.objects.exists()


def test_the_preview_of_a_reader_outside_says_so(desk: Client, digest: Digest, segment: Segment) -> None:
    Digest.objects.filter(pk=digest.pk).update(segment=segment.pk)
    edition = an_edition(digest)
    outside = Subscriber.objects.get(email="bo@example.org").pk
    assert "not in the segment" in page(desk, edition, f"?reader={outside}")
