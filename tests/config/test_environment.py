"""Settings: read once, checked, documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.environment import SETTINGS, read
from publisher.core.errors import UserError
from tests.generated_docs import PAGES, ROOT


@pytest.mark.parametrize("path", PAGES)
def test_the_pages_made_from_tables_are_current(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == PAGES[path](), "run `make docs`"


def test_without_any_setting_everything_has_its_default(tmp_path: Path) -> None:
    environment = read({"PUBLISHER_DATA_DIR": str(tmp_path)})
    assert (environment.database_url, environment.port, environment.base_url) == (
        "",
        8000,
        "http://127.0.0.1:8000",
    )


def test_the_secret_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    first = read({"PUBLISHER_DATA_DIR": str(tmp_path)}).secret_key
    assert read({"PUBLISHER_DATA_DIR": str(tmp_path)}).secret_key == first
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600
    assert len(first) >= 32


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLISHER_DATABASE_URL", "db.example.org"),
        ("PUBLISHER_DATABASE_URL", "mysql://publisher@db.example.org/publisher"),
        ("PUBLISHER_DATABASE_URL", "postgres://publisher@db.example.org:port/publisher"),
        ("PUBLISHER_REDIS_URL", "redis.example.org:6379"),
        ("PUBLISHER_PORT", "eighty"),
        ("PUBLISHER_PORT", "70000"),
        ("PUBLISHER_BASE_URL", "publisher.example.org"),
        ("PUBLISHER_LOG_LEVEL", "loud"),
        ("PUBLISHER_PUBLIC_METRICS", "perhaps"),
        ("PUBLISHER_SECRET_KEY", "short"),
        ("PUBLISHER_MAIL_RATE", "50 per second"),
        ("PUBLISHER_MAIL_DOMAIN_RATES", "gmail.com:20/s"),
        ("PUBLISHER_MAIL_WARMUP", "tomorrow 200"),
        ("PUBLISHER_MAIL_ERROR_LIMIT", "10%"),
        ("PUBLISHER_RESOLVER", "dns.example.org"),
        ("PUBLISHER_RESOLVER", "192.0.2.53:x"),
        ("PUBLISHER_RETURN_DOMAIN", "bounces"),
        ("PUBLISHER_NOTICES_FROM", "Publisher <p@office.example.org>"),
        ("PUBLISHER_NOTICES_FROM", "publisher"),
        ("PUBLISHER_UNSUBSCRIBE_ADDRESS", "leave+here@example.org"),
        ("PUBLISHER_UNSUBSCRIBE_ADDRESS", "leave-this-list-for-good@example.org"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_what_is_expected(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(UserError) as refused:
        read({"PUBLISHER_DATA_DIR": str(tmp_path), name: value})
    assert name in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize(
    "text", ["mysql://u:geheim@db/p", "postgres:/u:geheim@db/p", "postgres://u:geh/geheim@db:x/p"]
)
def test_a_password_in_an_address_that_cannot_be_used_is_not_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError) as refused:
        read({"PUBLISHER_DATA_DIR": str(tmp_path), "PUBLISHER_DATABASE_URL": text})
    assert "geheim" not in refused.value.message


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("", None),
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("127.0.0.1:5353", ("127.0.0.1", 5353)),
        ("[2001:db8::53]", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
    ],
)
def test_a_resolver_is_an_address_with_or_without_a_port(
    tmp_path: Path, text: str, server: tuple[str, int] | None
) -> None:
    assert read({"PUBLISHER_DATA_DIR": str(tmp_path), "PUBLISHER_RESOLVER": text}).resolver == server


def test_a_misspelt_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="PUBLISHER_DATABASE is not a setting"):
        read({"PUBLISHER_DATA_DIR": str(tmp_path), "PUBLISHER_DATABASE": "x"})


def test_a_data_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="Cannot keep a secret key"):
        read({"PUBLISHER_DATA_DIR": str(tmp_path / "file")})


def test_every_example_is_accepted(tmp_path: Path) -> None:
    for setting in SETTINGS:
        if not setting.example.startswith("("):
            setting.parse(setting.example)
