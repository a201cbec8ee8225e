"""What the benches play on: the demo's parts (PostgreSQL, emulated Microsoft, worker, pages), with more tenants."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import requests

from gangway.cli.demo.browser import Tab
from gangway.cli.demo.cast import WALKER_EMAIL
from gangway.cli.demo.folder import LOOPBACK, DemoFolder
from gangway.cli.demo.processes import environment, family, program
from gangway.cli.demo.proof import Witness
from gangway.cli.demo.supervisor import Supervisor
from gangway.config.database.folder import DatabaseFolder
from gangway.config.database.server import supervised
from gangway.config.database.user import own_user, running_as_root
from m365_emulator import seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gangway.cli.demo.plot import SignIn
    from gangway.cli.demo.processes import Child, Family

CONTOSO = "c0475050-0000-4000-8000-000000000001"
SIGN_IN = "5a4db0c1-0000-4000-8000-000000000001"
PASSWORD = "Bench-Ada-1"  # noqa: S105 somebody who doesn't exist
DAEMON = {
    "name": "bench-daemon",
    "displayName": "Bench daemon",
    "appId": "be4c0000-0000-4000-8000-000000000001",
    "application": [
        "Application.ReadWrite.All",
        "AppRoleAssignment.ReadWrite.All",
        "Organization.Read.All",
        "RoleManagement.ReadWrite.Directory",
    ],
    "granted": True,
    "secret": "Be48Q~bench-daemon-secret-00000000000001",
}
"""What the others sign in as; it may make a whole registration."""


def tenant_of(number: int) -> str:
    """The id of the n-th additional tenant."""
    return f"be4c7e4a-0000-4000-8000-{number:012x}"


def person_of(number: int) -> str:
    """Its Global Administrator."""
    return f"ada@bench{number}.example"


def script(tenants: int) -> dict[str, Any]:
    """The default seed, the others' daemon in Contoso, and so many small tenants."""
    told: dict[str, Any] = copy.deepcopy(seed.read(None))
    next(row for row in told["tenants"] if row["id"] == CONTOSO)["applications"].append(DAEMON)
    for number in range(tenants):
        person = {"upn": person_of(number), "displayName": "Ada Admin", "password": PASSWORD}
        told["tenants"].append(
            {
                "id": tenant_of(number),
                "displayName": f"Bench {number}",
                "domains": [f"bench{number}.onmicrosoft.com", f"bench{number}.example"],
                "people": [{**person, "roles": ["Global Administrator"]}],
            }
        )
    return told


class Director(Supervisor):
    """Starts the demo's parts, its Microsoft with our seed."""

    tenants = 0
    device_interval = 1

    def start_microsoft(self, latency_ms: int = 0, *, name: str = "microsoft") -> dict[str, Any]:
        """The emulated Microsoft; returns what it announces."""
        home, ports = self.folder.home, self.ports
        (home / "seed.json").write_text(json.dumps(script(self.tenants)))
        emulator = [program("m365-emulator"), "serve", "--host", LOOPBACK, "--port", str(ports["emulator"])]
        emulator += ["--http-port", str(ports["portal"]), "--tls-dir", str(home / "tls")]
        emulator += ["--device-interval", str(self.device_interval)]
        emulator += ["--seed", str(home / "seed.json"), "--latency-ms", str(latency_ms)]
        return self.parts.start(name, emulator, environment=environment(), announces=True).announcement()

    def settings(self, role: str, microsoft: dict[str, Any]) -> dict[str, str]:
        """The environment of a process of that role."""
        return self._settings(role, microsoft)


@dataclass(frozen=True)
class Stage:
    """Everything runs."""

    director: Director
    microsoft: dict[str, Any]
    inbox: str
    walker: SignIn
    parts: Family

    @property
    def witness(self) -> Witness:
        return Witness(self.microsoft)

    def log(self, name: str) -> str:
        """What a part has said so far."""
        return (self.director.folder.home / "logs" / f"{name}.log").read_text("utf-8")

    def megabytes(self, name: str) -> float:
        """The most that a part has ever had in memory."""
        status = Path(f"/proc/{self.child(name).process.pid}/status").read_text("utf-8")
        return round(int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024, 1)  # type: ignore[index]

    def child(self, name: str) -> Child:
        """A part that runs."""
        return next(child for child in self.parts.children if child.name == name)

    def busy(self) -> dict[str, float]:
        """Seconds of processor time that each kind of part has used."""
        used: dict[str, float] = {}
        for child in self.parts.children:
            kind = child.name.split()[0]
            if child.process.poll() is None:
                used[kind] = used.get(kind, 0.0) + _seconds(psutil.Process(child.process.pid))
        ours = psutil.Process().children(recursive=True)
        used["postgresql"] = sum(_seconds(process) for process in ours if process.name() == "postgres")
        return used


def _seconds(process: psutil.Process) -> float:
    try:
        used = process.cpu_times()
    except psutil.Error:
        return 0.0
    return used.user + used.system + used.children_user + used.children_system


def _lay(data_dir: Path) -> None:
    """Begin with a migrated database's files, where the environment names some, as the tests do."""
    if files := os.environ.get("BENCH_DATABASE"):
        home = DatabaseFolder.under(data_dir, own_user(0) if running_as_root() else None).home
        subprocess.run(["/bin/cp", "-a", f"{files}/.", str(home)], check=True)


@contextmanager
def on_stage(
    data_dir: Path, *, latency_ms: int, tenants: int = 0, workers: int = 1, device_interval: int = 1
) -> Iterator[Stage]:
    """Start everything, with so many workers, hand it out, end it."""
    folder = DemoFolder.under(data_dir)
    with ExitStack() as stack:
        stack.enter_context(folder.taken())
        _lay(data_dir)
        database = stack.enter_context(supervised(data_dir))
        parts = stack.enter_context(family(folder.home / "logs"))
        director = Director(folder, folder.ports({}), parts, database)
        director.tenants, director.device_interval = tenants, device_interval
        microsoft, mail = director.start_microsoft(latency_ms), director.start_mail()
        director.prepare(microsoft)
        if workers:
            director.start_worker(microsoft)
        for number in range(2, workers + 1):
            director.start_worker(microsoft, name=f"worker {number}")
        director.start_web(microsoft)
        yield Stage(director, microsoft, mail["web"], folder.sign_in(WALKER_EMAIL), parts)


def granted(microsoft: dict[str, Any], number: int) -> str:
    """Sign a tenant's administrator in by device code, as a person does; the delegated token."""
    people = seed.read(None)["tenants"]
    applications = [row for tenant in people for row in tenant.get("applications", [])]
    scopes = next(row for row in applications if row["appId"] == SIGN_IN)["delegated"]
    with requests.Session() as session:
        session.trust_env = False

        def ask(path: str, **form: str) -> dict[str, Any]:
            address = f"{microsoft['login_url']}/{tenant_of(number)}/oauth2/v2.0/{path}"
            answer = session.post(address, data={"client_id": SIGN_IN, **form}, verify=microsoft["ca_file"], timeout=60)
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
            return found

        flow, tab = ask("devicecode", scope=" ".join(scopes)), Tab("an administrator")
        tab.open(flow["verification_uri"])
        tab.press("Next", {"Code": flow["user_code"]})
        tab.press("Next", {"Email": person_of(number)})
        tab.press("Sign in", {"Password": PASSWORD})
        tab.press("Continue")
        if tab.has_button("Accept"):
            tab.press("Accept")
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        return str(ask("token", grant_type=grant, device_code=flow["device_code"])["access_token"])
