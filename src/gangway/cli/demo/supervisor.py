"""Starts every part of the demo in the order in which they need each other, and ends them in the reverse one."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gangway.cli.demo.cast import OPERATOR_EMAIL, OPERATORS, PEOPLE_CLIENT_ID, PROVIDER, SERVER, WALKER_EMAIL
from gangway.cli.demo.errors import ChildFailed
from gangway.cli.demo.folder import LOOPBACK, DemoFolder
from gangway.cli.demo.plot import FEATURES
from gangway.cli.demo.processes import Family, environment, family, program, wait_until_listening
from gangway.cli.demo.proof import Witness
from gangway.config.database.server import supervised

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gangway.cli.demo.plot import Setting, SignIn
    from gangway.cli.demo.processes import Child
    from gangway.cli.demo.report import Report
    from gangway.config.database.server import Embedded

SETUP_SECONDS = 180


@dataclass(frozen=True)
class Stage:
    """Everything runs: where it is, how a person signs in as the operator, and how the walk does."""

    web: str
    inbox: str
    microsoft: dict[str, Any]
    operator: SignIn
    walker: SignIn
    witness: Witness
    family: Family
    commands: str
    """How a person begins a line that runs a command of Gangway's with a worker's settings."""


class Supervisor:
    """Holds what the parts need to know of each other while they are started."""

    def __init__(self, folder: DemoFolder, ports: dict[str, int], parts: Family, database: Embedded) -> None:
        self.folder, self.ports, self.parts, self.database = folder, ports, parts, database
        self.web = f"http://localhost:{ports['web']}"

    def start_microsoft(self, latency_ms: int = 0, *, name: str = "microsoft") -> dict[str, Any]:
        """The emulated Microsoft; returns what it announces. ``name`` names its log, for when it starts again."""
        home, ports = self.folder.home, self.ports
        emulator = [program("m365-emulator"), "serve", "--host", LOOPBACK, "--port", str(ports["emulator"])]
        emulator += ["--http-port", str(ports["portal"]), "--tls-dir", str(home / "tls"), "--device-interval", "1"]
        emulator += ["--state", str(home / "microsoft.json"), "--latency-ms", str(latency_ms)]
        return self.parts.start(name, emulator, environment=environment(), announces=True).announcement()

    def start_mail(self, *, name: str = "mail") -> dict[str, Any]:
        """The mail catcher; returns what it announces."""
        catcher = [program("mail-catcher"), "--smtp-port", str(self.ports["smtp"])]
        catcher += ["--http-port", str(self.ports["inbox"]), "--keep-dir", str(self.folder.home / "mail")]
        return self.parts.start(name, catcher, environment=environment(), announces=True).announcement()

    def prepare(self, microsoft: dict[str, Any], *, features: Sequence[str] = ()) -> SignIn:
        """Keys, tables, and the cast; returns how a person signs in as the operator.

        ``features``: what new services begin with.
        """
        if not any((self.folder.home / "keys" / "public").glob("*.public")):
            self._run("keys", self._gangway("keys", "new"), self._settings("worker", microsoft))
        self._run("migrate", self._gangway("migrate"), self._settings("owner", microsoft))
        cast = [sys.executable, "-m", "gangway.cli.demo.cast"]
        given = {
            "passwords": {email: self.folder.password(email) for email in OPERATORS},
            "keys_wanted": [email for email in OPERATORS if not self.folder.has_totp_key(email)],
            "features": list(features),
        }
        said = self._run("cast", cast, self._settings("owner", microsoft), given=json.dumps(given))
        for email, key in json.loads(said).items():
            self.folder.keep_totp_key(email, key)
        return self.folder.sign_in(OPERATOR_EMAIL)

    def start_worker(self, microsoft: dict[str, Any], *, name: str = "worker", **more: str) -> Child:
        """A worker, with the settings of its role; `more` are other settings, by their names without the prefix."""
        given = self._settings("worker", microsoft) | {f"GANGWAY_{key}": value for key, value in more.items()}
        return self.parts.start(name, self._gangway("worker"), environment=given, bears_a_kill=True)

    def start_web(self, microsoft: dict[str, Any]) -> None:
        """The web pages, with the settings of their role; returns when they take connections."""
        given = self._settings("web", microsoft)
        web = self.parts.start("web", self._gangway("web"), environment=given, bears_a_kill=True)
        wait_until_listening(web, self.ports["web"])

    def keep_settings(self, microsoft: dict[str, Any]) -> str:
        """Keep a worker's settings as a file; returns how a line begins that runs a command of Gangway's with them."""
        file = self.folder.keep_settings("worker", self._named("worker", microsoft))
        return f"GANGWAY_SETTINGS_FILE={shlex.quote(str(file))} {shlex.quote(program('gangway'))}"

    def _gangway(self, *words: str) -> list[str]:
        return [program("gangway"), *words]

    def _settings(self, role: str, microsoft: dict[str, Any]) -> dict[str, str]:
        """What a process of a role is told, as its environment."""
        given = self._named(role, microsoft)
        given |= {"ROLE": role, f"{role.upper()}_DATABASE_URL": given.pop("DATABASE_URL")}
        return environment(**{f"GANGWAY_{name}": value for name, value in given.items()})

    def _named(self, role: str, microsoft: dict[str, Any]) -> dict[str, str]:
        """The settings of a role by their names: exactly what it needs."""
        home = self.folder.home
        given = {
            "SECRET_KEY": self.folder.secret_key(),
            "DATABASE_URL": getattr(self.database, role).url().reveal(),
            "PUBLIC_URL": self.web,
            "ISSUER_URL": self.web,
            "WEB_PORT": str(self.ports["web"]),
            "SERVER_NAME": SERVER,
            "MAIL_FROM": "Sandbox Provider <desk@sp2.example>",
            "SMTP_HOST": LOOPBACK,
            "SMTP_PORT": str(self.ports["smtp"]),
            "SEALING_PUBLIC_KEYS_DIR": str(home / "keys" / "public"),
            "EXTRA_CA_FILE": microsoft["ca_file"],
            "CLOUD_LOGIN_URL": microsoft["login_url"],
            "CLOUD_PAGES_URL": f"http://localhost:{self.ports['portal']}",
            "CLOUD_GRAPH_URL": microsoft["graph_url"],
            "LOG_FORMAT": "text",
            "PEOPLE_CLIENT_ID": PEOPLE_CLIENT_ID,
            "SHOW_COMPONENTS": "true",
        }
        if role == "worker":
            given |= {
                "SEALING_PRIVATE_KEYS_DIR": str(home / "keys" / "private"),
                "MAIL_RETRY_SECONDS": "1,2,5,15,60",
                "WORKER_HEARTBEAT_SECONDS": "2",
                "WORKER_STALLED_SECONDS": "5",
                "WORKER_GRACE_SECONDS": "5",
            }
        return given

    def _run(self, name: str, command: list[str], settings: dict[str, str], *, given: str = "") -> str:
        """Run something to its end and return what it printed. Raises ChildFailed with what it complained about."""
        done = subprocess.run(
            command, env=settings, input=given, capture_output=True, text=True, timeout=SETUP_SECONDS, check=False
        )
        if done.returncode:
            raise ChildFailed(f"“{name}” failed:\n{(done.stderr or done.stdout)[-2000:]}")
        return done.stdout


@contextmanager
def on_stage(setting: Setting, report: Report) -> Iterator[Stage]:
    """Start everything, hand it out, and end it when the block is left. Raises DemoFailed and the database's errors."""
    folder = DemoFolder.under(setting.data_dir)
    with ExitStack() as stack:
        stack.enter_context(folder.taken())
        with report.step("PostgreSQL starts"):
            database = stack.enter_context(supervised(setting.data_dir))
        parts = stack.enter_context(family(folder.home / "logs"))
        supervisor = Supervisor(folder, folder.ports(setting.ports), parts, database)
        with report.step("The emulated Microsoft 365 and the mail catcher start"):
            microsoft, mail = supervisor.start_microsoft(setting.latency_ms), supervisor.start_mail()
        with report.step(f"Keys, tables, provider {PROVIDER}, its channel and customers"):
            operator = supervisor.prepare(microsoft, features=FEATURES)
        with report.step("Worker and web start"):
            supervisor.start_worker(microsoft)
            supervisor.start_web(microsoft)
        commands = supervisor.keep_settings(microsoft)
        walker = folder.sign_in(WALKER_EMAIL)
        yield Stage(supervisor.web, mail["web"], microsoft, operator, walker, Witness(microsoft), parts, commands)
