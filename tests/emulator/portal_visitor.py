"""A person at the portal without a network: signed in, follows links, fills in forms, reads what stands there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit

from bs4 import BeautifulSoup, Tag

from m365_emulator.login.memory import Session
from tests.emulator.graph_door import Door

origin = "http://localhost:8080"
cookie = "portal-test"


@dataclass
class Seen:
    """One page: where it is, its status, what can be read on it."""

    address: str
    status: int
    headers: dict[str, str]
    soup: BeautifulSoup

    @property
    def text(self) -> str:
        main = self.soup.find("main") or self.soup
        return " ".join(main.get_text(" ").split())

    @property
    def heading(self) -> str:
        return " ".join(self.soup.find("h1").get_text(" ").split())

    @property
    def note(self) -> str:
        found = self.soup.select_one(".note")
        return " ".join(found.get_text(" ").split()) if found else ""

    def rows(self, table: int = 0) -> list[list[str]]:
        """The cells of a table's rows as text."""
        body = self.soup.find_all("table")[table]
        return [
            [" ".join(cell.get_text(" ").split()) for cell in row.find_all("td")]
            for row in body.select("tbody tr")
            if row.find("td")
        ]

    def facts(self) -> dict[str, str]:
        names = self.soup.select("main dl dt")
        return {
            " ".join(one.get_text(" ").split()): " ".join(one.find_next("dd").get_text(" ").split()) for one in names
        }


@dataclass
class Visitor:
    """``name`` signs in at Contoso; with no name nobody is signed in."""

    door: Door = field(default_factory=Door)
    name: str = "grace.global"

    def __post_init__(self) -> None:
        if self.name:
            person = self.door.user(self.name)
            session = Session(self.door.tenant.id, person.id, self.door.world.clock.seconds())
            self.door.world.login.sessions[cookie] = {"one": session}

    def open(self, address: str) -> Seen:
        return self._ask("GET", urljoin(origin, address))

    def follow(self, page: Seen, label: str) -> Seen:
        link = next(one for one in page.soup.find_all("a") if label in " ".join(one.get_text(" ").split()))
        return self._ask("GET", urljoin(page.address, link["href"]))

    def press(self, page: Seen, label: str, *, row: str = "", **typed: str | list[str]) -> Seen:
        """Press the button with this label; with ``row``, the one in the table row that has this text."""
        scope: Tag = page.soup
        if row:
            scope = next(one for one in page.soup.find_all("tr") if row in one.get_text(" "))
        button = next(one for one in scope.find_all("button") if label in " ".join(one.get_text(" ").split()))
        assert not button.has_attr("disabled"), f"{label} cannot be pressed"
        form = button.find_parent("form")
        content: dict[str, str | list[str]] = {
            one["name"]: one.get("value", "")
            for one in form.find_all("input")
            if one.get("name") and one.get("type") != "checkbox"
        }
        content.update({one["name"]: one.find("option")["value"] for one in form.find_all("select")})
        content.update(typed)
        target = urljoin(page.address, form.get("action", ""))
        if form.get("method", "get") == "get":
            return self._ask("GET", f"{target}?{urlencode(content, doseq=True)}")
        return self._ask("POST", target, urlencode(content, doseq=True))

    def _ask(self, method: str, address: str, body: str = "") -> Seen:
        parts = urlsplit(address)
        status, headers, content = asyncio.run(self._call(method, parts.path, parts.query, body.encode()))
        if status == 303 and headers["location"].startswith("/portal"):
            return self._ask("GET", urljoin(address, headers["location"]))
        return Seen(address, status, headers, BeautifulSoup(content, "html.parser"))

    async def _call(self, method: str, path: str, query: str, body: bytes) -> tuple[int, dict[str, str], str]:
        messages: list = []
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "scheme": "http",
            "query_string": query.encode(),
            "server": ("localhost", 8080),
            "client": ("127.0.0.1", 1),
            "extensions": {},
            "headers": [
                (b"host", b"localhost:8080"),
                (b"cookie", f"emulator={cookie}".encode()),
                (b"content-type", b"application/x-www-form-urlencoded"),
            ],
        }

        async def receive() -> dict:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict) -> None:
            messages.append(message)

        await self.door.app(scope, receive, send)
        headers = {key.decode().lower(): value.decode() for key, value in messages[0]["headers"]}
        return messages[0]["status"], headers, b"".join(one.get("body", b"") for one in messages[1:]).decode()

    def query(self, page: Seen) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(page.address).query))
