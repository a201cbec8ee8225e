"""A person's walk through sign-in: each function is one thing that a person does on a page, without any HTTP.

Steps: account → (organization) → password → (update_password) → (mfa) → confirm → consent, approval or request → done;
or declined, requested, blocked (Conditional Access) or failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator import credentials, data, partners, tokens
from m365_emulator.errors import EntraError
from m365_emulator.login import admin_consent, clients, consent, people, policies, scopes, tenants
from m365_emulator.login.memory import AuthorizeRequest
from m365_emulator.login.policies import conditional_access, consent_requests, lockout

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.login.browser import Browser
    from m365_emulator.login.clients import Client
    from m365_emulator.login.memory import DeviceFlow, Visit
    from m365_emulator.world import World

code_life = 600
azure_portal = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"
wrong_number = "You didn't enter the expected verification code. Please try again."
locked = (
    "Your account is temporarily locked to prevent unauthorized use. Try again later, and if you still have trouble, "
    "contact your admin. (AADSTS50053)"
)
same_password = "Choose a password that's different from your current one."  # noqa: S105 words for the field
unlike_passwords = "The passwords you entered don't match."
short_password = "Your password must have at least 8 characters."  # noqa: S105 words for the field
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
    if home is None or account is None:
        return wrong_password
    if lockout.is_locked(world, account):
        return locked
    if not credentials.is_persons_password(account, password):
        lockout.failed(world, home, account)
        return locked if lockout.is_locked(world, account) else wrong_password
    lockout.succeeded(account)
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
    visit.tenant_id, visit.user_id, visit.methods = tenant.id, person.id, ["pwd"]
    if account.hidden.get("password_expired"):
        visit.step = "update_password"
        return ""
    browser.sign_in(tenant, person, visit.methods)
    signed_in(world, visit, tenant, person)
    return ""


def update_password(world: World, visit: Visit, browser: Browser, given: dict[str, str]) -> str:
    """The password ran out (50055): the person chooses another. Returns the sentence for the field."""
    tenant, person = people.at(world, visit.tenant_id, visit.user_id)
    account, fresh = people.account_of(world, person), given.get("newpasswd", "")
    if not credentials.is_persons_password(account, given.get("passwd", "")):
        return wrong_password
    if fresh != given.get("confirmpasswd", ""):
        return unlike_passwords
    if credentials.is_persons_password(account, fresh):
        return same_password
    if len(fresh) < 8:  # noqa: PLR2004 Entra's least
        return short_password
    credentials.set_person_password(account, fresh)
    account.hidden.pop("password_expired", None)
    account.hidden["password_changed_at"] = world.clock.seconds()
    browser.sign_in(tenant, person, visit.methods)
    signed_in(world, visit, tenant, person)
    return ""


def enter_number(world: World, visit: Visit, browser: Browser, number: str) -> str:
    """The second factor: the number that the seed gives this person. Returns the sentence for the field."""
    tenant, person = people.at(world, visit.tenant_id, visit.user_id)
    if "".join(number.split()) != people.account_of(world, person).hidden.get("mfa_number"):
        return wrong_number
    visit.methods = ["pwd", "mfa"]
    browser.sign_in(tenant, person, visit.methods)
    signed_in(world, visit, tenant, person)
    return ""


def pick_session(world: World, visit: Visit, browser: Browser, key: str) -> None:
    """Go on as somebody who is signed in with this browser already; ``prompt=login`` asks for the password again."""
    session = browser.sessions.get(key)
    if session is None or session.tenant_id not in world.directory.tenants:
        return
    tenant, person = people.at(world, session.tenant_id, session.user_id)
    if _prompt(world, visit) == "login":
        choose_account(world, visit, person.hidden.get("sign_in_name", person.body["userPrincipalName"]))
        return
    visit.methods = list(session.methods)
    signed_in(world, visit, tenant, person)


def signed_in(world: World, visit: Visit, tenant: Tenant, person: DirectoryObject) -> None:
    """The account is proved; what comes next depends on why the person came."""
    visit.tenant_id, visit.user_id = tenant.id, person.id
    visit.account = person.hidden.get("sign_in_name", person.body["userPrincipalName"])
    if visit.kind != "page" and not _check_flow(world, visit):
        return
    if not _policies_let_pass(world, visit, tenant, person):
        return
    visit.step = "done" if visit.kind == "page" else "confirm"
    if visit.kind == "redirect":
        agree_to_sign_in(world, visit)
    elif visit.kind == "admin":
        _review(world, visit)


def agree_for_all(world: World, visit: Visit) -> None:
    """*Accept* at the end of an admin consent link."""
    if not _check_flow(world, visit):
        return
    tenant, person, client = parties(world, visit)
    flow, rows = flow_of(world, visit), admin_permissions(world, visit)
    if not admin_consent.may_grant(world, tenant, person, rows):
        visit.step = "approval"
        return
    everything = not flow.scope or scopes.parse(flow.scope).default
    flow.state, flow.tenant_id, flow.user_id = "approved", tenant.id, person.id
    visit.step = "done"
    try:
        admin_consent.grant(world, tenant, client, rows, everything=everything)
    except EntraError as error:
        flow.state, visit.step = "declined", "declined"
        if isinstance(flow, AuthorizeRequest):
            flow.problem = str(error)


def admin_permissions(world: World, visit: Visit) -> list[admin_consent.Wanted]:
    """What the page of an admin consent link lists."""
    tenant, _, client = parties(world, visit)
    return admin_consent.wanted(world, tenant, client, flow_of(world, visit).scope)


def _review(world: World, visit: Visit) -> None:
    tenant, person, _ = parties(world, visit)
    allowed = admin_consent.may_grant(world, tenant, person, admin_permissions(world, visit))
    visit.step = "admin_consent" if allowed else "approval"


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


def agree_to_sign_in(world: World, visit: Visit) -> None:
    """*Continue* at "Are you trying to sign in to …?"."""
    if not _check_flow(world, visit):
        return
    tenant, person, client = parties(world, visit)
    principal = tenant.principal(client.app_id)
    if principal is not None and not _is_assigned(tenant, principal, person):
        _fail(
            visit,
            f"AADSTS50105: Your administrator has configured the application {client.name} ('{client.app_id}') to "
            "block users unless they are specifically granted ('assigned') access to the application.",
        )
        return
    wanted = _wanted(world, visit)
    if not wanted:
        _approve(world, visit)
    elif partners.is_partner(tenant, person.id):
        _fail(visit, str(consent.not_for_partners(tenant, client)))
    elif consent.may_grant(world, tenant, person, wanted):
        visit.step = "consent"
    else:
        visit.step = "request" if policies.value(tenant, "adminConsentRequests") else "approval"


def ask_administrator(world: World, visit: Visit, reason: str) -> str:
    """*Request approval* with a reason (90095). Returns the sentence for the field."""
    if not reason.strip():
        return "Enter a justification for requesting this app."
    tenant, person, client = parties(world, visit)
    values = [item.value for item in wanted_permissions(world, visit)]
    consent_requests.send(world, tenant, person, client, values=values, reason=reason.strip())
    visit.step = "requested"
    return ""


def agree_to_permissions(world: World, visit: Visit, *, for_all: bool) -> None:
    """*Accept* on the consent page. Who may not consent for all consents for themselves."""
    if not _check_flow(world, visit):
        return
    tenant, person, client = parties(world, visit)
    wanted = _wanted(world, visit)
    if not consent.may_grant(world, tenant, person, wanted):
        visit.step = "approval"
        return
    for_all = for_all and consent.may_grant_for_all(world, tenant, person)
    try:
        consent.grant(world, tenant, person, client, wanted, for_all=for_all)
    except EntraError as error:
        _fail(visit, str(error))
        return
    _approve(world, visit)


def decline(world: World, visit: Visit) -> None:
    """*Cancel*, or going back without the administrator's approval: the device is told."""
    flow = world.login.asking(visit.reference)
    if flow is not None and flow.state == "pending":
        flow.state = "declined"
        if isinstance(flow, AuthorizeRequest) and visit.step == "requested":
            flow.problem = "AADSTS90095: Admin consent is required. An admin consent request may be sent to the admin."
    visit.step = "declined"


def pickable(world: World, visit: Visit, browser: Browser) -> list[dict[str, str]]:
    """Accounts of this browser that fit the tenant that is signed in to."""
    wanted = tenants.resolve(world, visit.resource_segment)
    domain = _domain_hint(world, visit)
    rows = []
    for key, session in browser.sessions.items():
        tenant = world.directory.tenants.get(session.tenant_id)
        person = partners.find(world, tenant, session.user_id) if tenant is not None else None
        if tenant is None or person is None or wanted not in (None, tenant):
            continue
        name = str(person.hidden.get("sign_in_name", person.body["userPrincipalName"]))
        if domain is not None and world.directory.tenant_of_upn(name) is not domain:
            continue
        rows.append({"key": key, "name": person.body["displayName"], "account": name, "tenant": tenant.display_name})
    return rows


def use_another_account(visit: Visit) -> None:
    """Forget who signed in on this visit and ask again."""
    visit.step, visit.account, visit.tenant_id, visit.user_id, visit.problem = "account", "", "", "", ""
    visit.methods, visit.number = [], 0


def flow_of(world: World, visit: Visit) -> DeviceFlow | AuthorizeRequest:
    """What this visit is for. Raises LookupError when it was forgotten since."""
    flow = world.login.asking(visit.reference)
    if flow is None:
        raise LookupError(visit.id)
    return flow


def parties(world: World, visit: Visit) -> tuple[Tenant, DirectoryObject, Client]:
    """Who signed in, where, and to which application."""
    tenant, person = people.at(world, visit.tenant_id, visit.user_id)
    return tenant, person, clients.find(world, flow_of(world, visit).client_id, tenant)


def wanted_permissions(world: World, visit: Visit) -> list[consent.Permission]:
    """What the consent page lists."""
    return _wanted(world, visit)


def _wanted(world: World, visit: Visit) -> list[consent.Permission]:
    """Permissions that are still to be agreed to; with ``prompt=consent`` all that are asked for."""
    tenant, person, client = parties(world, visit)
    asked = scopes.parse(flow_of(world, visit).scope)
    again = _prompt(world, visit) == "consent" and visit.step != "done"
    return consent.missing(world, tenant, person, client, asked, again=again)


def _prompt(world: World, visit: Visit) -> str:
    flow = world.login.asking(visit.reference)
    return flow.prompt if isinstance(flow, AuthorizeRequest) else ""


def _domain_hint(world: World, visit: Visit) -> Tenant | None:
    """The tenant that the client expects the person to come from, when it named one that exists."""
    flow = world.login.asking(visit.reference)
    return world.directory.tenant(flow.domain_hint) if isinstance(flow, AuthorizeRequest) and flow.domain_hint else None


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
        _fail(
            visit,
            "AADSTS50079: Due to a configuration change made by your administrator, or because you moved to a new "
            "location, you must enroll in multi-factor authentication to access the resource.",
        )
    return False


def _resource_of(world: World, tenant: Tenant, flow: DeviceFlow | AuthorizeRequest | None) -> str:
    if flow is None or (isinstance(flow, AuthorizeRequest) and flow.kind != "code"):
        return data.graph_app_id
    resource, _ = scopes.find_resource(world, tenant, scopes.parse(flow.scope))
    return str(resource.body["appId"])


def _is_assigned(tenant: Tenant, principal: DirectoryObject, person: DirectoryObject) -> bool:
    """Whether the person may use an enterprise application that requires assignment."""
    if not principal.body.get("appRoleAssignmentRequired"):
        return True
    return any(
        (row["principalId"], row["resourceId"]) == (person.id, principal.id)
        for row in tenant.app_role_assignments.values()
    )


def _approve(world: World, visit: Visit) -> None:
    flow = flow_of(world, visit)
    flow.state, flow.tenant_id, flow.user_id = "approved", visit.tenant_id, visit.user_id
    flow.methods = list(visit.methods)
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
    """The person as the tenant that is signed in to sees them: themselves at home, a guest or a partner elsewhere."""
    tenant = tenants.resolve(world, visit.resource_segment) or home
    if tenant is home:
        return home, account
    guest = next((item for item in tenant.of_kind("user") if item.hidden.get("home_user") == account.id), None)
    if guest is not None and tokens.is_guest(guest):
        return tenant, guest
    partner = partners.find(world, tenant, account.id)
    return (tenant, partner) if partner is not None else None


def _fail(visit: Visit, problem: str) -> None:
    visit.step, visit.problem = "failed", problem
