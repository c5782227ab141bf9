"""Where pictures are kept: PUBLISHER_MEDIA, and the store on a bucket of S3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from config import media
from publisher.social.media import store
from tests.drawn import drawn
from tests.fakes.s3 import Bucket, a_bucket


@pytest.fixture
def bucket(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """The store of pictures lies in this bucket, below `publisher/`."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with a_bucket() as there:
        settings.STORAGES = media.storages(
            f"s3://pictures/publisher?region=eu-central-1&endpoint={there.url}"
        )
        yield there


def test_without_the_setting_pictures_lie_in_the_data_folder() -> None:
    backend = media.storages("")["default"]["BACKEND"]
    assert backend == "django.core.files.storage.FileSystemStorage"


def test_a_picture_goes_into_the_bucket_and_comes_back(bucket: Bucket) -> None:
    digest = store.put(drawn())
    assert bucket.objects == {f"pictures/publisher/pictures/{digest[:2]}/{digest}": drawn()}
    assert store.get(digest) == drawn()
    store.delete(digest)
    store.delete(digest)
    with pytest.raises(store.NoSuchPicture):
        store.get(digest)
    assert all(bucket.signed)


def test_what_is_not_whole_in_the_bucket_is_written_anew(bucket: Bucket) -> None:
    digest = store.put(drawn())
    path = next(iter(bucket.objects))
    bucket.objects[path] = b"half"
    assert store.put(drawn()) == digest
    assert bucket.objects == {path: drawn()}


@pytest.mark.parametrize("status", [403, 503])
def test_a_bucket_that_refuses_or_is_down_is_a_store_that_is_away(bucket: Bucket, status: int) -> None:
    digest = store.put(drawn())
    bucket.status = status
    for deed in (lambda: store.get(digest), lambda: store.put(drawn("red")), lambda: store.delete(digest)):
        with pytest.raises(store.StoreAway):
            deed()


def test_without_access_keys_the_store_is_away(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    from django.core.files.storage import storages

    storages._storages.clear()
    with pytest.raises(store.StoreAway):
        store.put(drawn())


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/srv/pictures", "s3://"),
        ("s3://", "s3://"),
        ("s3://key:secret@bucket/x", "no key in it"),
        ("s3://bucket?zone=a", "no other option"),
        ("s3://bucket?endpoint=minio:9000", "endpoint"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(address: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        media.checked(address)


def test_without_the_library_the_setting_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "find_spec", lambda _name: None)
    with pytest.raises(ValueError, match="extra `s3`"):
        media.checked("s3://bucket")
