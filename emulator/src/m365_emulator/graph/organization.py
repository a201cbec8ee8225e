"""The tenant itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.graph import bodies
from m365_emulator.graph.answer import no_content
from m365_emulator.graph.errors import not_found, read_only
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from m365_emulator.directory import Tenant
    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.call import Call

operations = Operations()
shape = Shape(type="organization", set="organization")
_changeable = frozenset(
    {
        "businessPhones",
        "city",
        "marketingNotificationEmails",
        "postalCode",
        "preferredLanguage",
        "privacyProfile",
        "securityComplianceNotificationMails",
        "securityComplianceNotificationPhones",
        "state",
        "street",
        "technicalNotificationMails",
    }
)
_for_the_whole = frozenset(
    {
        "Organization.Read.All",
        "Organization.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "Directory.AccessAsUser.All",
    }
)
_shown_to_anyone = frozenset({"id", "displayName", "verifiedDomains"})


@operations.on("GET", "/organization")
def list_organizations(call: Call) -> Answer:
    """Always exactly one: the caller's tenant."""
    return pages.collection(call, shape, [_shown(call)])


@operations.on("GET", "/organization/{organization-id}")
def get_organization(call: Call) -> Answer:
    """The caller's tenant by its id; no other tenant can be read."""
    if call.keys["organization-id"].lower() != call.tenant.id:
        raise not_found(call.keys["organization-id"])
    return pages.single(call, shape, _shown(call))


@operations.on("PATCH", "/organization/{organization-id}")
def update_organization(call: Call) -> Answer:
    """204; contact addresses and the like."""
    if call.keys["organization-id"].lower() != call.tenant.id:
        raise not_found(call.keys["organization-id"])
    wanted = bodies.checked("organization", call.body)
    if refused := sorted(set(wanted) - _changeable):
        raise read_only(refused[0], "Organization")
    call.tenant.organization.update(wanted)
    return no_content()


def whole(tenant: Tenant) -> dict[str, Any]:
    """The organization with its verified domains."""
    domains = [
        {
            "capabilities": ", ".join(domain["supportedServices"]),
            "isDefault": domain["isDefault"],
            "isInitial": domain["isInitial"],
            "name": domain["id"],
            "type": domain["authenticationType"],
        }
        for domain in tenant.domains
        if domain["isVerified"]
    ]
    return {**tenant.organization, "id": tenant.id, "displayName": tenant.display_name, "verifiedDomains": domains}


def _shown(call: Call) -> dict[str, Any]:
    """With no more than ``User.Read``, everything but id, name and domains is null."""
    body = whole(call.tenant)
    if call.caller.is_app or call.caller.scopes & _for_the_whole:
        return body
    return {
        name: value if name in _shown_to_anyone else ([] if isinstance(value, list) else None)
        for name, value in body.items()
    }
