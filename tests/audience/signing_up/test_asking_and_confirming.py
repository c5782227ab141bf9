"""A form writes the same for everybody; only the owner of the mailbox makes a subscriber of it, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from publisher.audience import evidence, hashes, tokens
from publisher.audience.models import (
    Consent,
    ConsentText,
    Erased,
    ReaderLetter,
    SignUp,
    SignUpCount,
    Subscriber,
    Subscription,
    Suppression,
)
from publisher.audience.signing_up import asking, by_staff, confirming, tally
from publisher.audience.signing_up.asking import Asked, Wanted
from publisher.audience.signing_up.confirming import Seen, Stage
from publisher.audience.signing_up.policy import Kind, Verdict
from publisher.core.errors import UserError
from publisher.digests.families import kin_of
from publisher.digests.models import Digest
from publisher.privacy import erasing
from tests.builders import NOON, a_digest, a_subscriber

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
TAKE = Verdict(Kind.USUAL, "take")
ADDRESS = "ilse@example.net"


def asked(*digests: Digest, email: str = ADDRESS, **given: Any) -> Asked:
    proof = evidence.Evidence(
        evidence.consent_text("en", "Yes, send me these.", now=NOON),
        "https://site.example.org/news",
        hashes.of_client("192.0.2.7"),
    )
    wanted = [Wanted(each.pk, "en", **given) for each in digests]
    return Asked(email, wanted, "en", proof, name="Ilse", zone="Asia/Shanghai")


def ask(*digests: Digest, email: str = ADDRESS, **given: Any) -> SignUp:
    return asking.ask(asked(*digests, email=email, **given), TAKE, now=NOON)


def token(row: SignUp) -> str:
    return tokens.write(tokens.Purpose.CONFIRM, tokens.NOBODY, row.pk)


def confirm(row: SignUp, *digests: Digest, **given: Any) -> Stage:
    """Press the button behind a link: for these digests, or for all that are on the page."""
    chosen = [each.pk for each in digests or Digest.objects.all()]
    given = {"digests": chosen, "client": b"c" * 32, "now": NOON + DAY, **given}
    seen = confirming.confirm(token(row), **given)
    assert seen
    return seen.stage


def look(row: SignUp) -> Seen:
    seen = confirming.look(token(row), now=NOON + DAY)
    assert seen
    return seen


def letters() -> list[str]:
    return list(ReaderLetter.objects.order_by("pk").values_list("kind", flat=True))


def counts() -> dict[str, int]:
    return dict(SignUpCount.objects.values_list("what", "n"))


def test_a_form_makes_no_subscriber_and_looking_at_the_link_neither() -> None:
    row = ask(a_digest())
    seen = confirming.look(token(row), now=NOON + DAY)
    assert seen
    assert seen.stage is Stage.OPEN
    assert not Subscriber.objects.exists()
    assert letters() == ["confirm"]


def test_confirming_subscribes_to_what_was_asked_and_welcomes_once() -> None:
    digest = a_digest()
    row = ask(digest, topics=(3, 1), kinds=("story",), region="CN")
    assert confirm(row) is Stage.CONFIRMED
    assert confirm(row) is Stage.CONFIRMED
    subscription = Subscription.objects.select_related("subscriber", "selection").get()
    reader, selection = subscription.subscriber, subscription.selection
    assert (reader.email, reader.name, reader.zone, reader.state) == (
        ADDRESS,
        "Ilse",
        "Asia/Shanghai",
        "active",
    )
    assert (selection.topics, selection.kinds, selection.language, selection.region) == (
        [1, 3],
        ["story"],
        "en",
        "CN",
    )
    assert letters() == ["confirm", "welcome"]
    assert counts() == {"asked": 1, "confirmed": 1}


def test_the_proof_says_what_text_on_which_page_by_whom_and_when() -> None:
    confirm(ask(a_digest()))
    given, confirmed = Consent.objects.order_by("at")
    assert (given.action, given.at, given.page) == ("given", NOON, "https://site.example.org/news")
    assert (confirmed.action, confirmed.at) == ("confirmed", NOON + DAY)
    assert bytes(given.client or b"") == hashes.of_client("192.0.2.7")
    assert bytes(confirmed.client or b"") == b"c" * 32
    assert given.text == confirmed.text == ConsentText.objects.get()
    assert ConsentText.objects.get().text == "Yes, send me these."


def test_the_same_is_written_for_every_address() -> None:
    """A stranger, a subscriber, one who left, one on the suppression list: two rows each, and nothing else is touched."""
    digest = a_digest()
    a_subscriber(digest, "known@example.net")
    a_subscriber(digest, "left@example.net")
    Subscriber.objects.filter(email_key="left@example.net").update(state="left")
    Suppression.objects.create(email_key="no@example.net", reason="complained", at=NOON)
    before = list(Subscriber.objects.order_by("pk").values())
    statements = []
    for email in ("new@example.net", "known@example.net", "left@example.net", "no@example.net"):
        with Counted() as counted:
            ask(digest, email=email)
        statements.append(counted.n)
    assert len(set(statements[1:])) == 1  # the first one makes the day's count
    assert letters() == ["confirm"] * 4
    assert list(Subscriber.objects.order_by("pk").values()) == before


class Counted:
    """How many statements ran inside."""

    n = 0

    def __enter__(self) -> Counted:
        self._wrapper = connection.execute_wrapper(self._count)
        self._wrapper.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._wrapper.__exit__(*error)  # type: ignore[arg-type]  # the three of a context manager

    def _count(self, execute: Any, *rest: Any) -> Any:
        self.n += 1
        return execute(*rest)


def received() -> set[int]:
    live = Subscription.objects.filter(state="active")
    return set(live.values_list("digest_id", flat=True))


def test_a_second_form_of_one_mailbox_is_confirmed_by_the_same_link() -> None:
    first, second = a_digest(), a_digest()
    row, again = ask(first), ask(second)
    assert look(row).digests == look(again).digests == (first.pk, second.pk)
    assert confirm(row) is Stage.CONFIRMED
    assert received() == {first.pk, second.pk}
    assert look(again).stage is Stage.CONFIRMED
    assert letters() == ["confirm", "confirm", "welcome"]
    assert counts() == {"asked": 2, "confirmed": 2}


def test_of_two_forms_each_keeps_its_own_proof() -> None:
    first, second = a_digest(), a_digest()
    row = ask(first)
    text = evidence.consent_text("zh", "请寄给我。", now=NOON)
    proof = evidence.Evidence(text, "https://other.example.org/", hashes.of_client("192.0.2.99"))
    form = Asked(ADDRESS, [Wanted(second.pk, "zh")], "zh", proof)
    asking.ask(form, TAKE, now=NOON + DAY / 2)
    confirm(row)
    proofs = {(each.digest_id, each.action): each for each in Consent.objects.select_related("text")}
    told = {key: (each.text and each.text.text, each.page, each.at) for key, each in proofs.items()}
    assert told[first.pk, "given"] == ("Yes, send me these.", "https://site.example.org/news", NOON)
    assert told[second.pk, "given"] == ("请寄给我。", "https://other.example.org/", NOON + DAY / 2)
    assert bytes(proofs[first.pk, "given"].client or b"") == hashes.of_client("192.0.2.7")


def test_what_a_stranger_added_need_not_be_taken_and_waits_no_longer() -> None:
    mine, theirs = a_digest(), a_digest()
    row, other = ask(mine), ask(theirs)
    assert confirm(row, mine) is Stage.CONFIRMED
    assert received() == {mine.pk}
    assert look(other).stage is Stage.EXPIRED
    assert not Consent.objects.filter(digest_id=theirs.pk).exists()


def test_who_takes_only_what_another_form_asked_for_has_confirmed_by_either_link() -> None:
    mine, theirs = a_digest(), a_digest()
    other, row = ask(theirs), ask(mine)
    assert confirm(other, mine) is Stage.CONFIRMED
    assert {look(other).stage, look(row).stage} == {Stage.CONFIRMED}


@pytest.mark.parametrize("chosen", [[], [999_999]])
def test_choosing_nothing_that_was_asked_for_changes_nothing(chosen: list[int]) -> None:
    row = ask(a_digest())
    assert confirm(row, digests=chosen) is Stage.OPEN
    assert not Subscriber.objects.exists()


def test_a_link_says_it_is_over_when_all_that_it_brought_has_ended() -> None:
    digest = a_digest()
    row = ask(digest)
    confirm(row)
    assert look(row).digests == (digest.pk,)
    Subscription.objects.update(state="ended", moved_to=a_digest().pk)
    assert look(row).stage is Stage.CONFIRMED, "in another rhythm"
    Subscription.objects.update(moved_to=None)
    assert look(row).stage is Stage.LEFT


def test_another_rhythm_comes_in_the_place_of_the_one_they_have() -> None:
    weekly, daily = a_digest(family="news"), a_digest(family="news", rhythm="daily")
    had = a_subscriber(weekly, ADDRESS)
    row = ask(daily)
    confirm(row, kin=kin_of([daily.pk]))
    assert received() == {daily.pk}
    had.refresh_from_db()
    assert (had.state, had.moved_to) == ("ended", daily.pk)
    actions = Consent.objects.filter(digest_id=daily.pk).values_list("action", flat=True)
    assert {"given", "confirmed"} <= set(actions)


def test_who_had_refused_our_mail_and_was_never_unsubscribed_is_back_as_they_were() -> None:
    digest = a_digest()
    a_subscriber(digest, ADDRESS, kinds=["speech"])
    Suppression.objects.create(email_key=ADDRESS, reason="refused", at=NOON)
    Consent.objects.all().delete()
    confirm(ask(digest))
    assert not Suppression.objects.exists()
    assert Subscription.objects.get().selection.kinds == ["speech"]
    assert set(Consent.objects.values_list("action", flat=True)) == {"given", "confirmed"}
    assert letters() == ["confirm", "welcome"]


def test_a_second_sign_up_adds_a_digest_and_keeps_what_was_chosen() -> None:
    old, new = a_digest(), a_digest()
    a_subscriber(old, ADDRESS, name="Ilse Marrow", language="zh", kinds=["speech"])
    confirm(ask(old, new))
    kept, added = Subscription.objects.order_by("pk").select_related("selection", "subscriber")
    assert (kept.selection.language, kept.selection.kinds) == ("zh", ["speech"])
    assert (added.digest_id, added.selection.kinds) == (new.pk, [])
    assert added.subscriber.name == "Ilse Marrow"
    assert Consent.objects.filter(digest_id=old.pk).count() == 1


def test_who_left_is_back_with_a_new_choice() -> None:
    digest = a_digest()
    a_subscriber(digest, ADDRESS, kinds=["speech"])
    Subscription.objects.update(state="ended", ended_at=NOON)
    Subscriber.objects.update(state="left")
    confirm(ask(digest))
    row = Subscription.objects.select_related("selection", "subscriber").get()
    assert (row.state, row.ended_at, row.selection.kinds, row.subscriber.state) == (
        "active",
        None,
        [],
        "active",
    )


def test_one_that_paused_is_no_new_subscription() -> None:
    digest = a_digest()
    a_subscriber(digest, ADDRESS)
    Subscription.objects.update(state="paused", paused_until=NOON + 30 * DAY)
    confirm(ask(digest))
    assert Subscription.objects.get().state == "paused"


@pytest.mark.parametrize(
    ("reason", "stays"),
    [
        ("refused", False),
        ("complained", True),
        ("bounced", True),
        ("soft", True),
        ("staff", True),
        ("imported", True),
    ],
)
def test_only_a_suppression_that_was_the_readers_own_wish_ends(reason: str, stays: bool) -> None:
    Suppression.objects.create(email_key=ADDRESS, reason=reason, at=NOON)
    confirm(ask(a_digest()))
    assert Suppression.objects.exists() is stays


def test_who_was_erased_may_come_back_by_their_own_word() -> None:
    Erased.objects.create(hash=hashes.of_address(ADDRESS), at=NOON)
    Erased.objects.create(hash=hashes.of_address("other@example.net"), at=NOON)
    confirm(ask(a_digest()))
    assert bytes(Erased.objects.get().hash) == hashes.of_address("other@example.net")


@pytest.mark.parametrize("late", [timedelta(days=7), timedelta(days=400)])
def test_after_seven_days_a_link_confirms_nothing(late: timedelta) -> None:
    row = ask(a_digest())
    assert confirm(row, now=NOON + late) is Stage.EXPIRED
    assert not Subscriber.objects.exists()


def test_a_link_whose_sign_up_was_forgotten_says_so_and_one_that_we_did_not_make_is_none() -> None:
    row = ask(a_digest())
    good = token(row)
    ReaderLetter.objects.all().delete()
    SignUp.objects.all().delete()
    seen = confirming.confirm(good, digests=[1], client=None, now=NOON)
    assert seen
    assert (seen.sign_up, seen.stage) == (None, Stage.EXPIRED)
    for bad in ("", "x", good[:-1], tokens.write(tokens.Purpose.UNSUBSCRIBE, tokens.NOBODY, row.pk)):
        assert confirming.confirm(bad, digests=[1], client=None, now=NOON) is None


def test_one_that_a_person_has_to_look_at_is_asked_when_they_let_it_go() -> None:
    row = asking.ask(asked(a_digest()), Verdict(Kind.ROLE, "look"), now=NOON)
    assert letters() == []
    assert confirm(row) is Stage.EXPIRED
    by_staff.let_go(row.pk, user="ops@host", now=NOON + 20 * DAY)
    with pytest.raises(UserError):
        by_staff.let_go(row.pk, user="ops@host", now=NOON + 20 * DAY)
    assert letters() == ["confirm"]
    assert confirm(row, now=NOON + 26 * DAY) is Stage.CONFIRMED


def test_what_is_decided_of_a_held_mailbox_holds_for_all_forms_of_it() -> None:
    look_at = Verdict(Kind.ROLE, "look")
    rows = [asking.ask(asked(a_digest()), look_at, now=NOON) for _ in range(2)]
    by_staff.let_go(rows[1].pk, user="ops@host", now=NOON)
    assert letters() == ["confirm"]
    assert len(look(rows[1]).digests) == 2
    third = [asking.ask(asked(a_digest()), look_at, now=NOON) for _ in range(2)]
    by_staff.turn_away(third[0].pk, user="ops@host", now=NOON)
    assert SignUp.objects.filter(refused_at=NOON).count() == 2


def test_one_that_a_person_refuses_asks_nobody() -> None:
    row = asking.ask(asked(a_digest()), Verdict(Kind.DISPOSABLE, "look"), now=NOON)
    by_staff.turn_away(row.pk, user="ops@host", now=NOON)
    with pytest.raises(UserError):
        by_staff.let_go(row.pk, user="ops@host", now=NOON)
    assert confirm(row) is Stage.EXPIRED
    assert letters() == []
    assert counts() == {"held": 1, "turned_away": 1}


def at_once(*jobs: Any) -> list[Any]:
    def run(job: Any) -> Any:
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [each.result() for each in [pool.submit(run, job) for job in jobs]]


@pytest.mark.django_db(transaction=True)
def test_of_two_confirmations_at_once_one_counts() -> None:
    row = ask(a_digest())
    stages = at_once(*[lambda: confirm(row)] * 6)
    assert stages == [Stage.CONFIRMED] * 6
    assert letters() == ["confirm", "welcome"]
    assert Consent.objects.count() == 2
    assert counts()["confirmed"] == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(8))
def test_a_confirmation_while_its_reader_is_being_erased_ends_in_erasing(round_: int) -> None:
    """Both lock the reader first, so that neither waits for what the other waits for. The sign-up goes with its reader: whichever
    comes first, nothing is left of them."""
    old, new = a_digest(), a_digest()
    reader = a_subscriber(old, ADDRESS).subscriber_id
    row = ask(new)
    at_once(
        lambda: erasing.erase(reader, user="mira", how="test", now=NOON),
        lambda: confirm(row, now=NOON),
    )
    assert Erased.objects.exists()
    assert not Subscriber.objects.exists()
    assert not SignUp.objects.exists()


def test_the_days_counts_come_newest_first() -> None:
    for days, what in ((0, tally.What.ASKED), (0, tally.What.ASKED), (-1, tally.What.TRAP)):
        tally.count(what, NOON + days * DAY)
    found = tally.by_day(since=(NOON - 5 * DAY).date())
    assert list(found.values()) == [{"asked": 2}, {"trap": 1}]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://site.example.org/news?utm=1#x", "https://site.example.org/news"),
        ("https://user:secret@site.example.org:8443/a", "https://site.example.org:8443/a"),
        ("http://[2001:db8::1]/a", "http://[2001:db8::1]/a"),
        ("null", ""),
        ("javascript:alert(1)", ""),
        ("https://[broken", ""),
        ("https://x:99999/", ""),
    ],
)
def test_of_a_page_only_its_address_is_kept(given: str, kept: str) -> None:
    assert evidence.page_of(given) == kept
