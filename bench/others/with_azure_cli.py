"""azure-cli, unmodified, used as its documentation shows: one command after the other, `az rest` where it has none.

Signing in comes first and isn't counted, as Gangway has its person's token when *Start Provisioning* is pressed.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from talk import Watch, graph_app, ready, say, told

az = Path(sys.executable).parent / "az"
graph = f"{told['graph_url']}/v1.0"


def run(home, *words):
    """One command; what it printed, as JSON."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": home,
        "AZURE_CONFIG_DIR": f"{home}/azure",
        "REQUESTS_CA_BUNDLE": told["ca_file"],
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
        "AZURE_CORE_ONLY_SHOW_ERRORS": "yes",
    }
    done = subprocess.run(
        [az, *words, "--output", "json"], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"az {' '.join(words[:4])}: {done.stderr[-2000:]}")
    return json.loads(done.stdout) if done.stdout.strip() else None


def prepare(home) -> None:
    """Point it at the emulator and sign in."""
    url = told["login_url"]
    names = ("active-directory-graph-resource-id", "active-directory-resource-id", "management", "resource-manager")
    addresses = [word for name in names for word in (f"--endpoint-{name}", f"{url}/")]
    addresses += ["--endpoint-microsoft-graph-resource-id", f"{told['graph_url']}/"]
    register = ["cloud", "register", "--name", "emulated", "--skip-endpoint-discovery"]
    run(home, *register, "--endpoint-active-directory", url, *addresses)
    run(home, "cloud", "set", "--name", "emulated")
    run(home, "config", "set", "core.instance_discovery=false")
    sign_in(home, told["client"], told["secret"])


def sign_in(home, client, secret) -> None:
    who = ["--username", client, "--password", secret, "--tenant", told["tenant"]]
    run(home, "login", "--service-principal", *who, "--allow-no-subscriptions")


def rest(home, method, path, body=None):
    words = ["rest", "--method", method, "--url", graph + path, "--resource", f"{told['graph_url']}/"]
    return run(home, *words, *(["--body", json.dumps(body)] if body else []))


def make(home):
    """Application, principal, consents, roles, secret."""
    app_id = run(home, "ad", "app", "create", "--display-name", told["name"])["appId"]
    roles = [f"{role}=Role" for role in told["permissions"].values()]
    run(home, "ad", "app", "permission", "add", "--id", app_id, "--api", graph_app, "--api-permissions", *roles)
    principal = run(home, "ad", "sp", "create", "--id", app_id)["id"]
    resource = run(home, "ad", "sp", "show", "--id", graph_app)["id"]
    for role in told["permissions"].values():  # `az ad app permission admin-consent` asks a portal's own service
        body = {"principalId": principal, "resourceId": resource, "appRoleId": role}
        rest(home, "post", f"/servicePrincipals/{principal}/appRoleAssignments", body)
    for role in told["roles"].values():
        body = {"principalId": principal, "roleDefinitionId": role, "directoryScopeId": "/"}
        rest(home, "post", "/roleManagement/directory/roleAssignments", body)
    secret = run(home, "ad", "app", "credential", "reset", "--id", app_id, "--display-name", told["name"])["password"]
    return app_id, principal, secret


def read_back(home, app_id, principal):
    """Whether all of it is there."""
    application = run(home, "ad", "app", "show", "--id", app_id)
    there = run(home, "ad", "sp", "show", "--id", app_id)
    grants = rest(home, "get", f"/servicePrincipals/{principal}/appRoleAssignments")["value"]
    query = f"?$filter=principalId eq '{principal}'"
    roles = rest(home, "get", f"/roleManagement/directory/roleAssignments{query}")["value"]
    return (
        len(application["passwordCredentials"]) == 1
        and there["appId"] == app_id
        and len(grants) == len(told["permissions"])
        and len(roles) == len(told["roles"])
    )


def own_call(home, app_id, secret):
    """Sign in as the new registration and read the organization's name."""
    sign_in(home, app_id, secret)
    return rest(home, "get", "/organization")["value"][0]["id"] == told["tenant"]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-az-") as home:
        prepare(home)
        ready()
        watch = Watch()
        app_id, principal, secret = make(home)
        whole = read_back(home, app_id, principal)
        proved = own_call(home, app_id, secret)
        say({"seconds": watch.seconds(), "proved": whole and proved})


main()
