"""A registration that a customer made by hand in an emulated tenant, whole or with something missing."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import uuid4

import requests

from gangway.provisioning.engine import pinning
from tests.emulator.conftest import Emulator, grace

GRAPH = "00000003-0000-0000-c000-000000000000"
TEAMS = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"
CONTOSO = "c0475050-0000-4000-8000-000000000001"
SCOPES = (
    "openid User.Read Organization.Read.All Application.ReadWrite.All AppRoleAssignment.ReadWrite.All "
    "RoleManagement.ReadWrite.Directory AdministrativeUnit.ReadWrite.All"
)
PLAN = pinning.pin(profile="teams-voice", version=2)


@dataclass
class Made:
    """What the customer would hand over."""

    app_id: str
    object_id: str
    principal_id: str
    name: str
    secret: str = field(default="", repr=False)
    key_id: str = ""


@dataclass
class ByHand:
    """An administrator of Contoso at work in Microsoft's portal."""

    emulator: Emulator

    @cached_property
    def session(self) -> requests.Session:
        """Signed in once, over one connection."""
        flow = self.emulator.device_code(SCOPES)
        self.emulator.grant(flow, grace, for_all=False)
        session = self.emulator.session
        session.headers["Authorization"] = f"Bearer {self.emulator.poll(flow).json()['access_token']}"
        return session

    def graph(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.session.request(method, f"{self.emulator.url}/v1.0{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def make(self, *, lacking: tuple[str, ...] = (), more: tuple[str, ...] = (), secret: bool = True) -> Made:
        """A registration of the plan, without what is `lacking` and with `more`: permissions and roles by name."""
        name = f"by hand {uuid4().hex[:6]}"
        app = self.graph("POST", "/applications", {"displayName": name, "signInAudience": "AzureADMyOrg"})
        principal = self.graph("POST", "/servicePrincipals", {"appId": app["appId"]})
        made = Made(app["appId"], app["id"], principal["id"], name)
        self._present(TEAMS)
        values = [value for value in (*PLAN["permissions"], *more) if value not in lacking]
        self.permit(made, *values)
        self.assign(made, *(role for role in PLAN["roles"] if role not in lacking))
        return self.add_secret(made) if secret else made

    def permit(self, made: Made, *values: str) -> None:
        """Grant application permissions with consent."""
        graph = self.graph("GET", f"/servicePrincipals(appId='{GRAPH}')?$select=id,appRoles")
        ids = {role["value"]: role["id"] for role in graph["appRoles"]}
        path = f"/servicePrincipals/{made.principal_id}/appRoleAssignments"
        for value in values:
            body = {"principalId": made.principal_id, "resourceId": graph["id"], "appRoleId": ids[value]}
            self.graph("POST", path, body)

    def take_away(self, app_id: str) -> str:
        """Enterprise applications > Permissions: revoke one of the plan's; gives its name."""
        value = next(iter(PLAN["permissions"]))
        graph = self.graph("GET", f"/servicePrincipals(appId='{GRAPH}')?$select=id,appRoles")
        (role,) = (role["id"] for role in graph["appRoles"] if role["value"] == value)
        path = f"/servicePrincipals(appId='{app_id}')/appRoleAssignments"
        (one,) = (given["id"] for given in self.graph("GET", path)["value"] if given["appRoleId"] == role)
        self.graph("DELETE", f"{path}/{one}")
        return value

    def assign(self, made: Made, *roles: str) -> None:
        """Give the plan's directory roles."""
        for role in roles:
            body = {"principalId": made.principal_id, "roleDefinitionId": PLAN["roles"][role], "directoryScopeId": "/"}
            self.graph("POST", "/roleManagement/directory/roleAssignments", body)

    def add_secret(self, made: Made, *, ends: str = "2031-01-31T00:00:00Z") -> Made:
        wanted = {"passwordCredential": {"displayName": "typed", "endDateTime": ends}}
        answer = self.graph("POST", f"/applications/{made.object_id}/addPassword", wanted)
        made.secret, made.key_id = answer["secretText"], answer["keyId"]
        return made

    def upload(self, made: Made, der: str, name: str) -> None:
        """Certificates & secrets > Certificates > Upload certificate."""
        key = {"type": "AsymmetricX509Cert", "usage": "Verify", "displayName": name, "key": der}
        self.graph("PATCH", f"/applications/{made.object_id}", {"keyCredentials": [key]})

    def trust(self, made: Made, *, issuer: str, subject: str, audience: str) -> None:
        """Certificates & secrets > Federated credentials > Add credential."""
        body = {"name": "gangway", "issuer": issuer, "subject": subject, "audiences": [audience]}
        self.graph("POST", f"/applications/{made.object_id}/federatedIdentityCredentials", body)

    def disable(self, made: Made) -> None:
        self.graph("PATCH", f"/servicePrincipals/{made.principal_id}", {"accountEnabled": False})

    def _present(self, app_id: str) -> None:
        if not self.graph("GET", f"/servicePrincipals?$filter=appId eq '{app_id}'")["value"]:
            self.graph("POST", "/servicePrincipals", {"appId": app_id})
