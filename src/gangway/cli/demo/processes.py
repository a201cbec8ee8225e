"""The demo's parts as processes: started, watched while they get ready, stopped in reverse order."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import psutil

from gangway.cli.demo import leash
from gangway.cli.demo.errors import ChildFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

READY_SECONDS = 60
STOP_SECONDS = 15
QUOTED_LINES = 12
LOOK_AGAIN_SECONDS = 0.05


@dataclass
class Child:
    """One running part. What it says on standard error is in ``log``."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def stdout(self) -> IO[bytes]:
        if self.process.stdout is None:
            raise ChildFailed(f"{self.name} has no output to read")
        return self.process.stdout

    def first_line(self, seconds: float = READY_SECONDS) -> str:
        """The first line that it prints; a part prints one when it is ready. Raises ChildFailed."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.stdout, selectors.EVENT_READ)
            if selector.select(seconds) and (line := self.stdout.readline()):
                return line.decode()
        raise self.failed("did not get ready")

    def announcement(self, seconds: float = READY_SECONDS) -> dict[str, Any]:
        """The first line as JSON."""
        said: dict[str, Any] = json.loads(self.first_line(seconds))
        return said

    def failed(self, how: str) -> ChildFailed:
        """The error to raise, with the end of its log."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            how += f" (exit code {self.process.wait(timeout=0.5)})"
        tail = self.log.read_text("utf-8", errors="replace").splitlines()[-QUOTED_LINES:]
        return ChildFailed(f"{self.name} {how}. The end of {self.log.name}:\n  " + "\n  ".join(tail))

    def check(self) -> None:
        """Raise ChildFailed when it has ended by itself."""
        if self.process.poll() is not None:
            raise self.failed("ended by itself")

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """End it, politely first."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@dataclass
class Family:
    """All running parts, oldest first. ``logs`` is the folder of their logs."""

    logs: Path
    children: list[Child] = field(default_factory=list)

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        announces: bool = False,
        bears_a_kill: bool = False,
    ) -> Child:
        """Start a part with exactly this environment, in a session of its own, so that Ctrl-C is ours to pass on.

        One that ``announces`` prints a line when it is ready; what others print goes to their log. One that
        ``bears_a_kill`` is killed when we die; others are told to stop.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name.replace(' ', '-')}.log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                list(command),
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if announces else errors,
                stderr=errors,
                start_new_session=True,
                preexec_fn=leash.fasten_short if bears_a_kill else leash.fasten,  # noqa: PLW1509 (this process has one thread)
            )
        child = Child(name, process, log)
        self.children.append(child)
        return child

    def check(self) -> None:
        """Raise ChildFailed when one of them has ended."""
        for child in self.children:
            child.check()

    def stop(self) -> None:
        """End all, the last started first."""
        while self.children:
            self.children.pop().stop()


@contextlib.contextmanager
def family(logs: Path) -> Iterator[Family]:
    """Parts that end when the block is left, by an error or Ctrl-C too; a second Ctrl-C doesn't stop the stopping."""
    parts = Family(logs)
    try:
        yield parts
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        parts.stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)


def program(name: str) -> str:
    """A command that was installed beside the running Python. Raises ChildFailed when it is not there."""
    path = Path(sys.executable).parent / name
    if not os.access(path, os.X_OK):
        raise ChildFailed(f"The command {name} is not installed beside {sys.executable}", cure="Start with bin/demo.")
    return str(path)


def environment(**given: str) -> dict[str, str]:
    """What a part may see: what any program needs, and what is given; nothing else of the person's environment."""
    kept = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "HOME")
    return {name: os.environ[name] for name in kept if name in os.environ} | given


def wait_until_listening(child: Child, port: int, seconds: float = READY_SECONDS) -> None:
    """Wait until this part, and no stranger, takes connections at a port. Raises ChildFailed."""
    process = psutil.Process(child.process.pid)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        child.check()
        with contextlib.suppress(psutil.Error):
            ends = process.net_connections("tcp")
            if any(end.status == psutil.CONN_LISTEN and end.laddr.port == port for end in ends):
                return
        time.sleep(LOOK_AGAIN_SECONDS)
    raise child.failed("did not take connections")
