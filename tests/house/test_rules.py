"""Rules and types: the whole project passes ruff with all rules on, and mypy strictly."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", tool, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_ruff_finds_nothing():
    """All rules that are not excepted, over every Python file."""
    done = run("ruff", "check", "--output-format", "concise", ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_finds_nothing():
    """Strict types in the product, the emulator and the mail catcher."""
    done = run("mypy")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_room_says_at_its_door_what_it_is():
    """Who opens a room reads there what it holds, before any of its files."""
    doors = sorted((ROOT / "src" / "gangway").glob("*/__init__.py"))
    silent = [door.parent.name for door in doors if not ast.get_docstring(ast.parse(door.read_text("utf-8")))]
    assert (len(doors) > 15, silent) == (True, [])


def test_all_rules_are_on_and_each_exception_says_why():
    """Ruff begins with everything; a line that takes a rule away carries its reason."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert tomllib.loads(text)["tool"]["ruff"]["lint"]["select"] == ["ALL"]
    block = text.partition("[tool.ruff.lint]")[2].partition("[tool.ruff.lint.flake8-self]")[0]
    silent = [line for line in block.splitlines() if line.startswith('    "') and "  # " not in line]
    assert silent == []
