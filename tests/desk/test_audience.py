"""The desk's audience: the list and its filter, one subscriber, tags and attributes, and that two people at once are told."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from publisher.audience import attributes, tags, tokens
from publisher.audience.models import Attribute, Segment, Subscriber, Subscription, Suppression, Tag
from publisher.audience.segments.matching import TooLong
from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.delivery.exports import readers, writing
from publisher.delivery.models import Export
from publisher.people.permissions import VIEWER
from publisher.social.media.store import StoreAway
from tests.builders import NOON, a_digest, a_subscriber, a_topic
from tests.desk.audience_builders import a_bulk, a_letter
from tests.desk.builders import a_report, a_sign_up, a_suppression
from tests.desk.conftest import a_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer(db: None) -> Client:
    """A browser of somebody who may look, and not read addresses."""
    client = Client()
    client.force_login(a_person("vera", VIEWER))
    return client


def page(browser: Client, name: str, *args: object, query: str = "", status: int = 200) -> str:
    answer = browser.get(reverse(f"desk:{name}", args=args) + query)
    assert answer.status_code == status
    return answer.content.decode()


def an_attribute(key: str = "city", kind: str = "text") -> Attribute:
    return attributes.define(key, key.title(), kind, user=None, now=NOON)


def test_the_list_is_filtered_and_masked_for_whoever_may_not_read_addresses(
    desk: Client, viewer: Client
) -> None:
    weekly = a_digest(slug="weekly")
    lin = a_subscriber(weekly, "lin.wei@example.org", name="Lin Wei", language="zh").subscriber
    a_subscriber(a_digest(slug="alert"), "ann@example.net", name="Ann Marrow")
    body = page(desk, "subscribers")
    assert "lin.wei@example.org" in body
    assert "Ann Marrow" in body
    hidden = page(viewer, "subscribers")
    assert "l…@example.org" in hidden
    assert "lin.wei" not in hidden
    assert "Lin Wei" not in hidden
    tag = tags.put(lin.pk, "Press", user=None, now=NOON)
    an_attribute()
    attributes.change(lin.pk, {"city": "Xi'an"}, seen={}, user=None)
    for query in (
        f"?digest={weekly.pk}",
        "?q=lin.wei@exa",
        "?q=wei+li",
        "?q=@example.org",
        "?language=zh",
        f"?tag={tag.pk}",
        "?attr=city&value=Xi%27an",
        "?attr=city",
        "?state=active&q=lin",
    ):
        body = page(desk, "subscribers", query=query)
        assert "lin.wei@example.org" in body, query
        assert "ann@example.net" not in body, query


@pytest.mark.parametrize(
    "query", ["?state=nonsense", "?tag=99", "?from=yesterday", "?attr=city&value=x", "?segment=7"]
)
def test_a_filter_that_means_nothing_shows_nobody(desk: Client, query: str) -> None:
    a_subscriber(a_digest(), "lin@example.org")
    assert "lin@example.org" not in page(desk, "subscribers", query=query, status=422)


def test_nobody_finds_an_address_by_searching_who_may_not_read_it(viewer: Client) -> None:
    a_subscriber(a_digest(), "lin@example.org")
    body = page(viewer, "subscribers", query="?q=lin@example.org", status=422)
    assert "may not search" in body
    assert "@example.org" not in body.replace("lin@example.org", "")


def test_the_list_says_how_many_they_are_when_asked(desk: Client) -> None:
    digest = a_digest()
    for _ in range(3):
        a_subscriber(digest)
    assert "3 subscribers" in page(desk, "subscribers", query=f"?digest={digest.pk}&count=yes")


def test_pages_go_on_after_the_last_row_and_show_everybody_once(desk: Client) -> None:
    digest = a_digest()
    for n in range(60):
        a_subscriber(digest, f"r{n:02}@example.org")
    first = page(desk, "subscribers")
    second = page(desk, "subscribers", query=f"?after={Subscriber.objects.order_by('-pk')[49].pk}")
    shown = [n for n in range(60) for body in (first, second) if f"r{n:02}@example.org" in body]
    assert sorted(shown) == list(range(60))


def test_the_page_of_one_shows_what_is_known_and_hands_out_the_readers_link(
    desk: Client, viewer: Client
) -> None:
    topic = a_topic("sdg-2", name_en="Zero hunger")
    digest = a_digest(slug="weekly")
    row = a_subscriber(digest, "lin@example.org", name="Lin", topics=[topic.pk]).subscriber
    token = tokens.write(tokens.Purpose.PREFERENCES, row.pk, digest.pk)
    body = page(desk, "subscriber", row.pk)
    for text in ("weekly", "Zero hunger", "test", token, "lin@example.org"):
        assert text in body
    hidden = page(viewer, "subscriber", row.pk)
    assert token not in hidden
    assert "lin@example.org" not in hidden


def test_the_page_of_one_lists_letters_and_what_waits_and_who_is_suppressed_comes_first(
    desk: Client, viewer: Client
) -> None:
    digest = a_digest(slug="weekly", title={"en": "Briefing"})
    row = a_subscriber(digest, "lin@example.org").subscriber
    asked = a_sign_up(digest, "lin@example.org", held="")
    a_sign_up(digest, "lin@example.org", held="role")
    for kind, given in (("confirm", {"sign_up": asked}), ("welcome", {"subscriber": row})):
        a_letter(kind, "lin@example.org", reason="550 <lin@example.org> refused", **given)
    report = a_report()
    a_suppression("lin@example.org", evidence=f"Report {report.pk}: 5.1.1 gone")
    body = page(desk, "subscriber", row.pk)
    assert "No mail was written" not in body
    assert "Asks to confirm a subscription: Sent" in body
    assert "Welcomes a new subscriber: Sent" in body
    assert "Asked for Briefing (weekly), and has not confirmed it yet:" in body
    assert "Asked for Briefing (weekly), and waits for a person to decide:" in body
    assert f'href="{reverse("desk:report", args=[report.pk])}">Report {report.pk}</a>: 5.1.1 gone' in body
    for text in (body, page(desk, "subscribers")):
        assert "Suppressed</span>" in text
        assert "Briefing (weekly)" in text
        assert 'class="badge good"' not in text
    assert "lin@example.org" not in page(viewer, "subscriber", row.pk)


@pytest.mark.parametrize("meant", ["lin@gmail.com", "lin@gmial.com"])
def test_a_mistyped_provider_is_asked_about_and_never_refused(desk: Client, meant: str) -> None:
    typed = {
        "digest": a_digest().pk,
        "email": "lin@gmial.com",
        "name": "Lin",
        "language": "en",
        "how": "open day",
    }
    where = reverse("desk:subscriber-new")
    answer = desk.post(where, typed)
    body = answer.content.decode()
    assert answer.status_code == 422
    assert "Did you mean lin@gmail.com?" in body
    assert f'value="{meant}"' in body
    assert 'value="open day"' in body
    assert not Subscriber.objects.exists()
    assert desk.post(where, {**typed, "meant": meant}).status_code == 302
    assert Subscriber.objects.get().email == meant


def test_somebody_is_subscribed_with_proof_and_not_without(desk: Client) -> None:
    digest = a_digest()
    given = {"email": "lin@example.org", "digest": digest.pk, "language": "en", "name": "Lin"}
    refused = desk.post(reverse("desk:subscriber-new"), given)
    assert refused.status_code == 422
    assert "no word on how" in refused.content.decode()
    assert 'value="lin@example.org"' in refused.content.decode()
    assert not Subscriber.objects.exists()
    desk.post(reverse("desk:subscriber-new"), given | {"how": "open day"})
    assert Subscription.objects.get().subscriber.consents.get().how == "open day"


def test_staff_choose_unsubscribe_suppress_and_lift(desk: Client) -> None:
    topic = a_topic("sdg-2")
    digest = a_digest()
    mine = a_subscriber(digest, "lin@example.org")
    row = mine.subscriber
    choose = reverse("desk:subscriber-choose", args=[row.pk, digest.pk])
    assert desk.get(choose).status_code == 200
    a_topic("sdg-3")
    given = {"language": "zh", "topic": [topic.pk], "how": "by mail", "seen": mine.selection_id}
    assert desk.post(choose, given).status_code == 302
    mine.refresh_from_db()
    assert (mine.selection.language, mine.selection.topics) == ("zh", [topic.pk])
    desk.post(reverse("desk:subscriber-suppress", args=[row.pk]), {"evidence": "phoned"})
    assert Suppression.objects.get().evidence == "phoned"
    desk.post(reverse("desk:subscriber-lift", args=[row.pk]), {"because": "a mistake"})
    assert not Suppression.objects.exists()
    unsubscribe = reverse("desk:subscriber-unsubscribe", args=[row.pk])
    assert desk.post(unsubscribe, {"how": ""}).status_code == 422
    desk.post(unsubscribe, {"how": "phoned", "digest": digest.pk})
    mine.refresh_from_db()
    assert mine.state == "ended"
    assert "lin@example.org" not in str(list(AuditEntry.objects.values_list("before", "after")))


def test_two_who_change_the_same_are_told(desk: Client) -> None:
    an_attribute()
    digest = a_digest()
    mine = a_subscriber(digest, "lin@example.org", name="Lin")
    row = mine.subscriber
    rename = reverse("desk:subscriber-rename", args=[row.pk])
    assert desk.post(rename, {"name": "Wei", "seen": "Lin"}).status_code == 302
    assert desk.post(rename, {"name": "Other", "seen": "Lin"}).status_code == 409
    known = reverse("desk:subscriber-attribute", args=[row.pk])
    assert desk.post(known, {"a-city": "Xi'an", "was-city": ""}).status_code == 302
    assert desk.post(known, {"a-city": "Berlin", "was-city": ""}).status_code == 409
    choose = reverse("desk:subscriber-choose", args=[row.pk, digest.pk])
    given = {"language": "zh", "how": "by mail", "seen": mine.selection_id}
    assert desk.post(choose, given).status_code == 302
    assert desk.post(choose, given | {"language": "en"}).status_code == 409
    row.refresh_from_db()
    assert (row.name, row.attributes) == ("Wei", {"city": "Xi'an"})


def test_what_was_not_changed_on_the_page_stays_as_others_left_it(desk: Client) -> None:
    an_attribute("city")
    an_attribute("job")
    row = a_subscriber(a_digest(), "lin@example.org").subscriber
    known = reverse("desk:subscriber-attribute", args=[row.pk])
    desk.post(known, {"a-city": "Xi'an", "was-city": "", "a-job": "", "was-job": ""})
    desk.post(known, {"a-city": "", "was-city": "", "a-job": "editor", "was-job": ""})
    row.refresh_from_db()
    assert row.attributes == {"city": "Xi'an", "job": "editor"}


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("text", "  Xi'an  ", "Xi'an"),
        ("number", "12", 12),
        ("number", "-12.5", -12.5),
        ("yes_no", "Yes", True),
        ("yes_no", "否", False),
        ("date", "2026-5-31", "2026-05-31"),
    ],
)
def test_a_value_is_kept_as_its_kind(desk: Client, kind: str, typed: str, kept: object) -> None:
    an_attribute("what", kind)
    row = a_subscriber(a_digest()).subscriber
    desk.post(reverse("desk:subscriber-attribute", args=[row.pk]), {"a-what": typed, "was-what": ""})
    row.refresh_from_db()
    assert row.attributes == {"what": kept}
    assert type(row.attributes["what"]) is type(kept)


@pytest.mark.parametrize(
    ("kind", "typed"),
    [("number", "twelve"), ("number", "1e999"), ("yes_no", "maybe"), ("date", "2026-02-30")],
)
def test_a_value_of_another_kind_is_refused_and_stays_in_the_form(
    desk: Client, kind: str, typed: str
) -> None:
    an_attribute("what", kind)
    row = a_subscriber(a_digest()).subscriber
    answer = desk.post(reverse("desk:subscriber-attribute", args=[row.pk]), {"a-what": typed, "was-what": ""})
    assert answer.status_code == 422
    if kind != "yes_no":
        assert f'value="{typed}"' in answer.content.decode()
    row.refresh_from_db()
    assert row.attributes == {}


def test_tags_and_attributes_are_made_renamed_and_removed_when_nobody_has_them(desk: Client) -> None:
    desk.post(reverse("desk:tag-new"), {"name": " Press  office "})
    tag = Tag.objects.get()
    assert tag.name == "Press office"
    row = a_subscriber(a_digest(), "lin@example.org").subscriber
    desk.post(reverse("desk:subscriber-tag", args=[row.pk]), {"tag": "PRESS office"})
    assert list(row.tags.all()) == [tag]
    change = reverse("desk:tag", args=[tag.pk])
    assert desk.post(change, {"deed": "remove"}).status_code == 422
    assert desk.post(change, {"deed": "rename", "name": "Media", "seen": "Press office"}).status_code == 302
    assert desk.post(change, {"deed": "rename", "name": "Other", "seen": "Press office"}).status_code == 422
    desk.post(reverse("desk:subscriber-tag", args=[row.pk]), {"off": tag.pk})
    assert desk.post(change, {"deed": "remove"}).status_code == 302
    assert not Tag.objects.exists()
    made = desk.post(reverse("desk:attribute-new"), {"key": "Job Title", "label": "Job", "kind": "text"})
    assert made.status_code == 422
    desk.post(reverse("desk:attribute-new"), {"key": "job", "label": "Job", "kind": "text"})
    attribute = Attribute.objects.get()
    attributes.change(row.pk, {"job": "editor"}, seen={}, user=None)
    assert desk.post(reverse("desk:attribute", args=[attribute.pk]), {"deed": "remove"}).status_code == 422
    attributes.change(row.pk, {"job": ""}, seen={"job": "editor"}, user=None)
    assert desk.post(reverse("desk:attribute", args=[attribute.pk]), {"deed": "remove"}).status_code == 302
    assert "Tags and attributes" in page(desk, "tags")


def test_an_export_has_those_who_fit_and_runs_no_formula(
    desk: Client, tmp_path: object, settings: object
) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]  # pytest-django's wrapper
    an_attribute()
    digest = a_digest(slug="weekly")
    row = a_subscriber(digest, "lin@example.org", name="=HYPERLINK(1)").subscriber
    a_subscriber(a_digest(slug="alert"), "ann@example.net")
    attributes.change(row.pk, {"city": "Xi'an"}, seen={}, user=None)
    tags.put(row.pk, "Press", user=None, now=NOON)
    for form in ("csv", "jsonl"):
        desk.post(reverse("desk:subscribers-export"), {"query": f"digest={digest.pk}", "form": form})
    try:
        writing.write_due(now=clock.now(), seconds=10)
    except StoreAway as error:  # pragma: no cover - the store is a folder
        pytest.fail(str(error))
    csv_file, json_file = Export.objects.order_by("pk")
    assert (csv_file.state, csv_file.rows) == ("ready", 1)
    body = b"".join(
        desk.get(reverse("desk:subscriber-export-file", args=[csv_file.pk])).streaming_content
    ).decode()  # type: ignore[attr-defined]  # a stream
    head, line = body.strip().splitlines()
    assert head.endswith("subscriptions,attribute:city")
    assert ",'=HYPERLINK(1)," in line
    assert "ann@example.net" not in body
    assert "Xi'an" in line
    body = b"".join(
        desk.get(reverse("desk:subscriber-export-file", args=[json_file.pk])).streaming_content
    ).decode()  # type: ignore[attr-defined]  # a stream
    assert '"digest": "weekly"' in body
    assert "lin@example.org" not in str(list(AuditEntry.objects.values_list("after", flat=True)))
    assert "Subscribers" in page(desk, "subscriber-exports")


def test_an_address_that_was_searched_for_stands_in_no_trail_when_the_file_is_fetched(
    desk: Client, tmp_path: object, settings: object
) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]  # pytest-django's wrapper
    a_subscriber(a_digest(), "lin@example.org")
    desk.post(reverse("desk:subscribers-export"), {"query": "q=lin@example.org", "form": "csv"})
    writing.write_due(now=clock.now(), seconds=10)
    file = desk.get(reverse("desk:subscriber-export-file", args=[Export.objects.get().pk]))
    assert b"lin@example.org" in b"".join(file.streaming_content)  # type: ignore[attr-defined]  # a stream
    trail = AuditEntry.objects.filter(action__startswith="export.")
    assert set(trail.values_list("action", flat=True)) == {"export.asked", "export.fetched"}
    assert "lin@" not in str(list(trail.values_list("after", flat=True)))


def test_an_export_that_takes_too_long_says_so_and_is_not_begun_for_ever(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_subscriber(a_digest(), "lin@example.org")
    desk.post(reverse("desk:subscribers-export"), {"query": "", "form": "csv"})

    def slow(*_args: object, **_given: object) -> None:
        raise TooLong("This takes the database too long.", "Choose one more condition.")

    monkeypatch.setattr(readers, "rows_after", slow)
    writing.write_due(now=clock.now(), seconds=10)
    export = Export.objects.get()
    assert (export.state, export.problem) == (
        "failed",
        "This takes the database too long. Choose one more condition.",
    )


def test_no_segment_asks_for_an_address(desk: Client) -> None:
    a_subscriber(a_digest(), "lin@example.org")
    form = {"c-0-0-field": "text", "c-0-0-op": "is", "c-0-0-value": "lin@example.org", "name": "Lin"}
    body = desk.post(reverse("desk:segment-count"), form).content.decode()
    assert "Add a condition" in body
    assert desk.post(reverse("desk:segment-new"), form | {"deed": "save"}).status_code == 422
    body = desk.post(reverse("desk:segment-new"), {"deed": "add-group", "new-group": "text"}).content.decode()
    assert 'value="text"' not in body


def test_a_bulk_action_on_who_was_searched_for_hides_the_address_from_who_may_not_read_it(db: None) -> None:
    manager = a_person("mona", VIEWER)
    manager.user_permissions.add(Permission.objects.get(codename="manage_audience"))
    client = Client()
    client.force_login(manager)
    groups = [[{"field": "text", "op": "is", "value": "lin@example.org", "within": "", "not": False}]]
    assert "lin@" not in page(client, "bulk", a_bulk(groups=groups).pk)


def test_a_segment_is_made_by_buttons_alone_and_counted_on_the_way(desk: Client) -> None:
    digest = a_digest()
    row = a_subscriber(digest, "lin@example.org").subscriber
    a_subscriber(digest, "ann@example.org", language="zh")
    tag = tags.put(row.pk, "Press", user=None, now=NOON)
    new = reverse("desk:segment-new")
    body = desk.post(new, {"deed": "add-group", "new-group": "tag"}).content.decode()
    assert 'name="c-0-0-value"' in body
    form = {"c-0-0-field": "tag", "c-0-0-op": "is", "c-0-0-value": str(tag.pk), "name": "Journalists"}
    body = desk.post(new, form | {"deed": "add-0", "new-0": "language"}).content.decode()
    assert 'name="c-0-1-field" value="language"' in body
    body = desk.post(new, form | {"deed": "add-²", "new-²": "language"}).content.decode()
    assert 'name="c-1-0-field" value="language"' in body
    form |= {"c-0-1-field": "language", "c-0-1-op": "is", "c-0-1-value": "en"}
    body = desk.post(new, form | {"deed": "count"}).content.decode()
    assert "1 subscriber" in body
    assert "lin@example.org" in body
    body = desk.post(reverse("desk:segment-count"), form | {"c-0-0-not": "yes"}).content.decode()
    assert "0 subscribers" in body
    assert not Segment.objects.exists()
    desk.post(new, form | {"deed": "save"})
    segment = Segment.objects.get()
    assert [each["field"] for each in segment.groups[0]] == ["tag", "language"]
    assert "lin@example.org" in page(desk, "subscribers", query=f"?segment={segment.pk}")
    assert "ann@example.org" not in page(desk, "subscribers", query=f"?segment={segment.pk}")
    body = desk.post(
        reverse("desk:segment", args=[segment.pk]), form | {"deed": "drop-0-1", "version": "1"}
    ).content.decode()
    assert 'name="c-0-1-field"' not in body


def test_two_who_change_a_segment_are_told(desk: Client) -> None:
    form = {"c-0-0-field": "state", "c-0-0-op": "is", "c-0-0-value": "active", "deed": "save", "name": "A"}
    desk.post(reverse("desk:segment-new"), form)
    address = reverse("desk:segment", args=[Segment.objects.get().pk])
    assert desk.post(address, form | {"name": "B", "version": "1"}).status_code == 302
    assert desk.post(address, form | {"name": "C", "version": "1"}).status_code == 409
    assert Segment.objects.get().name == "B"


def test_a_condition_that_is_not_chosen_is_refused_and_stays(desk: Client) -> None:
    form = {"c-0-0-field": "tag", "c-0-0-op": "is", "c-0-0-value": "", "deed": "save", "name": "Kept name"}
    answer = desk.post(reverse("desk:segment-new"), form)
    assert answer.status_code == 422
    assert "Kept name" in answer.content.decode()
    assert 'name="c-0-0-field" value="tag"' in answer.content.decode()
