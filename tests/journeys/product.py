"""The whole product as production runs it, each part a process of its own: database, worker, web, and their neighbours.

The demo's own supervisor starts the parts; here they can also be killed, stopped and started again, one by one.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import requests

from gangway.cli.demo.cast import PROVIDER, WALKER_EMAIL
from gangway.cli.demo.folder import DemoFolder
from gangway.cli.demo.plot import SignIn
from gangway.cli.demo.processes import Child, family
from gangway.cli.demo.proof import Witness
from gangway.cli.demo.supervisor import Supervisor
from gangway.config.database.server import Embedded, supervised
from gangway.provisioning.states import NEIGHBOURS
from tests import migrated
from tests.journeys.microsoft import Microsoft
from tests.journeys.waiting import eventually

PARTS = ("web", "emulator", "portal", "inbox", "smtp")


class Product:
    """Everything runs. ``microsoft`` is the emulated cloud as tests see it."""

    def __init__(self, supervisor: Supervisor, database: Embedded) -> None:
        self.supervisor, self.database = supervisor, database
        self.web = supervisor.web
        self.home = supervisor.folder.home
        self.starts = 0
        self.announcement = supervisor.start_microsoft()
        self.inbox = supervisor.start_mail()["web"]
        self.operator: SignIn = supervisor.prepare(self.announcement)
        self.second_operator: SignIn = supervisor.folder.sign_in(WALKER_EMAIL)
        self.worker: Child = supervisor.start_worker(self.announcement)
        supervisor.start_web(self.announcement)

    @property
    def microsoft(self) -> Microsoft:
        """The emulated cloud as it runs now; its control door has a new token after each start."""
        return Microsoft(self.announcement)

    @property
    def witness(self) -> Witness:
        return Witness(self.announcement)

    @property
    def logs(self) -> list[Path]:
        """What every process has said so far, also those that have ended."""
        return sorted(self.supervisor.parts.logs.glob("*.log"))

    def kill_worker(self) -> None:
        """As a machine dies: no chance to clean up."""
        self.worker.process.kill()
        self.worker.process.wait()

    def start_worker(self, **settings: str) -> None:
        """Start another one, perhaps with other settings; returns when it has begun to work."""
        known = self.newest_worker()
        self.worker = self.supervisor.start_worker(self.announcement, name=self._again("worker"), **settings)
        eventually(lambda: self.newest_worker() > known, "the worker's start")

    def newest_worker(self) -> int:
        """The number of the worker that has started last, as the queue knows it."""
        with psycopg.connect(**self.database.superuser.psycopg()) as connection:
            row = connection.execute("SELECT coalesce(max(id), 0) FROM procrastinate_workers").fetchone()
        return int(row[0]) if row else 0

    def runs_with_a_sign_in(self) -> dict[str, str]:
        """Runs that may still need the sign-in application, for which the engine keeps it: their names and states."""
        query = """
            SELECT registration.display_name, run.state FROM provisioning_run AS run
            JOIN provisioning_registration AS registration ON registration.id = run.registration_id
            WHERE run.sign_in_client_id <> '' AND run.state = ANY(%s) ORDER BY run.created_at
        """
        with psycopg.connect(**self.database.superuser.psycopg()) as connection:
            rows = connection.execute(query, [[state.value for state in NEIGHBOURS]]).fetchall()
        return dict(rows)

    def stop(self, name: str) -> None:
        """Stop a neighbour: ``mail`` or ``microsoft``."""
        children = self.supervisor.parts.children
        child = next(child for child in reversed(children) if child.name.split()[0] == name)
        children.remove(child)
        child.stop()

    def start_mail(self) -> None:
        self.supervisor.start_mail(name=self._again("mail"))

    def start_microsoft(self) -> None:
        self.announcement = self.supervisor.start_microsoft(name=self._again("microsoft"))

    def add_operator(self, name: str, email: str, password: str, *, provider: str = PROVIDER) -> SignIn:
        """A further operator of the provider, or of the system, made as an installation's own people make one."""
        words = ["create-admin", "--email", email, "--name", name, "--password-stdin", "--totp"]
        words += ["--provider", provider] if provider else []
        command, settings = self.supervisor._gangway(*words), self.supervisor._settings("owner", self.announcement)
        said = self.supervisor._run("create-admin", command, settings, given=f"{password}\n")
        key = next(line.rpartition(": ")[2] for line in said.splitlines() if line.startswith("Key "))
        return SignIn(email, password, key)

    def database_passwords(self) -> list[str]:
        """Of every role."""
        roles = ("superuser", "owner", "web", "worker")
        return [getattr(self.database, role).password.reveal() for role in roles]

    def mails(self, to: str, *, after: int = 0) -> list[dict[str, Any]]:
        """What the mail catcher has received for somebody, oldest first."""
        with requests.Session() as session:
            session.trust_env = False
            query: dict[str, Any] = {"to": to, "after": after}
            answer = session.get(f"{self.inbox}/api/messages", params=query, timeout=10)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["messages"]
        return found

    def _again(self, name: str) -> str:
        self.starts += 1
        return f"{name} again {self.starts}"


@contextmanager
def running(folder: Path) -> Iterator[Product]:
    """Start everything in an empty folder, on free ports of this machine only; end everything with the block."""
    with ExitStack() as stack:
        home = DemoFolder.under(folder)
        stack.enter_context(home.taken())
        migrated.lay(folder)
        database = stack.enter_context(supervised(folder, durable=False))
        parts = stack.enter_context(family(home.home / "logs"))
        product = Product(Supervisor(home, home.ports(free_ports()), parts, database), database)
        parts.check()
        yield product


def free_ports() -> dict[str, int]:
    """A free port for each part, all different."""
    with ExitStack() as stack:
        doors = {part: stack.enter_context(socket.create_server(("127.0.0.1", 0))) for part in PARTS}
        return {part: int(door.getsockname()[1]) for part, door in doors.items()}


def command_lines(product: Product) -> bytes:
    """What every process was told on its command line, which anybody on the machine may read."""
    children = [child.process for child in product.supervisor.parts.children]
    pids = [process.pid for process in children if process.poll() is None]
    assert pids
    return b"\n".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids)
