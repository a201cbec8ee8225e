"""The demo's data folder: what has to be the same at the next start, and only for the eyes of whoever started it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from gangway.cli.demo.errors import AlreadyRunning
from gangway.cli.demo.plot import SignIn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LOOPBACK = "127.0.0.1"
USUAL_PORTS = {"web": 8000, "emulator": 8443, "portal": 8080, "inbox": 8025, "smtp": 1025}
"""Taken when they are free and nothing else is wished or remembered."""


@dataclass(frozen=True)
class DemoFolder:
    """``home`` is this demo's alone; beside it the embedded database keeps its own folder."""

    home: Path
    claims: list[IO[str]] = field(default_factory=list, repr=False)
    """Locks on the ports that were chosen, held as long as the folder is taken."""

    @classmethod
    def under(cls, data_dir: Path) -> DemoFolder:
        """Make the folder, readable by nobody else."""
        home = data_dir.absolute() / "demo"
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(home)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Be the only demo in this folder. Raises AlreadyRunning, naming the other one's process."""
        with (self.home / "running").open("a+", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                other = file.read().strip() or "unknown"
                raise AlreadyRunning(f"Another demo (process {other}) uses {self.home}.") from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            try:
                yield
            finally:
                while self.claims:
                    self.claims.pop().close()

    def secret_key(self) -> str:
        """What signs sessions and forms; made at random the first time."""
        path = self.home / "secret-key"
        if not path.exists():
            _write(path, secrets.token_urlsafe(64))
        return path.read_text("ascii")

    def password(self, email: str) -> str:
        """An operator's password, random for this folder. The demo signs in with it itself, so it has to be kept."""
        path = self.home / f"password-{email}"
        if not path.exists():
            _write(path, secrets.token_urlsafe(12))
        return path.read_text("ascii")

    def keep_totp_key(self, email: str, key: str) -> None:
        """Keep the key of an operator's one-time codes; it is told only at the moment when it is made."""
        _write(self.home / f"totp-key-{email}", key)

    def has_totp_key(self, email: str) -> bool:
        return (self.home / f"totp-key-{email}").exists()

    def sign_in(self, email: str) -> SignIn:
        """How an operator signs in."""
        return SignIn(email, self.password(email), (self.home / f"totp-key-{email}").read_text("ascii"))

    def keep_settings(self, role: str, settings: Mapping[str, str]) -> Path:
        """Keep the settings of a role, by their names in capitals, as the file that commands are named; return it."""
        path = self.home / f"{role}.toml"
        _write(path, "".join(f"{name.lower()} = {json.dumps(value)}\n" for name, value in settings.items()))
        return path

    def ports(self, wished: dict[str, int]) -> dict[str, int]:
        """A port for each part: as wished, else as last time, else the usual one, else any that is free.

        Only while the folder is ``taken``: until then, nobody else may choose them.
        """
        path = self.home / "ports.json"
        last: dict[str, Any] = json.loads(path.read_text("ascii")) if path.exists() else {}
        chosen: dict[str, int] = {}
        for part, usual in USUAL_PORTS.items():
            hopes = (int(last.get(part, 0)), usual)
            chosen[part] = wished.get(part) or self._free_port(hopes)
        _write(path, json.dumps(chosen))
        return chosen

    def _free_port(self, hopes: tuple[int, ...]) -> int:
        for hope in hopes:
            if hope and _is_free(hope) and self._claim(hope):
                return hope
        while True:
            with socket.create_server((LOOPBACK, 0)) as found:
                port = int(found.getsockname()[1])
            if self._claim(port):
                return port

    def _claim(self, port: int) -> bool:
        """Keep another demo that starts at the same moment from choosing this port, until our part has taken it."""
        folder = Path(tempfile.gettempdir()) / f"gangway-ports-{os.geteuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        file = (folder / str(port)).open("w", encoding="ascii")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self.claims.append(file)
        return True


def _is_free(port: int) -> bool:
    try:
        socket.create_server((LOOPBACK, port)).close()
    except OSError:
        return False
    return True


def _write(path: Path, text: str) -> None:
    """Write whole or not at all, for our eyes only."""
    half = path.with_name(f".{path.name}.half")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(text)
    half.replace(path)
