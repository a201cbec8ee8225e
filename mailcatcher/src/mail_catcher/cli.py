"""``mail-catcher``: one process, an SMTP port and a web port, both only on this machine."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import socket
from pathlib import Path

import uvicorn

from mail_catcher.inbox import Inbox
from mail_catcher.smtp import server
from mail_catcher.web import application

LOOPBACK = "127.0.0.1"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="mail-catcher", description=__doc__)
    parser.add_argument("--smtp-port", type=int, default=1025, help="port for mail; 0 takes a free one")
    parser.add_argument("--http-port", type=int, default=8025, help="port for the inbox; 0 takes a free one")
    parser.add_argument("--keep-dir", type=Path, help="folder that keeps the mail over a restart")
    return parser.parse_args()


def listen(port: int) -> socket.socket:
    """A socket that already listens on this machine. Raises OSError when the port is taken."""
    return socket.create_server((LOOPBACK, port), backlog=128)


async def serve(smtp: socket.socket, http: socket.socket, inbox: Inbox) -> None:
    """Serve both ports until the process is told to stop."""
    loop = asyncio.get_running_loop()
    mail = await loop.create_server(lambda: server(inbox), sock=smtp)
    config = uvicorn.Config(application(inbox), log_level="warning", access_log=False, lifespan="off", ws="none")
    web = uvicorn.Server(config)
    async with mail:
        await web.serve(sockets=[http])


def main() -> None:
    """Listen, say where in one line of JSON, and serve until Ctrl-C."""
    given = arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with listen(given.smtp_port) as smtp, listen(given.http_port) as http:
        inbox = Inbox(given.keep_dir)
        ready = {
            "smtp": {"host": LOOPBACK, "port": smtp.getsockname()[1]},
            "web": f"http://localhost:{http.getsockname()[1]}",
        }
        print(json.dumps(ready), flush=True)
        try:
            asyncio.run(serve(smtp, http, inbox))
        except KeyboardInterrupt:
            return
