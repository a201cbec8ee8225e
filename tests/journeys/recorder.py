"""A browser's way to the network that keeps a copy of every answer: a small forward proxy for plain local http.

The browser's own tools forget an answer when its page is left quickly; what passed here is complete.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

OF_THIS_CONNECTION = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "content-length"}
SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What a browser got: the address that it asked, and the answer's headers and body."""

    address: str
    content: bytes


@dataclass
class Recorder:
    """``server`` is the proxy's address, ``answers`` what passed it so far."""

    server: str = ""
    answers: list[Answer] = field(default_factory=list)

    @property
    def proxy(self) -> dict[str, str]:
        """For a new browser context; without the bypass, browsers keep local addresses from proxies."""
        return {"server": self.server, "bypass": "<-loopback>"}


@contextmanager
def recording() -> Iterator[Recorder]:
    """A proxy for the time of the block."""
    recorder = Recorder()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            asked = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in OF_THIS_CONNECTION}
            onward = HTTPConnection(asked.hostname or "", asked.port, timeout=SECONDS)
            path = asked.path + (f"?{asked.query}" if asked.query else "")
            onward.request(self.command, path, body or None, headers | {"Accept-Encoding": "identity"})
            answer = onward.getresponse()
            content = answer.read()
            recorder.answers.append(Answer(self.path, str(answer.headers).encode() + content))
            self.send_response_only(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in OF_THIS_CONNECTION:
                    self.send_header(name, value)
            if answer.status not in {204, 304}:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(ConnectionError):  # a browser that has gone on takes no more
                self.wfile.write(content)
            onward.close()

        do_GET = do_POST = do_HEAD = pass_on  # noqa: N815 (so the server calls them)

        def log_message(self, *words: object) -> None:
            """Say nothing: a log of addresses would hold the links."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    recorder.server = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
