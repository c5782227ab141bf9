"""`publisher edition`: made, tested, sent, shown, paused, resumed and cancelled from the command line."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import click
import pytest
import redis
from click.testing import CliRunner, Result

from publisher.audience.models import Subscriber, Suppression
from publisher.cli import edition_report, edition_watch, terminal
from publisher.cli import editions as editions_command
from publisher.cli.edition_watch import NO_MAIL, Rate, Seen, awaited, hindrances, verdict
from publisher.cli.editions import edition as command
from publisher.core import audit, clock
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry, Heartbeat
from publisher.delivery import outage
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Delivery
from publisher.delivery.progress import Assembling
from publisher.digests.models import Digest, Edition
from tests.builders import a_digest, a_subscriber, an_item, hours_that_begin_later
from tests.desk.audience_builders import a_segment

pytestmark = pytest.mark.django_db


def run(*arguments: object, says: str = "") -> Result:
    return CliRunner().invoke(command, [str(each) for each in arguments], input=says, standalone_mode=False)


def reported(*arguments: object) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exception is None, result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def refused(*arguments: object) -> str:
    error = run(*arguments).exception
    assert isinstance(error, UserError), error
    return f"{error.message} {error.hint}"


@pytest.fixture
def digest() -> Digest:
    """With two readers, and an item of yesterday."""
    digest = a_digest(slug="weekly", created_at=clock.now() - timedelta(days=30))
    an_item(at=clock.now() - timedelta(days=1), title="Rain at last")
    for address in ("ann@example.net", "bo@example.net"):
        a_subscriber(digest, address)
    return digest


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rates are sampled over no time, and the watch looks again at once."""
    monkeypatch.setattr(edition_report, "SAMPLE_SECONDS", 0)
    monkeypatch.setattr(edition_watch, "EVERY_SECONDS", 0)


def made(digest: Digest, *options: object) -> Edition:
    return Edition.objects.get(pk=reported("create", digest.slug, *options)["id"])


def test_an_edition_made_by_hand_holds_what_came_since_the_last_one(digest: Digest) -> None:
    report = reported("create", "weekly")
    assert (report["state"], report["digest"]) == ("assembling", "weekly")
    first = assemble(report["id"], now=clock.now())
    assert first.state == "sending"
    second = made(digest)
    assert second.window_from == first.window_to
    assert AuditEntry.objects.filter(action="edition.create").first().actor_name == (  # type: ignore[union-attr]  # there is one
        audit.os_user()
    )


def test_times_are_of_the_digest_s_zone_unless_they_name_theirs(digest: Digest) -> None:
    edition = made(digest, "--since", "2026-01-05", "--until", "2026-01-06T12:00+00:00")
    assert edition.window_from.isoformat() == "2026-01-04T16:00:00+00:00"
    assert edition.window_to.isoformat() == "2026-01-06T12:00:00+00:00"


def test_an_edition_of_one_item_goes_before_all_others(digest: Digest) -> None:
    alerts = a_digest(slug="alerts", layout="alert")
    item = an_item(at=clock.now() - timedelta(days=90), title="Flood warning")
    edition = made(alerts, "--item", item.pk)
    assert (edition.item_ids, edition.priority) == ([item.pk], 1000)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("daily",), "There is no digest daily. Digests: weekly."),
        (("weekly", "--since", "yesterday"), "--since 'yesterday' is not a time"),
        (("weekly", "--until", "2999-01-01"), "lies in the future"),
        (("weekly", "--since", "2026-02-01", "--until", "2026-01-01"), "--since must be before --until"),
        (("weekly", "--item", "999999"), "There is no item 999999"),
        (("weekly", "--item", "1", "--since", "2026-01-01"), "Give one"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_reason(
    digest: Digest, options: tuple[str, ...], named: str
) -> None:
    assert named in refused("create", *options)
    assert not Edition.objects.exists()


def test_items_that_readers_may_not_see_or_cannot_read_are_refused(digest: Digest) -> None:
    gone, french = an_item(retracted_at=clock.now()), an_item(language="fr")
    assert "retracted or under embargo" in refused("create", "weekly", "--item", gone.pk)
    assert "comes in en, zh" in refused("create", "weekly", "--item", french.pk)
    a_digest(slug="alerts", layout="alert")
    assert "about one item each" in refused("create", "alerts")


def test_send_approves_resumes_or_says_that_there_is_nothing_to_do(digest: Digest) -> None:
    Digest.objects.update(needs_approval=True)
    edition = made(digest)
    assert "as soon as it is assembled" in run("send", edition.pk).output
    assert assemble(edition.pk, now=clock.now()).state == "sending"
    assert "goes out now" in run("send", edition.pk).output
    run("pause", edition.pk)
    assert reported("show", edition.pk)["state"] == "paused"
    assert "goes out now" in run("send", edition.pk).output
    Edition.objects.update(state="sent")
    assert "has been sent" in run("send", edition.pk).output
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["edition.create", "edition.approve", "edition.pause", "edition.resume"]


def test_a_waiting_edition_is_approved_by_name(digest: Digest) -> None:
    Digest.objects.update(needs_approval=True)
    edition = assemble(made(digest).pk, now=clock.now())
    assert edition.state == "waiting"
    run("send", edition.pk)
    edition.refresh_from_db()
    assert (edition.state, edition.approved_by) == ("sending", audit.os_user())


def test_what_is_over_cannot_be_sent_and_what_is_not_there_is_said(digest: Digest) -> None:
    edition = made(digest)
    assert "is cancelled" in run("cancel", edition.pk).output
    assert "cannot be sent" in refused("send", edition.pk)
    assert "cannot be done now" in refused("resume", edition.pk)
    assert "There is no edition 4711" in refused("show", 4711)


def test_show_tells_counts_variants_waves_and_copies(digest: Digest) -> None:
    Digest.objects.update(seeds=["boss@office.example.org"])
    edition = assemble(made(digest).pk, now=clock.now())
    Delivery.objects.filter(address="ann@example.net").update(state="sent")
    report = reported("show", edition.pk)
    assert (report["recipients"], report["left"], report["counts"]) == (2, 1, {"queued": 1, "sent": 1})
    assert report["seeds"] == {"queued": 1}
    assert [(each["language"], each["items"], each["recipients"]) for each in report["variants"]] == [
        ("en", 1, 2)
    ]
    assert report["variants"][0]["html_bytes"] > 1000
    assert (report["waves"], report["rate_per_second"], report["assembling"]) == ([], 0.0, None)
    text = run("show", edition.pk).output
    assert "1 of 2 sent, 1 waits" in text
    assert "get nothing" not in text
    assert "en      1 items" in text


def test_show_tells_how_many_subscribers_get_nothing_and_why(digest: Digest) -> None:
    a_subscriber(digest, "speeches@example.net", kinds=["speech"])
    a_subscriber(digest, "gone@example.net")
    Suppression.objects.create(email_key="gone@example.net", reason="bounced", at=clock.now())
    edition = made(digest)
    assert reported("show", edition.pk)["without_mail"] is None
    assemble(edition.pk, now=clock.now())
    assert reported("show", edition.pk)["without_mail"] == {"no_item": 1, "suppressed": 1, "outside": 0}
    said = run("show", edition.pk).output
    assert "2 subscribers get nothing: no item fits what 1 chose, 1 on the suppression list" in said
    assert reported("show", edition.pk)["items"][0]["title"] == "Rain at last"


def test_an_edition_is_made_for_a_segment_and_show_says_who_that_is(digest: Digest) -> None:
    a_segment("Ann alone", groups=[[{"field": "joined", "op": "is", "value": "2000-01-01", "not": False}]])
    edition = Edition.objects.get(pk=reported("create", "weekly", "--segment", "ann ALONE")["id"])
    assemble(edition.pk, now=clock.now())
    shown = reported("show", edition.pk)
    assert (shown["state"], shown["segment"], shown["readers"]) == ("blocked", "Ann alone", None)
    Subscriber.objects.filter(email="ann@example.net").update(created_at=datetime(2000, 1, 1, tzinfo=UTC))
    run("resume", edition.pk, "--yes")
    assemble(edition.pk, now=clock.now())
    assert "those in the segment Ann alone: 1 of 2 subscribers" in run("show", edition.pk).output
    assert "There is no segment Nobody" in refused("create", "weekly", "--segment", "Nobody")


def test_show_tells_until_when_an_edition_waits_for_its_hours(digest: Digest) -> None:
    edition = assemble(made(digest).pk, now=clock.now())
    assert reported("show", edition.pk)["waits"] is None
    hours = hours_that_begin_later()
    Digest.objects.update(**hours)
    waits = reported("show", edition.pk)["waits"]
    assert waits["reason"].startswith("It waits for its hours (")
    assert f"T{hours['send_from']:%H:%M}" in waits["until"]
    assert waits["reason"] in run("show", edition.pk).output
    assert edition_watch.look(edition.pk, clock.now()).waits == waits["reason"]


def test_show_says_why_a_test_failed(digest: Digest) -> None:
    edition = made(digest)
    assemble(edition.pk, now=clock.now())
    run("test", edition.pk, "--to", "me@office.example.org")
    Delivery.objects.filter(purpose="test").update(state="failed", reason="This test could not be built: x")
    (failed,) = reported("show", edition.pk)["failed_tests"]
    assert (failed["to"], failed["reason"]) == ("me@office.example.org", "This test could not be built: x")
    assert "me@office.example.org: This test could not be built: x" in run("show", edition.pk).stdout


def test_show_tells_how_far_assembling_is(digest: Digest) -> None:
    edition = made(digest)
    assert reported("show", edition.pk)["assembling"]["step"] == "Choosing its items"
    assert "Choosing its items" in run("show", edition.pk).output


def test_editions_are_listed_latest_first(digest: Digest) -> None:
    assert "no editions yet" in run("list").output
    first, second = made(digest), made(digest)
    assert [each["id"] for each in reported("list")["editions"]] == [second.pk, first.pk]
    a_digest(slug="other")
    assert reported("list", "--digest", "other")["editions"] == []


def test_an_edition_is_called_by_its_digest_and_number_and_before_that_by_its_time(digest: Digest) -> None:
    created = reported("create", "weekly")
    assert created["short_name"].startswith("weekly@20")
    assert reported("show", created["short_name"])["id"] == created["id"]
    assemble(created["id"], now=clock.now())
    for name in ("weekly#1", created["short_name"], created["id"]):
        shown = reported("show", name)
        assert (shown["id"], shown["short_name"]) == (created["id"], "weekly#1")
    assert reported("pause", "weekly#1")["state"] == "paused"
    assert "weekly#1" in run("list").stdout
    assert reported("test", "weekly#1", "--to", "me@example.org")["short_name"] == "weekly#1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("show", "weekly"),
            "names no edition: write it like weekly#8, or its ID. `publisher edition list` shows them",
        ),
        (("pause", "-1"), "No such option"),
        (("list", "--most", "-3"), "x>=1"),
        (("list", "--digest", "nope"), "There is no digest nope. Digests: weekly."),
        (("show", "weekly#7"), "There is no edition weekly#7. `publisher edition list` shows them"),
        (("show", "nope#7"), "There is no digest nope. Digests: weekly."),
        (("send", "99999999999999999999", "--wait"), "There is no edition 99999999999999999999"),
    ],
)
def test_a_mistake_on_the_command_line_is_said(digest: Digest, arguments: tuple[str, ...], said: str) -> None:
    error = run(*arguments).exception
    assert isinstance(error, UserError | click.UsageError)
    assert said in f"{error.message} {getattr(error, 'hint', '')}"


def test_a_test_is_queued_and_said(digest: Digest) -> None:
    edition = assemble(made(digest).pk, now=clock.now())
    report = reported("test", edition.pk, "--to", "me@office.example.org", "--as", "ann@example.net")
    row = Delivery.objects.get(pk=report["delivery"])
    assert (row.purpose, row.address) == ("test", "me@office.example.org")
    assert "Give one" in refused(
        "test", edition.pk, "--to", "a@b.example", "--as", "x@y.example", "--language", "en"
    )


SEEN = Seen(name="Weekly #1", state="sending", problem="", left=0, done=0, total=9, counts={})


@pytest.mark.parametrize(
    ("seen", "ok", "said"),
    [
        (replace(SEEN, state="sent", left=9), True, "is sent: 9 mails"),
        (replace(SEEN, state="sent", counts={"failed": 2}), False, "2 mails failed"),
        (replace(SEEN, state="empty"), True, "nothing new"),
        (replace(SEEN, state="paused", problem="Too many errors."), False, "is paused. Too many errors."),
        (replace(SEEN, state="blocked", problem="line 3"), False, "cannot be assembled. line 3"),
        (replace(SEEN, state="waiting"), False, "waits for approval"),
        (replace(SEEN, state="cancelled"), False, "was cancelled"),
        (
            replace(SEEN, counts={"unknown": 1}, stuck=1),
            False,
            "1 mail of Weekly #1 cannot be settled without a person",
        ),
    ],
)
def test_waiting_ends_when_nothing_more_happens_and_says_how(seen: Seen, ok: bool, said: str) -> None:
    ended = verdict(seen)
    assert ended is not None
    assert ended.ok is ok
    assert said in ended.said


@pytest.mark.parametrize(
    "seen",
    [
        SEEN,
        replace(SEEN, state="assembling"),
        replace(SEEN, counts={"queued": 3}, problem="Mail cannot leave: refused"),
        replace(SEEN, counts={"unknown": 1, "queued": 1}, stuck=1),
        replace(SEEN, counts={"unknown": 1}, stuck=0),
    ],
)
def test_until_then_it_is_waited_for(seen: Seen) -> None:
    assert verdict(seen) is None


def watched(edition: Edition, monkeypatch: pytest.MonkeyPatch, *moments: dict[str, str]) -> Result:
    """`send --wait`, while the edition and its mails change between two looks."""
    changes = iter(moments)
    look = edition_watch.look

    def look_after_a_change(edition_id: int, now: Any) -> Seen:
        change = next(changes, {})
        if "mails" in change:
            Delivery.objects.update(state=change["mails"])
        if "state" in change:
            Edition.objects.update(state=change["state"], problem=change.get("problem", ""))
        return look(edition_id, now)

    monkeypatch.setattr(edition_watch, "look", look_after_a_change)
    return run("send", edition.pk, "--wait")


def test_wait_shows_lines_and_succeeds_when_all_is_settled(
    digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = assemble(made(digest).pk, now=clock.now())
    result = watched(edition, monkeypatch, {}, {"mails": "sent"}, {"state": "sent"})
    assert result.return_value == 0
    assert "0 of 2 done" in result.stderr
    assert "is sent: 2 mails" in result.stdout


def test_wait_ends_with_a_status_of_its_own_when_its_time_runs_out_and_the_edition_goes_on(
    digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = assemble(made(digest).pk, now=clock.now())
    quick = SimpleNamespace(monotonic=itertools.count(step=0.3).__next__, sleep=lambda _seconds: None)
    monkeypatch.setattr(edition_watch, "time", quick)
    result = run("send", edition.pk, "--wait", "--timeout", 1)
    assert result.return_value == 124
    assert "is not settled after 1 s: 0 of 2 done. Still to come: 2 mails queued. It goes on" in result.stdout
    assert "waits for: 2 mails queued" in result.stderr
    edition.refresh_from_db()
    assert edition.state == "sending"


def test_what_is_settled_within_its_time_is_no_timeout(
    digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = assemble(made(digest).pk, now=clock.now())
    Edition.objects.update(state="sent")
    result = run("send", edition.pk, "--wait", "--timeout", 60, "--json")
    assert result.return_value == 0
    assert json.loads(result.stdout)["timed_out"] is False


def test_a_time_limit_without_waiting_is_a_mistake(digest: Digest) -> None:
    assert "give both" in str(run("send", made(digest).pk, "--timeout", 5).exception)


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        (replace(SEEN, state="assembling", assembling=Assembling("Writing", 2, 9)), "it is assembled (Writing: 2 of 9)"),
        (replace(SEEN, counts={"queued": 1, "sending": 2000, "unknown": 3}),
         "1 mail queued, 2,000 mails being sent, 3 mails unclear"),
        (replace(SEEN, counts={"queued": 2}, next_due=datetime(2026, 6, 2, 8, tzinfo=UTC)),
         "2 mails queued, the next due at 2026-06-02 08:00 UTC"),
        (replace(SEEN, counts={"sent": 5}, copies=1), "1 copy for the office"),
        (replace(SEEN, counts={"sent": 5}), "the edition is closed by the next tick"),
    ],
)  # fmt: skip
def test_what_is_waited_for_is_said(seen: Seen, text: str) -> None:
    assert awaited(seen) == text


def test_copies_for_the_office_are_waited_for_too(digest: Digest) -> None:
    Digest.objects.update(seeds=["boss@office.example.org"])
    edition = assemble(made(digest).pk, now=clock.now())
    assert edition_watch.look(edition.pk, clock.now()).copies == 1


def test_wait_tells_steps_of_assembling(digest: Digest, monkeypatch: pytest.MonkeyPatch) -> None:
    edition = made(digest)
    result = watched(edition, monkeypatch, {}, {"state": "empty"})
    assert "Choosing its items" in result.stderr


def test_wait_fails_with_the_reason_when_it_is_paused(
    digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = assemble(made(digest).pk, now=clock.now())
    result = watched(edition, monkeypatch, {}, {"state": "paused", "problem": "Too many errors."})
    assert result.return_value == 1
    assert "is paused. Too many errors." in result.stdout


@pytest.mark.parametrize(
    ("policy", "attempts", "ends"), [("hold", 1, True), ("resend", 8, True), ("resend", 1, False)]
)
def test_wait_ends_at_mails_that_only_a_person_can_settle(
    digest: Digest, policy: str, attempts: int, ends: bool
) -> None:
    Digest.objects.update(on_unknown=policy)
    edition = assemble(made(digest).pk, now=clock.now())
    Delivery.objects.update(state="unknown", attempts=attempts)
    ended = verdict(edition_watch.look(edition.pk, clock.now()))
    assert (ended is not None) == ends


def test_it_is_said_when_no_worker_or_no_mail_server_is_there(inbox: redis.Redis, settings: Any) -> None:
    settings.MAIL = ""
    now = clock.now()
    assert hindrances(now)[0] == NO_MAIL
    assert "the last tick was never" in hindrances(now)[1]
    settings.MAIL = "smtp://127.0.0.1:25"
    Heartbeat.objects.create(
        name="schedule.tick", at=now - timedelta(seconds=5)
    )  # of a worker on another host
    assert hindrances(now) == []
    Heartbeat.objects.update(at=now - timedelta(minutes=2))
    assert "No worker seems to be at work" in hindrances(now)[0]


def test_the_rate_is_that_of_the_last_ten_seconds() -> None:
    rate = Rate()
    assert rate.after(0, 100.0) == 0
    assert rate.after(50, 105.0) == 10
    assert rate.after(50, 111.0) == 0
    assert rate.after(350, 114.0) == pytest.approx(300 / 9)


def test_who_waits_in_vain_is_told_what_the_mail_server_said(
    digest: Digest, inbox: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = assemble(made(digest).pk, now=clock.now())
    outage.begin("At the login: 535 5.7.8 bad", lasting=True, now=clock.now())
    quick = SimpleNamespace(monotonic=itertools.count(step=0.3).__next__, sleep=lambda _seconds: None)
    monkeypatch.setattr(edition_watch, "time", quick)
    waited = run("send", edition.pk, "--wait", "--timeout", "1")
    assert waited.return_value == edition_watch.TIMED_OUT
    for said in (waited.stderr, waited.stdout):
        assert "At the login: 535 5.7.8 bad It is tried again at" in said
    assert NO_MAIL not in waited.stderr


@pytest.mark.parametrize(("word", "state"), [("--sent", "sent"), ("--again", "queued")])
def test_unclear_mails_are_shown_with_their_reason_and_settled(digest: Digest, word: str, state: str) -> None:
    Digest.objects.update(on_unknown="hold")
    edition = assemble(made(digest).pk, now=clock.now())
    Delivery.objects.update(state="unknown", reason="The worker that was sending it died.")
    shown = run("show", edition.pk).stdout
    assert "2 mails: The worker that was sending it died" in shown
    assert "its digest holds what is unclear" in shown
    assert f"publisher edition settle {edition.short_name} --sent" in shown
    [group] = reported("show", edition.pk)["unclear"]
    assert (group["cause"], group["mails"], group["by_itself"]) == ("worker_gone", 2, False)
    waited = run("send", edition.pk, "--wait")
    assert waited.return_value == 1
    assert "The worker that was sending it died" in waited.stdout
    assert "2 unclear mails" in run("settle", edition.pk, word).stdout
    assert set(Delivery.objects.values_list("state", flat=True)) == {state}
    assert AuditEntry.objects.get(action="edition.confirmed").actor_name == audit.os_user()
    assert "Nothing is unclear here" in refused("settle", edition.pk, word)


def test_settling_says_what_to_choose(digest: Digest) -> None:
    edition = made(digest)
    assert isinstance(run("settle", edition.pk).exception, click.UsageError)


def test_of_a_cancelled_edition_unclear_mails_are_not_sent_again(digest: Digest) -> None:
    edition = assemble(made(digest).pk, now=clock.now())
    Delivery.objects.update(state="unknown")
    Edition.objects.update(state="cancelled")
    assert "nothing of it is sent any more" in refused("settle", edition.pk, "--again")
    assert "count as sent" in run("settle", edition.pk, "--sent").stdout


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.MAIL = "smtp://127.0.0.1:25"
    monkeypatch.setattr(terminal, "can_answer", lambda: True)


@pytest.mark.usefixtures("at_a_terminal")
def test_on_a_terminal_sending_says_to_how_many_readers_and_takes_no_for_an_answer(digest: Digest) -> None:
    Digest.objects.update(needs_approval=True)
    edition = assemble(made(digest).pk, now=clock.now())
    refusal = run("send", edition.pk, says="n\n")
    assert isinstance(refusal.exception, click.Abort)
    assert f"Send {edition} to 2 readers now? [y/N]" in refusal.stderr
    assert Edition.objects.get().state == "waiting"
    agreed = run("send", edition.pk, "--json", says="y\n")
    assert (json.loads(agreed.stdout)["state"], agreed.exception) == ("sending", None)
    assert "Send" not in run("send", edition.pk).stderr  # it goes out already: nothing to ask


@pytest.mark.usefixtures("at_a_terminal")
def test_on_a_terminal_cancelling_and_resuming_ask_first(digest: Digest) -> None:
    edition = assemble(made(digest).pk, now=clock.now())
    refusal = run("cancel", edition.pk, says="\n")
    assert f"Cancel {edition} for good? 2 mails will not be sent." in refusal.stderr
    assert Edition.objects.get().state == "sending"
    run("pause", edition.pk)
    assert f"Send {edition} to 2 readers now?" in run("resume", edition.pk, says="n\n").stderr
    assert Edition.objects.get().state == "paused"
    assert run("cancel", edition.pk, "--yes").stderr == ""
    assert Edition.objects.get().state == "cancelled"
    assert "this cannot be done now" in refused("cancel", edition.pk)  # not asked about in vain


@pytest.mark.usefixtures("at_a_terminal")
def test_on_a_terminal_sending_what_is_not_assembled_says_that_nobody_asks_again(digest: Digest) -> None:
    Digest.objects.update(needs_approval=True)
    edition = made(digest)
    said = run("send", edition.pk, says="n\n").stderr
    assert "as soon as it is assembled? [y/N]" in said
    assert "2 people subscribe to" in said
    assert Edition.objects.get().after_assembly == "waiting"


@pytest.mark.usefixtures("at_a_terminal")
def test_on_a_terminal_settling_asks_with_their_number(digest: Digest) -> None:
    edition = assemble(made(digest).pk, now=clock.now())
    Delivery.objects.update(state="unknown")
    refusal = run("settle", edition.pk, "--again", says="n\n")
    assert isinstance(refusal.exception, click.Abort)
    assert f"Send 2 unclear mails of {edition} again? [y/N]" in refusal.stderr
    assert "Whoever got it gets it a second time." in refusal.stderr
    assert set(Delivery.objects.values_list("state", flat=True)) == {"unknown"}
    assert "are sent again" in run("settle", edition.pk, "--again", "--yes").stdout
    Edition.objects.update(state="cancelled")
    Delivery.objects.update(state="unknown")
    assert "nothing of it is sent any more" in refused(
        "settle", edition.pk, "--again"
    )  # not asked about in vain


@pytest.mark.parametrize("deed", ["resume", "send"])
def test_one_that_was_changed_since_its_approval_is_said_to_wait_for_it(digest: Digest, deed: str) -> None:
    edition = assemble(made(digest).pk, now=clock.now())
    run("pause", edition.pk)
    Digest.objects.update(approvals=1)
    assert "waits for approval on its page of the desk" in run(deed, edition.pk, "--yes").output
    assert Edition.objects.get().state == "waiting"


@pytest.mark.usefixtures("at_a_terminal")
def test_an_edition_that_was_assembled_again_while_the_person_read_is_not_resumed(
    digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = assemble(made(digest).pk, now=clock.now())
    run("pause", edition.pk)

    def a_correction_comes(*_args: object) -> None:
        Edition.objects.update(assembled_at=clock.now())

    monkeypatch.setattr(editions_command, "_agreed", a_correction_comes)
    assert "was assembled again since you opened it" in refused("resume", edition.pk)
    assert Edition.objects.get().state == "paused"
