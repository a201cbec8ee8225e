"""The five pages that people follow: each numbered step has its line in a script and its place in a table."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "tests" / "journeys" / "seeds"
TABLE = ROOT / "docs" / "journeys.md"


def numbers(*parts: int | str) -> list[str]:
    return [str(part) for part in parts]


STEPS = {
    "000": numbers(*range(1, 34), *(f"33{letter}" for letter in "abcde"), 34, 35),
    "001": numbers(*range(1, 22)),
    "002": numbers(*range(1, 21)),
    "003": numbers(1, 2, *range(4, 16), *range(18, 22)),
    "004": numbers(*range(1, 14)),
}
"""By page, what is numbered there. Page 003 leaves out 3, 16 and 17 by itself."""


def lines_of(script: Path) -> list[str]:
    """The first words of every ``step("…")``, in the order of the file; each must hold something that is done."""
    tree = ast.parse(script.read_text("utf-8"))
    blocks = sorted((node for node in ast.walk(tree) if isinstance(node, ast.With)), key=lambda node: node.lineno)
    calls = [(item.context_expr, node.body) for node in blocks for item in node.items]
    said = []
    for call, body in calls:
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "step":
            assert not all(isinstance(line, ast.Pass) for line in body)
            said.append(str(ast.literal_eval(call.args[0])))
    return said


@pytest.mark.parametrize("page", STEPS)
def test_every_numbered_step_of_a_page_has_its_line_in_order(page):
    (script,) = SCRIPTS.glob(f"test_seed_{page}_*.py")
    assert [words.split(".")[0] for words in lines_of(script)] == STEPS[page]


@pytest.mark.parametrize("page", STEPS)
def test_every_numbered_step_has_its_place_in_the_table(page):
    rows = re.findall(rf"^\| {page} \| ([^|]+) \|", TABLE.read_text("utf-8"), re.MULTILINE)
    assert [number for row in rows for number in spread(row)] == STEPS[page]


def spread(row: str) -> list[str]:
    """The numbers that a row stands for: 1, 4 to 6, or 33 with 33a to 33e."""
    found: list[str] = []
    for part in row.split(","):
        first, _, last = part.strip().partition(" to ")
        if last and first[-1].isalpha():
            found += [f"{first[:-1]}{chr(code)}" for code in range(ord(first[-1]), ord(last[-1]) + 1)]
        elif last:
            found += numbers(*range(int(first), int(last) + 1))
        else:
            found.append(first)
    return found


def test_papers_that_scripts_point_to_exist():
    """Where something is different here, a script says where it is explained."""
    for script in SCRIPTS.glob("*.py"):
        for paper in re.findall(r"docs/[\w/-]+\.md", script.read_text("utf-8")):
            assert (ROOT / paper).is_file(), (script.name, paper)
