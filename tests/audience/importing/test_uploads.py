"""Lists given to the desk: kept, looked at, tried, imported by a worker, and forgotten. Tags, attributes, and erased people."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User

from publisher.audience import attributes, hashes, tags
from publisher.audience.importing import keeping, running, uploads
from publisher.audience.importing.given import Offer, offer
from publisher.audience.importing.uploads import Reading
from publisher.audience.models import (
    Erased,
    Salt,
    Subscriber,
    Subscription,
    Tag,
    Upload,
)
from publisher.audience.stale import Stale
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.digests.models import Digest
from tests.builders import NOON, a_digest, a_subscriber

pytestmark = pytest.mark.django_db
LIST = """Mail,Full name,City,Labels,Shoe size
lin@example.org,Lin Wei,Xi'an,Press; VIP,41
ann@example.org,Ann,,,
broken,Nobody,,,
"""


@pytest.fixture(autouse=True)
def store(tmp_path: Path, settings: Any, inbox: redis.Redis) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def user() -> User:
    return User.objects.create_user("mira")


@pytest.fixture
def digest() -> Digest:
    return a_digest()


def given(user: User, text: str = LIST) -> Upload:
    data = text.encode()
    return uploads.take("readers.csv", [data[:50], data[50:]], len(data), user=user, now=NOON)


def offered(digest_id: int) -> tuple[Offer, str] | None:
    digest = Digest.objects.filter(pk=digest_id).first()
    return (offer(digest.pk, digest.languages), "en") if digest else None


def reading(digest: Digest, **more: Any) -> Reading:
    columns = {"1": "email", "2": "name", "3": "attribute:city", "4": "tags", "5": "ignore"}
    return Reading(**{"digest_id": digest.pk, "columns": columns, "consent": "open day"} | more)


def tried(user: User, digest: Digest, text: str = LIST, **more: Any) -> Upload:
    upload = given(user, text)
    uploads.check(upload.pk, reading(digest, **more), version=1)
    assert running.run_next(offered, now=NOON) == upload
    upload.refresh_from_db()
    return upload


def imported(user: User, digest: Digest, text: str = LIST, **more: Any) -> Upload:
    upload = tried(user, digest, text, **more)
    uploads.begin(upload.pk, version=upload.version, user=user, now=NOON)
    running.run_next(offered, now=NOON)
    upload.refresh_from_db()
    return upload


def a_city() -> None:
    attributes.define("city", "City", "text", user=None, now=NOON)


def test_columns_are_recognised_with_examples_and_may_mean_attributes(user: User) -> None:
    a_city()
    columns = uploads.columns_of(given(user))
    assert [each.meant for each in columns] == ["email", "name", "attribute:city", "tags", "ignore"]
    assert columns[1].examples[0] == "Lin Wei"


def test_columns_without_a_header_have_numbers(user: User) -> None:
    columns = uploads.columns_of(given(user, "Lin;lin@example.org\nAnn;ann@example.org\n"))
    assert [(each.number, each.name, each.examples[0]) for each in columns] == [
        (1, "1", "Lin"),
        (2, "2", "lin@example.org"),
    ]


def test_trying_says_what_would_happen_and_changes_nothing(user: User, digest: Digest) -> None:
    a_city()
    upload = tried(user, digest)
    assert upload.state == "checked"
    assert [upload.outcome[name] for name in ("read", "added", "refused")] == [3, 2, 1]
    assert upload.outcome["refused_rows"][0]["line"] == 4
    assert not Subscriber.objects.exists()
    assert not Tag.objects.exists()
    assert b"broken" in b"".join(keeping.get(upload.key, keeping.REFUSED))


def test_importing_writes_people_with_tags_and_attributes_and_deletes_the_file(
    user: User, digest: Digest
) -> None:
    a_city()
    upload = imported(user, digest, tag="Fair 2026")
    assert (upload.state, upload.held, upload.outcome["subscribed"]) == ("done", False, 2)
    lin, ann = Subscriber.objects.order_by("-email")
    assert (lin.attributes, ann.attributes) == ({"city": "Xi'an"}, {})
    assert sorted(map(str, lin.tags.all())) == ["Fair 2026", "Press", "VIP"]
    assert list(map(str, ann.tags.all())) == ["Fair 2026"]
    with pytest.raises(UserError):
        list(keeping.get(upload.key, keeping.ORIGINAL))
    trail = AuditEntry.objects.get(action="subscribers.imported")
    assert (trail.object_id, trail.after["subscribed"]) == (str(upload.pk), 2)
    assert "example.org" not in str(list(AuditEntry.objects.values_list("before", "after")))


def test_known_people_keep_theirs_unless_the_file_goes_before(user: User, digest: Digest) -> None:
    a_city()
    lin = a_subscriber(digest, "lin@example.org").subscriber
    attributes.change(lin.pk, {"city": "Berlin"}, seen={}, user=None)
    imported(user, digest)
    lin.refresh_from_db()
    assert (lin.attributes, lin.tags.count()) == ({"city": "Berlin"}, 0)
    upload = imported(user, digest, update=True)
    lin.refresh_from_db()
    assert (lin.attributes, upload.outcome["updated"]) == ({"city": "Xi'an"}, 1)
    assert sorted(map(str, lin.tags.all())) == ["Press", "VIP"]
    assert imported(user, digest, update=True).outcome["updated"] == 0


@pytest.mark.parametrize(("kind", "cell"), [("number", "many"), ("date", "soon"), ("yes_no", "perhaps")])
def test_a_value_of_another_kind_costs_its_row(user: User, digest: Digest, kind: str, cell: str) -> None:
    attributes.define("what", "What", kind, user=None, now=NOON)
    text = f"Mail,What\nlin@example.org,{cell}\nann@example.org,\n"
    upload = imported(user, digest, text, columns={"1": "email", "2": "attribute:what"})
    assert upload.outcome["reasons"] == {"attribute": 1}
    assert Subscriber.objects.get().email == "ann@example.org"


def test_nobody_comes_back_by_a_list_who_was_erased(user: User, digest: Digest) -> None:
    Erased.objects.create(hash=hashes.of_address("lin@example.org"), at=NOON)
    upload = imported(user, digest, "Mail\nLin@Example.org\nann@example.org\n", columns={"1": "email"})
    assert (upload.outcome["erased"], upload.outcome["subscribed"]) == (1, 1)
    assert Subscriber.objects.get().email == "ann@example.org"


def test_the_hash_stays_the_same_and_says_nothing_of_the_address(user: User, settings: Any) -> None:
    first = hashes.of_address("lin@example.org")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new key", [settings.SECRET_KEY]
    assert hashes.of_address("lin@example.org") == first
    assert (Salt.objects.count(), len(first)) == (1, 32)
    assert user


@pytest.mark.parametrize(
    "wrong",
    [
        {"digest_id": None},
        {"consent": " "},
        {"columns": {"1": "name"}},
        {"columns": {"1": "email", "2": "email"}},
        {"columns": {"1": "email", "2": "attribute:gone"}},
        {"tag": "a,b"},
    ],
)
def test_a_list_is_not_tried_without_what_it_needs(user: User, digest: Digest, wrong: dict[str, Any]) -> None:
    upload = given(user)
    with pytest.raises(UserError):
        uploads.check(upload.pk, reading(digest, **wrong), version=1)
    upload.refresh_from_db()
    assert upload.state == "new"


def test_what_is_no_table_is_told_on_the_page(user: User, digest: Digest) -> None:
    upload = tried(user, digest, "PK\x03\x04 a workbook", columns={"1": "email"})
    assert (upload.state, "workbook" in upload.problem) == ("failed", True)


def test_two_who_work_on_one_list_are_told(user: User, digest: Digest) -> None:
    a_city()
    upload = tried(user, digest)
    uploads.begin(upload.pk, version=upload.version, user=user, now=NOON)
    with pytest.raises(Stale):
        uploads.withdraw(upload.pk, version=upload.version, user=user, now=NOON)


def test_an_import_that_was_killed_begins_again_and_writes_each_once(
    user: User, digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_city()
    upload = tried(user, digest)
    uploads.begin(upload.pk, version=upload.version, user=user, now=NOON)
    ended = running._ended

    def killed(*_args: Any, **_given: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "_ended", killed)
    with pytest.raises(KeyboardInterrupt):
        running.run_next(offered, now=NOON)
    monkeypatch.setattr(running, "_ended", ended)
    running.run_next(offered, now=NOON)
    upload.refresh_from_db()
    assert (upload.state, upload.runs, upload.outcome["unchanged"]) == ("done", 2, 2)
    assert Subscription.objects.count() == 2


def killed_again_and_again(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """A worker that ends, each time, when all is written and nothing of it is noted."""
    with monkeypatch.context() as patched:

        def killed(*_args: Any, **_given: Any) -> None:
            raise KeyboardInterrupt

        patched.setattr(running, "_ended", killed)
        for _n in range(times):
            with pytest.raises(KeyboardInterrupt):
                running.run_next(offered, now=NOON)


def test_an_import_whose_worker_dies_again_and_again_is_given_up_and_says_why(
    user: User, digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_city()
    upload = tried(user, digest)
    uploads.begin(upload.pk, version=upload.version, user=user, now=NOON)
    killed_again_and_again(monkeypatch, running.MOST_TRIES)
    assert running.waits()
    running.run_next(offered, now=NOON)
    upload.refresh_from_db()
    assert (upload.state, upload.runs, upload.finished_at) == ("failed", running.MOST_TRIES, NOON)
    assert f"{running.MOST_TRIES} times" in upload.problem
    assert "is not written twice" in upload.hint
    assert not running.waits(), "others have their turn"
    assert Subscription.objects.count() == 2, "what was written stays"


def test_an_import_that_was_given_up_begins_anew_when_a_person_asks_and_writes_nobody_twice(
    user: User, digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_city()
    upload = tried(user, digest)
    uploads.begin(upload.pk, version=upload.version, user=user, now=NOON)
    killed_again_and_again(monkeypatch, running.MOST_TRIES)
    running.run_next(offered, now=NOON)
    upload.refresh_from_db()
    uploads.check(upload.pk, Reading.of(upload), version=upload.version)
    running.run_next(offered, now=NOON)
    upload.refresh_from_db()
    assert (upload.state, upload.problem) == ("checked", "")
    uploads.begin(upload.pk, version=upload.version, user=user, now=NOON)
    killed_again_and_again(monkeypatch, running.MOST_TRIES - 1)
    running.run_next(offered, now=NOON)
    upload.refresh_from_db()
    assert (upload.state, upload.outcome["unchanged"], upload.outcome["added"]) == ("done", 2, 0)
    assert (Subscription.objects.count(), Subscriber.objects.count()) == (2, 2)


def test_a_try_whose_worker_dies_again_and_again_is_given_up_and_keeps_no_other_from_its_turn(
    user: User, digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadly, good = given(user), given(user)
    for upload in (deadly, good):
        uploads.check(upload.pk, reading(digest, columns={"1": "email"}), version=1)
    killed_again_and_again(monkeypatch, running.MOST_TRIES)
    running.run_next(offered, now=NOON)
    running.run_next(offered, now=NOON)
    deadly.refresh_from_db()
    good.refresh_from_db()
    assert (deadly.state, deadly.runs, good.state) == ("failed", 0, "checked")


def test_a_file_that_breaks_the_import_is_told_and_keeps_no_other_from_its_turn(
    user: User, digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, good = given(user), given(user)
    for upload in (broken, good):
        uploads.check(upload.pk, reading(digest, columns={"1": "email"}), version=1)
    real = running.import_file

    def breaks(path: Path, plan: Any, **more: Any) -> Any:
        monkeypatch.setattr(running, "import_file", real)
        raise UnicodeError("nobody foresaw this")

    monkeypatch.setattr(running, "import_file", breaks)
    running.run_next(offered, now=NOON)
    running.run_next(offered, now=NOON)
    broken.refresh_from_db()
    good.refresh_from_db()
    assert (broken.state, "broke off" in broken.problem, good.state) == ("failed", True, "checked")


def test_halves_of_characters_cost_their_row_only(user: User, digest: Digest) -> None:
    text = "email,name\nlin@example.org,\\ud800x\nann@example.org,Ann\n"
    upload = tried(user, digest, text, columns={"1": "email", "2": "name"}, encoding="unicode_escape")
    assert (upload.state, upload.outcome["reasons"]) == ("checked", {"controls": 1})


def test_a_column_is_meant_by_its_place_also_where_another_is_called_by_that_number(
    user: User, digest: Digest
) -> None:
    text = "Mail,1,2\nlin@example.org,Lin,x\n"
    upload = tried(user, digest, text, columns={"1": "email", "2": "name", "3": "ignore"})
    assert (upload.outcome["added"], upload.outcome["refused"]) == (1, 0)


def test_files_go_when_their_time_is_over(user: User, digest: Digest) -> None:
    a_city()
    upload, withdrawn = tried(user, digest), given(user)
    uploads.forget(now=NOON + timedelta(days=1))
    assert list(keeping.get(upload.key, keeping.ORIGINAL))
    uploads.forget(now=NOON + timedelta(days=8))
    for each in (upload, withdrawn):
        each.refresh_from_db()
        assert (each.state, each.held, each.refused_held) == ("withdrawn", False, False)
        assert "refused_rows" not in each.outcome, "reasons name addresses"
        with pytest.raises(UserError):
            list(keeping.get(each.key, keeping.ORIGINAL))


def test_a_large_file_is_kept_in_pieces_and_comes_back_as_it_was(user: User) -> None:
    data = b"a,b\n" * (keeping.PIECE // 3)
    upload = uploads.take("x.csv", [data], len(data), user=user, now=NOON)
    assert b"".join(keeping.get(upload.key, keeping.ORIGINAL)) == data


def test_tags_are_compared_folded(user: User, digest: Digest) -> None:
    tags.made("Press", user=user, now=NOON)
    imported(user, digest, "Mail,Labels\nlin@example.org,PRESS\n", columns={"1": "email", "2": "tags"})
    assert Tag.objects.get().name == "Press"
    assert Subscriber.objects.get().tags.count() == 1
