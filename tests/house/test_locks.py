"""The lock files: complete, hashed, and free of any address to download from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>\S+)", re.MULTILINE)
LOCKS = sorted((ROOT / "locks").glob("*.txt"))


def pyproject(folder: str = ".") -> dict:
    return tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))


def wanted(*, groups: tuple[str, ...] = (), parts: tuple[str, ...] = ()) -> list[Requirement]:
    """What the lists in the pyproject files ask for."""
    lists = [pyproject()["dependency-groups"][group] for group in groups]
    lists += [pyproject(part)["project"]["dependencies"] for part in parts]
    return [Requirement(line) for lines in lists for line in lines]


def locked(name: str) -> dict[str, Version]:
    text = (ROOT / "locks" / f"{name}.txt").read_text("utf-8")
    return {canonicalize_name(found["name"]): Version(found["version"]) for found in PINNED.finditer(text)}


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("runtime", wanted(groups=("build",), parts=(".",))),
        ("demo", wanted(groups=("build", "demo"), parts=(".", "emulator", "mailcatcher"))),
        ("test", wanted(groups=("build", "demo", "test"), parts=(".", "emulator", "mailcatcher"))),
        ("judges", wanted(groups=("judges",))),
        ("bench", wanted(groups=("bench",))),
        ("attack", wanted(groups=("attack",))),
    ],
)
def test_a_lock_holds_all_that_its_lists_ask_for(lock, requirements):
    """Somebody who adds a package and forgets bin/lock is told here."""
    versions = locked(lock)
    missing = [
        str(requirement)
        for requirement in requirements
        if not requirement.specifier.contains(versions.get(canonicalize_name(requirement.name), Version("0")))
        or canonicalize_name(requirement.name) not in versions
    ]
    assert missing == [], "run bin/lock"


def test_what_is_tested_is_what_runs():
    """The smaller locks are parts of the larger ones, version by version."""
    runtime, demo, test = locked("runtime"), locked("demo"), locked("test")
    assert runtime.items() <= demo.items() <= test.items()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_package_is_pinned_by_hash(lock):
    """Each entry has a version and at least one hash."""
    entries = re.split(r"^(?=\S)", lock.read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert entries
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_names_no_address(lock):
    """Where packages come from is the business of the machine that installs them."""
    addresses = re.compile(r"\S*(?:://|--index|--extra-index|--find-links|--trusted-host| @ )\S*")
    assert addresses.findall(lock.read_text("utf-8")) == []
