"""What ties a browser to its visits and sessions: one cookie, and a form token that only this browser can know."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import quote

from m365_emulator import partners
from m365_emulator.login import people
from m365_emulator.login.memory import Session

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.world import World

start_path = "/common/login/start"


class Browser:
    """The browser behind a request. A new one gets its cookie with the answer (:meth:`mark`)."""

    def __init__(self, world: World, request: Request) -> None:
        self.world = world
        self.scope = request.scope
        self.secure = request.url.scheme == "https"
        self.cookie = "__Host-emulator" if self.secure else "emulator"
        known = request.cookies.get(self.cookie, "")
        self.is_new = not known
        self.id = known or world.ids.opaque(24, "browser")

    def mark(self, response: Response) -> Response:
        if self.is_new:
            response.set_cookie(self.cookie, self.id, httponly=True, secure=self.secure, samesite="lax", path="/")
        return response

    def canary(self, purpose: str) -> str:
        """The form token (Microsoft calls it canary): bound to this browser and to one visit."""
        key = self.world.ids.seed.encode()
        return hmac.digest(key, f"canary\0{self.id}\0{purpose}".encode(), "sha256").hex()

    def is_canary(self, purpose: str, given: str) -> bool:
        return not self.is_new and hmac.compare_digest(self.canary(purpose).encode(), given.encode())

    @property
    def sessions(self) -> dict[str, Session]:
        """Who is signed in here, by ``tenant/person``."""
        return self.world.login.sessions.get(self.id, {})

    def sign_in(self, tenant: Tenant, person: DirectoryObject, methods: list[str]) -> None:
        session = Session(tenant.id, person.id, self.world.clock.seconds(), list(methods))
        self.world.login.sessions.setdefault(self.id, {})[f"{tenant.id}/{person.id}"] = session

    def sign_out(self) -> None:
        self.world.login.sessions.pop(self.id, None)


def signed_in(world: World, request: Request) -> tuple[Tenant, DirectoryObject] | None:
    """The tenant and the person who signed in last with this browser, if that account is still good."""
    sessions = Browser(world, request).sessions
    for session in sorted(sessions.values(), key=lambda item: item.signed_in_at, reverse=True):
        tenant = world.directory.tenants.get(session.tenant_id)
        person = partners.find(world, tenant, session.user_id) if tenant is not None else None
        if tenant is None or person is None or people.session_ended(world, person, session.signed_in_at):
            continue
        if people.is_enabled(world, person):
            return tenant, person
    return None


def sign_in_address(next_path: str) -> str:
    """Where to send a browser that must sign in first; it comes back to ``next_path`` (a path of the emulator)."""
    return f"{start_path}?next={quote(next_path, safe='')}"
