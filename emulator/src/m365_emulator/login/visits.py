"""A person's walk through sign-in: each function is one thing that a person does on a page, without any HTTP.

Steps: account → (organization) → password → confirm → consent or approval → done; or declined, or failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator import credentials, tokens
from m365_emulator.login import clients, consent, scopes, tenants
from m365_emulator.login.memory import AuthorizeRequest

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.login.browser import Browser
    from m365_emulator.login.clients import Client
    from m365_emulator.login.memory import DeviceFlow, Visit
    from m365_emulator.world import World

code_life = 600
no_such_account = "We couldn't find an account with that username. Try another, or ask your administrator."
wrong_password = "Your account or password is incorrect. If you don't remember your password, reset it now."  # noqa: S105
wrong_code = "That code didn't work. Check the code and try again."
old_code = "That code has expired. Go back to the app or device and ask for a new one."


def type_code(world: World, user_code: str) -> DeviceFlow | str:
    """The device flow that waits for this code, or the sentence for the field."""
    flow = world.login.device_by_user_code("".join(user_code.split()).upper())
    if flow is None or flow.state != "pending":
        return wrong_code
    return old_code if world.clock.seconds() >= flow.expires_at else flow


def choose_account(world: World, visit: Visit, account: str) -> str:
    """Type the user name. Returns the sentence for the field, empty when the password is next."""
    home = world.directory.tenant_of_upn(account)
    if home is None or home.user(account) is None:
        visit.account = account
        return no_such_account
    visit.account, visit.step = account, "password"
    return ""


def choose_organization(world: World, visit: Visit, domain: str) -> str:
    """Sign in to another organization than one's own, as guests do. Returns the sentence for the field."""
    if world.directory.tenant(domain) is None:
        return "We couldn't find an organization with that domain name."
    visit.resource_segment, visit.step = domain.lower(), "account"
    return ""


def enter_password(world: World, visit: Visit, browser: Browser, password: str) -> str:
    """Prove the account. Returns the sentence for the field; refusals of the account itself end the visit."""
    home = world.directory.tenant_of_upn(visit.account)
    account = home.user(visit.account) if home is not None else None
    if home is None or account is None or not credentials.is_persons_password(account, password):
        return wrong_password
    found = _at_resource(world, visit, home, account)
    if found is None:
        _fail(
            visit,
            f"AADSTS50020: User account '{visit.account}' from identity provider "
            f"'https://sts.windows.net/{home.id}/' does not exist in tenant '{visit.resource_segment}' and "
            "cannot access the application in that tenant. The account needs to be added as an external user "
            "in the tenant first.",
        )
        return ""
    tenant, person = found
    if account.body["accountEnabled"] is False or person.body["accountEnabled"] is False:
        _fail(visit, "AADSTS50057: The user account is disabled.")
        return ""
    browser.sign_in(tenant, person)
    signed_in(world, visit, tenant, person)
    return ""


def pick_session(world: World, visit: Visit, browser: Browser, key: str) -> None:
    """Go on as somebody who is signed in with this browser already."""
    session = browser.sessions.get(key)
    tenant = world.directory.tenants.get(session.tenant_id) if session is not None else None
    person = tenant.objects.get(session.user_id) if tenant is not None and session is not None else None
    if tenant is not None and person is not None:
        signed_in(world, visit, tenant, person)


def signed_in(world: World, visit: Visit, tenant: Tenant, person: DirectoryObject) -> None:
    """The account is proved; what comes next depends on why the person came."""
    visit.tenant_id, visit.user_id = tenant.id, person.id
    visit.account = person.hidden.get("sign_in_name", person.body["userPrincipalName"])
    visit.step = "done" if visit.kind == "page" else "confirm"
    if visit.kind == "redirect":
        agree_to_sign_in(world, visit)
    elif visit.kind == "device":
        _check_flow(world, visit)


def agree_to_sign_in(world: World, visit: Visit) -> None:
    """*Continue* at "Are you trying to sign in to …?"."""
    if not _check_flow(world, visit):
        return
    tenant, person, client = parties(world, visit)
    wanted = consent.missing(world, tenant, person, client, scopes.parse(flow_of(world, visit).scope))
    if not wanted:
        _approve(world, visit)
    else:
        visit.step = "consent" if consent.may_grant(world, tenant, person, wanted) else "approval"


def agree_to_permissions(world: World, visit: Visit, *, for_all: bool) -> None:
    """*Accept* on the consent page. Who may not consent for all consents for themselves."""
    if not _check_flow(world, visit):
        return
    tenant, person, client = parties(world, visit)
    wanted = consent.missing(world, tenant, person, client, scopes.parse(flow_of(world, visit).scope))
    if not consent.may_grant(world, tenant, person, wanted):
        visit.step = "approval"
        return
    for_all = for_all and consent.may_grant_for_all(world, tenant, person)
    consent.grant(world, tenant, person, client, wanted, for_all=for_all)
    _approve(world, visit)


def decline(world: World, visit: Visit) -> None:
    """*Cancel*, or going back without the administrator's approval: the device is told."""
    flow = world.login.asking(visit.reference)
    if flow is not None and flow.state == "pending":
        flow.state = "declined"
    visit.step = "declined"


def pickable(world: World, visit: Visit, browser: Browser) -> list[dict[str, str]]:
    """Accounts of this browser that fit the tenant that is signed in to."""
    wanted = tenants.resolve(world, visit.resource_segment)
    rows = []
    for key, session in browser.sessions.items():
        tenant = world.directory.tenants.get(session.tenant_id)
        person = tenant.objects.get(session.user_id) if tenant is not None else None
        if tenant is None or person is None or wanted not in (None, tenant):
            continue
        name = person.hidden.get("sign_in_name", person.body["userPrincipalName"])
        rows.append({"key": key, "name": person.body["displayName"], "account": name, "tenant": tenant.display_name})
    return rows


def use_another_account(visit: Visit) -> None:
    """Forget who signed in on this visit and ask again."""
    visit.step, visit.account, visit.tenant_id, visit.user_id, visit.problem = "account", "", "", "", ""


def flow_of(world: World, visit: Visit) -> DeviceFlow | AuthorizeRequest:
    """What this visit is for. Raises LookupError when it was forgotten since."""
    flow = world.login.asking(visit.reference)
    if flow is None:
        raise LookupError(visit.id)
    return flow


def parties(world: World, visit: Visit) -> tuple[Tenant, DirectoryObject, Client]:
    """Who signed in, where, and to which application."""
    tenant = world.directory.tenants[visit.tenant_id]
    client = clients.find(world, flow_of(world, visit).client_id, tenant)
    return tenant, tenant.objects[visit.user_id], client


def wanted_permissions(world: World, visit: Visit) -> list[consent.Permission]:
    """What the consent page lists."""
    tenant, person, client = parties(world, visit)
    return consent.missing(world, tenant, person, client, scopes.parse(flow_of(world, visit).scope))


def _approve(world: World, visit: Visit) -> None:
    flow = flow_of(world, visit)
    flow.state, flow.tenant_id, flow.user_id = "approved", visit.tenant_id, visit.user_id
    if isinstance(flow, AuthorizeRequest):
        flow.code = f"{flow.id}.{world.ids.opaque(96, 'authorization-code')}"
        flow.expires_at = world.clock.seconds() + code_life
    visit.step = "done"


def _check_flow(world: World, visit: Visit) -> bool:
    """Whether the device still waits; otherwise the visit ends with Entra's sentence."""
    flow = world.login.asking(visit.reference)
    if flow is not None and flow.state == "pending" and world.clock.seconds() < flow.expires_at:
        return True
    if flow is not None and flow.state != "pending":
        _fail(visit, "AADSTS90120: The authorization request is already approved or declined.")
    else:
        _fail(visit, f"AADSTS70019: {old_code}")
    return False


def _at_resource(
    world: World,
    visit: Visit,
    home: Tenant,
    account: DirectoryObject,
) -> tuple[Tenant, DirectoryObject] | None:
    """The person's object in the tenant that is signed in to: themselves at home, a guest elsewhere."""
    tenant = tenants.resolve(world, visit.resource_segment) or home
    if tenant is home:
        return home, account
    guest = next((item for item in tenant.of_kind("user") if item.hidden.get("home_user") == account.id), None)
    return (tenant, guest) if guest is not None and tokens.is_guest(guest) else None


def _fail(visit: Visit, problem: str) -> None:
    visit.step, visit.problem = "failed", problem
