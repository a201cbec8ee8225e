"""What a Microsoft 365 cloud holds: tenants, people, applications, service principals, grants and roles.

Directory objects keep their public face as a dictionary in Microsoft Graph's own JSON shape (``body``), so that a
property that a client sets is a property that it reads back. What Graph never shows (password hashes, secret values)
stands beside it in ``hidden``. Nothing here knows HTTP, time or authority: the ``graph`` and ``login`` rooms ask
the questions at the end of :class:`Tenant`.
"""

from __future__ import annotations

import itertools
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

type_of_kind = {
    "user": "#microsoft.graph.user",
    "application": "#microsoft.graph.application",
    "servicePrincipal": "#microsoft.graph.servicePrincipal",
    "group": "#microsoft.graph.group",
    "administrativeUnit": "#microsoft.graph.administrativeUnit",
    "directoryRole": "#microsoft.graph.directoryRole",
}


@dataclass(slots=True)
class DirectoryObject:
    """One object of a tenant: ``kind`` is Graph's type name without the namespace, ``id`` its object id."""

    kind: str
    id: str
    body: dict[str, Any]
    hidden: dict[str, Any] = field(default_factory=dict)
    owners: list[str] = field(default_factory=list)
    deleted_at: float | None = None


@dataclass(slots=True)
class Tenant:
    """A Microsoft 365 tenant. Collections are keyed by the object's id, in order of creation."""

    id: str
    display_name: str
    domains: list[dict[str, Any]]
    objects: dict[str, DirectoryObject] = field(default_factory=dict)
    deleted: dict[str, DirectoryObject] = field(default_factory=dict)
    app_role_assignments: dict[str, dict[str, Any]] = field(default_factory=dict)
    permission_grants: dict[str, dict[str, Any]] = field(default_factory=dict)
    role_assignments: dict[str, dict[str, Any]] = field(default_factory=dict)
    role_eligibilities: dict[str, dict[str, Any]] = field(default_factory=dict)
    memberships: dict[str, list[str]] = field(default_factory=dict)
    skus: list[dict[str, Any]] = field(default_factory=list)
    organization: dict[str, Any] = field(default_factory=dict)
    policies: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    _known: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)

    def of_kind(self, kind: str) -> Iterator[DirectoryObject]:
        """Live objects of one kind, oldest first."""
        return (item for item in self.objects.values() if item.kind == kind)

    def find(self, kind: str, **wanted: Any) -> DirectoryObject | None:
        """The first live object of this kind whose body has all the wanted values; text compares without case."""
        for item in self.of_kind(kind):
            if all(_same(item.body.get(key), value) for key, value in wanted.items()):
                return item
        return None

    def user(self, upn: str) -> DirectoryObject | None:
        return self.find("user", userPrincipalName=upn)

    def application(self, app_id: str) -> DirectoryObject | None:
        return self._by_app_id("application", app_id)

    def principal(self, app_id: str) -> DirectoryObject | None:
        """The service principal of an application in this tenant, by the application's client id."""
        return self._by_app_id("servicePrincipal", app_id)

    def _by_app_id(self, kind: str, app_id: str) -> DirectoryObject | None:
        """Found by search once, then remembered; what is remembered is checked, because objects come and go."""
        item = self.objects.get(self._known.get((kind, app_id), ""))
        if item is not None and item.body.get("appId") == app_id:
            return item
        found = self.find(kind, appId=app_id)
        if found is not None:
            self._known[kind, app_id] = found.id
        return found

    def domain_names(self) -> list[str]:
        return [domain["id"] for domain in self.domains if domain.get("isVerified")]

    def default_domain(self) -> str:
        """The domain that new addresses are of; empty where none is the default."""
        return next((str(domain["id"]) for domain in self.domains if domain["isDefault"]), "")

    def directory_roles(self, principal_id: str, *, scope: str | None = "/") -> list[str]:
        """Template ids of the directory roles that are active for a person or a service principal.

        ``scope`` limits to assignments at that directory scope; ``None`` takes those of administrative units too.
        """
        return list(
            dict.fromkeys(
                row["roleDefinitionId"]
                for row in self.role_assignments.values()
                if row["principalId"] == principal_id and scope in (None, row["directoryScopeId"])
            )
        )

    def app_roles(self, principal_id: str, resource_app_id: str) -> list[str]:
        """Values of the application permissions that a service principal was granted at one resource."""
        resource = self.principal(resource_app_id)
        if resource is None:
            return []
        names = {role["id"]: role["value"] for role in resource.body.get("appRoles", []) if role.get("value")}
        granted = (
            row["appRoleId"]
            for row in self.app_role_assignments.values()
            if row["principalId"] == principal_id and row["resourceId"] == resource.id
        )
        return [names[role_id] for role_id in granted if role_id in names]

    def groups_of(self, member_id: str) -> list[str]:
        """Ids of the groups that somebody is in, directly or through other groups."""
        return [
            key for key in self.containers_of(member_id) if key in self.objects and self.objects[key].kind == "group"
        ]

    def holders_for(self, principal: DirectoryObject) -> set[str]:
        """Ids whose assignments at an application count: one's own, for people those of groups they are in themselves.

        Service principals get nothing at an application through groups, nor does anybody through a group in a group.
        """
        groups = (key for key, members in self.memberships.items() if principal.id in members)
        return {principal.id, *(groups if principal.kind == "user" else ())}

    def role_holders_for(self, principal_id: str) -> set[str]:
        """Ids whose directory roles somebody has: one's own, and those of role-assignable groups that one is in.

        Source: Use Microsoft Entra groups to manage role assignments; such groups have no groups in them.
        """
        holding = (key for key, members in self.memberships.items() if principal_id in members)
        return {principal_id, *(key for key in holding if self.is_role_assignable(key))}

    def is_role_assignable(self, oid: str) -> bool:
        """Whether this is a live group that can have directory roles."""
        return oid in self.objects and bool(self.objects[oid].body.get("isAssignableToRole"))

    def containers_of(self, member_id: str) -> list[str]:
        """Ids of the groups and units that have this member, directly or through other groups."""
        found = [member_id]
        for one in found:
            found.extend(key for key, members in self.memberships.items() if one in members and key not in found)
        return found[1:]

    def delegated_scopes(self, client_id: str, resource_app_id: str, user_id: str) -> list[str]:
        """Delegated permissions that are consented for one person, for the organization or for that person alone.

        ``client_id`` and ``user_id`` are object ids (of the client's service principal and of the person).
        """
        resource = self.principal(resource_app_id)
        if resource is None:
            return []
        rows = (
            row
            for row in self.permission_grants.values()
            if row["clientId"] == client_id
            and row["resourceId"] == resource.id
            and (row["consentType"] == "AllPrincipals" or row.get("principalId") == user_id)
        )
        return list(dict.fromkeys(itertools.chain.from_iterable(row["scope"].split() for row in rows)))


class Tenants(dict[str, Tenant]):
    """Tenants by id. Whom a request was handed is noted, because only those can it have changed."""

    def __getitem__(self, key: str) -> Tenant:
        _note(key)
        return super().__getitem__(key)

    def __setitem__(self, key: str, tenant: Tenant) -> None:
        _note(key)
        super().__setitem__(key, tenant)

    @overload
    def get(self, key: str, default: None = None, /) -> Tenant | None: ...
    @overload
    def get(self, key: str, default: Tenant | T, /) -> Tenant | T: ...
    def get(self, key: str, default: Any = None, /) -> Any:
        _note(key)
        return super().get(key, default)

    def looked_at(self) -> Iterator[Tenant]:
        """All of them, for somebody who only looks for the right one and then asks for it by id."""
        return iter(super().values())


handed_out: ContextVar[set[str] | None] = ContextVar("handed_out", default=None)
"""Ids of the tenants that the running request was handed; None where nobody wants to know."""


def _note(tenant_id: str) -> None:
    noted = handed_out.get()
    if noted is not None:
        noted.add(tenant_id)


@dataclass(slots=True)
class Directory:
    """All tenants of the emulated cloud. ``microsofts_own`` is only the home of Microsoft's own clients."""

    tenants: Tenants = field(default_factory=Tenants)
    microsofts_own: Tenant | None = None
    _domains: dict[str, str] = field(default_factory=dict, repr=False)
    _homes: dict[str, str] = field(default_factory=dict, repr=False)

    def tenant(self, segment: str) -> Tenant | None:
        """The tenant that a URL segment names: its id or one of its verified domains, without case."""
        wanted = segment.lower()
        known = self.tenants.get(wanted) or self.tenants.get(self._domains.get(wanted, ""))
        if known is not None and (known.id == wanted or wanted in map(str.lower, known.domain_names())):
            return known
        found = next((t for t in self.tenants.looked_at() if wanted in map(str.lower, t.domain_names())), None)
        if found is None:
            return None
        self._domains[wanted] = found.id
        return self.tenants[found.id]

    def home_of_application(self, app_id: str) -> tuple[Tenant, DirectoryObject] | None:
        """The tenant where an application is registered, and the application."""
        known = self.tenants.get(self._homes.get(app_id, ""))
        for tenant in itertools.chain([known] if known else [], self.tenants.looked_at()):
            if (application := tenant.application(app_id)) is not None:
                self._homes[app_id] = tenant.id
                return self.tenants[tenant.id], application
        own = self.microsofts_own
        application = own.application(app_id) if own is not None else None
        return (own, application) if own is not None and application is not None else None

    def is_microsofts(self, app_id: str) -> bool:
        """Whether this client is Microsoft's own, and not one that a seed gave the same id."""
        found = self.home_of_application(app_id)
        return found is not None and found[0] is self.microsofts_own

    def tenant_of_upn(self, upn: str) -> Tenant | None:
        return self.tenant(upn.rpartition("@")[2])


def _same(have: Any, wanted: Any) -> bool:
    if isinstance(have, str) and isinstance(wanted, str):
        return have.casefold() == wanted.casefold()
    return bool(have == wanted)
