"""What is shipped: the product and nothing that only pretends, with a list of its parts."""

from __future__ import annotations

import subprocess
import sys
import zipfile

import pytest

from tests.house.parts_list import LOCK, ROOT, bill

PRETENDERS = ("m365_emulator", "mail_catcher", "tests", "bench", "conftest")


def test_every_locked_part_stands_in_the_list_with_its_hashes():
    listed = bill()["components"]
    locked = [line.split("==")[0].split("[")[0] for line in LOCK.read_text("utf-8").splitlines() if "==" in line]
    assert [part["name"] for part in listed] == [name.lower() for name in locked]
    assert all(part["hashes"] and part["version"] in part["purl"] for part in listed)
    assert {"django", "cryptography", "psycopg"} <= {part["name"] for part in listed}


@pytest.mark.slow
def test_the_wheel_holds_the_product_and_no_emulator_no_test_no_secret(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        names = content.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"gangway"}
    assert not [name for name in names if any(each in name.split("/") for each in PRETENDERS)]
    assert not [name for name in names if name.endswith((".pem", ".private", ".key", ".env", ".sqlite3"))]
