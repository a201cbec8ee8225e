"""A tenant in memory, for the engine's tests: it answers the engine's calls as Graph would, and counts round trips.

It knows nothing of the engine's own model: it reads method, path and body. It can be told to interrupt: before or after
the n-th call. What it keeps is plain data, so a test judges the tenant by looking at it.
"""

import base64
import hashlib
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from gangway.foundation.ids import AppId, TenantId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.cloud import GRAPH_APP_ID
from gangway.microsoft.directory_roles import GLOBAL
from gangway.microsoft.errors import ApplicationUnknown, CredentialNotAccepted
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.session import Outcome
from gangway.microsoft.reading import graph_error
from gangway.microsoft.signin.client_credentials import AppToken
from gangway.microsoft.signin.own_credentials import Certificate, OwnCredential, Secret
from gangway.microsoft.signin.tokens import AppClaims
from gangway.microsoft.wire import Answer
from gangway.provisioning.engine import profile
from gangway.provisioning.engine.wider import table

TENANT = TenantId("11111111-1111-4111-8111-111111111111")
CLIENT = AppId("33333333-3333-4333-8333-333333333333")
TEAMS = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"


class Killed(BaseException):
    """The process died here: nothing of ours catches it."""


Hook = Callable[[int, str, str], None]


def _offered() -> dict[str, str]:
    """What Graph offers here, by id: all that our profiles know, and everything wider, under ids of this tenant."""
    profiles = [found for name in ("teams-voice", "qoe") if (found := profile.load(name))]
    known = {entry.id: entry.value for found in profiles for entry in found.permissions}
    wider = {wide for row in table().rows for wide in row.wider} - set(known.values())
    return known | {f"id of {value}": value for value in sorted(wider)}


OFFERED = _offered()


@dataclass
class SmallTenant:
    """State and answers. `before` and `after` are called around every call (number, method, path) and may raise."""

    signer_roles: list[str] = field(default_factory=lambda: [GLOBAL])
    applications: dict[str, dict[str, Any]] = field(default_factory=dict)
    principals: dict[str, dict[str, Any]] = field(default_factory=dict)
    deleted: dict[str, dict[str, Any]] = field(default_factory=dict)
    grants: list[dict[str, Any]] = field(default_factory=list)
    roles: list[dict[str, Any]] = field(default_factory=list)
    before: Hook = lambda _number, _method, _path: None
    after: Hook = lambda _number, _method, _path: None
    trusted: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    refusals: dict[str, list[Answer]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    trips: int = 0
    ids: Any = field(default_factory=lambda: itertools.count(1))
    owners: dict[str, list[str]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    offered: dict[str, str] = field(default_factory=lambda: dict(OFFERED))

    def __post_init__(self) -> None:
        offered = [{"id": role_id, "value": value, "isEnabled": True} for role_id, value in self.offered.items()]
        self.add_principal(GRAPH_APP_ID, appRoles=offered)
        self.add_principal(CLIENT)

    def add_principal(self, app_id: str, **more: Any) -> dict[str, Any]:
        """Put an enterprise application into the tenant."""
        row = {"id": self._id("sp"), "appId": app_id, "displayName": app_id, "appRoles": [], **more}
        self.principals[row["id"]] = row
        return row

    def add_application(self, unique_name: str, **more: Any) -> dict[str, Any]:
        """Put an app registration into the tenant."""
        row = {"id": self._id("app"), "appId": self._id("client"), "uniqueName": unique_name, "displayName": "x"}
        row |= {"requiredResourceAccess": [], "passwordCredentials": [], "keyCredentials": [], **more}
        self.applications[row["id"]] = row
        return row

    def principal_of(self, app_id: str) -> dict[str, Any] | None:
        return next((row for row in self.principals.values() if row["appId"] == app_id), None)

    def session(self) -> "SmallGraph":
        return SmallGraph(self)

    def own(self) -> "SmallSignIn":
        return SmallSignIn(self)

    def answer(self, call: Call[Any]) -> Answer:
        """Answer one call, counted and with the hooks around it."""
        number, path = len(self.calls), unquote(call.path.partition("?")[0])
        self.calls.append((call.method, path))
        self.before(number, call.method, path)
        for pattern, answers in self.refusals.items():
            if answers and re.search(pattern, f"{call.method} {path}"):
                return answers.pop(0)
        answer = self._route(call, path)
        self.after(number, call.method, path)
        return answer

    def _route(self, call: Call[Any], path: str) -> Answer:
        for pattern, handler in _ROUTES:
            if found := re.fullmatch(pattern, f"{call.method} {path}"):
                answer: Answer = handler(self, call, *found.groups())
                return answer
        raise AssertionError(f"the engine asked for something unexpected: {call.method} {path}")

    def _id(self, kind: str) -> str:
        return f"{kind}-{next(self.ids)}"


class SmallGraph:
    """Graph with the administrator's token."""

    def __init__(self, tenant: SmallTenant) -> None:
        self.tenant = tenant

    async def batch(self, calls: Sequence[Call[Any]], *, in_order: bool = False) -> list[Outcome[Any]]:
        self.tenant.trips += 1
        return [self._outcome(call) for call in calls]

    def _outcome(self, call: Call[Any]) -> Outcome[Any]:
        answer = self.tenant.answer(call)
        return Outcome(answer, value=call.read(answer)) if answer.good else Outcome(answer, error=graph_error(answer))


class SmallSignIn:
    """Signing in as the registration: tokens carry what the tenant really granted.

    `lag`: how often any credential is refused at first, `new_lag` only the newest secret. `also`: permissions on top.
    """

    def __init__(self, tenant: SmallTenant) -> None:
        self.tenant = tenant
        self.lag = 0
        self.new_lag = 0
        self.also = frozenset[str]()

    async def token(self, *, app_id: AppId, credential: OwnCredential, scope: str) -> AppToken:
        self.tenant.trips += 1
        if self.lag:
            self.lag -= 1
            raise CredentialNotAccepted
        application = next((row for row in self.tenant.applications.values() if row["appId"] == app_id), None)
        principal = self.tenant.principal_of(app_id)
        if application is None or principal is None:
            raise ApplicationUnknown
        if not self._accepts(application, credential) or self._is_too_new(application, credential):
            raise CredentialNotAccepted
        granted = [row["appRoleId"] for row in self.tenant.grants if row["principalId"] == principal["id"]]
        mine = [row for row in self.tenant.roles if row["principalId"] == principal["id"]]
        wids = [row["roleDefinitionId"] for row in mine if row["directoryScopeId"] == "/"]
        values = frozenset(self.tenant.offered[role] for role in granted) if "graph" in scope else frozenset[str]()
        values |= self.also if "graph" in scope else frozenset()
        ends = datetime.now(UTC) + timedelta(hours=1)
        return AppToken(SealedText("t"), ends, AppClaims(TENANT, app_id, values, frozenset(wids), ends), "r", 0.1)

    def _is_too_new(self, application: dict[str, Any], credential: OwnCredential) -> bool:
        newest = application["passwordCredentials"][1:][-1:]
        new = isinstance(credential, Secret) and [credential.text.reveal()] == [row["secretText"] for row in newest]
        self.new_lag -= 1 if new and self.new_lag else 0
        return new and self.new_lag > 0

    def _accepts(self, application: dict[str, Any], credential: OwnCredential) -> bool:
        if isinstance(credential, Secret):
            return credential.text.reveal() in [row["secretText"] for row in application["passwordCredentials"]]
        if isinstance(credential, Certificate):
            rows = [base64.b64decode(row["key"]) for row in application["keyCredentials"]]
            return credential.thumbprint in [_thumbprint(row) for row in rows]
        rows = self.tenant.trusted.get(application["id"], [])
        wanted = (credential.issuer, credential.subject, [credential.audience])
        return wanted in [(row["issuer"], row["subject"], row["audiences"]) for row in rows]

    def graph(self, token: SealedText) -> SmallGraph:
        return SmallGraph(self.tenant)


def refusal(status: int, code: str = "", message: str = "") -> Answer:
    """A Graph error."""
    return Answer(status, {"error": {"code": code, "message": message}})


def _found(rows: Any, key: str, value: str) -> dict[str, Any] | None:
    return next((row for row in rows if row[key] == value), None)


def _one(row: dict[str, Any] | None) -> Answer:
    return Answer(200, row) if row else refusal(404, "Request_ResourceNotFound")


def _application(tenant: SmallTenant, _call: Call[Any], name: str) -> Answer:
    return _one(_found(tenant.applications.values(), "uniqueName", name))


def _upsert_application(tenant: SmallTenant, call: Call[Any], name: str) -> Answer:
    assert call.headers["Prefer"] == "create-if-missing"
    row = _found(tenant.applications.values(), "uniqueName", name)
    if row is None and _found(tenant.deleted.values(), "uniqueName", name):
        return refusal(409, "Request_MultipleObjectsWithSameKeyValue")
    if row is None:
        return Answer(201, tenant.add_application(name, **call.body))
    row.update(call.body)
    return Answer(204)


def _change_application(tenant: SmallTenant, call: Call[Any], object_id: str) -> Answer:
    assert "passwordCredentials" not in call.body
    body = dict(call.body)
    if "keyCredentials" in body:
        known = {row["keyId"]: row for row in tenant.applications[object_id]["keyCredentials"]}
        body["keyCredentials"] = [row if row.get("key") else known[row["keyId"]] for row in body["keyCredentials"]]
    tenant.applications[object_id].update(body)
    return Answer(204)


def _thumbprint(der: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def _trusted(tenant: SmallTenant, _call: Call[Any], object_id: str) -> Answer:
    if object_id not in tenant.applications:
        return refusal(404, "Request_ResourceNotFound")
    return Answer(200, {"value": list(tenant.trusted.get(object_id, []))})


def _trust(tenant: SmallTenant, call: Call[Any], object_id: str) -> Answer:
    if object_id not in tenant.applications:
        return refusal(404, "Request_ResourceNotFound")
    row = {"id": tenant._id("trust"), **call.body}
    tenant.trusted.setdefault(object_id, []).append(row)
    return Answer(201, row)


def _distrust(tenant: SmallTenant, _call: Call[Any], object_id: str, key_id: str) -> Answer:
    rows = tenant.trusted.get(object_id, [])
    row = _found(rows, "id", key_id)
    if row is None:
        return refusal(404, "Request_ResourceNotFound")
    rows.remove(row)
    return Answer(204)


def _delete_application(tenant: SmallTenant, _call: Call[Any], object_id: str) -> Answer:
    row = tenant.applications.pop(object_id, None)
    if row is None:
        return refusal(404)
    tenant.deleted[object_id] = row
    principal = tenant.principal_of(row["appId"])
    if principal:
        _delete_principal(tenant, _call, principal["id"])
    return Answer(204)


def _add_password(tenant: SmallTenant, call: Call[Any], object_id: str) -> Answer:
    if object_id not in tenant.applications:
        return refusal(404, "Request_ResourceNotFound")
    key = tenant._id("key")
    row = {**call.body["passwordCredential"], "keyId": key, "secretText": f"secret of {key}"}
    tenant.applications[object_id]["passwordCredentials"].append(row)
    return Answer(200, dict(row))


def _remove_password(tenant: SmallTenant, call: Call[Any], object_id: str) -> Answer:
    passwords = tenant.applications[object_id]["passwordCredentials"]
    row = _found(passwords, "keyId", call.body["keyId"])
    if row is None:
        return refusal(400, "Request_BadRequest", "No password credential found with keyId.")
    passwords.remove(row)
    return Answer(204)


def _principal(tenant: SmallTenant, _call: Call[Any], app_id: str) -> Answer:
    return _one(tenant.principal_of(app_id))


def _upsert_principal(tenant: SmallTenant, call: Call[Any], app_id: str) -> Answer:
    if tenant.principal_of(app_id):
        return Answer(204)
    return Answer(201, tenant.add_principal(app_id))


def _delete_principal(tenant: SmallTenant, _call: Call[Any], principal: str) -> Answer:
    tenant.grants = [row for row in tenant.grants if row["principalId"] != principal]
    tenant.roles = [row for row in tenant.roles if row["principalId"] != principal]
    return Answer(204) if tenant.principals.pop(principal, None) else refusal(404)


def _held_grants(tenant: SmallTenant, _call: Call[Any], principal: str) -> Answer:
    return Answer(200, {"value": [row for row in tenant.grants if row["principalId"] == principal]})


def _grant(tenant: SmallTenant, call: Call[Any], principal: str) -> Answer:
    if any(row.items() >= call.body.items() for row in tenant.grants):
        return refusal(400, "Request_BadRequest", "Permission being assigned already exists on the object")
    tenant.grants.append({"id": tenant._id("grant"), **call.body})
    return Answer(201, tenant.grants[-1])


def _revoke(tenant: SmallTenant, _call: Call[Any], principal: str, grant: str) -> Answer:
    left = [row for row in tenant.grants if (row["principalId"], row["id"]) != (principal, grant)]
    gone, tenant.grants = len(left) < len(tenant.grants), left
    return Answer(204) if gone else refusal(404, "Request_ResourceNotFound")


def _schedule(tenant: SmallTenant, call: Call[Any]) -> Answer:
    """PIM: the same assignment with an end."""
    wanted = {name: call.body[name] for name in ("principalId", "roleDefinitionId", "directoryScopeId")}
    assert call.body["justification"]
    days = int(call.body["scheduleInfo"]["expiration"]["duration"][1:-1])
    ends = (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    row = next((row for row in tenant.roles if row.items() >= wanted.items()), None)
    if (row is None) is (call.body["action"] == "adminExtend"):
        return refusal(400, "RoleAssignmentExists" if row else "RoleAssignmentDoesNotExist")
    if row is None:
        row = {"id": tenant._id("role"), **wanted}
        tenant.roles.append(row)
    row["endDateTime"] = ends
    expiration = {"type": "afterDateTime", "endDateTime": ends}
    return Answer(201, {**row, "scheduleInfo": {"expiration": expiration}})


def _held_roles(tenant: SmallTenant, call: Call[Any]) -> Answer:
    found = re.search(r"principalId eq '([^']+)'", unquote(call.path))
    assert found
    return Answer(200, {"value": [row for row in tenant.roles if row["principalId"] == found[1]]})


def _assign(tenant: SmallTenant, call: Call[Any]) -> Answer:
    if any(row.items() >= call.body.items() for row in tenant.roles):
        return refusal(
            409,
            "Request_BadRequest",
            "A conflicting object with one or more of the specified property values is present",
        )
    tenant.roles.append({"id": tenant._id("role"), **call.body})
    return Answer(201, tenant.roles[-1])


def _owners(tenant: SmallTenant, _call: Call[Any], object_id: str) -> Answer:
    return Answer(200, {"value": [{"id": owner} for owner in tenant.owners.get(object_id, [])]})


def _add_owner(tenant: SmallTenant, call: Call[Any], object_id: str) -> Answer:
    known, owner = tenant.owners.setdefault(object_id, []), call.refers_to.rpartition("/")[2]
    assert owner in tenant.principals
    if owner in known:
        return refusal(400, "Request_BadRequest", "One or more added object references already exist")
    known.append(owner)
    return Answer(204)


def _unit(tenant: SmallTenant, _call: Call[Any], unit: str) -> Answer:
    return _one({"id": unit, "displayName": tenant.units[unit]} if unit in tenant.units else None)


def _units(tenant: SmallTenant, call: Call[Any]) -> Answer:
    found = re.search(r"displayName eq '([^']+)'", unquote(call.path))
    assert found
    rows = [{"id": unit, "displayName": name} for unit, name in tenant.units.items() if name == found[1]]
    return Answer(200, {"value": rows})


def _my_roles(tenant: SmallTenant, _call: Call[Any]) -> Answer:
    kind = "#microsoft.graph.directoryRole"
    return Answer(200, {"value": [{"@odata.type": kind, "roleTemplateId": role} for role in tenant.signer_roles]})


def _organization(_tenant: SmallTenant, _call: Call[Any]) -> Answer:
    return Answer(200, {"value": [{"id": TENANT, "displayName": "Contoso", "verifiedDomains": []}]})


def _nobody(_tenant: SmallTenant, _call: Call[Any]) -> Answer:
    return Answer(200, {"value": []})


def _deleted(tenant: SmallTenant, _call: Call[Any]) -> Answer:
    return Answer(200, {"value": list(tenant.deleted.values())})


def _delete_for_good(tenant: SmallTenant, _call: Call[Any], object_id: str) -> Answer:
    return Answer(204) if tenant.deleted.pop(object_id, None) else refusal(404)


def _restore(tenant: SmallTenant, _call: Call[Any], object_id: str) -> Answer:
    row = tenant.deleted.pop(object_id, None)
    if row is None:
        return refusal(404)
    tenant.applications[object_id] = row
    return Answer(200, row)


def _revoke(tenant: SmallTenant, _call: Call[Any], _principal: str, assignment: str) -> Answer:
    before = len(tenant.grants)
    tenant.grants = [row for row in tenant.grants if row["id"] != assignment]
    return Answer(204) if len(tenant.grants) < before else refusal(404)


def _unassign(tenant: SmallTenant, _call: Call[Any], assignment: str) -> Answer:
    before = len(tenant.roles)
    tenant.roles = [row for row in tenant.roles if row["id"] != assignment]
    return Answer(204) if len(tenant.roles) < before else refusal(404)


_ROUTES: list[tuple[str, Callable[..., Answer]]] = [
    (r"GET /applications\(uniqueName='(.+)'\)", _application),
    (r"PATCH /applications\(uniqueName='(.+)'\)", _upsert_application),
    (r"GET /directory/deletedItems/microsoft.graph.application", _deleted),
    (r"DELETE /directory/deletedItems/([^/]+)", _delete_for_good),
    (r"POST /directory/deletedItems/([^/]+)/restore", _restore),
    (r"DELETE /servicePrincipals/([^/]+)/appRoleAssignments/([^/]+)", _revoke),
    (r"DELETE /roleManagement/directory/roleAssignments/([^/]+)", _unassign),
    (r"PATCH /applications/([^/]+)", _change_application),
    (r"GET /applications/([^/]+)/federatedIdentityCredentials", _trusted),
    (r"POST /applications/([^/]+)/federatedIdentityCredentials", _trust),
    (r"DELETE /applications/([^/]+)/federatedIdentityCredentials/([^/]+)", _distrust),
    (r"DELETE /applications/([^/]+)", _delete_application),
    (r"POST /applications/([^/]+)/addPassword", _add_password),
    (r"POST /applications/([^/]+)/removePassword", _remove_password),
    (r"GET /servicePrincipals\(appId='(.+)'\)", _principal),
    (r"PATCH /servicePrincipals\(appId='(.+)'\)", _upsert_principal),
    (r"DELETE /servicePrincipals/([^/]+)", _delete_principal),
    (r"GET /servicePrincipals/([^/]+)/appRoleAssignments", _held_grants),
    (r"POST /servicePrincipals/([^/]+)/appRoleAssignments", _grant),
    (r"GET /roleManagement/directory/roleAssignments", _held_roles),
    (r"POST /roleManagement/directory/roleAssignments", _assign),
    (r"GET /applications/([^/]+)/owners", _owners),
    (r"POST /applications/([^/]+)/owners/\$ref", _add_owner),
    (r"GET /directory/administrativeUnits/([^/]+)", _unit),
    (r"GET /directory/administrativeUnits", _units),
    (r"POST /roleManagement/directory/roleAssignmentScheduleRequests", _schedule),
    (r"GET /roleManagement/directory/roleAssignmentScheduleInstances", _held_roles),
    (r"DELETE /servicePrincipals/([^/]+)/appRoleAssignments/([^/]+)", _revoke),
    (r"GET /me/transitiveMemberOf", _my_roles),
    (r"GET /organization", _organization),
    (r"GET /admin/teams/userConfigurations", _nobody),
]
