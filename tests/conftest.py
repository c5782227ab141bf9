"""Real servers for every test: an embedded PostgreSQL and Valkey per test process, in a folder that goes away with it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

for name in [name for name in os.environ if name.startswith("PUBLISHER_")]:
    del os.environ[name]
DATA_DIR = Path(tempfile.mkdtemp(prefix="publisher-tests-"))
os.environ["PUBLISHER_DATA_DIR"] = str(DATA_DIR)
os.environ["PUBLISHER_LOG_LEVEL"] = "warning"
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's sync API leaves an event loop in the thread

import django  # noqa: E402 - the settings read the environment set above
import django.conf  # noqa: E402

django.setup()
# The slow hashing of passwords took half of the time of the desk's tests.
django.conf.settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# pytest-xdist hands this process's environment to its workers, whose settings would be read before their conftest.
del os.environ["DJANGO_SETTINGS_MODULE"]

import hypothesis  # noqa: E402
import pytest  # noqa: E402
import redis  # noqa: E402

from publisher.core.embedded.postgres import EmbeddedPostgres  # noqa: E402
from publisher.core.embedded.valkey import EmbeddedValkey  # noqa: E402
from publisher.core.redis import client  # noqa: E402

if TYPE_CHECKING:
    from tests.drawn import Site

# No test asserts wall-clock time. A run finds what the last one found: new examples are looked for with
# `--hypothesis-profile=search`, so that what it finds stops who searches, and nobody who lands something else.
ANY_TIME = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("publisher", ANY_TIME, derandomize=True)
hypothesis.settings.register_profile("search", ANY_TIME, max_examples=1000)
hypothesis.settings.load_profile("publisher")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-captured",
        action="store_true",
        help="write tests/delivery/email/captured_digest.eml anew instead of comparing with it",
    )
    parser.addoption(
        "--write-screenshots",
        nargs="?",
        const="all",
        choices=("some", "all"),
        help="keep a picture of every page in each window that tests/browser looks at, in screenshots/; "
        "some: only in the narrow light one",
    )
    parser.addoption(
        "--slow-browser",
        type=int,
        default=0,
        metavar="TIMES",
        help="slow Chromium down, to find tests in tests/browser that pass only where it is quick",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two tests of one name are an error: pytest-xdist would run one of them only, and say nothing."""
    counted = Counter(item.nodeid for item in items)
    if twice := [name for name, times in counted.items() if times > 1]:
        raise pytest.UsageError(f"Tests of the same name: {', '.join(twice[:5])}")


def pytest_unconfigure() -> None:
    shutil.rmtree(DATA_DIR, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """The database server of this test process."""
    with EmbeddedPostgres(DATA_DIR, durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres: EmbeddedPostgres, django_db_blocker: Any) -> None:
    """pytest-django creates its test database after this: the server must run by then, and knows what to copy."""
    from django.db import connection

    from tests import migrated

    with django_db_blocker.unblock():
        connection.settings_dict["TEST"] |= {"TEMPLATE": migrated.template(DATA_DIR), "MIGRATE": False}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tests of several connections leave the database as it is now."""
    from django.test import TransactionTestCase

    from tests import emptying

    with django_db_blocker.unblock():
        emptying.prepare()
    TransactionTestCase._fixture_teardown = emptying.empty


@pytest.fixture(scope="session")
def valkey() -> Iterator[EmbeddedValkey]:
    """The Redis server of this test process."""
    with EmbeddedValkey(DATA_DIR) as server:
        yield server


@pytest.fixture
def inbox(valkey: EmbeddedValkey) -> Iterator[redis.Redis]:
    """An empty Redis; what is left in it is gone afterwards, too."""
    server = client()
    server.flushall()
    yield server
    with suppress(redis.RedisError):  # a test may have taken it away
        server.flushall()


@pytest.fixture
def now() -> datetime:
    """A Monday noon in UTC, for tests that need some moment."""
    return datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def picture_site(settings: Any, tmp_path: Path) -> Iterator[Site]:
    """A site with pictures that may be fetched from, and an empty store for them."""
    from tests.drawn import a_site

    settings.MEDIA_ROOT = tmp_path / "media"
    with a_site() as site:
        settings.FETCH_ALLOW = [site.url.removeprefix("http://")]
        yield site


@pytest.fixture(autouse=True)
def no_nudges(request: pytest.FixtureRequest, settings: object) -> None:
    """Events nudge nobody in tests, unless a test asks for tasks: everything must work by its own call."""
    if "celery_tasks" not in request.fixturenames:
        settings.EVENT_NUDGE = "tests.conftest.ignore"  # type: ignore[attr-defined]  # pytest-django's wrapper
        from publisher.core import events

        events._nudge.cache_clear()


def ignore(_event: str, _ids: dict[str, int]) -> None:
    """Nobody listens."""
