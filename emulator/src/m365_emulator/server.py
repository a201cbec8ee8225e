"""Runs the emulator: TLS for clients, plain loopback HTTP for people's browsers, one event loop, a clean stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from m365_emulator.app import cut_extension

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from m365_emulator.app import App
    from m365_emulator.tls import TlsFiles


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which also lets a fault cut the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {cut_extension: self.transport.abort}  # type: ignore[dict-item]


class Server(uvicorn.Server):
    """One listening socket, which says when it is up; signals are handled for all of them together."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


def servers(app: App, files: TlsFiles) -> tuple[Server, Server]:
    """The one for clients and the one for people's browsers, not started yet."""
    return Server(_config(app, ssl_certfile=str(files.certificate), ssl_keyfile=str(files.key))), Server(_config(app))


async def run(
    app: App, *, tls: socket.socket, files: TlsFiles, plain: socket.socket, ready: Callable[[], None]
) -> None:
    """Serve until SIGTERM or SIGINT; ``ready`` is called once both sockets answer."""
    both = servers(app, files)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, both)
    await serve(both, tls=tls, plain=plain, ready=ready)


async def serve(
    both: tuple[Server, Server], *, tls: socket.socket, plain: socket.socket, ready: Callable[[], None]
) -> None:
    """Serve until :func:`stop`; ``ready`` is called once both sockets answer."""
    tasks = [asyncio.create_task(one.serve([at])) for one, at in zip(both, (tls, plain), strict=True)]
    for server in both:
        await server.up.wait()
    ready()
    await asyncio.gather(*tasks)


def stop(both: tuple[Server, Server]) -> None:
    """Let both finish what they are at; for the thread that they run in."""
    for server in both:
        server.should_exit = True


def _config(app: App, *, ssl_certfile: str | None = None, ssl_keyfile: str | None = None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        date_header=False,
        ssl_certfile=ssl_certfile,
        ssl_keyfile=ssl_keyfile,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=60,
    )
