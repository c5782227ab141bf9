"""The demo is the shortest proof that the whole way works: it is run here as a user runs it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from publisher.core.embedded.running import ServersLock
from publisher.demo.world import MARKER
from tests.processes import environment, until


@pytest.mark.slow
@pytest.mark.django_db
def test_the_demo_ends_well_and_says_where_to_look(tmp_path: Path) -> None:
    env = {name: value for name, value in environment().items() if not name.startswith("PUBLISHER_")}
    command = [sys.executable, "-m", "publisher.cli", "demo", "--once", "--folder", str(tmp_path / "demo")]
    played = subprocess.run(command, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert played.returncode == 0, played.stdout + played.stderr
    assert "✗" not in played.stdout
    for shown in (
        "Desk",
        "Sign-up page",
        "Public archive",
        "Mailbox",
        "Sandbox timeline",
        "Variants rendered",
        "Messages per second",
    ):
        assert shown in played.stdout


@pytest.mark.slow
@pytest.mark.django_db
def test_the_demo_empties_no_folder_that_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("keep me")
    command = [sys.executable, "-m", "publisher.cli", "demo", "--once", "--folder", str(tmp_path)]
    played = subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert played.returncode == 1
    assert "was not made by a demo" in played.stderr
    assert (tmp_path / "precious.txt").read_text() == "keep me"


@pytest.mark.slow
@pytest.mark.django_db
def test_a_second_demo_in_the_folder_of_one_that_runs_is_refused(tmp_path: Path) -> None:
    (tmp_path / MARKER).touch()
    lock = ServersLock(tmp_path)
    assert lock.try_hold("demo", ("postgres", "valkey"))
    command = [sys.executable, "-m", "publisher.cli", "demo", "--folder", str(tmp_path)]
    refused = subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    lock.release()
    assert (refused.returncode, "is running in" in refused.stderr) == (1, True)
    assert (tmp_path / MARKER).exists()


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
def test_however_the_demo_is_ended_nothing_of_it_goes_on(tmp_path: Path, signum: signal.Signals) -> None:
    """SIGINT is ignored unless the demo takes it. SIGTERM and SIGHUP are taken by the same loop."""
    folder = tmp_path / "demo"
    env = {name: value for name, value in environment().items() if not name.startswith("PUBLISHER_")}
    command = [sys.executable, "-m", "publisher.cli", "demo", "--folder", str(folder)]
    as_a_background_job = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command]
    demo = subprocess.Popen(
        as_a_background_job, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: ServersLock(folder).holder() is not None, seconds=60)
        children = psutil.Process(demo.pid).children(recursive=True)
        demo.send_signal(signum)
        demo.wait(60)
        until(lambda: not [each for each in children if each.is_running()], seconds=60)
    finally:
        demo.kill()
