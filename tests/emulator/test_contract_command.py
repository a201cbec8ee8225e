"""The command for an engineer's own tenant, proved on the emulator: it asks, reports, refuses, and leaves nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from m365_emulator.contract.cases import cases
from tests.emulator.conftest import contoso, daemon_app, daemon_secret

parity = Path(__file__).parents[2] / "docs" / "parity.md"


def contract(emulator, *more, secret=daemon_secret, confirm=contoso):
    words = ["--tenant", contoso, "--client-id", daemon_app, "--login-url", emulator.url, "--graph-url", emulator.url]
    words += ["--ca-file", emulator.ca_file, "--confirm", confirm, *more]
    return subprocess.run(
        [sys.executable, "-m", "m365_emulator", "contract", *words],
        env={**os.environ, "M365_CONTRACT_SECRET": secret},
        capture_output=True,
        text=True,
        check=False,
    )


def left(emulator):
    """Names of what the command made and forgot, live or deleted."""
    tenants = emulator.control("GET", "state")["tenants"]
    tenant = next(row for row in tenants if row["id"] == contoso)
    rows = [*tenant["objects"].values(), *tenant["deleted"].values()]
    return [row["body"]["displayName"] for row in rows if "m365-contract" in str(row["body"].get("displayName"))]


def test_every_assumption_holds_here_and_nothing_is_left(emulator):
    done = contract(emulator)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"{len(cases)} held, 0 differ, 0 could not be asked")
    assert left(emulator) == []


def test_what_differs_is_told_with_what_was_seen(emulator):
    odd = {"match": {"path": "/v1.0/noSuchThing"}, "effect": {"status": 400, "code": "BadRequest"}}
    emulator.control("PUT", "faults/odd", json=odd)
    done = contract(emulator)
    assert done.returncode == 0
    assert re.search(r"^differs .*Unknown path.*: seen 400 BadRequest$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("cut", ["before", "after"])
def test_it_cleans_up_after_a_failure(emulator, cut):
    lost = {"match": {"method": "POST", "path": "/v1.0/directory/deletedItems/*"}, "effect": {"cut": cut, "status": 0}}
    emulator.control("PUT", "faults/lost", json={**lost, "match": {**lost["match"], "times": 6}})
    done = contract(emulator, "--impatient")
    assert done.returncode == 1
    assert "not asked  Restoring" in done.stdout
    assert left(emulator) == []


def test_it_does_nothing_without_being_told_twice(emulator):
    done = contract(emulator, confirm="")
    assert (done.returncode, f"--confirm {contoso}" in done.stdout) == (2, True)
    assert emulator.control("GET", "log/summary")["requests"] == 0


def test_it_wants_a_tenant():
    command = [sys.executable, "-m", "m365_emulator", "contract", "--client-id", daemon_app]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "--tenant" in done.stderr) == (2, True)


def test_tenant_that_does_not_let_it_in(emulator):
    done = contract(emulator, secret="wrong")
    assert (done.returncode, "AADSTS7000215" in done.stdout) == (2, True)


def test_each_case_is_an_assumption_of_the_page():
    text = parity.read_text("utf-8")
    assert [case.row for case in cases if f"| {case.row} | assumed |" not in text] == []
