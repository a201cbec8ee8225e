"""Finds other tenants: by a domain name, by an id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.errors import GraphError
from m365_emulator.graph.answer import Answer
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from m365_emulator.graph.call import Call

operations = Operations()
_root = "/tenantRelationships"


@operations.on(
    "GET",
    _root + "/findTenantInformationByDomainName(domainName='{domainName}')",
    _root + "/findTenantInformationByTenantId(tenantId='{tenantId}')",
)
def find_tenant(call: Call) -> Answer:
    """Name and default domain of another tenant, as anybody with the permission may see them."""
    wanted = call.keys.get("domainName") or call.keys["tenantId"]
    tenant = call.world.directory.tenant(wanted)
    if tenant is None or (("tenantId" in call.keys) != (tenant.id == wanted.lower())):
        raise GraphError(404, "Directory_ObjectNotFound", "Unable to read the company information from the directory.")
    default = tenant.default_domain() or None
    return Answer(
        200,
        {
            "@odata.context": f"{call.base}/$metadata#microsoft.graph.tenantInformation",
            "tenantId": tenant.id,
            "displayName": tenant.display_name,
            "defaultDomainName": default,
            "federationBrandName": None,
        },
    )
