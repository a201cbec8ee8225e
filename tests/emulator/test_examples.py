"""The examples of docs/emulator.md are these files, and they run."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.emulator.conftest import grace, running
from tests.emulator.test_judges_clients import python

root = Path(__file__).parents[2]
examples = root / "emulator" / "examples"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def court(tmp_path_factory):
    with running(tmp_path_factory.mktemp("examples"), "--device-interval", "1") as emulator:
        yield emulator


def trusting(emulator):
    trust = dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), emulator.ca_file)
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **trust}


def test_msal_signs_somebody_in(court):
    command = [python, "-W", "ignore", examples / "msal_device_code.py", court.url]
    with subprocess.Popen(command, env=trusting(court), stdout=subprocess.PIPE, text=True) as example:
        words = example.stdout.readline().split()
        court.grant({"verification_uri": words[words.index("page") + 1], "user_code": words[words.index("code") + 1]})
        assert example.stdout.read() == f"Signed in: {grace[0]}\n"


def test_msgraph_sdk_registers_and_deletes(court):
    command = [python, "-W", "ignore", examples / "graph_sdk.py", court.url, court.ca_file]
    done = subprocess.run(command, env=trusting(court), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0].startswith("Registered Made by an example with a secret that begins with ")
    assert done.stdout.splitlines()[1] == "Deleted it again"


def test_every_example_stands_in_the_page_for_strangers():
    page = (root / "docs" / "emulator.md").read_text("utf-8")
    assert [path.name for path in examples.iterdir() if f"emulator/examples/{path.name}" not in page] == []
