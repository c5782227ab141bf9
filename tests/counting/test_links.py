"""Mails whose links are counted: rewritten once a variant, plain again where nobody counts, untouched where nothing is asked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from publisher.audience.models import Subscriber
from publisher.counting import links, tokens
from publisher.counting.models import Link
from publisher.delivery import as_sent, preflighting
from publisher.delivery.claim import claim_mail, next_fence
from publisher.delivery.enqueue import assemble
from publisher.delivery.letters import Letters
from publisher.delivery.models import Delivery
from publisher.digests.models import Digest, Edition, Variant
from publisher.render import slots
from tests.builders import NOON, a_digest, a_subscriber, an_item
from tests.delivery.steps_of_counting import a_counted_edition

pytestmark = pytest.mark.django_db

HREF = re.compile(r'href="([^"]*)"')


def messages(edition: Edition) -> dict[str, str]:
    """By address the HTML of each mail as it leaves."""
    import email
    import email.policy
    from datetime import timedelta

    now = NOON + timedelta(hours=1)
    claim = claim_mail(edition.pk, fence=next_fence(), now=now, limit=10, lease=timedelta(minutes=1))
    letters = Letters(Edition.objects.select_related("digest").get(pk=edition.pk), now=now)
    found = {}
    for mail in claim.mails:
        data = letters.outgoing(mail, letters.load([mail.variant_id])).data
        part = email.message_from_bytes(data, policy=email.policy.default).get_body(("html",))
        assert part is not None
        found[mail.address] = str(part.get_content())
    return found


def test_where_nothing_is_counted_mails_are_the_same_byte_for_byte() -> None:
    items = [an_item(url="https://office.example.org/a?x=1&y=2", title="One")]
    edition = a_counted_edition("off", items=items)
    untouched = Variant.objects.get(edition=edition)
    assert (links.CLICKS in untouched.html, links.OPENS in untouched.html) == (False, False)
    assert not Link.objects.exists()
    assert links.rewriter(edition) is None
    assert links.plain(untouched.html, edition.pk) == untouched.html


def test_counted_links_lead_through_us_and_all_others_stay() -> None:
    items = [an_item(url="https://office.example.org/a?x=1&y=2"), an_item(url="https://office.example.org/b")]
    edition = a_counted_edition("totals", items=items)
    variant = Variant.objects.get(edition=edition)
    ours = [each for each in HREF.findall(variant.html) if links.CLICKS in each]
    assert len(ours) >= 2
    assert "office.example.org/a" not in variant.html
    led = {Link.objects.get(pk=tokens.link_in(each.rpartition("/")[2])).url for each in ours}
    assert led == {"https://office.example.org/a?x=1&y=2", "https://office.example.org/b"}
    assert variant.html.count(f"{settings.BASE_URL}{links.OPENS}") == 1
    assert "https://office.example.org/a?x=1&y=2" in variant.text
    for name in ("preferences_url", "unsubscribe_url", "web_url"):
        assert f'href="{slots.mark(name)}"' in variant.html
    assert slots.mark("reader") not in variant.html


def test_totals_cost_nothing_by_recipient_and_tell_nobody_apart() -> None:
    edition = a_counted_edition("totals", readers=3)
    Subscriber.objects.update(counted=True)
    sent = messages(edition)
    counted = {tuple(each for each in HREF.findall(html) if links.CLICKS in each) for html in sent.values()}
    assert (len(sent), len(counted)) == (3, 1)


def test_by_person_only_the_mails_of_those_who_agreed_name_anybody() -> None:
    edition = a_counted_edition("persons", readers=2)
    agreed = Subscriber.objects.order_by("pk").first()
    assert agreed
    Subscriber.objects.filter(pk=agreed.pk).update(counted=True)
    sent = messages(edition)
    for address, html in sent.items():
        behind = {each.rpartition("/")[2] for each in HREF.findall(html) if links.CLICKS in each}
        assert len(behind) == 1
        reader = tokens.reader_in(behind.pop())
        expected = (agreed.pk, edition.pk) if address == agreed.email else None
        assert (reader and (reader.subscriber_id, reader.edition_id)) == expected


def test_where_nobody_counts_the_mail_has_its_plain_links_again() -> None:
    items = [an_item(url="https://office.example.org/a?x=1&y=2"), an_item()]
    plain = Variant.objects.get(edition=a_counted_edition("off", items=items)).html
    for counting in ("totals", "persons"):
        digest = Digest.objects.get()
        Digest.objects.update(counting=counting)
        edition = a_counted_edition(counting, items=items, digest=digest)
        variant = Variant.objects.get(edition=edition)
        assert variant.html != plain
        shown = links.plain(variant.html, edition.pk)
        assert shown == plain


def test_the_same_address_is_one_link_of_its_edition_however_often_it_is_rendered() -> None:
    edition = a_counted_edition("totals", items=[an_item(url="https://office.example.org/a")])
    made = links.rewriter(edition)
    assert made
    html = '<a href="https://office.example.org/a">x</a></body>'
    assert made(html) == made(html)
    assert Link.objects.filter(edition=edition).count() == 1
    other = a_counted_edition("totals", items=[an_item(url="https://office.example.org/a2")])
    assert Link.objects.filter(edition=other).count() == 1


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "//evil.example.org",
        "/desk/",
        "mailto:a@b.org",
        "https:/evil",
        "https://a.example\r\nSet-Cookie: x=1",
        "https://a.example/ x",
        "",
        "ftp://a.example/",
        " https://a.example/",
    ],
)
def test_what_is_no_address_of_the_web_is_never_counted(url: str) -> None:
    assert links.leads_to(url) == ""


@given(st.text(max_size=300), st.sampled_from(["/l/", "/o/", ""]))
def test_markup_without_links_of_ours_stays_as_it_is(text: str, place: str) -> None:
    html = f'{text}<a href="https://a.example{place}{slots.neutralise(text)}">x</a>'
    assert links.plain(html, 1) == html


def test_what_staff_see_of_a_sent_mail_hides_who_agreed() -> None:
    edition = a_counted_edition("persons", readers=1)
    Subscriber.objects.update(counted=True)
    row = Delivery.objects.select_related("edition__digest", "subscriber").get(edition=edition)
    shown = as_sent.message_of(row, as_sent.Eyes.NO_TOKENS, now=NOON).text
    token = tokens.readers(edition.pk)(str(row.subscriber_id))
    assert token not in shown.replace("=\n", "")
    assert f"/{as_sent.HIDDEN}" in shown.replace("=\n", "")


def test_an_edition_that_is_counted_can_be_looked_over_and_tested() -> None:
    edition = a_counted_edition("persons", needs_approval=True)
    checks = {each["check"] for each in preflighting.look(edition.pk, now=NOON).findings}
    assert "unsubscribe" in checks
    assert not [each for each in checks if each == "unread"]


def test_a_variant_that_a_correction_renders_anew_is_counted_too() -> None:
    digest = a_digest(counting="totals")
    a_subscriber(digest)
    edition = a_counted_edition("totals", digest=digest, needs_approval=True)
    Variant.objects.filter(edition=edition).update(rendered_at=None, message=None, html="")
    Edition.objects.filter(pk=edition.pk).update(state="assembling")
    assemble(edition.pk, now=NOON)
    found: Any = Variant.objects.get(edition=edition)
    assert links.CLICKS in found.html
