"""azure-cli, unmodified, judges the emulator. Optional, because it is large: collected only when asked for.

EMULATOR_TEST_AZURE_CLI=/path/to/az bin/test tests/emulator/test_judge_azure_cli.py
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

from m365_emulator import seed
from m365_emulator.loopback import Loopback
from tests.emulator.browsing import Browser
from tests.emulator.conftest import contoso, grace

az = Path(os.environ.get("EMULATOR_TEST_AZURE_CLI", "az"))
example = Path(__file__).parents[2] / "emulator" / "examples" / "azure_cli.sh"
endpoints = (
    "active-directory-graph-resource-id",
    "active-directory-resource-id",
    "management",
    "resource-manager",
    "microsoft-graph-resource-id",
)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cloud():
    with Loopback(seed.read(None), device_interval=1) as running:
        yield running


@pytest.fixture
def environment(cloud, tmp_path):
    return {
        "PATH": f"{az.parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "AZURE_CONFIG_DIR": str(tmp_path / "azure"),
        "REQUESTS_CA_BUNDLE": cloud.ca_file,
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
    }


def run(environment, *words):
    done = subprocess.run([az, *words, "--output", "tsv"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_example_for_azure_cli(cloud, environment):
    done = subprocess.run(
        ["/bin/sh", example, cloud.url, cloud.ca_file], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-3:] == ["Registered: Made by azure-cli", "Organization: Contoso", "Left: 0"]


def test_person_signs_in_with_a_device_code(cloud, environment):
    addresses = [word for name in endpoints for word in (f"--endpoint-{name}", f"{cloud.url}/")]
    run(environment, "cloud", "register", "--name", "emulated", "--skip-endpoint-discovery",
        "--endpoint-active-directory", cloud.url, *addresses)  # fmt: skip
    run(environment, "cloud", "set", "--name", "emulated")
    run(environment, "config", "set", "core.instance_discovery=false")
    login = [az, "login", "--use-device-code", "--tenant", contoso, "--allow-no-subscriptions"]
    with subprocess.Popen(login, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        code = re.search(r"code ([A-Z0-9]{9})", process.stderr.readline())[1]
        browser = Browser(cloud.ca_file)
        page = browser.press(browser.open(f"{cloud.http_url}/devicelogin"), "Next", otc=code)
        page = browser.press(page, "Next", loginfmt=grace[0])
        browser.press(browser.press(page, "Sign in", passwd=grace[1]), "Continue")
        assert grace[0] in process.stdout.read()
    assert run(environment, "ad", "signed-in-user", "show", "--query", "userPrincipalName") == grace[0]
    assert grace[0] in run(environment, "ad", "user", "list", "--query", "[].userPrincipalName")
    assert run(environment, "rest", "--url", f"{cloud.url}/v1.0/me", "--resource", f"{cloud.url}/", "--query", "mail")
