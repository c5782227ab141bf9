"""docker-compose.yml and Dockerfile, as far as they can be checked without a Docker engine: read, and run by hand."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.environment import SETTINGS
from publisher.cli.commands import COMMANDS
from publisher.core.embedded.valkey import EmbeddedValkey
from tests.processes import environment, stop, until

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
LASTING = [name for name in SERVICES if name != "migrate"]
PUBLISHER = Path(sys.executable).parent / "publisher"


def dockerfile(instruction: str) -> list[str]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.split(" ", 1)[1].strip() for line in text.splitlines() if line.startswith(f"{instruction} ")]


def test_there_is_a_service_for_each_part() -> None:
    assert set(SERVICES) == {"web", "worker", "beat", "watch", "migrate", "postgres", "redis", "mailpit"}


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_commands_that_exist(name: str) -> None:
    assert SERVICES[name]["command"][0] in {command.name for command in COMMANDS}


@pytest.mark.parametrize("name", LASTING)
def test_every_lasting_service_has_a_health_check_with_bounds(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)


@pytest.mark.parametrize("name", OURS)
def test_our_services_get_known_settings_and_no_secret_is_written_down(name: str) -> None:
    given = SERVICES[name]["environment"]
    assert set(given) <= {setting.name for setting in SETTINGS}
    assert given["PUBLISHER_SECRET_KEY"].startswith("${PUBLISHER_SECRET_KEY:?")
    assert "${POSTGRES_PASSWORD:?" in given["PUBLISHER_DATABASE_URL"]


@pytest.mark.parametrize("name", OURS)
def test_our_services_may_do_nothing_they_need_not(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", ["web", "worker", "beat", "watch"])
def test_work_begins_when_database_and_redis_are_healthy_and_migrated(name: str) -> None:
    conditions = {other: given["condition"] for other, given in SERVICES[name]["depends_on"].items()}
    assert conditions == {
        "postgres": "service_healthy",
        "redis": "service_healthy",
        "migrate": "service_completed_successfully",
    }


def test_only_web_and_mailpit_are_published_and_only_on_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"web", "mailpit"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_postgres_keeps_its_data_where_the_image_of_18_puts_it() -> None:
    assert SERVICES["postgres"]["image"] == "postgres:18"
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    assert set(COMPOSE["volumes"]) == {"media", "postgres", "redis"}


def test_web_and_worker_share_the_pictures_in_a_folder_that_they_may_write() -> None:
    shared = "media:/data/media"
    assert [name for name in OURS if shared in SERVICES[name].get("volumes", [])] == ["web", "worker"]
    assert any("-o publisher" in line and "/data/media" in line for line in dockerfile("RUN"))


def test_an_entry_of_the_inbox_is_on_disk_before_it_is_answered() -> None:
    words = SERVICES["redis"]["command"]
    options = dict(zip(words[1::2], words[2::2], strict=True))
    assert options["--appendonly"] == "yes"
    assert options["--appendfsync"] == "always"
    assert options["--maxmemory-policy"] == "noeviction"


def test_the_image_copies_all_that_the_code_needs_and_ignores_the_rest() -> None:
    copied = {
        word.rstrip("/") for line in dockerfile("COPY") for word in shlex.split(line) if "--from" not in word
    }
    assert {"requirements.txt", "config", "docs", "publisher", "tasks", "templates", "worker.py"} <= copied
    kept = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    sources = {word for line in dockerfile("COPY") if "--from" not in line for word in shlex.split(line)[:-1]}
    assert sources == kept
    assert all((ROOT / path).exists() for path in kept)


def test_the_image_installs_pinned_packages_and_does_not_run_as_root() -> None:
    installs = [line for line in dockerfile("RUN") if "pip install" in line]
    assert "--require-hashes -r requirements.txt" in installs[0]
    assert "--no-deps" in installs[1]
    assert dockerfile("USER") == ["publisher"]
    assert dockerfile("ENTRYPOINT") == ['["publisher"]']
    names = set(re.findall(r"PUBLISHER_\w+(?==)", " ".join(dockerfile("ENV"))))
    assert names <= {setting.name for setting in SETTINGS}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["web", "worker", "beat", "watch"])
def test_each_service_becomes_healthy_by_its_own_check(
    name: str, tmp_path: Path, valkey: EmbeddedValkey
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    env = environment(PUBLISHER_DATA_DIR=str(tmp_path), PUBLISHER_PORT=port, PUBLISHER_BIND="0.0.0.0")  # noqa: S104 - as the image does
    check = [str(PUBLISHER), *SERVICES[name]["healthcheck"]["test"][2:]]

    def is_healthy() -> bool:
        return subprocess.run(check, env=env, capture_output=True, check=False).returncode == 0

    assert not is_healthy()
    log = (tmp_path / "log.txt").open("wb")
    service = subprocess.Popen(
        [str(PUBLISHER), *SERVICES[name]["command"]], env=env, stdout=log, stderr=log, start_new_session=True
    )
    try:
        until(lambda: is_healthy() or service.poll() is not None, what=f"{name} is healthy")
        assert service.poll() is None, (tmp_path / "log.txt").read_text()
        service.terminate()  # what a container engine sends
        service.wait(60)
    finally:
        stop(service)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_migrate_service_ends_well(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    env = environment(PUBLISHER_DATA_DIR=str(tmp_path))
    done = subprocess.run(
        [str(PUBLISHER), *SERVICES["migrate"]["command"]],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "The database is up to date.\n"), done.stderr
