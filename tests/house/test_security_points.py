"""The table of security points: each of the 68 has a row, and each row a test that exists or a stated reason."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
POINTS = 68
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def table() -> list[tuple[int, str, str]]:
    """Number, what holds, and by what."""
    text = (ROOT / "docs" / "security.md").read_text("utf-8").partition("## The 68 points")[2].partition("\n## ")[0]
    return [(int(number), what.strip(), by.strip()) for number, what, by in ROW.findall(text)]


def test_every_point_has_its_test_or_its_reason():
    rows = table()
    assert [number for number, _what, _by in rows] == list(range(1, POINTS + 1))
    known = set()
    for file in (ROOT / "tests").rglob("*.py"):
        known.update(re.findall(r"^\s*(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE))
    wrong = {}
    for number, _what, by in rows:
        named, excepted = set(re.findall(r"`(test_\w+)`", by)), re.search(r"\*exception: \S.{14,}", by)
        if named - known or not (named or excepted):
            wrong[number] = sorted(named - known) or "neither a test nor a reason"
    assert wrong == {}
