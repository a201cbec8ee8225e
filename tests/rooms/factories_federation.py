"""The platform as an issuer for tests: a loopback port that answers exactly what the web pages answer."""

import contextlib
import http.server
import threading
from collections.abc import Iterator

from django.test import Client

DOCUMENTS = ("/.well-known/openid-configuration", "/.well-known/jwks.json")


class PublishedPages:
    """What was last published; `asked` are the paths that somebody fetched."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked: list[str] = []
        self.kept: dict[str, bytes] = {}

    def publish(self) -> None:
        """Fetch both documents from the web pages, as a stranger does."""
        self.kept = {path: Client().get(path).content for path in DOCUMENTS}


@contextlib.contextmanager
def publishing() -> Iterator[PublishedPages]:
    """A loopback port in front of the web pages, which other processes can reach."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    pages = PublishedPages(f"http://localhost:{server.server_port}")
    server.pages = pages  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield pages
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        pages: PublishedPages = self.server.pages  # type: ignore[attr-defined]
        pages.asked.append(self.path)
        body = pages.kept.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        return
