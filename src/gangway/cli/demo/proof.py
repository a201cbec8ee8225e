"""What the emulated Microsoft itself says was made: the only witness the demo believes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import requests

from gangway.cli.demo.errors import NotProved
from gangway.provisioning.engine.pinning import pin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

REQUEST_SECONDS = 30
PROFILE, VERSION = "teams-voice", 2
"""What an invitation of today asks for."""

MICROSOFT = ["graph", "login"]
"""The parts of the log that count: what programs asked, not the control door and not the portal for people."""


@dataclass(frozen=True)
class Made:
    """What stands in the tenant: Microsoft's ids, and the names of permissions and roles."""

    tenant_id: str
    app_id: str
    application_object_id: str
    service_principal_id: str
    permissions: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    credential_key_id: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Witness:
    """The emulator's control door, asked only for its log and its state."""

    def __init__(self, announcement: dict[str, Any]) -> None:
        control = announcement["control"]
        self.address: str = control["url"]
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers[control["header"]] = control["token"]
        self.authority: Path | str = announcement["ca_file"]

    def last_request(self) -> int:
        """The number of the newest request in the log; 0 for an empty one."""
        entries = self._get("log")["requests"]
        return max((int(entry["number"]) for entry in entries), default=0)

    def counts(self, *, after: int) -> dict[str, int]:
        """Requests, subrequests and the longest chain of requests of which none overlaps the next, since a number."""
        summary = self._get("log/summary", after=after, plane=MICROSOFT)
        return {name: summary[name] for name in ("requests", "subrequests", "sequential_round_trips")}

    def answering(self, *, after: int) -> float:
        """How many seconds the answers of that chain took, by the emulator's own log."""
        return float(self._get("log/summary", after=after, plane=MICROSOFT)["sequential_seconds"])

    def registration(self, *, app_id: str, features: Sequence[str] = ()) -> Made:
        """What was made for an application with these features. Raises NotProved, saying what is missing."""
        for tenant in self.state()["tenants"]:
            for item in tenant["objects"].values():
                if item["kind"] == "application" and item["body"].get("appId") == app_id:
                    return _made(tenant, item, features)
        raise NotProved(f"No tenant holds an application {app_id}.")

    def state(self) -> dict[str, Any]:
        """Everything that is in every tenant."""
        return self._get("state")

    def _get(self, door: str, **query: int | list[str]) -> dict[str, Any]:
        # `verify` is given with each request: with the session's, REQUESTS_CA_BUNDLE of the environment would win.
        door = self.address + door
        answer = self.session.get(door, params=query, verify=str(self.authority), timeout=REQUEST_SECONDS)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


def _made(tenant: dict[str, Any], application: dict[str, Any], features: Sequence[str]) -> Made:
    app_id = application["body"]["appId"]
    principal = next((item for item in tenant["objects"].values() if _is_principal(item, app_id)), None)
    if principal is None:
        raise NotProved(f"The application {app_id} has no service principal in {tenant['displayName']}.")
    plan = pin(profile=PROFILE, version=VERSION, features=features or None)
    granted = _ids(tenant["app_role_assignments"].values(), principal["id"], "appRoleId")
    assigned = _ids(tenant["role_assignments"].values(), principal["id"], "roleDefinitionId")
    return Made(
        tenant_id=tenant["id"],
        app_id=app_id,
        application_object_id=application["id"],
        service_principal_id=principal["id"],
        permissions=_exactly("permissions", plan["permissions"], granted),
        roles=_exactly("roles", plan["roles"], assigned),
        credential_key_id=_only_credential(application["body"]),
    )


def _is_principal(item: dict[str, Any], app_id: str) -> bool:
    return bool(item["kind"] == "servicePrincipal" and item["body"].get("appId") == app_id)


def _ids(rows: Iterable[dict[str, Any]], principal_id: str, key: str) -> set[str]:
    return {row[key] for row in rows if row["principalId"] == principal_id}


def _exactly(what: str, wanted: dict[str, str], found: set[str]) -> list[str]:
    """The names of what was found, which has to be just what the plan names: nothing missing, nothing more."""
    if set(wanted.values()) != found:
        missing = [name for name, key in wanted.items() if key not in found]
        raise NotProved(f"The {what} differ. Missing: {missing or 'none'}; too many: {found - set(wanted.values())}.")
    return sorted(wanted)


def _only_credential(application: dict[str, Any]) -> str:
    """The id of the one secret, or of the certificate that was made instead where a policy forbids secrets."""
    kept = [*application.get("passwordCredentials", []), *application.get("keyCredentials", [])]
    if len(kept) != 1:
        raise NotProved(f"The application has {len(kept)} credentials; it should have one.")
    return str(kept[0]["keyId"])
