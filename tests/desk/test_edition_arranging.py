"""An edition's page before it is sent: arranging, its own texts, previews, preflight, and how fast it leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from publisher.audience.models import Suppression
from publisher.core import clock
from publisher.delivery import arranging, pace_of_edition, preflighting, spam
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Delivery
from publisher.delivery.preflighting import look_closely
from publisher.digests import answers, pictures, preflight
from publisher.digests.answers import Answers
from publisher.digests.models import Edition, Preflight
from publisher.items.models import Item
from publisher.people.permissions import AUTHOR, VIEWER
from tests.builders import NOON, a_digest, a_sending_edition, a_subscriber, an_item
from tests.desk.builders import a_mail, an_attempt
from tests.desk.conftest import a_person
from tests.drawn import drawn
from tests.review.steps import tagged

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition() -> Edition:
    """Waits for a person, with two items in English and one in Chinese."""
    now = clock.now()
    digest = a_digest(needs_approval=True, created_at=now - timedelta(days=30))
    for n in range(2):
        an_item(
            at=now - timedelta(hours=n + 1),
            title=f"Story {n}",
            image_url=f"https://office.example.org/{n}.jpg",
            image_alt="A well",
        )
    an_item(at=now - timedelta(hours=9), title="故事", language="zh-Hans")
    a_subscriber(digest, "all@example.net", name="Ilse")
    a_subscriber(digest, "zh@example.net", language="zh")
    made = Edition.objects.create(
        digest=digest,
        due_at=now,
        window_from=now - timedelta(days=7),
        window_to=now,
        created_at=now,
        after_assembly="waiting",
        trace_id="e" * 32,
    )
    return assemble(made.pk, now=now)


def page(client: Client, edition: Edition, query: str = "") -> str:
    answer = client.get(f"/desk/editions/{edition.pk}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def ids(edition: Edition) -> list[int]:
    return list(edition.edition_items.order_by("position").values_list("item_id", flat=True))


def press(client: Client, edition: Edition, do: str, order: list[int] | None = None) -> Any:
    edition.refresh_from_db()
    given = {"version": edition.version, "do": do, "order": order if order is not None else ids(edition)}
    return client.post(f"/desk/editions/{edition.pk}/arrange", given)


def test_items_are_moved_left_out_and_put_back_by_buttons_alone(desk: Client, edition: Edition) -> None:
    first, second, chinese = ids(edition)
    press(desk, edition, f"down:{first}")
    assert ids(edition) == [second, first, chinese]
    press(desk, edition, f"leave:{first}")
    assert ids(edition) == [second, chinese]
    assert "Put back: Story 0" in page(desk, edition)
    press(desk, edition, f"add:{first}")
    assert ids(edition) == [second, first, chinese]
    assert "It is assembled again" not in page(desk, assemble(edition.pk, now=clock.now()))


def test_an_order_that_was_dragged_is_saved_with_whatever_else_is_pressed(
    desk: Client, edition: Edition
) -> None:
    first, second, chinese = ids(edition)
    press(desk, edition, f"leave:{chinese}", [second, first, chinese])
    assert ids(edition) == [second, first]


def test_what_its_window_held_and_was_cut_and_what_is_searched_for_is_offered(
    desk: Client, edition: Edition
) -> None:
    late = an_item(at=clock.now() - timedelta(days=2), title="Came too, and was cut")
    old = an_item(at=clock.now() - timedelta(days=300), title="From the archive")
    assert "Came too, and was cut" in page(desk, edition)
    found = desk.get(f"/desk/editions/{edition.pk}/offered?find=archive").content.decode()
    assert f"add:{old.pk}" in found
    assert "was cut" not in found
    press(desk, edition, f"add:{late.pk}")
    assert late.pk in ids(edition)


def test_the_second_of_two_people_keeps_their_texts_and_overwrites_nothing(
    desk: Client, edition: Edition
) -> None:
    seen = edition.version
    press(desk, edition, "save", list(reversed(ids(edition))))
    assemble(edition.pk, now=clock.now())
    answer = desk.post(
        f"/desk/editions/{edition.pk}/texts", {"version": seen, "subject-en": "My careful subject"}
    )
    assert answer.status_code == 409
    assert "My careful subject" in answer.content.decode()


def test_the_second_sees_what_is_stored_now_beside_their_texts_and_may_then_replace_it(
    desk: Client, edition: Edition
) -> None:
    url = f"/desk/editions/{edition.pk}/texts"
    seen = edition.version
    desk.post(url, {"version": seen, "subject-en": "Hers", "intro-zh": "她的"})
    assemble(edition.pk, now=clock.now())
    mine = {"subject-en": "Mine", "preheader-en": "Mine, too"}
    text = desk.post(url, {"version": seen, **mine}).content.decode()
    assert 'value="Mine"' in text
    assert "<strong>Hers</strong>" in text
    assert "<strong>她的</strong>" in text
    edition.refresh_from_db()
    assert edition.subject == {"en": "Hers"}
    assert f'name="version" value="{edition.version}"' in text
    desk.post(url, {"version": edition.version, **mine})
    edition.refresh_from_db()
    assert (edition.subject, edition.intro) == ({"en": "Mine"}, {})


def test_texts_that_come_when_it_is_being_sent_are_not_lost(desk: Client, edition: Edition) -> None:
    Edition.objects.filter(pk=edition.pk).update(state="sending")
    given = {"version": edition.version, "subject-en": "My careful subject"}
    answer = desk.post(f"/desk/editions/{edition.pk}/texts", given)
    assert answer.status_code == 409
    assert "My careful subject" in answer.content.decode()


def test_a_subject_is_saved_for_this_edition_and_one_that_fails_stays_in_its_field(
    desk: Client, edition: Edition
) -> None:
    url = f"/desk/editions/{edition.pk}/texts"
    wrong = desk.post(url, {"version": edition.version, "subject-en": "{{ oops }}", "intro-en": "Kept"})
    assert wrong.status_code == 422
    text = wrong.content.decode()
    assert "{{ oops }}" in text
    assert "Kept" in text
    desk.post(url, {"version": edition.version, "subject-en": "Rain: {{ first.title }}"})
    assemble(edition.pk, now=clock.now())
    assert "Rain: Story 0" in page(desk, edition)


def test_the_length_of_a_subject_is_told_while_it_is_typed(desk: Client, edition: Edition) -> None:
    url = f"/desk/editions/{edition.pk}/measure/en"
    long = desk.post(
        url,
        {
            "subject-en": "{{ first.title }} and a subject that is quite a lot longer than any phone shows today"
        },
    )
    assert "Phones cut it" in long.content.decode()
    assert "Good length" in desk.post(url, {"subject-en": "Short"}).content.decode()
    assert "oops" in desk.post(url, {"subject-en": "{{ oops }}"}).content.decode()


def test_who_may_only_read_is_shown_the_order_and_no_buttons(edition: Edition) -> None:
    client = Client()
    client.force_login(a_person("vera", VIEWER))
    text = page(client, edition)
    assert "Story 0" in text
    assert "Leave out" not in text
    assert "Save the texts" not in text


def test_a_subscriber_is_looked_up_without_the_address_in_any_address_of_a_page(
    desk: Client, edition: Edition
) -> None:
    answer = desk.post(f"/desk/editions/{edition.pk}/as-reader", {"like": "all@example.net"})
    assert "all%40" not in answer["Location"]
    assert "all@" not in answer["Location"]
    where = answer["Location"].partition("#")[0]
    assert "As all@example.net gets it" in desk.get(where).content.decode()
    framed = desk.get(where.replace("?", "/preview?") + "&look=dark")
    assert "Dear Ilse," in framed.content.decode()
    assert framed["Content-Security-Policy"].endswith("sandbox allow-same-origin")
    author = Client()
    author.force_login(a_person("lin", AUTHOR))
    assert author.get(where).status_code == 403
    assert author.get(where.replace("?", "/preview?")).status_code == 403


def test_a_choice_that_nobody_made_is_rendered_for_the_preview_and_not_stored(
    desk: Client, edition: Edition
) -> None:
    before = edition.variants.count()
    text = page(desk, edition, "?language=en&kinds=story")
    assert "As a reader with this choice gets it" in text
    assert "they get no mail" not in text
    assert "such readers get no mail" in page(desk, edition, "?language=en&kinds=video")
    framed = desk.get(f"/desk/editions/{edition.pk}/preview?language=en&kinds=story&look=light")
    assert "Story 1" in framed.content.decode()
    assert edition.variants.count() == before


def test_a_reader_who_will_get_nothing_is_shown_no_mail_until_they_have_got_it(
    desk: Client, edition: Edition
) -> None:
    row = Delivery.objects.get(edition=edition, address="all@example.net")
    where = f"?reader={row.subscriber_id}"
    assert "<iframe" in page(desk, edition, where)
    Suppression.objects.create(email_key="all@example.net", reason="bounced", at=NOON)
    text = page(desk, edition, where)
    assert "is on the suppression list" in text
    assert "<iframe" not in text
    Delivery.objects.filter(pk=row.pk).update(state="sent", sent_at=NOON)
    assert "<iframe" in page(desk, edition, where), "they have got it"


def test_with_images_off_nothing_may_be_loaded(desk: Client, edition: Edition) -> None:
    variant = edition.variants.filter(language="en").get()
    url = f"/desk/editions/{edition.pk}/variants/{variant.pk}"
    off = desk.get(url + "?look=images-off")
    assert "img-src 'none'" in off["Content-Security-Policy"]
    assert 'alt="A well"' in off.content.decode()
    assert "img-src http://testserver/desk/" in desk.get(url + "?look=light")["Content-Security-Policy"]


def test_an_edition_is_looked_over_when_it_is_assembled(desk: Client, edition: Edition) -> None:
    found = {each.check: each.level for each in preflight.current(edition) or []}
    assert found["unsubscribe"] == "warn"  # no https in tests
    assert found["translations"] == "warn"
    assert found["links"] == "skipped"
    assert found["size"] == found["subject"] == found["accessibility"] == "ok"
    text = page(desk, edition)
    assert "Not asked yet whether they answer." in text
    press(desk, edition, "save", list(reversed(ids(edition))))
    edition = Edition.objects.get(pk=edition.pk)
    assert preflight.current(edition) is None


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the other sides answer: the servers of links and pictures, and the spam filter."""
    said: dict[str, Any] = {"gone": {}, "score": spam.Score(0.1, ())}
    monkeypatch.setattr(answers, "ask", lambda urls, seconds: Answers(len(list(urls)), said["gone"], {}))  # noqa: ARG005
    monkeypatch.setattr(pictures, "ask", lambda _urls, seconds: pictures.Seen({}, []))  # noqa: ARG005
    monkeypatch.setattr(spam, "program", lambda: "/usr/bin/spamassassin")
    monkeypatch.setattr(spam, "score", lambda _message, seconds: said["score"])  # noqa: ARG005
    return said


def test_a_press_asks_links_and_the_filter_and_what_they_said_is_kept(
    desk: Client, edition: Edition, outside: dict[str, Any]
) -> None:
    desk.post(f"/desk/editions/{edition.pk}/check")
    text = page(desk, edition)
    assert "All 3 answer." in text
    assert "SpamAssassin gives it 0.1 points" in text
    preflighting.look(edition.pk, now=clock.now())
    assert "All 3 answer." in page(desk, edition)


def approve(client: Client, edition: Edition, **more: str) -> Any:
    given = {"state": "waiting", "assembled": edition.version, "sure": "yes", **more}
    return client.post(f"/desk/editions/{edition.pk}/approve", given, follow=True)


def test_a_dead_link_keeps_it_from_going_out_unless_a_person_says_why(
    desk: Client, edition: Edition, outside: dict[str, Any]
) -> None:
    outside["gone"] = {"https://x": "https://x answered 404."}
    look_closely(edition.pk, now=clock.now())
    assert "Links lead nowhere" in approve(desk, edition).content.decode()
    edition.refresh_from_db()
    assert edition.state == "waiting"
    assert "Send it all the same, because" in page(desk, edition)
    approve(desk, edition, reason="The page opens on Monday.")
    edition.refresh_from_db()
    assert edition.state == "sending"
    assert "The page opens on Monday." in page(desk, edition)


def paused(edition: Edition) -> Edition:
    """Let go, and stopped again by a person."""
    Edition.objects.filter(pk=edition.pk).update(state="paused", after_assembly="sending", let_go_at=NOON)
    return Edition.objects.get(pk=edition.pk)


def resume(client: Client, edition: Edition, **more: str) -> Any:
    given = {"state": "paused", "assembled": edition.version, "sure": "yes", **more}
    return client.post(f"/desk/editions/{edition.pk}/resume", given, follow=True)


def test_resuming_is_checked_as_approving_is(desk: Client, edition: Edition, outside: dict[str, Any]) -> None:
    outside["gone"] = {"https://x": "https://x answered 404."}
    edition = paused(edition)
    look_closely(edition.pk, now=clock.now())
    asked_first = desk.post(
        f"/desk/editions/{edition.pk}/resume", {"state": "paused", "assembled": edition.version}
    )
    assert asked_first.status_code == 302, "nobody is asked whether to send what is not fit"
    assert "Links lead nowhere" in resume(desk, edition).content.decode()
    edition.refresh_from_db()
    assert edition.state == "paused"
    assert "Send it all the same, because" in page(desk, edition)
    resume(desk, edition, reason="The page opens on Monday.")
    edition.refresh_from_db()
    assert edition.state == "sending"
    assert "The page opens on Monday." in page(desk, edition)


def test_what_came_up_since_it_was_looked_over_is_seen_when_it_is_let_go(
    desk: Client, edition: Edition
) -> None:
    assert Preflight.objects.filter(edition=edition).exists()
    item = edition.edition_items.first()
    assert item
    Item.objects.filter(pk=item.item_id).update(retracted_at=NOON)
    for press_it in (approve, lambda client, made, reason: resume(client, paused(made), reason=reason)):
        assert "It holds what was retracted" in press_it(desk, edition, reason="So what.").content.decode()
        edition.refresh_from_db()
        assert edition.state in ("waiting", "paused")


def test_a_paused_edition_that_waits_for_a_clearance_does_not_go_on(desk: Client, edition: Edition) -> None:
    item = edition.edition_items.first()
    assert item
    tagged(item.item)
    assert "cannot go out" in resume(desk, paused(edition)).content.decode()
    edition.refresh_from_db()
    assert edition.state == "paused"


def test_what_no_reason_overrules_keeps_it_from_going_out_whatever_is_said(
    desk: Client, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = preflight.Finding("unsubscribe", preflight.Level.BLOCK, "unsubscribe-link", final=True)
    monkeypatch.setattr(preflighting, "_quick", lambda _edition, _now: [finding])
    approve(desk, edition, reason="I want it so.")
    edition.refresh_from_db()
    assert edition.state == "waiting"
    assert "Send it all the same" not in page(desk, edition)


def test_a_press_is_answered_though_nothing_answers_it_and_the_rest_is_told_as_not_checked(
    desk: Client, edition: Edition
) -> None:
    row = look_closely(edition.pk, now=clock.now(), seconds=0)
    found = {each["check"]: each["key"] for each in row.findings}
    assert found["links"] == "links-late"
    assert found["pictures"] == "pictures-late"
    assert found["spam"].startswith("spam-no-")
    assert "Not checked in time" in page(desk, edition)


def test_links_are_asked_over_http_and_only_what_is_gone_is_called_gone(picture_site: Any) -> None:
    picture_site.serves["/a.png"] = drawn()
    good, bad = picture_site.url + "/a.png", picture_site.url + "/nothing-there"
    found = answers.ask([good, bad, "http://10.0.0.1/", "mailto:x", bad])
    assert found.asked == 3
    assert list(found.gone) == [bad]
    assert "http://10.0.0.1/" in found.unsure


def test_the_rate_the_time_left_and_the_errors_are_on_the_page_while_it_is_sent(desk: Client) -> None:
    now = clock.now()
    edition = a_sending_edition(mails=4)
    for n, row in enumerate(Delivery.objects.filter(edition=edition).order_by("pk")[:2]):
        at = now - timedelta(seconds=60 - n)
        Delivery.objects.filter(pk=row.pk).update(state="sent", sent_at=at, settled_at=at)
        an_attempt(row, started_at=at)
    a_mail(edition, "a@full.example", state="failed", code=552, enhanced="5.2.2")
    text = desk.get(f"/desk/editions/{edition.pk}/progress").content.decode()
    assert "2 a minute" in text
    assert "The mailbox is full." in text
    assert f"edition={edition.pk}&amp;state=failed&amp;code=552" in text
    assert "full.example (1)" in text


def test_the_rate_is_of_the_last_minutes_and_says_when_it_is_done() -> None:
    now = clock.now()
    rate = pace_of_edition.rate(
        sent=300, over=timedelta(minutes=3), done=1_000, first=now - timedelta(minutes=20), waits=500, now=now
    )
    assert (rate.now, rate.average, rate.left) == (100, 50, timedelta(minutes=5))
    still = pace_of_edition.rate(sent=0, over=timedelta(minutes=3), done=9, first=now, waits=5, now=now)
    assert still.left is None


def test_the_first_that_left_is_found_along_the_index_and_nothing_is_sorted() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")  # of an empty table it costs nothing
        cursor.execute(f"EXPLAIN {pace_of_edition.FIRST_SENT}", {"editions": [1]})
        plan = " ".join(row[0] for row in cursor.fetchall())
    assert "Index Scan Backward using delivery_edition" in plan
    assert "Sort" not in plan


def test_the_time_left_is_not_before_the_last_wave_is_due() -> None:
    now, hour = clock.now(), timedelta(hours=1)
    given: dict[str, Any] = {"sent": 300, "over": timedelta(minutes=3), "done": 300, "first": now, "now": now}
    waves = [(5 * hour, 1_000), (hour, 12_000)]
    rate = pace_of_edition.rate(**given, waits=14_000, later=waves)
    assert rate.left == 5 * hour + timedelta(minutes=10), (
        "100 a minute: the second wave is through before the third"
    )
    close = pace_of_edition.rate(**given, waits=31_000, later=[(hour, 24_000)])
    assert close.left == timedelta(minutes=70 + 240)


def test_a_page_that_waited_for_assembling_is_told_when_it_is_over(desk: Client, edition: Edition) -> None:
    answer = desk.get(f"/desk/editions/{edition.pk}/progress?was=assembling")
    assert answer["HX-Trigger-After-Settle"] == "edition-assembled"
    assert "HX-Trigger-After-Settle" not in desk.get(f"/desk/editions/{edition.pk}/progress?was=waiting")


def test_what_is_over_cannot_be_changed(desk: Client, edition: Edition) -> None:
    Edition.objects.filter(pk=edition.pk).update(state="sent")
    edition.refresh_from_db()
    assert arranging.why_not(edition)
    before = ids(edition)
    press(desk, edition, f"leave:{before[0]}")
    assert ids(edition) == before
