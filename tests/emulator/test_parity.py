"""docs/parity.md and docs/emulator.md say what is there: named tests exist, the seed is as described."""

import json
import re
from importlib import resources
from pathlib import Path

from m365_emulator.cli import main

here = Path(__file__).parent
docs = here.parents[1] / "docs"
grades = ("real", "assumed", "absent")


def rows():
    """What, grade, source and test of every row of every table, without heads and rules."""
    lines = (docs / "parity.md").read_text("utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines if line.startswith("| ")]
    return [tuple(row) for row in cells if row[1:2] != ["grade"]]


def test_every_row_has_four_cells_and_a_grade():
    assert [row for row in rows() if len(row) != 4 or row[1] not in grades] == []


def test_every_claim_names_its_source():
    assert [what for what, grade, source, _ in rows() if grade != "absent" and source == "-"] == []


def test_every_row_names_a_test_that_exists():
    """What is absent may be without one; a refusal that proves it is better."""
    named = [
        (what, re.findall(r"`([^`]+)`", test)) for what, grade, _, test in rows() if (grade, test) != ("absent", "-")
    ]
    assert [what for what, tests in named if not tests or not all(_exists(*test.split("::")) for test in tests)] == []


def test_the_described_seed_is_the_seed():
    described = (docs / "emulator.md").read_text("utf-8")
    seed = json.loads((resources.files("m365_emulator") / "seeds" / "default.json").read_text("utf-8"))
    told = [value for tenant in seed["tenants"] for value in _facts(tenant)]
    assert [value for value in told if value not in described] == []


def test_every_option_is_described(capsys):
    try:
        main(["serve", "--help"])
    except SystemExit:
        options = re.findall(r"--[a-z-]+", capsys.readouterr().out)
    described = (docs / "emulator.md").read_text("utf-8")
    assert [option for option in options if option != "--help" and option not in described] == []


def _facts(tenant):
    yield from (tenant["id"], tenant["displayName"], *tenant["domains"])
    for person in tenant.get("people", []):
        yield from (person["upn"], person["password"], *person.get("roles", []))
    for application in tenant.get("applications", []):
        yield from (application["displayName"], application["appId"])


def _exists(file, name=""):
    path = here / file
    return (
        path.exists()
        and re.search(rf"^(async )?def {re.escape(name)}\(", path.read_text("utf-8"), re.MULTILINE) is not None
    )
