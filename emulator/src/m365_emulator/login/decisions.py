"""A person's decisions: sign in to this application or not, agree to its permissions, ask an administrator, decline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator import partners
from m365_emulator.errors import EntraError
from m365_emulator.login import admin_consent, admission, consent, policies, scopes, walk
from m365_emulator.login.memory import AuthorizeRequest
from m365_emulator.login.policies import consent_requests

if TYPE_CHECKING:
    from m365_emulator.login.memory import Visit
    from m365_emulator.world import World


def agree_to_sign_in(world: World, visit: Visit) -> None:
    """*Continue* at "Are you trying to sign in to …?"."""
    if not walk.still_waits(world, visit):
        return
    tenant, person, client = walk.parties(world, visit)
    principal = tenant.principal(client.app_id)
    if principal is not None:
        try:
            admission.check(tenant, principal, client, person)
        except EntraError as error:
            walk.fail(visit, str(error))
            return
    wanted = _wanted(world, visit)
    if not wanted:
        walk.approve(world, visit)
    elif partners.is_partner(tenant, person.id):
        walk.fail(visit, str(consent.not_for_partners(tenant, client)))
    elif consent.may_grant(world, tenant, person, wanted):
        visit.step = "consent"
    else:
        visit.step = "request" if policies.value(tenant, "adminConsentRequests") else "approval"


def agree_to_permissions(world: World, visit: Visit, *, for_all: bool) -> None:
    """*Accept* on the consent page. Who may not consent for all consents for themselves."""
    if not walk.still_waits(world, visit):
        return
    tenant, person, client = walk.parties(world, visit)
    wanted = _wanted(world, visit)
    if not consent.may_grant(world, tenant, person, wanted):
        visit.step = "approval"
        return
    for_all = for_all and consent.may_grant_for_all(world, tenant, person)
    try:
        consent.grant(world, tenant, person, client, wanted, for_all=for_all)
    except EntraError as error:
        walk.fail(visit, str(error))
        return
    walk.approve(world, visit)


def ask_administrator(world: World, visit: Visit, reason: str) -> str:
    """*Request approval* with a reason (90095). Returns the sentence for the field."""
    if not reason.strip():
        return "Enter a justification for requesting this app."
    tenant, person, client = walk.parties(world, visit)
    values = [item.value for item in wanted_permissions(world, visit)]
    consent_requests.send(world, tenant, person, client, values=values, reason=reason.strip())
    visit.step = "requested"
    return ""


def decline(world: World, visit: Visit) -> None:
    """*Cancel*, or going back without the administrator's approval: the device is told."""
    flow = world.login.asking(visit.reference)
    if flow is not None and flow.state == "pending":
        flow.state = "declined"
        if isinstance(flow, AuthorizeRequest) and visit.step == "requested":
            flow.problem = "AADSTS90095: Admin consent is required. An admin consent request may be sent to the admin."
    visit.step = "declined"


def wanted_permissions(world: World, visit: Visit) -> list[consent.Permission]:
    """What the consent page lists."""
    return _wanted(world, visit)


def agree_for_all(world: World, visit: Visit) -> None:
    """*Accept* at the end of an admin consent link."""
    if not walk.still_waits(world, visit):
        return
    tenant, person, client = walk.parties(world, visit)
    flow, rows = walk.flow_of(world, visit), admin_permissions(world, visit)
    if not admin_consent.may_grant(world, tenant, person, rows):
        visit.step = "approval"
        return
    everything = not flow.scope or scopes.parse(world, flow.scope).default
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
    tenant, _, client = walk.parties(world, visit)
    return admin_consent.wanted(world, tenant, client, walk.flow_of(world, visit).scope)


def review(world: World, visit: Visit) -> None:
    """An administrator came by an admin consent link: may they grant what it asks for?"""
    tenant, person, _ = walk.parties(world, visit)
    allowed = admin_consent.may_grant(world, tenant, person, admin_permissions(world, visit))
    visit.step = "admin_consent" if allowed else "approval"


def _wanted(world: World, visit: Visit) -> list[consent.Permission]:
    """Permissions that are still to be agreed to; with ``prompt=consent`` all that are asked for."""
    tenant, person, client = walk.parties(world, visit)
    asked = scopes.parse_all(world, walk.flow_of(world, visit).scope)
    again = walk.prompt(world, visit) == "consent" and visit.step != "done"
    return consent.missing(world, tenant, person, client, asked, again=again)
