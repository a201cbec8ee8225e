"""How fast the emulator answers, beside a bare ASGI route in the same run, and whether its memory stays flat.

Server and client are two processes on a core each (where the machine has two); the client speaks HTTP/1.1 over TLS on a
few kept connections, as plain bytes, so that what is measured is the emulator. One line of JSON is printed:

    python bench/emulator.py                 start with 1,000 tenants, signed tokens, pending polls, reads, soak
    python bench/emulator.py --seconds 5 --soak 60
    python bench/emulator.py --check         exit code 1 when a promise is not kept

``on_one_core`` counts the server's own processor time, so that a busy machine hardly matters; ``of_bare_route`` is that
figure divided by the bare route's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import psutil
import uvloop

CONTOSO = "c0475050-0000-4000-8000-000000000001"
PUBLIC = "e8a391e0-0000-4000-8000-000000000001"
DAEMON = "e8a391e0-0000-4000-8000-000000000002"
SECRET = "Ex48Q~default-seed-daemon-secret-000001"  # noqa: S105 stands in the public seed
GRAPH = "https://graph.microsoft.com/.default"
CONNECTIONS = 16
SERVER_CORE, CLIENT_CORE = 0, 1
PROMISED = {"tokens": 1500, "pending_polls": 3000, "reads": 2000}  # a second, on one core
PROMISED_START = 2.0  # seconds, with TENANTS tenants
TENANTS = 1000
GROWTH = 1.10  # how much larger than in the middle of the soak the process may be at its end

BARE = """
import socket, sys
from pathlib import Path
import uvloop
from m365_emulator import tls
from m365_emulator.server import bind, run

async def bare(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"13")]})
    await send({"type": "http.response.body", "body": b'{"bare":true}'})

files, secure, plain = tls.prepare(Path(sys.argv[1])), bind("127.0.0.1", 0), bind("127.0.0.1", 0)
ready = f'{{"url": "https://localhost:{secure.getsockname()[1]}", "ca_file": "{files.authority.resolve()}"}}'
uvloop.run(run(bare, tls=secure, files=files, plain=plain, ready=lambda: print(ready, flush=True)))
"""


@dataclass
class Running:
    """A server's process, where it is and how long it took until it said that it is ready."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]
    seconds: float

    def megabytes(self) -> float:
        return round(psutil.Process(self.process.pid).memory_info().rss / 1e6, 1)

    def busy(self) -> float:
        """Seconds of processor time that it has used."""
        used = psutil.Process(self.process.pid).cpu_times()
        return used.user + used.system

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


@dataclass(frozen=True)
class Speed:
    """Answers a second by the clock, and by the server's processor time: what a core of its own would give."""

    by_clock: float
    by_core: float


@dataclass
class Wire(asyncio.Protocol):
    """One kept connection: sends the next request as soon as the last one is answered, until ``until``."""

    requests: list[bytes]
    until: float
    done: asyncio.Future[None]
    expected: bytes
    answered: int = 0
    at: int = 0
    buffer: bytes = b""
    transport: Any = field(default=None, repr=False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        if not head.startswith(self.expected):
            self.done.set_exception(AssertionError(self.buffer[:600]))
            return
        self.buffer = b""
        self.answered += 1
        if time.monotonic() < self.until:
            self._ask()
        elif not self.done.done():
            self.done.set_result(None)

    def _ask(self) -> None:
        self.transport.write(self.requests[self.at % len(self.requests)])
        self.at += 1


def _length(head: bytes) -> int:
    marker = head.lower().find(b"content-length:")
    return int(head[marker + 15 :].split(b"\r\n", 1)[0]) if marker >= 0 else 0


async def rate(server: Running, requests: list[bytes], seconds: float, expected: bytes) -> Speed:
    """How fast ``requests`` are answered; ``expected`` is how each answer must begin (``HTTP/1.1 200``)."""
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context(cafile=server.ready["ca_file"])
    port = urlsplit(server.ready["url"]).port
    until = time.monotonic() + seconds
    wires = []
    for _ in range(CONNECTIONS):
        wire = Wire(requests, until, loop.create_future(), expected)
        await loop.create_connection(lambda wire=wire: wire, "localhost", port, ssl=context)
        wires.append(wire)
    started, busy = time.monotonic(), server.busy()
    first = sum(wire.answered for wire in wires)
    await asyncio.gather(*(wire.done for wire in wires))
    spent, worked = time.monotonic() - started, server.busy() - busy
    for wire in wires:
        wire.transport.close()
    answered = sum(wire.answered for wire in wires) - first
    return Speed(answered / spent, answered / worked)


async def once(server: Running, request: bytes) -> dict[str, Any]:
    """One request's JSON."""
    context = ssl.create_default_context(cafile=server.ready["ca_file"])
    reader, writer = await asyncio.open_connection("localhost", urlsplit(server.ready["url"]).port, ssl=context)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(_length(head))
    writer.close()
    return dict(json.loads(body)) if body else {}


def post(path: str, form: dict[str, str]) -> bytes:
    """A form as it goes over the wire."""
    body = urlencode(form).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def graph(method: str, path: str, token: str, body: dict[str, Any] | None = None) -> bytes:
    """A request to Graph as it goes over the wire."""
    raw = b"" if body is None else json.dumps(body).encode()
    head = f"{method} /v1.0{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
    kind = "Content-Type: application/json\r\n" if raw else ""
    return f"{head}{kind}Content-Length: {len(raw)}\r\n\r\n".encode() + raw


def token_request() -> bytes:
    """The seeded daemon asks for a token."""
    form = {"client_id": DAEMON, "client_secret": SECRET, "scope": GRAPH, "grant_type": "client_credentials"}
    return post(f"/{CONTOSO}/oauth2/v2.0/token", form)


def device_request() -> bytes:
    """The example public client asks for a device code."""
    return post("/organizations/oauth2/v2.0/devicecode", {"client_id": PUBLIC, "scope": "openid profile User.Read"})


def poll_request(code: str) -> bytes:
    """One poll of a device code."""
    form = {"client_id": PUBLIC, "device_code": code, "grant_type": "urn:ietf:params:oauth:grant-type:device_code"}
    return post("/organizations/oauth2/v2.0/token", form)


def start(command: list[str]) -> Running:
    """Start a server on its core and wait for its line."""
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)
    _pin(process.pid, SERVER_CORE)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the server did not start"
    return Running(process, json.loads(line), time.monotonic() - began)


def _pin(pid: int, core: int) -> None:
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, {core})


def emulator(folder: Path, *more: str) -> Running:
    """An emulator whose device codes may be polled as fast as one likes."""
    command = [
        "-m",
        "m365_emulator",
        "serve",
        "--port",
        "0",
        "--device-interval",
        "0",
        "--tls-dir",
        str(folder / "tls"),
    ]
    return start([*command, *more])


def many_tenants(folder: Path) -> Path:
    """A seed with the default people and then as many small tenants as are promised."""
    tenants = [
        {
            "id": f"7e4a4700-0000-4000-8000-{number:012x}",
            "displayName": f"Tenant {number}",
            "domains": [f"t{number}.onmicrosoft.com", f"t{number}.example"],
            "people": [
                {
                    "upn": f"admin@t{number}.example",
                    "displayName": "Ada Admin",
                    "password": "Tenant-Ada-1",
                    "roles": ["Global Administrator"],
                }
            ],
        }
        for number in range(TENANTS)
    ]
    path = folder / "many.json"
    path.write_text(json.dumps({"seed": "m365-emulator many 1", "tenants": tenants}))
    return path


async def speeds(server: Running, bare: Running, seconds: float) -> dict[str, Any]:
    """Each kind of request alone, and the bare route."""
    token = (await once(server, token_request()))["access_token"]
    polls = [poll_request((await once(server, device_request()))["device_code"]) for _ in range(50)]
    plain = await rate(bare, [token_request()], seconds, b"HTTP/1.1 200")
    found = {
        "tokens": await rate(server, [token_request()], seconds, b"HTTP/1.1 200"),
        "pending_polls": await rate(server, polls, seconds, b"HTTP/1.1 400"),
        "reads": await rate(server, [graph("GET", "/organization", token)], seconds, b"HTTP/1.1 200"),
    }
    rows = {name: _row(speed, plain) for name, speed in {"bare_route": plain, **found}.items()}
    return {"answers_a_second": rows}


def _row(speed: Speed, plain: Speed) -> dict[str, float]:
    ratio = round(speed.by_core / plain.by_core, 2)
    return {"by_clock": round(speed.by_clock), "on_one_core": round(speed.by_core), "of_bare_route": ratio}


async def soak(server: Running, seconds: float) -> dict[str, float]:
    """Everything mixed for a while, after a first round that fills the log and the caches; sizes in megabytes."""
    token = (await once(server, token_request()))["access_token"]
    mixed = [
        token_request(),
        device_request(),
        graph("GET", "/organization", token),
        graph("GET", "/applications?$top=5&$select=id,displayName", token),
        graph("PATCH", "/applications(uniqueName='soak')", token, {"displayName": "soak", "uniqueName": "soak"}),
    ]
    sizes: dict[str, float] = {}
    for name in ("start", "mid", "end"):
        await rate(server, mixed, seconds / 3, b"HTTP/1.1 20")
        sizes[name] = server.megabytes()
    return sizes


async def measure(chosen: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Everything that is printed."""
    seed = many_tenants(folder)
    many = emulator(folder, "--seed", str(seed))
    many.stop()
    source = folder / "bare.py"
    source.write_text(BARE)
    bare = start([str(source), str(folder / "tls")])
    server = emulator(folder)
    try:
        token = (await once(server, token_request()))["access_token"]
        made = {"displayName": "soak", "uniqueName": "soak"}
        await once(server, graph("POST", "/applications", token, made))
        figures = await speeds(server, bare, chosen.seconds)
        return {
            "start_seconds_with_1000_tenants": round(many.seconds, 2),
            "start_seconds": round(server.seconds, 2),
            **figures,
            "megabytes": await soak(server, chosen.soak),
        }
    finally:
        server.stop()
        bare.stop()


def kept(found: dict[str, Any]) -> bool:
    """Whether every promise is kept."""
    speeds = found["answers_a_second"]
    fast = all(speeds[name]["on_one_core"] >= least for name, least in PROMISED.items())
    flat = found["megabytes"]["end"] <= found["megabytes"]["mid"] * GROWTH
    return fast and flat and found["start_seconds_with_1000_tenants"] < PROMISED_START


def main() -> int:
    """Measure once and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3, help="for each figure (default 3)")
    parser.add_argument("--soak", type=float, default=30, help="seconds of mixed load (default 30)")
    parser.add_argument("--check", action="store_true", help="exit code 1 when a promise is not kept")
    chosen = parser.parse_args()
    _pin(0, CLIENT_CORE)
    with tempfile.TemporaryDirectory(prefix="m365-emulator-bench-") as folder:
        found = uvloop.run(measure(chosen, Path(folder)))
    print(json.dumps(found))
    return 0 if kept(found) or not chosen.check else 1


if __name__ == "__main__":
    sys.exit(main())
