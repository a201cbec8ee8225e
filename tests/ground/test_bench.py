"""The benches still work, on a small scale; and many registrations at once keep out of each other's way."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests import migrated

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def database():
    """The benches begin with a copy of a migrated database."""
    folder = Path(tempfile.mkdtemp(prefix="gangway-bench-"))
    folder.chmod(0o755)
    migrated.lay(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_DATABASE", str(migrated.home_of(folder)))
        yield
    shutil.rmtree(folder)


def bench(name: str, *words: str) -> dict:
    done = subprocess.run(
        [sys.executable, ROOT / "bench" / f"{name}.py", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_registration_is_measured_and_needs_no_more_requests_than_it_did():
    ours = bench("registration", "--once")["gangway"]
    assert ours["runs"] == 1
    assert ours["requests"] <= 9
    assert ours["sequential_round_trips"] <= ours["requests"]
    figures = ("run_seconds", "run_ratio", "run_ratio_of_answering", "person_seconds", "person_ratio")
    assert [name for name in figures if not ours[name] > 0] == []


def test_registrations_at_once_in_many_tenants_and_in_one_are_each_made_once():
    """The bench itself asks the emulator's state: all proved, exactly one application of each run in its tenant."""
    told = bench("many", "--runs", "4", "--same", "3")
    assert (told["many"]["runs"], told["same_tenant"]["runs"]) == (4, 3)
    assert set(told["many"]["processor_seconds"]) == {"worker", "microsoft", "postgresql"}


def test_waiting_sign_ins_are_polled_in_time_and_open_pages_see_what_happens():
    """The bench itself fails when one was polled too early or never, or a page did not see the end."""
    told = bench("waiting", "--few", "30", "--seconds", "3", "--interval", "1", "--alone")
    assert told["gangway"]["waiting"] == 30
    assert told["gangway"]["polls"] > 0
    assert told["pages"]["saw_it"] == told["pages"]["open"] == 3


def test_a_fleet_is_checked_with_the_same_requests_as_by_aiohttp_alone():
    """A client ends with an error when what it read isn't what the profile wants."""
    told = bench("fleet", "--few", "64", "--alone")
    assert told["ours"]["checks"] == told["aiohttp"]["checks"] == 64


def test_who_has_not_installed_the_others_is_told_how(tmp_path):
    """Never a silent skip."""
    alone = tmp_path / "bench"
    alone.mkdir()
    for script in ("registration.py", "stage.py"):
        (alone / script).write_text((ROOT / "bench" / script).read_text("utf-8"), "utf-8")
    done = subprocess.run([sys.executable, alone / "registration.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "bin/bench" in done.stderr
