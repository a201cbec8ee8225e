"""The Operation Center's own application in an emulated Entra, and people who sign in with it, over real HTTP."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import requests
from django.test import Client

from gangway.accounts import tenant_proof
from gangway.foundation import clock
from gangway.foundation.ids import ObjectId, TenantId
from gangway.microsoft.directory_roles import GLOBAL
from gangway.microsoft.signin.tokens import Identity
from tests.emulator.browsing import Browser, Page
from tests.emulator.conftest import Emulator, privileged
from tests.rooms.factories_organizations import SETUP

SCOPES = f"{privileged} AppRoleAssignment.ReadWrite.All Group.ReadWrite.All User.ReadBasic.All"
HOME = "http://localhost:8000"
CONTOSO = "c0475050-0000-4000-8000-000000000001"
FABRIKAM = "fab41ca0-0000-4000-8000-000000000001"
PROVIDER = "a11ce000-0000-4000-8000-000000000001"
PAT = ("pat.provider@sandbox1.example", "Provider-Pat-1")
GRACE = ("grace.global@contoso.com", "Contoso-Grace-1")
MORGAN = ("morgan.member@contoso.com", "Contoso-Morgan-1")
GRAY = ("gray.global@fabrikam.com", "Fabrikam-Gray-1")
OPERATOR_ROLE = "11111111-0000-4000-8000-000000000001"
MONITOR_ROLE = "11111111-0000-4000-8000-000000000002"


def prove_tenant(row: UUID, tenant: str) -> None:
    """Let one of the tenant's administrators have signed in for it."""
    who = Identity(TenantId(tenant), ObjectId(""), "administrator", "", home_issuer="", wids=frozenset({GLOBAL}))
    tenant_proof.prove(row, who, cloud="public", by=SETUP, now=clock.now())


def _role(role_id: str, value: str) -> dict[str, Any]:
    return {
        "id": role_id,
        "value": value,
        "displayName": value,
        "description": f"{value} in the Operation Center",
        "allowedMemberTypes": ["User"],
        "isEnabled": True,
    }


@dataclass
class Entra:
    """An emulated Entra with our application in the provider's tenant."""

    emulator: Emulator
    client_id: str
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    def graph(self, who: tuple[str, str], method: str, path: str, body: Any = None) -> Any:
        """Call Graph as an administrator."""
        if who not in self.tokens:
            flow = self.emulator.device_code(SCOPES)
            self.emulator.grant(flow, who)
            self.tokens[who] = self.emulator.poll(flow).json()["access_token"]
        return _graph(self.emulator, self.tokens[who], method, path, body)

    def agree(self, address: str, who: tuple[str, str] = GRACE) -> dict[str, str]:
        """An administrator follows the consent link and accepts; what comes back to us."""
        browser = self._browser()
        page = self._through(browser, browser.open(address), who)
        return returned(browser.press(page, "Accept") if "Accept" in page.form.buttons else page)

    def assign(self, who: tuple[str, str], role_id: str) -> None:
        """Contoso's administrator gives a person an app role at the enterprise application."""
        principal = self.graph(GRACE, "GET", f"/servicePrincipals(appId='{self.client_id}')")
        person = self.graph(GRACE, "GET", f"/users/{who[0]}")
        assignment = {"principalId": person["id"], "resourceId": principal["id"], "appRoleId": role_id}
        self.graph(GRACE, "POST", f"/servicePrincipals/{principal['id']}/appRoleAssignedTo", assignment)

    def unassign_all(self) -> None:
        """Contoso's administrator takes all app roles away, if the application is there at all."""
        found = self.graph(GRACE, "GET", f"/servicePrincipals?$filter=appId eq '{self.client_id}'")["value"]
        if not found:
            return
        principal = found[0]
        path = f"/servicePrincipals/{principal['id']}/appRoleAssignedTo"
        for row in self.graph(GRACE, "GET", path)["value"]:
            self.graph(GRACE, "DELETE", f"{path}/{row['id']}")

    def group(self, name: str, who: tuple[str, str]) -> str:
        """Contoso's administrator makes a group with one member; its id."""
        body = {"displayName": name, "mailEnabled": False, "mailNickname": name, "securityEnabled": True}
        made: str = self.graph(GRACE, "POST", "/groups", body)["id"]
        person = self.graph(GRACE, "GET", f"/users/{who[0]}")["id"]
        member = {"@odata.id": f"{self.emulator.url}/v1.0/directoryObjects/{person}"}
        self.graph(GRACE, "POST", f"/groups/{made}/members/$ref", member)
        return made

    def visit(self, address: str, who: tuple[str, str]) -> dict[str, str]:
        """A person signs in at Microsoft's pages; what the redirect brings back to us."""
        browser = self._browser()
        page = self._through(browser, browser.open(address), who)
        return returned(browser.press(page, "Accept") if "Accept" in page.form.buttons else page)

    def sign_in(self, client: Client, who: tuple[str, str]) -> Any:
        """*Sign in with Microsoft*, all the way."""
        begun = client.post("/accounts/microsoft/")
        return client.get("/accounts/microsoft/callback/", self.visit(begun.headers["Location"], who))

    def _browser(self) -> Browser:
        browser = self.emulator.browser()
        browser.session.hooks["response"] = [_stop_outside]
        return browser

    @staticmethod
    def _through(browser: Browser, page: Page, who: tuple[str, str]) -> Page:
        page = browser.press(page, "Next", loginfmt=who[0])
        return browser.press(page, "Sign in", passwd=who[1])


def _graph(emulator: Emulator, token: str, method: str, path: str, body: Any) -> Any:
    address = f"{emulator.url}/v1.0{path}"
    headers = {"Authorization": f"Bearer {token}"}
    answer = emulator.session.request(method, address, json=body, headers=headers)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


def register(emulator: Emulator) -> Entra:
    """The provider's administrator registers our application: multi-tenant, public client, two app roles."""
    emulator.control("POST", "reset")
    entra = Entra(emulator, "")
    made = entra.graph(
        PAT,
        "POST",
        "/applications",
        {
            "displayName": "Operation Center",
            "signInAudience": "AzureADMultipleOrgs",
            "publicClient": {
                "redirectUris": [f"{HOME}/accounts/microsoft/callback/", f"{HOME}/accounts/microsoft/consented/"]
            },
            "groupMembershipClaims": "All",
            "appRoles": [_role(OPERATOR_ROLE, "Gangway.Operator"), _role(MONITOR_ROLE, "Gangway.Monitor")],
        },
    )
    entra.client_id = made["appId"]
    return entra


def returned(page: Page) -> dict[str, str]:
    """The query that the redirect brings."""
    parts = urlsplit(page.response.headers["X-Returned"])
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def _stop_outside(response: requests.Response, **_: Any) -> requests.Response:
    """Our own address is nobody's in this test: keep the redirect instead of following it."""
    if response.headers.get("Location", "").startswith(HOME):
        response.headers["X-Returned"] = response.headers.pop("Location")
    return response
