"""The entrances on the machine of a stranger: how they make environments, and what they say when they can't."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("cat", "cksum", "dirname", "env", "mkdir", "mv", "rm", "sed", "sh")
MAKE = ". bin/environment.sh; environment judges"


@pytest.fixture
def house(tmp_path):
    """A copy of the entrances in a folder with a blank, with locks that name nothing, so that no network is needed."""
    house = tmp_path / "a house"
    for name in ("bin", "locks", "emulator", "mailcatcher"):
        (house / name).mkdir(parents=True)
    for script in (ROOT / "bin").iterdir():
        shutil.copy(script, house / "bin")
    for project in (".", "emulator", "mailcatcher"):
        shutil.copy(ROOT / project / "pyproject.toml", house / project)
    for lock in ("judges", "test"):
        (house / "locks" / f"{lock}.txt").write_text("# nothing\n", encoding="utf-8")
    return house


@pytest.fixture
def path(tmp_path):
    """A PATH with the few tools of any Unix and this Python; nothing else, no uv, no browser."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(shutil.which(tool))
    (folder / "python3").symlink_to(sys._base_executable)
    pretend(folder, "id", "echo 1000")
    return folder


def pretend(folder, name: str, body: str) -> None:
    script = folder / name
    script.unlink(missing_ok=True)
    script.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    script.chmod(0o755)


def sh(house, path, script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["/bin/sh", "-euc", script, "sh", *arguments]
    settings = {"PATH": str(path), "HOME": str(house), **environment}
    return subprocess.run(command, cwd=house, env=settings, capture_output=True, text=True, check=False)


def test_an_environment_is_made_once(house, path):
    """The second time nothing is done."""
    first, second = sh(house, path, MAKE), sh(house, path, MAKE)
    assert first.returncode == second.returncode == 0, first.stderr
    assert "Making" in first.stderr
    assert second.stderr == ""
    assert (house / ".venvs" / "judges" / "bin" / "python").exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda house: (house / ".venvs/judges/made-from").unlink(),
        lambda house: (house / ".venvs/judges/bin/python").unlink(),
        lambda house: (house / "locks/judges.txt").write_text("# changed\n", encoding="utf-8"),
        lambda house: (house / ".venvs/judges/made-from").write_text("another folder's\n", encoding="utf-8"),
    ],
    ids=["interrupted", "broken", "lock changed", "made elsewhere"],
)
def test_an_environment_that_does_not_fit_is_made_again(house, path, spoil):
    sh(house, path, MAKE)
    spoil(house)
    again = sh(house, path, MAKE)
    assert again.returncode == 0, again.stderr
    assert "Making" in again.stderr


def test_of_two_who_need_one_environment_at_once_one_makes_it_and_the_other_waits(house, path):
    """And the lock ends with its making: the third goes on at once."""
    command = ["/bin/sh", "-euc", MAKE]
    settings = {"cwd": house, "env": {"PATH": str(path), "HOME": str(house)}, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(command, **settings) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert "".join(said).count("Making") == 1
    assert sh(house, path, MAKE).stderr == ""


def test_what_a_person_has_set_does_not_leak_in(house, path):
    """Neither Python's ways nor settings of a Gangway that is in use; what is meant for the tests stays."""
    said = sh(
        house,
        path,
        ". bin/environment.sh; env",
        PYTHONPATH="/elsewhere",
        PIP_TARGET="/elsewhere",
        DATABASE_URL="postgresql://in-use",
        GANGWAY_SECRET_KEY="in use",
        GANGWAY_TEST_DATABASE_URL="for tests",
        PIP_REQUIRE_VIRTUALENV="1",
        PIP_INDEX_URL="of the company",
    )
    variables = dict(line.split("=", 1) for line in said.stdout.splitlines() if "=" in line)
    assert not {"PYTHONPATH", "PIP_TARGET", "DATABASE_URL", "GANGWAY_SECRET_KEY"} & set(variables)
    assert variables["GANGWAY_TEST_DATABASE_URL"] == "for tests"
    assert variables["PIP_REQUIRE_VIRTUALENV"] == "0"
    assert variables["PIP_INDEX_URL"] == "of the company"


def test_too_old_a_python_is_told(house, path):
    """In one sentence, with what to type."""
    pretend(path, "python3", "exit 1")
    said = sh(house, path, MAKE)
    assert said.returncode == 1
    assert "Gangway needs Python 3.11 or newer" in said.stderr
    assert "apt-get install python3 python3-pip" in said.stderr


def test_a_newer_python_beside_an_old_one_is_found(house, path):
    (path / "python3.12").symlink_to(sys._base_executable)
    pretend(path, "python3", "exit 1")
    assert sh(house, path, MAKE).returncode == 0


def test_a_missing_browser_is_told_with_the_line_to_type(house, path):
    """By somebody who may not install it: bin/test stops before it runs anything."""
    made = 'mkdir -p .venvs; "$python" -m venv --without-pip .venvs/test; fingerprint locks/test.txt "$python"'
    script = f". bin/environment.sh; python=$(find_python); {made} > .venvs/made-from; mv .venvs/made-from .venvs/test"
    assert sh(house, path, script).returncode == 0
    said = sh(house, path, 'exec sh bin/test "$@"', "-x")
    assert said.returncode == 1
    assert said.stderr.splitlines()[-1].endswith("Type: sudo apt-get install chromium-headless-shell")


def test_the_build_runs_everything():
    """The build calls bin/test and nothing less."""
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert lines[-1].startswith("exec bin/test ")
    assert "quick" not in lines[-1]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
