"""A small real installation: embedded database, keys, migrated; web and worker as processes of their own."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gangway.config.database.server import Embedded
from gangway.vault import keys

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
"""Seconds until a test gives up on a process."""


@dataclass
class Installation:
    """Where it lives and how its processes are told so."""

    folder: Path
    database: Embedded
    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(50))
    smtp_password: str = field(default_factory=lambda: secrets.token_urlsafe(20))

    @property
    def public(self) -> Path:
        return self.folder / "keys" / "public"

    @property
    def private(self) -> Path:
        return self.folder / "keys" / "private"

    def common(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "GANGWAY_SECRET_KEY": self.secret_key,
            "GANGWAY_DATA_DIR": str(self.folder / "data"),
            "GANGWAY_SEALING_PUBLIC_KEYS_DIR": str(self.public),
        }

    def web(self, **more: str) -> dict[str, str]:
        return {**self.common(), "GANGWAY_WEB_DATABASE_URL": self.database.web.url().reveal(), **more}

    def worker(self, **more: str) -> dict[str, str]:
        own = {
            "GANGWAY_WORKER_DATABASE_URL": self.database.worker.url().reveal(),
            "GANGWAY_SEALING_PRIVATE_KEYS_DIR": str(self.private),
            "GANGWAY_SMTP_PASSWORD": self.smtp_password,
            "GANGWAY_WORKER_HEARTBEAT_SECONDS": "0.5",
            "GANGWAY_WORKER_STALLED_SECONDS": "2",
            "GANGWAY_WORKER_GRACE_SECONDS": "0.5",
        }
        return {**self.common(), **own, **more}

    def owner(self) -> dict[str, str]:
        return {**self.common(), "DATABASE_URL": self.database.owner.url().reveal()}


def prepare(folder: Path, database: Embedded) -> Installation:
    """Make keys and migrate, with the product's own commands."""
    made = Installation(folder, database)
    keys.new(public_dir=made.public, private_dir=made.private)
    (folder / "worker.toml").write_text(f'smtp_password = "{made.smtp_password}"\n')
    done = gangway("migrate", made.owner())
    assert done.returncode == 0, done.stderr
    return made


def gangway(command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    line = [sys.executable, "-m", "gangway.cli.main", *command.split()]
    return subprocess.run(line, env=environment, capture_output=True, text=True, cwd="/", timeout=150, check=False)


@contextmanager
def running(arguments: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process for a while; what it says goes into a file; it is gone afterwards."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=environment,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            cwd="/",
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def eventually(fact: Callable[[], object], *, seconds: float = PATIENCE) -> float:
    """Wait until something is so and tell how many seconds it took; fail after a deadline."""
    began = time.monotonic()
    while not fact():
        assert time.monotonic() - began < seconds, "it did not come true in time"
        time.sleep(0.02)
    return time.monotonic() - began


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def get(url: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str]]:
    """Fetch a page: status and headers; (0, {}) while nobody answers."""
    asked = urllib.request.Request(url, headers=headers or {})  # noqa: S310  always our own page
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(asked, timeout=20) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {name.lower(): value for name, value in error.headers.items()}
    except OSError:
        return 0, {}
