"""Pictures in the store: once each, whole, and not deleted while somebody needs them."""

from __future__ import annotations

import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from publisher.core.errors import Rejected
from publisher.social.media import keeping, store
from publisher.social.media.fitting import fitted
from publisher.social.models import ItemPicture, StoredPicture
from publisher.social.networks.base import PictureLimits
from tests.builders import NOON, an_item
from tests.desk.builders import a_post
from tests.drawn import a_stored_picture, drawn, notes_of

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(days=2)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def forget(*, in_use: Collection[str] = ()) -> int:
    return keeping.forget(now=LATER, in_use=lambda _digests: in_use)


def test_the_same_picture_is_stored_once(folder: Path) -> None:
    assert a_stored_picture(drawn()) == a_stored_picture(drawn())
    assert len(files(folder)) == 1


def test_a_file_that_a_crash_left_half_written_is_written_anew(folder: Path) -> None:
    row = a_stored_picture(drawn())
    files(folder)[0].write_bytes(drawn()[:20])
    with pytest.raises(store.NoSuchPicture):
        store.get(row.digest)
    a_stored_picture(drawn())
    assert store.get(row.digest) == drawn()
    assert len(files(folder)) == 1


def test_the_size_is_that_of_the_picture_turned_upright() -> None:
    import io

    from PIL import Image

    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (64, 48)).save(out, "JPEG", exif=exif)
    row = a_stored_picture(out.getvalue())
    made = fitted(row.digest, PictureLimits(1, 100_000))
    assert (row.width, row.height) == (made.width, made.height) == (48, 64)


def test_what_a_network_gets_says_nothing_of_place_and_camera() -> None:
    photograph = drawn(kind="JPEG", where=True)
    assert notes_of(photograph)
    row = a_stored_picture(photograph)
    assert notes_of(fitted(row.digest, PictureLimits(1, 100_000)).data) == {}


def test_what_is_no_picture_is_not_stored(folder: Path) -> None:
    with pytest.raises(Rejected):
        keeping.keep(b"nothing", now=NOON)
    assert not files(folder)
    assert not StoredPicture.objects.exists()


def test_only_what_nothing_shows_is_deleted(folder: Path) -> None:
    of_item, of_post, on_its_way, unused = (
        a_stored_picture(drawn(c)) for c in ("red", "green", "blue", "gold")
    )
    ItemPicture.objects.create(
        item=an_item(), url="https://a.example/a", stored=of_item, state="stored", next_at=NOON
    )
    a_post(pictures=[{"digest": of_post.digest, "alt": "", "focus": None, "url": ""}])
    assert forget(in_use={on_its_way.digest}) == 1
    assert {row.digest for row in StoredPicture.objects.all()} == {
        of_item.digest,
        of_post.digest,
        on_its_way.digest,
    }
    with pytest.raises(store.NoSuchPicture):
        store.get(unused.digest)
    assert len(files(folder)) == 3
    assert forget(in_use={on_its_way.digest}) == 0


def test_what_was_handed_in_within_a_day_stays() -> None:
    a_stored_picture()
    assert keeping.forget(now=NOON + timedelta(hours=23), in_use=lambda _: ()) == 0
    a_stored_picture(now=LATER - timedelta(hours=1))
    assert forget() == 0


def test_many_are_deleted_in_batches(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(keeping, "AT_ONCE", 2)
    for n in range(5):
        a_stored_picture(drawn(size=(n + 1, 1)))
    kept = StoredPicture.objects.order_by("digest")[1].digest
    assert forget(in_use={kept}) == 4
    assert [path.name for path in files(folder)] == [kept]


@pytest.mark.django_db(transaction=True)
def test_a_picture_handed_in_while_it_is_being_deleted_is_there_afterwards() -> None:
    """The deleting session has looked at its uses and is about to delete; another hands the same picture in."""
    digest = a_stored_picture().digest
    looked, begun = threading.Event(), threading.Event()

    def put() -> None:
        looked.wait(10)
        begun.set()
        try:
            a_stored_picture(now=LATER)
        finally:
            connection.close()

    def in_use(_digests: Collection[str]) -> tuple[str, ...]:
        looked.set()
        begun.wait(10)
        return ()

    with ThreadPoolExecutor(1) as pool:
        putting = pool.submit(put)
        assert keeping.forget(now=LATER, in_use=in_use) == 1
        putting.result(30)
    assert store.get(digest) == drawn()
    assert StoredPicture.objects.get().put_at == LATER


@pytest.mark.django_db(transaction=True)
def test_a_picture_that_is_being_handed_in_is_not_deleted() -> None:
    """The row is locked by whoever hands it in: the deleting session passes it by."""
    digest = a_stored_picture().digest
    inside, go_on = threading.Event(), threading.Event()
    put = store.put

    def slowly(data: bytes) -> str:
        inside.set()
        go_on.wait(10)
        return put(data)

    def hand_in() -> None:
        try:
            keeping.keep(drawn(), now=LATER)
        finally:
            connection.close()

    with pytest.MonkeyPatch.context() as patched, ThreadPoolExecutor(1) as pool:
        patched.setattr(store, "put", slowly)
        putting = pool.submit(hand_in)
        inside.wait(10)
        assert forget() == 0
        go_on.set()
        putting.result(30)
    assert store.get(digest) == drawn()
