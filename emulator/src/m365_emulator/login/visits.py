"""A person's walk through sign-in: each function is one thing that a person does on a page, without any HTTP.

Steps: account → (organization) → password → (update_password) → (mfa) → confirm → consent, approval or request → done;
or declined, requested, blocked (Conditional Access) or failed. From ``confirm`` on the steps are in ``decisions``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator import credentials, partners
from m365_emulator.login import gate, people, tenants, walk
from m365_emulator.login.policies import lockout

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.login.browser import Browser
    from m365_emulator.login.memory import DeviceFlow, Visit
    from m365_emulator.world import World

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
disabled = "AADSTS50057: The user account is disabled."
wrong_code = "That code didn't work. Check the code and try again."


def type_code(world: World, user_code: str) -> DeviceFlow | str:
    """The device flow that waits for this code, or the sentence for the field."""
    flow = world.login.device_by_user_code("".join(user_code.split()).upper())
    if flow is None or flow.state != "pending":
        return wrong_code
    return walk.old_code if world.clock.seconds() >= flow.expires_at else flow


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
        walk.fail(
            visit,
            f"AADSTS50020: User account '{visit.account}' from identity provider "
            f"'https://sts.windows.net/{home.id}/' does not exist in tenant '{visit.resource_segment}' and "
            "cannot access the application in that tenant. The account needs to be added as an external user "
            "in the tenant first.",
        )
        return ""
    tenant, person = found
    if not people.is_enabled(world, person):
        walk.fail(visit, disabled)
        return ""
    visit.tenant_id, visit.user_id, visit.methods = tenant.id, person.id, ["pwd"]
    visit.proved_at = world.clock.seconds()
    if account.hidden.get("password_expired"):
        visit.step = "update_password"
        return ""
    browser.sign_in(tenant, person, visit.methods)
    gate.signed_in(world, visit, tenant, person)
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
    credentials.replace_person_password(world, account, fresh)
    account.hidden.pop("password_expired", None)
    browser.sign_in(tenant, person, visit.methods)
    gate.signed_in(world, visit, tenant, person)
    return ""


def enter_number(world: World, visit: Visit, browser: Browser, number: str) -> str:
    """The second factor: the number that the seed gives this person. Returns the sentence for the field."""
    tenant, person = people.at(world, visit.tenant_id, visit.user_id)
    if "".join(number.split()) != people.account_of(world, person).hidden.get("mfa_number"):
        return wrong_number
    visit.methods = ["pwd", "mfa"]
    browser.sign_in(tenant, person, visit.methods)
    gate.signed_in(world, visit, tenant, person)
    return ""


def pick_session(world: World, visit: Visit, browser: Browser, key: str) -> None:
    """Go on as somebody who is signed in with this browser already; ``prompt=login`` asks for the password again.

    So does a session whose password was changed since. An account that was disabled gets no further (50057), one whose
    password ran out chooses another (50055).
    """
    session = browser.sessions.get(key)
    if session is None or session.tenant_id not in world.directory.tenants:
        return
    tenant, person = people.at(world, session.tenant_id, session.user_id)
    ended = people.session_ended(world, person, session.signed_in_at)
    if ended or walk.prompt(world, visit) == "login":
        choose_account(world, visit, person.hidden.get("sign_in_name", person.body["userPrincipalName"]))
        return
    if not people.is_enabled(world, person):
        walk.fail(visit, disabled)
        return
    visit.methods, visit.proved_at = list(session.methods), session.signed_in_at
    if people.account_of(world, person).hidden.get("password_expired"):
        visit.tenant_id, visit.user_id, visit.step = tenant.id, person.id, "update_password"
        return
    gate.signed_in(world, visit, tenant, person)


def pickable(world: World, visit: Visit, browser: Browser) -> list[dict[str, str]]:
    """Accounts of this browser that fit the tenant that is signed in to."""
    wanted = tenants.resolve(world, visit.resource_segment)
    domain = walk.domain_hint(world, visit)
    rows = []
    for key, session in browser.sessions.items():
        tenant = world.directory.tenants.get(session.tenant_id)
        person = partners.find(world, tenant, session.user_id) if tenant is not None else None
        if tenant is None or person is None or wanted not in (None, tenant):
            continue
        if people.session_ended(world, person, session.signed_in_at):
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


def _at_resource(
    world: World,
    visit: Visit,
    home: Tenant,
    account: DirectoryObject,
) -> tuple[Tenant, DirectoryObject] | None:
    """The person as the tenant that is signed in to sees them: themselves at home, a guest or a partner elsewhere."""
    tenant = tenants.resolve(world, visit.resource_segment) or home
    person = people.as_seen_by(world, tenant, home, account)
    return (tenant, person) if person is not None else None
