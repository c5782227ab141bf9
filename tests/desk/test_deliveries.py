"""The delivery log in the desk: filter, history in plain words, and an export that no spreadsheet runs."""

from __future__ import annotations

import csv
import io

import pytest
from django.http import StreamingHttpResponse
from django.test import Client

from publisher.delivery.states import State
from publisher.desk.log.explain import ENHANCED, MEANING, code_meaning
from tests.desk.builders import a_mail, a_post, a_post_delivery, an_attempt, an_edition


def export(client: Client, query: str = "") -> list[dict[str, str]]:
    response = client.get(f"/desk/deliveries.csv?{query}")
    assert isinstance(response, StreamingHttpResponse)
    body = b"".join(response.streaming_content)  # type: ignore[arg-type]  # a synchronous view
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


@pytest.mark.django_db
def test_the_log_shows_what_the_filter_names(desk: Client) -> None:
    edition = an_edition()
    a_mail(edition, "lin@example.net", state="failed", code=550, enhanced="5.1.1")
    a_mail(edition, "ada@example.net", state="sent")
    text = desk.get("/desk/deliveries?state=failed").content.decode()
    assert ("lin@example.net" in text, "ada@example.net" in text) == (True, False)
    assert "550 5.1.1" in text


@pytest.mark.django_db
def test_a_filter_that_is_not_understood_shows_no_rows_and_says_why(desk: Client) -> None:
    a_mail(an_edition(), "lin@example.net")
    response = desk.get("/desk/deliveries?from=soon")
    text = response.content.decode()
    assert response.status_code == 422
    assert "“soon” is not a time" in text
    assert "lin@example.net" not in text


@pytest.mark.django_db
def test_the_next_page_keeps_the_filter(desk: Client) -> None:
    edition = an_edition()
    for _ in range(51):
        a_mail(edition, state="failed")
    text = desk.get("/desk/deliveries?state=failed").content.decode()
    assert 'rel="next" href="?state=failed&amp;after=' in text


@pytest.mark.django_db
def test_times_are_asked_and_shown_in_the_zone_of_the_viewer(desk: Client) -> None:
    desk.cookies["desk_zone"] = "Asia/Shanghai"
    a_mail(an_edition(), "lin@example.net")
    text = desk.get("/desk/deliveries?from=2026-06-01T19:59&to=2026-06-01T20:01").content.decode()
    assert "lin@example.net" in text
    assert "Mon 1 Jun" in text
    assert "20:00</time>" in text
    assert 'value="2026-06-01T19:59"' in text


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["Nowhere/Land", "../../etc/passwd", "/etc/passwd", "\x00", "", "x" * 5000])
def test_a_zone_that_does_not_exist_is_utc(desk: Client, zone: str) -> None:
    desk.cookies["desk_zone"] = zone
    assert "Times are in UTC" in desk.get("/desk/deliveries").content.decode()


@pytest.mark.django_db
def test_a_delivery_tells_its_history_in_plain_words(desk: Client) -> None:
    row = a_mail(
        an_edition(), state="failed", code=550, enhanced="5.1.1", remote_id="<7.weekly@office.example.org>"
    )
    an_attempt(row, outcome="queued", code=451, enhanced="4.3.0", text="Try <again> later", duration_ms=1500)
    an_attempt(row, outcome="failed", code=550, enhanced="5.1.1", text="User unknown")
    text = desk.get(f"/desk/deliveries/{row.pk}").content.decode()
    for expected in (
        *("There is no such mailbox.", "Try &lt;again&gt; later", "1.5 s", "User unknown"),
        *("&lt;7.weekly@office.example.org&gt;", "did not arrive"),
    ):
        assert expected in text


def test_every_state_is_explained() -> None:
    assert set(MEANING) == set(State)


@pytest.mark.parametrize(
    ("code", "enhanced", "words"),
    [
        (550, "5.1.1", ENHANCED["1.1"]),
        (550, "", "The mailbox does not exist"),
        (250, "2.1.5", "Accepted."),
        (299, "", ""),
        (None, "", ""),
        (421, "4.7.28", ENHANCED["7.28"]),
    ],
)
def test_the_enhanced_code_speaks_before_the_plain_one(code: int | None, enhanced: str, words: str) -> None:
    assert code_meaning(code, enhanced).startswith(str(words))


@pytest.mark.django_db
def test_the_export_holds_the_filtered_rows_and_only_those(desk: Client) -> None:
    edition, post = an_edition(), a_post()
    a_mail(edition, "lin@example.net", state="failed", reason="No such mailbox,\nhe said")
    a_mail(edition, "ada@example.net", state="sent")
    a_post_delivery(post, state="failed")
    rows = export(desk, "state=failed")
    assert [row["address"] for row in rows] == [post.channel.name, "lin@example.net"]
    assert rows[1]["reason"] == "No such mailbox,\nhe said"
    assert rows[1]["written"] == "2026-06-01 12:00:00"
    assert rows[0]["item"] == post.item.title


@pytest.mark.django_db
def test_an_address_that_is_a_formula_is_exported_as_text(desk: Client) -> None:
    a_mail(an_edition(), '=HYPERLINK("https://evil.example")@x.example')
    [row] = export(desk)
    assert row["address"] == '\'=HYPERLINK("https://evil.example")@x.example'


@pytest.mark.django_db
def test_a_filter_that_is_not_understood_exports_nothing(desk: Client) -> None:
    assert desk.get("/desk/deliveries.csv?from=soon").status_code == 422


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=0001-01-01", 422),
        ("to=9999-12-31T23:59", 422),
        ("after=" + "0" * 20 + "9" * 30, 200),
        ("after=" + "9" * 6000, 200),
    ],
)
def test_times_and_numbers_out_of_this_world_are_told_plainly(desk: Client, query: str, status: int) -> None:
    assert desk.get(f"/desk/deliveries?{query}").status_code == status


@pytest.mark.django_db
def test_a_mail_that_is_sent_again_after_an_unclear_try_is_not_said_never_to_have_left(desk: Client) -> None:
    row = a_mail(an_edition(), state="queued")
    an_attempt(row, outcome="unknown", code=None)
    text = desk.get(f"/desk/deliveries/{row.pk}").content.decode()
    assert "it may have arrived once already" in text
    assert "Nothing has left yet" not in text


def test_a_temporary_refusal_is_not_explained_as_a_final_one() -> None:
    assert code_meaning(451, "4.7.1").endswith("so it is tried again later.")
    assert not code_meaning(550, "5.7.1").endswith("so it is tried again later.")
    assert code_meaning(452, "").endswith("so it is tried again later.")


@pytest.mark.parametrize("state", ["bounced", "failed"])
@pytest.mark.parametrize(("code", "enhanced"), [(None, "4.2.2"), (452, "")])
def test_what_has_ended_is_not_said_to_be_tried_again_later(
    code: int | None, enhanced: str, state: str
) -> None:
    told = code_meaning(code, enhanced, state)
    assert "it is not tried again" in told
    assert "later" not in told
