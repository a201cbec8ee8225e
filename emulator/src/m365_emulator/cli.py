"""``m365-emulator serve`` starts the emulator, ``m365-emulator contract`` asks a real tenant what holds there."""

from __future__ import annotations

import argparse
import json
import logging
import secrets
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from m365_emulator import keeper, seed, state, tls, world
from m365_emulator.app import App
from m365_emulator.contract import command as contract
from m365_emulator.control.routes import header_name
from m365_emulator.server import bind, run
from m365_emulator.settings import Settings

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry of the command line. Returns the exit code: 0 after a clean stop, 2 when it could not start."""
    chosen = _parser().parse_args(arguments)
    if chosen.command == "contract":
        return contract.run(chosen, print)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    try:
        with tempfile.TemporaryDirectory(prefix="m365-emulator-") as scratch:
            _serve(chosen, chosen.tls_dir or Path(scratch))
    except (seed.SeedError, state.StateError, OSError) as error:
        print(f"m365-emulator: {error}", file=sys.stderr)
        return 2
    return 0


def _serve(chosen: argparse.Namespace, tls_folder: Path) -> None:
    files = tls.prepare(tls_folder)
    secure, plain = bind(chosen.host, chosen.port), bind(chosen.host, chosen.http_port)
    settings = _settings(chosen, secure, plain)
    keep = settings.state_file
    made = (
        keeper.load(settings, keep)
        if keep is not None and keep.exists()
        else world.build(settings, seed.read(settings.seed_file))
    )
    app = App(made)
    app.keeper.snapshot()
    uvloop.run(run(app, tls=secure, files=files, plain=plain, ready=lambda: _announce(settings, files)))
    app.keeper.close()


def _settings(chosen: argparse.Namespace, secure: socket.socket, plain: socket.socket) -> Settings:
    token = None if chosen.no_control else chosen.control_token or secrets.token_urlsafe(24)
    return Settings(
        origin=f"https://localhost:{secure.getsockname()[1]}",
        people_origin=f"http://localhost:{plain.getsockname()[1]}",
        control_token=token,
        latency_seconds=chosen.latency_ms / 1000,
        device_interval=chosen.device_interval,
        state_file=chosen.state,
        seed_file=chosen.seed,
        trust_ca=chosen.trust_ca,
    )


def _announce(settings: Settings, files: tls.TlsFiles) -> None:
    """The one line on standard output: where everything is."""
    control = (
        None
        if settings.control_token is None
        else {
            "url": f"{settings.origin}/_control/",
            "header": header_name,
            "token": settings.control_token,
        }
    )
    print(
        json.dumps(
            {
                "ready": True,
                "url": settings.origin,
                "login_url": settings.origin,
                "graph_url": settings.origin,
                "http_url": settings.people_origin,
                "device_login_url": f"{settings.people_origin}/devicelogin",
                "portal_url": f"{settings.people_origin}/portal/",
                "ca_file": str(files.authority.resolve()),
                "control": control,
            }
        ),
        flush=True,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="m365-emulator", description="A local Microsoft Entra ID and Microsoft Graph."
    )
    commands = parser.add_subparsers(required=True, dest="command", metavar="serve|contract")
    contract.add_to(commands)
    serve = commands.add_parser("serve", help="start the emulator")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    serve.add_argument(
        "--port", type=int, default=8443, help="port for clients, TLS (default 8443, 0 takes a free one)"
    )
    serve.add_argument(
        "--http-port", type=int, default=0, help="port for people's browsers, plain HTTP (default: free)"
    )
    serve.add_argument(
        "--tls-dir", type=Path, help="folder for the certificate authority (default: thrown away at the end)"
    )
    serve.add_argument("--seed", type=Path, help="seed file (default: the documented one)")
    serve.add_argument("--state", type=Path, help="file that keeps the state over restarts")
    serve.add_argument("--latency-ms", type=float, default=0, help="wait before every answer, in milliseconds")
    serve.add_argument("--device-interval", type=int, default=5, help="poll interval of device codes, in seconds")
    serve.add_argument(
        "--trust-ca", type=Path, help="authorities (PEM) to trust when issuers of federated credentials are asked"
    )
    control = serve.add_mutually_exclusive_group()
    control.add_argument("--control-token", help="token of the control door (default: random, printed when ready)")
    control.add_argument("--no-control", action="store_true", help="no control door at all")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
