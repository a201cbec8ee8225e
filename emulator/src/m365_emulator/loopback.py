"""An emulator inside this process: TLS and plain HTTP on free loopback ports, served by a thread of its own.

with Loopback() as cloud:
    requests.get(f"{cloud.url}/v1.0/organization", verify=cloud.ca_file)
"""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from m365_emulator import seed as seeds
from m365_emulator import tls, world
from m365_emulator.app import App
from m365_emulator.control.routes import header_name
from m365_emulator.server import bind, serve, servers, stop
from m365_emulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from m365_emulator.world import World

T = TypeVar("T")


class Loopback:
    """Runs between ``with`` and its end. ``seed`` None takes the default one."""

    def __init__(self, seed: dict[str, Any] | None = None, *, device_interval: int = 5) -> None:
        secure, plain = bind("127.0.0.1", 0), bind("127.0.0.1", 0)
        self._sockets = {"tls": secure, "plain": plain}
        self.url = f"https://localhost:{secure.getsockname()[1]}"
        self.http_url = f"http://localhost:{plain.getsockname()[1]}"
        self.control_headers = {header_name: secrets.token_urlsafe(24)}
        settings = Settings(
            origin=self.url,
            people_origin=self.http_url,
            control_token=self.control_headers[header_name],
            device_interval=device_interval,
        )
        self._world = world.build(settings, seed if seed is not None else seeds.read(None))
        self._folder = tempfile.TemporaryDirectory(prefix="m365-emulator-")
        self._files = tls.prepare(Path(self._folder.name))
        self._servers = servers(App(self._world), self._files)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="m365-emulator", daemon=True)
        self._up = threading.Event()

    @property
    def ca_file(self) -> str:
        """The certificate authority that clients must trust."""
        return str(self._files.authority)

    def do(self, work: Callable[[World], T]) -> T:
        """Let the emulator's own thread read or change its world, for example its clock or its faults."""
        done: Future[T] = Future()

        def settle() -> None:
            try:
                done.set_result(work(self._world))
            except Exception as error:  # noqa: BLE001 it belongs to whoever asked
                done.set_exception(error)

        self._loop.call_soon_threadsafe(settle)
        return done.result(timeout=60)

    def reset(self) -> None:
        """Start again from the seed."""
        self.do(lambda world: world.reset())

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._up.wait(timeout=60):
            message = "the emulator's thread did not start"
            raise TimeoutError(message)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(stop, self._servers)
        self._thread.join(timeout=60)
        for listener in self._sockets.values():
            listener.close()
        self._folder.cleanup()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(serve(self._servers, **self._sockets, ready=self._up.set))
