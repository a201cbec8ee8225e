"""The tracked files: nothing of the machine they were written on, shell that any sh reads, no unfinished marks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = [*sorted((ROOT / "bin").iterdir()), ROOT / ".ci" / "run"]
# Written so that this file doesn't find itself.
MACHINE = re.compile(rb"(?:^|[^A-Za-z0-9_.])/(?:w[o]rk|f[a]rm|r[o]ot|h[o]me/[a-z])/|/t[m]p/[b]ash_", re.MULTILINE)
UNFINISHED = re.compile(rb"T[O]DO|F[I]XME|X[X]X\b|Not[I]mplementedError|mark\.(?:sk[i]p|xf[a]il)|pytest\.sk[i]p")


def tracked() -> list[Path]:
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    files = [ROOT / os.fsdecode(name) for name in names if name]
    assert files
    return [file for file in files if file.is_file()]


def test_no_tracked_file_names_a_path_of_a_machine():
    """What is committed works wherever it is put."""
    assert [str(file.relative_to(ROOT)) for file in tracked() if MACHINE.search(file.read_bytes())] == []


def test_nothing_is_unfinished():
    """No marks for later, no tests that are passed over."""
    code = [file for file in tracked() if file.suffix in {".py", ".html", ".sh", ".css"}]
    assert [str(file.relative_to(ROOT)) for file in code if UNFINISHED.search(file.read_bytes())] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_scripts_are_plain_shell(script):
    """Parsed by dash where it is, else by sh; none of the words that only larger shells know."""
    shell = shutil.which("dash") or shutil.which("sh")
    done = subprocess.run([shell, "-n", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    text = script.read_text("utf-8")
    assert re.findall(r"\[\[|^\s*(?:function|local|declare|source) |<<<|&>|=~", text, re.MULTILINE) == []


def test_scripts_can_be_run():
    """All but the one that is only read by the others."""
    assert [script.name for script in SCRIPTS if not os.access(script, os.X_OK)] == ["environment.sh"]
