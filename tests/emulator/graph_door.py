"""Graph without a network: the application itself is called in this process, and every exchange is checked."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from m365_emulator import data, principals, seed, tokens, world
from m365_emulator.app import App
from m365_emulator.directory import DirectoryObject, Tenant
from m365_emulator.keys import Keys
from m365_emulator.settings import Settings
from tests.emulator import graph_contract

contoso = "c0475050-0000-4000-8000-000000000001"
fabrikam = "fab41ca0-0000-4000-8000-000000000001"
command_line_tools = "e8a391e0-0000-4000-8000-000000000001"
_keys: dict[str, Keys] = {}  # deriving a key from the seed takes most of a second: once for all tests is enough
noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
all_scopes = (
    "User.Read",
    "Organization.Read.All",
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "RoleManagement.ReadWrite.Directory",
    "Directory.Read.All",
    "Policy.Read.All",
    "Domain.Read.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "User.ReadWrite.All",
    "Group.ReadWrite.All",
    "User.DeleteRestore.All",
    "RoleEligibilitySchedule.Read.Directory",
    "CrossTenantInformation.ReadBasic.All",
    "GroupMember.ReadWrite.All",
    "AdministrativeUnit.Read.All",
    "Application.Read.All",
    "GroupMember.Read.All",
    "Policy.ReadWrite.ApplicationConfiguration",
    "Policy.ReadWrite.Authorization",
    "Domain.ReadWrite.All",
    "AdministrativeUnit.ReadWrite.All",
    "RoleAssignmentSchedule.ReadWrite.Directory",
    "RoleEligibilitySchedule.ReadWrite.Directory",
    "LicenseAssignment.ReadWrite.All",
    "TeamsTelephoneNumber.ReadWrite.All",
    "TeamsUserConfiguration.Read.All",
    "TeamsPolicyUserAssign.ReadWrite.All",
    "AuditLog.Read.All",
    "Organization.ReadWrite.All",
)


@dataclass
class Reply:
    """An answer: status, headers with lower-case names, JSON or text (None without a body)."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def value(self) -> list[dict[str, Any]]:
        return self.body["value"]

    @property
    def code(self) -> str:
        return self.body["error"]["code"]

    @property
    def message(self) -> str:
        return self.body["error"]["message"]


@dataclass
class Door:
    """A world from the default seed with its clock frozen at noon, and who is calling."""

    world: world.World = field(default_factory=lambda: world.build(Settings(), seed.read(None)))
    token: str | None = None

    def __post_init__(self) -> None:
        self.world.clock.freeze(noon)
        self.world.keys = _keys.setdefault(self.world.keys.seed, self.world.keys)
        self.app = App(self.world)

    @property
    def tenant(self) -> Tenant:
        return self.world.directory.tenants[contoso]

    def user(self, name: str) -> DirectoryObject:
        found = self.tenant.user(f"{name}@contoso.com") or self.tenant.user(name)
        assert found is not None
        return found

    def as_person(self, name: str, *scopes: str, tenant: Tenant | None = None) -> Door:
        """Somebody signs in with these delegated permissions (all that tests know, unless some are named)."""
        where = tenant or self.tenant
        client = where.principal(command_line_tools) or principals.create(self.world, where, command_line_tools)
        person = self.user(name) if tenant is None else where.user(name)
        assert person is not None
        self.token = tokens.person_token(
            self.world,
            where,
            person,
            client,
            self.graph(where),
            scopes=list(scopes or all_scopes),
            life=3600,
            confidential=False,
        )
        return self

    def as_application(self, *roles: str, name: str = "Caller") -> Door:
        """A fresh application with exactly these application permissions calls."""
        principal = self.new_principal(name)
        self.give(principal, *roles)
        return self.as_principal(principal.id)

    def as_principal(self, principal_id: str) -> Door:
        """A service principal that is there already calls, with what it was given."""
        principal = self.tenant.objects[principal_id]
        self.token = tokens.application_token(self.world, self.tenant, principal, self.graph(self.tenant), 3600)
        return self

    def new_principal(self, name: str) -> DirectoryObject:
        """An application and its service principal, straight into the directory."""
        app_id, oid = self.world.ids.uuid("test"), self.world.ids.uuid("test")
        body = {"id": oid, "appId": app_id, "displayName": name, "passwordCredentials": [], "uniqueName": None}
        self.tenant.objects[oid] = DirectoryObject("application", oid, body)
        return principals.create(self.world, self.tenant, app_id)

    def give(self, principal: DirectoryObject, *roles: str) -> None:
        graph = self.tenant.principal(data.graph_app_id)
        ids = {role["value"]: role["id"] for role in data.app_roles(data.graph_app_id)}
        for role in roles:
            key = f"{principal.id}/{role}"
            self.tenant.app_role_assignments[key] = {
                "id": key,
                "principalId": principal.id,
                "resourceId": graph.id,
                "appRoleId": ids[role],
            }

    def give_directory_role(self, principal_id: str, name: str, *, scope: str = "/") -> None:
        key = f"{principal_id}/{name}"
        self.tenant.role_assignments[key] = {
            "id": key,
            "principalId": principal_id,
            "roleDefinitionId": data.role_ids_by_name()[name],
            "directoryScopeId": scope,
            "appScopeId": None,
            "condition": None,
        }

    def graph(self, tenant: Tenant) -> tokens.Resource:
        principal = tenant.principal(data.graph_app_id)
        assert principal is not None
        return tokens.Resource(principal, "https://graph.microsoft.com")

    def get(self, path: str, **headers: str) -> Reply:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        return self.send("POST", path, body, headers=headers)

    def patch(self, path: str, body: Any, **headers: str) -> Reply:
        return self.send("PATCH", path, body, headers=headers)

    def delete(self, path: str) -> Reply:
        return self.send("DELETE", path)

    def send(self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None) -> Reply:
        """Ask, check both sides against Microsoft's description, and give the answer back.

        ``path`` follows ``/v1.0`` (a whole address, such as a nextLink, works too); header names take ``_`` for ``-``.
        """
        target = path if "://" in path else f"https://localhost/v1.0{path}"
        parts = urlsplit(target)
        sent = {key.replace("_", "-"): value for key, value in (headers or {}).items()}
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        reply = asyncio.run(self._ask(method, parts.path, parts.query, raw, sent))
        entry = self.world.log.entries[-1]
        if entry.route and "{path:path}" not in entry.route:
            graph_contract.check(
                graph_contract.Exchange(
                    f"{method} {entry.route.removeprefix('/v1.0').removeprefix('/beta')}",
                    dict(parse_qsl(parts.query, keep_blank_values=True)),
                    None if isinstance(body, bytes) else body,
                    reply.status,
                    reply.body,
                )
            )
        return reply

    async def _ask(self, method: str, path: str, query: str, raw: bytes, headers: dict[str, str]) -> Reply:
        messages: list[Any] = []
        named = {"host": "localhost", "authorization": f"Bearer {self.token}" if self.token else "", **headers}
        if raw:
            named.setdefault("content-type", "application/json")
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "scheme": "https",
            "query_string": query.encode(),
            "server": ("localhost", 443),
            "client": ("127.0.0.1", 1),
            "extensions": {},
            "headers": [(key.lower().encode(), value.encode()) for key, value in named.items() if value],
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await self.app(scope, receive, send)
        return _reply(messages)


def _reply(messages: list[Any]) -> Reply:
    start, content = messages[0], b"".join(one.get("body", b"") for one in messages[1:])
    headers = {key.decode().lower(): value.decode() for key, value in start["headers"]}
    kind = headers.get("content-type", "")
    body = json.loads(content) if content and "json" in kind else content.decode() or None
    return Reply(start["status"], headers, body)
