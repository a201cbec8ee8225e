"""A long walk through every plane, without a network: prints one digest for each answer (status, headers, body).

Run by ``test_determinism.py`` in two processes, which must print the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from m365_emulator import seed, world
from m365_emulator.app import App
from m365_emulator.settings import Settings

contoso = "c0475050-0000-4000-8000-000000000001"
public = "e8a391e0-0000-4000-8000-000000000001"
daemon = {
    "client_id": "e8a391e0-0000-4000-8000-000000000002",
    "client_secret": "Ex48Q~default-seed-daemon-secret-000001",
}
form_type = {"content-type": "application/x-www-form-urlencoded"}


class Walk:
    """One client with one browser's cookies; every answer goes into ``digests``."""

    def __init__(self) -> None:
        self.world = world.build(Settings(control_token="walk"), seed.read(None))
        self.world.clock.freeze(datetime(2026, 11, 20, 12, tzinfo=UTC))
        self.app, self.token, self.cookies = App(self.world), "", {}
        self.digests: list[str] = []

    async def ask(self, method: str, path: str, raw: bytes = b"", **headers: str) -> tuple[int, str, str]:
        """Status, body and where to go next."""
        sent, messages = urlsplit(path), []
        named = {"host": "localhost:8443", **{key.replace("_", "-"): value for key, value in headers.items()}}
        named["cookie"] = "; ".join(f"{key}={value}" for key, value in self.cookies.items())
        scope = {
            "type": "http",
            "method": method,
            "path": sent.path,
            "raw_path": sent.path.encode(),
            "scheme": "https",
            "query_string": sent.query.encode(),
            "server": ("localhost", 8443),
            "client": ("127.0.0.1", 1),
            "extensions": {},
            "headers": [(key.encode(), value.encode()) for key, value in named.items() if value],
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await self.app(scope, receive, send)
        body = b"".join(one.get("body", b"") for one in messages[1:])
        whole = [messages[0]["status"], sorted(messages[0]["headers"]), body]
        self.digests.append(hashlib.sha256(repr(whole).encode()).hexdigest())
        found = {key.decode().lower(): value.decode() for key, value in messages[0]["headers"]}
        if "set-cookie" in found:
            name, _, value = found["set-cookie"].partition(";")[0].partition("=")
            self.cookies[name] = value
        return messages[0]["status"], body.decode(), found.get("location", "")

    async def post(self, path: str, **form: str) -> dict[str, Any]:
        _, body, _ = await self.ask("POST", path, urlencode(form).encode(), **form_type)
        return json.loads(body)

    async def graph(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        raw = b"" if body is None else json.dumps(body).encode()
        authorization = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        _, text, _ = await self.ask(method, f"/v1.0{path}", raw, **authorization, **headers)
        return json.loads(text) if text.startswith("{") else None

    async def control(self, method: str, path: str, body: Any = None) -> None:
        raw = b"" if body is None else json.dumps(body).encode()
        await self.ask(method, f"/_control/{path}", raw, **{"x-emulator-control": "walk"})

    async def page(self, path: str) -> str:
        """Open a page and follow where it leads."""
        _, body, onwards = await self.ask("GET", path)
        return await self.page(onwards) if onwards.startswith("/") else body

    async def press(self, page: str, button: str, **typed: str) -> str:
        """Fill in the page's form and press a button; the page after it."""
        form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        action = re.search(r'<form[^>]* action="([^"]*)"', page)
        chosen = re.search(rf'name="([^"]+)" value="([^"]*)"[^>]*>{re.escape(button)}<', page)
        form.update({chosen[1]: chosen[2]} if chosen else {}, **typed)
        target = urlsplit(action[1].replace("&amp;", "&") if action else "")._replace(scheme="", netloc="").geturl()
        _, body, onwards = await self.ask("POST", target, urlencode(form).encode(), **form_type)
        return await self.page(onwards) if onwards.startswith("/") else body


async def sign_in(walk: Walk) -> None:
    """Device code, all pages, tokens."""
    flow = await walk.post(
        "/organizations/oauth2/v2.0/devicecode",
        client_id=public,
        scope="openid profile offline_access User.Read Application.ReadWrite.All",
    )
    poll = {"grant_type": "device_code", "client_id": public, "device_code": flow["device_code"]}
    await walk.post("/organizations/oauth2/v2.0/token", **poll)
    page = await walk.press(await walk.page("/devicelogin"), "Next", otc=flow["user_code"])
    page = await walk.press(page, "Next", loginfmt="grace.global@contoso.com")
    page = await walk.press(page, "Sign in", passwd="Contoso-Grace-1")
    await walk.press(await walk.press(page, "Continue"), "Accept", for_organization="1")
    await walk.control("POST", "clock", {"advance": 6})
    granted = await walk.post("/organizations/oauth2/v2.0/token", **poll)
    renew = {"grant_type": "refresh_token", "client_id": public, "refresh_token": granted["refresh_token"]}
    await walk.post("/organizations/oauth2/v2.0/token", **renew)
    walk.token = granted["access_token"]


async def register(walk: Walk, number: int) -> None:
    """One registration, read in several ways, half of them deleted again."""
    name = {"displayName": f"Walk {number}", "uniqueName": f"walk-{number}"}
    await walk.graph("PATCH", f"/applications(uniqueName='walk-{number}')", name, prefer="create-if-missing")
    made = await walk.graph("GET", f"/applications(uniqueName='walk-{number}')")
    await walk.graph("POST", "/servicePrincipals", {"appId": made["appId"]})
    await walk.graph("POST", f"/applications/{made['id']}/addPassword", {"passwordCredential": {"displayName": "w"}})
    await walk.graph("GET", "/applications?$top=2&$select=id,displayName&$orderby=displayName")
    steps = [{"id": str(n), "method": "GET", "url": f"/applications?$top={n}"} for n in range(1, 5)]
    await walk.graph("POST", "/$batch", {"requests": steps})
    await walk.graph("GET", "/me/transitiveMemberOf/microsoft.graph.directoryRole")
    await walk.graph("GET", "/applications/no-such-id")
    if number % 2:
        await walk.graph("DELETE", f"/applications/{made['id']}")


async def main() -> None:
    walk = Walk()
    await walk.page(f"/{contoso}/v2.0/.well-known/openid-configuration")
    await walk.page("/common/discovery/v2.0/keys")
    await sign_in(walk)
    for number in range(12):
        await register(walk, number)
    fault = {"match": {"path": "/v1.0/organization", "nth": 2}, "effect": {"status": 429, "retry_after": 3}}
    await walk.control("PUT", "faults/busy", fault)
    await walk.control("PUT", "faults/lag", {"match": {"kind": "servicePrincipal"}, "effect": {"lag_reads": 2}})
    await register(walk, 100)
    for _ in range(3):
        await walk.post(
            f"/{contoso}/oauth2/v2.0/token",
            grant_type="client_credentials",
            scope="https://graph.microsoft.com/.default",
            **daemon,
        )
        await walk.graph("GET", "/organization")
    await walk.control("POST", "keys/rotate")
    await walk.page("/portal/registrations")
    await walk.page("/portal/roles")
    await walk.control("GET", "state")
    await walk.control("GET", "")
    sys.stdout.write("\n".join(walk.digests) + "\n")


asyncio.run(main())
