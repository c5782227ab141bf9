"""The delivery log in the desk beyond its list: masking, the message, deeds, exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.test import Client

from publisher.core.models import AuditEntry
from publisher.delivery.exports import asking, writing
from publisher.delivery.models import Delivery, Export
from publisher.digests.models import Edition
from publisher.items.search.indexing import index_waiting
from publisher.people.permissions import AUTHOR, VIEWER
from tests.builders import NOON, a_subscriber, an_item
from tests.delivery.test_mail import an_assembled_edition
from tests.desk.builders import (
    a_mail,
    a_post,
    a_post_delivery,
    an_attempt,
    an_edition,
    an_export,
    pictures_in,
)
from tests.desk.conftest import a_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer(db: None) -> Client:
    client = Client()
    client.force_login(a_person("vera", VIEWER))
    return client


def page(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_who_may_not_see_addresses_reads_none_anywhere(viewer: Client, desk: Client) -> None:
    edition = an_assembled_edition(readers=1)
    row = edition.delivery_set.get()
    said = f"5.1.1 <{row.address}> User unknown"
    Delivery.objects.filter(pk=row.pk).update(state="failed", reason=said, code=550)
    an_attempt(row, outcome="failed", text=said)
    for address in ("/desk/deliveries", f"/desk/deliveries/{row.pk}"):
        assert row.address in page(desk, address)
        text = page(viewer, address)
        assert row.address not in text
        assert "r…@example.net" in text
    assert "Rain at last" in page(viewer, f"/desk/deliveries/{row.pk}")
    refused = viewer.get("/desk/deliveries?address=reader0")
    assert refused.status_code == 422
    assert "does not show addresses" in refused.content.decode()
    assert "Export" not in page(viewer, "/desk/deliveries")


def test_the_page_of_an_edition_shows_no_address_either(viewer: Client, desk: Client) -> None:
    edition = an_assembled_edition(readers=1)
    row = edition.delivery_set.get()
    Delivery.objects.filter(pk=row.pk).update(state="sent", sent_at=NOON)
    a_mail(
        edition, row.address, purpose="resend", copy_of=row, state="failed", reason=f"<{row.address}> is full"
    )
    desk.post(f"/desk/editions/{edition.pk}/test", {"to": "me@office.example.org", "like": row.address})
    assert Delivery.objects.filter(purpose="test").exists()
    assert row.address in page(desk, f"/desk/editions/{edition.pk}")
    text = page(viewer, f"/desk/editions/{edition.pk}")
    assert row.address not in text
    assert "r…@example.net" in text


def test_an_author_cannot_ask_for_a_reader_by_a_form_that_shows_the_page_again(desk: Client) -> None:
    edition = an_assembled_edition(readers=1)
    Edition.objects.filter(pk=edition.pk).update(state="waiting")
    row = edition.delivery_set.get()
    author = Client()
    author.force_login(a_person("lin", AUTHOR))
    address = f"/desk/editions/{edition.pk}/texts?reader={row.subscriber_id}"
    given = {"version": edition.version, "subject-en": "{{ nonsense }}"}
    shown = author.post(address, given)
    assert (shown.status_code, row.address in shown.content.decode()) == (422, False)
    assert row.address in desk.post(address, given).content.decode()
    test = {"to": "me@office.example.org", "like": row.address}
    assert author.post(f"/desk/editions/{edition.pk}/test", test).status_code == 403
    assert not Delivery.objects.filter(purpose="test").exists()


def test_names_of_channels_are_no_secret(viewer: Client) -> None:
    row = a_post_delivery(a_post())
    assert row.address in page(viewer, "/desk/deliveries")


def test_an_item_is_found_by_words_of_its_title_and_chosen_when_several_have_them(desk: Client) -> None:
    rain, _other = an_item(title="Rain at last"), an_item(title="Rain, and no end")
    a_mail(an_edition(items=[rain]), "lin@example.net")
    several = page(desk, "/desk/deliveries?item=rain")
    assert "Which item?" in several
    assert "lin@example.net" not in several
    assert f"?item={rain.pk}" in several
    assert "lin@example.net" in page(desk, f"/desk/deliveries?item={rain.pk}")
    assert "lin@example.net" in page(desk, "/desk/deliveries?item=rain+at")
    assert "No item has these words" in page(desk, "/desk/deliveries?item=snow")


def test_an_item_is_found_by_any_of_its_words_in_any_script_and_by_its_title_first(desk: Client) -> None:
    water = an_item(title="山谷里的清洁饮水", language="zh-Hans", body_text="两百户家庭重修了水渠。")
    speech = an_item(title="Terraces", body_text="Two hundred families rebuilt the channels.")
    a_mail(an_edition(items=[water]), "lin@example.net")
    a_mail(an_edition(items=[speech]), "bo@example.net")
    assert index_waiting() == 2
    assert "lin@example.net" in page(desk, "/desk/deliveries?item=重修")
    assert "bo@example.net" in page(desk, "/desk/deliveries?item=family+channel")
    for n in range(13):
        an_item(title=f"Report {n}", body_text="About the terraces.")
    index_waiting()
    several = page(desk, "/desk/deliveries?item=terraces")
    assert "Which item?" in several
    assert f"?item={speech.pk}" in several, "the one that is called so, though others are newer"


def test_a_filter_that_is_too_long_is_refused_and_never_cut_to_a_wider_one(desk: Client) -> None:
    edition = an_edition(state="sent")
    a_mail(edition, state="failed", settled_at=NOON)
    query = f"item={'x' * 20_000}&edition={edition.pk + 1}"
    for address in ("/desk/deliveries/retry", "/desk/exports/new"):
        text = desk.post(address, {"query": query, "form": "csv"}, follow=True).content.decode()
        assert "The filter is too long." in text
    assert not Export.objects.exists()
    assert Delivery.objects.get().state == "failed"


def test_a_failed_mail_is_tried_again_by_its_button(desk: Client) -> None:
    edition = an_assembled_edition(readers=1)
    row = edition.delivery_set.get()
    Delivery.objects.filter(pk=row.pk).update(state="failed", fence=4, settled_at=NOON)
    text = page(desk, f"/desk/deliveries/{row.pk}")
    assert 'name="fence" value="4"' in text
    answer = desk.post(f"/desk/deliveries/{row.pk}/retry", {"fence": "4"}, follow=True)
    assert "tried again as soon as it may leave" in answer.content.decode()
    assert Delivery.objects.get(pk=row.pk).state == "queued"
    late = desk.post(f"/desk/deliveries/{row.pk}/retry", {"fence": "4"}, follow=True)
    assert "did not fail" in late.content.decode()


def test_all_failed_ones_are_asked_about_in_numbers_with_their_answers_first(desk: Client) -> None:
    edition = an_assembled_edition(readers=3)
    Delivery.objects.update(state="failed", code=550, enhanced="5.1.1", settled_at=NOON)
    query = f"edition={edition.pk}"
    asked = desk.post("/desk/deliveries/retry", {"query": query})
    text = asked.content.decode()
    assert "Try 3 failed mails again?" in text
    assert "There is no such mailbox." in text
    assert Delivery.objects.filter(state="queued").count() == 0
    sure = {"query": query, "sure": "yes", "counted": "3", "asked_at": "2030-01-01T00:00:00+00:00"}
    Delivery.objects.filter(pk=edition.delivery_set.earliest("pk").pk).update(state="sent")
    assert "Try 2 failed mails again?" in desk.post("/desk/deliveries/retry", sure).content.decode()
    done = desk.post("/desk/deliveries/retry", sure | {"counted": "2"}, follow=True)
    assert "2 mails are tried again." in done.content.decode()
    assert Delivery.objects.filter(state="queued").count() == 2


def test_a_mail_is_sent_once_more_by_its_button_and_the_new_one_says_what_it_is(desk: Client) -> None:
    row = an_assembled_edition(readers=1).delivery_set.get()
    Delivery.objects.filter(pk=row.pk).update(state="sent", sent_at=NOON)
    assert "Send it once more" in page(desk, f"/desk/deliveries/{row.pk}")
    answer = desk.post(f"/desk/deliveries/{row.pk}/resend", {"copies": "0"}, follow=True)
    text = answer.content.decode()
    assert "Sent again to a reader who asked" in text
    assert f'href="/desk/deliveries/{row.pk}"' in text
    assert "It was sent again 1 time already." in page(desk, f"/desk/deliveries/{row.pk}")


def test_the_message_is_taken_as_a_file_and_who_took_it_is_written_down(desk: Client) -> None:
    row = an_assembled_edition(readers=1).delivery_set.get()
    answer = desk.post(f"/desk/deliveries/{row.pk}/message")
    assert answer["Content-Type"] == "message/rfc822"
    assert b"To: " in answer.content
    assert AuditEntry.objects.get(action="delivery.taken").actor_name == "mira"


def test_too_many_rows_become_a_file_that_is_fetched_later(
    desk: Client, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures_in(tmp_path, settings)
    monkeypatch.setattr(asking, "AT_ONCE", 1)
    edition = an_edition()
    for n in range(3):
        a_mail(edition, f"reader{n}@example.net", state="failed")
    text = page(desk, "/desk/deliveries.jsonl?state=failed")
    assert "Have a file written?" in text
    desk.post("/desk/exports/new", {"query": "state=failed", "form": "jsonl"})
    assert "Being written" in page(desk, "/desk/exports")
    writing.write_due(now=NOON, seconds=60)
    export = Export.objects.get()
    answer = desk.get(f"/desk/exports/{export.pk}/file")
    assert isinstance(answer, StreamingHttpResponse)
    lines = b"".join(answer.streaming_content).splitlines()  # type: ignore[arg-type]  # a synchronous view
    assert [json.loads(line)["state"] for line in lines] == ["failed"] * 3
    assert int(answer["Content-Length"]) == sum(map(len, lines)) + len(lines)
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"export.asked", "export.fetched"}


def test_a_failed_mail_that_may_have_arrived_before_says_so_beside_its_button(desk: Client) -> None:
    edition = an_edition(state="sent")
    reader = a_subscriber(edition.digest).subscriber
    row = a_mail(edition, state="failed", settled_at=NOON, subscriber=reader)
    assert "so nobody gets it twice" in page(desk, f"/desk/deliveries/{row.pk}")
    an_attempt(row, outcome="unknown")
    text = page(desk, f"/desk/deliveries/{row.pk}")
    assert "then it comes a second time" in text
    assert "so nobody gets it twice" not in text


def test_an_export_whose_file_is_gone_is_told_on_a_page_and_not_as_half_a_file(
    desk: Client, tmp_path: Path, settings: Any
) -> None:
    pictures_in(tmp_path, settings)
    export = an_export(pieces=2, size=99)
    answer = desk.get(f"/desk/exports/{export.pk}/file")
    assert (answer.status_code, answer.has_header("Content-Disposition")) == (400, False)
    assert "is not there any more" in answer.content.decode()
    (tmp_path / "media" / "exports").mkdir(parents=True)
    (tmp_path / "media" / "exports" / export.key).write_bytes(b"a file where a folder should be")
    answer = desk.get(f"/desk/exports/{export.pk}/file")
    assert "The store of pictures cannot be used" in answer.content.decode()
    assert not AuditEntry.objects.filter(action="export.fetched").exists()
