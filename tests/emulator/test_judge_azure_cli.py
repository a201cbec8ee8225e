"""azure-cli, unmodified, judges the emulator. Optional, because it is large: collected only when asked for.

EMULATOR_TEST_AZURE_CLI=/path/to/az bin/test tests/emulator/test_judge_azure_cli.py
"""

import json
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


def test_registrations_and_groups_as_the_command_line_does_them(cloud, environment, tmp_path):
    """``az ad`` after the person's sign-in above: credentials, certificates, permissions, owners, groups."""
    graph, user_read = "00000003-0000-0000-c000-000000000000", "e1fe6dd8-ba31-4d61-89e7-88639da4683d=Scope"
    test_person_signs_in_with_a_device_code(cloud, environment)
    trust = {"name": "from-git", "issuer": "https://issuer.example", "subject": "main"}
    described = tmp_path / "trust.json"
    described.write_text(json.dumps({**trust, "audiences": ["api://AzureADTokenExchange"]}))
    morgan = run(environment, "ad", "user", "show", "--id", "morgan.member@contoso.com", "--query", "id")
    one = run(environment, "ad", "app", "create", "--display-name", "Walk", "--query", "appId")
    run(environment, "ad", "app", "credential", "reset", "--id", one, "--append", "--display-name", "second")
    run(environment, "ad", "app", "credential", "reset", "--id", one, "--append", "--create-cert")
    assert run(environment, "ad", "app", "credential", "list", "--id", one, "--cert", "--query", "length(@)") == "1"
    run(environment, "ad", "sp", "create", "--id", one)
    run(environment, "ad", "app", "permission", "add", "--id", one, "--api", graph, "--api-permissions", user_read)
    run(environment, "ad", "app", "permission", "grant", "--id", one, "--api", graph, "--scope", "User.Read")
    granted = ("ad", "app", "permission", "list-grants", "--id", one, "--query", "[0].scope")
    assert run(environment, *granted) == "User.Read"
    run(environment, "ad", "app", "owner", "add", "--id", one, "--owner-object-id", morgan)
    assert run(environment, "ad", "app", "owner", "list", "--id", one, "--query", "[0].id") == morgan
    credential = ("ad", "app", "federated-credential")
    run(environment, *credential, "create", "--id", one, "--parameters", str(described))
    run(environment, *credential, "delete", "--id", one, "--federated-credential-id", "from-git")
    run(environment, "ad", "sp", "create-for-rbac", "--name", "Robot", "--create-cert")
    run(environment, "ad", "group", "create", "--display-name", "Walkers", "--mail-nickname", "walkers")
    run(environment, "ad", "group", "member", "add", "--group", "Walkers", "--member-id", morgan)
    inside = ("ad", "group", "member", "check", "--group", "Walkers", "--member-id", morgan, "--query", "value")
    assert run(environment, *inside) == "true"
    run(environment, "ad", "group", "owner", "add", "--group", "Walkers", "--owner-object-id", morgan)
    assert run(environment, "ad", "group", "owner", "list", "--group", "Walkers", "--query", "[0].id") == morgan
    run(environment, "ad", "app", "delete", "--id", one)
