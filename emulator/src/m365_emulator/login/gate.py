"""The account is proved: Conditional Access is asked, then comes what the person came for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator import data
from m365_emulator.login import decisions, people, scopes, walk
from m365_emulator.login.memory import AuthorizeRequest
from m365_emulator.login.policies import conditional_access

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.login.memory import DeviceFlow, Visit
    from m365_emulator.world import World

azure_portal = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"


def signed_in(world: World, visit: Visit, tenant: Tenant, person: DirectoryObject) -> None:
    """The account is proved; what comes next depends on why the person came."""
    visit.tenant_id, visit.user_id = tenant.id, person.id
    visit.account = person.hidden.get("sign_in_name", person.body["userPrincipalName"])
    if visit.kind != "page" and not walk.still_waits(world, visit):
        return
    if not _policies_let_pass(world, visit, tenant, person):
        return
    visit.step = "done" if visit.kind == "page" else "confirm"
    if visit.kind == "redirect":
        decisions.agree_to_sign_in(world, visit)
    elif visit.kind == "admin":
        decisions.review(world, visit)


def verdict(world: World, visit: Visit, tenant: Tenant, person: DirectoryObject) -> conditional_access.Verdict | None:
    """What Conditional Access says to this visit now."""
    flow = world.login.asking(visit.reference)
    kind = "deviceCodeFlow" if visit.kind == "device" else "authorizationCode"
    sign_in = conditional_access.SignIn(
        person,
        flow.client_id if flow is not None else azure_portal,
        _resource_of(world, tenant, flow),
        kind,
        tuple(visit.methods),
        compliant_device=conditional_access.has_compliant_device(people.account_of(world, person), kind),
    )
    return conditional_access.judge(world, tenant, sign_in, on_page=True)


def _policies_let_pass(world: World, visit: Visit, tenant: Tenant, person: DirectoryObject) -> bool:
    """Conditional Access on the pages: on to the second factor, or to the page that explains the refusal."""
    found = verdict(world, visit, tenant, person)
    if found is None:
        return True
    if found.number != 50076:  # noqa: PLR2004 the number of the second factor
        visit.step, visit.number, visit.problem = "blocked", found.number, str(found.error())
    elif people.account_of(world, person).hidden.get("mfa_number"):
        visit.step = "mfa"
    else:
        walk.fail(
            visit,
            "AADSTS50079: Due to a configuration change made by your administrator, or because you moved to a new "
            "location, you must enroll in multi-factor authentication to access the resource.",
        )
    return False


def _resource_of(world: World, tenant: Tenant, flow: DeviceFlow | AuthorizeRequest | None) -> str:
    if flow is None or (isinstance(flow, AuthorizeRequest) and flow.kind != "code"):
        return data.graph_app_id
    resource, _ = scopes.find_resource(world, tenant, scopes.parse_all(world, flow.scope)[0])
    return str(resource.body["appId"])


def details(
    world: World, visit: Visit, flow: DeviceFlow | AuthorizeRequest | None, request_id: str
) -> list[tuple[str, str]]:
    """What Entra shows under *More details*, for the person to copy to their administrator."""
    return [
        ("Error Code", str(visit.number)),
        ("Request Id", request_id),
        ("Correlation Id", request_id),
        ("Timestamp", world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")),
        ("App name", app_name(world, flow) if flow is not None else "Azure Portal"),
        ("App id", flow.client_id if flow is not None else azure_portal),
        ("IP address", "127.0.0.1"),
        ("Device identifier", "Not available"),
        ("Device state", "Unregistered"),
    ]


def app_name(world: World, flow: DeviceFlow | AuthorizeRequest) -> str:
    """What the pages call the application."""
    found = world.directory.home_of_application(flow.client_id)
    return str(found[1].body["displayName"]) if found is not None else "an application"
