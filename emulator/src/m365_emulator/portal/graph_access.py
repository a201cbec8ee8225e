"""Asks Graph in the name of the person who is signed in to the portal.

The portal's own consent is unlimited, as Microsoft's is; what a person may do follows from their directory roles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from m365_emulator import data, tokens
from m365_emulator.graph import dispatch

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.graph.authority.rules import Rule
    from m365_emulator.world import World

portal_app_id = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"
_base = "https://graph.microsoft.com/v1.0"


@dataclass(frozen=True, slots=True)
class GraphAccess:
    """Graph, as one person sees it. Everything here may raise GraphError."""

    world: World
    caller: tokens.Caller

    def get(self, path: str) -> dict[str, Any]:
        """One object or one page of a list; ``path`` with its query, as after ``/v1.0``."""
        found: dict[str, Any] = self._ask("GET", path)
        return found

    def every(self, path: str) -> list[dict[str, Any]]:
        """All rows of a list, page by page."""
        rows: list[dict[str, Any]] = []
        following = path
        while following:
            body = self.get(following)
            rows += body["value"]
            following = str(body.get("@odata.nextLink", "")).removeprefix(_base)
        return rows

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Create something, or run an action."""
        return self._ask("POST", path, body)

    def patch(self, path: str, body: dict[str, Any]) -> None:
        self._ask("PATCH", path, body)

    def delete(self, path: str) -> None:
        self._ask("DELETE", path)

    def fits(self, rule: Rule) -> bool:
        """Whether the person has one of the roles that a kind of work needs, to explain it before it is refused."""
        return bool(rule.role_ids & self.caller.directory_roles)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        where, _, query = path.partition("?")
        asked = dispatch.Asked(method, where, query, _base, body=body)
        return dispatch.perform(self.world, self.caller, asked).body


def of(world: World, tenant: Tenant, person: DirectoryObject) -> GraphAccess:
    """Graph in the name of this person, with the roles that they have right now."""
    caller = tokens.Caller(
        tenant=tenant,
        principal_id=person.id,
        user_id=person.id,
        app_id=portal_app_id,
        scopes=_every_scope(),
        roles=frozenset(),
        directory_roles=frozenset(tokens.wids(world, tenant, person)),
        is_app=False,
    )
    return GraphAccess(world, caller)


@cache
def _every_scope() -> frozenset[str]:
    return frozenset(scope["value"] for scope in data.scopes(data.graph_app_id))
