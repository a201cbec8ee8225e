"""The tenant itself: its organization, the person who signed in and their roles, its licences."""

from typing import Any

from gangway.foundation.ids import ObjectId, TenantId
from gangway.microsoft.errors import Unreadable
from gangway.microsoft.graph.calls import WHOLE_LIST, Call, rows, text
from gangway.microsoft.graph.shapes import DirectoryRole, Domain, Licence, Organization, Person
from gangway.microsoft.wire import Answer

_ROLE_TYPE = "#microsoft.graph.directoryRole"


def organization() -> Call[Organization]:
    """The tenant of the token."""
    return Call("GET", "/organization?$select=id,displayName,verifiedDomains", _organization)


def me() -> Call[Person]:
    """The person who signed in (delegated tokens only)."""
    return Call("GET", "/me?$select=id,userPrincipalName,displayName,userType", _person)


def my_roles() -> Call[tuple[DirectoryRole, ...]]:
    """The person's active tenant-wide directory roles, also those held through groups."""
    path = "/me/transitiveMemberOf?$select=id,displayName,roleTemplateId&$top=999"
    return Call("GET", path, _roles, pages=WHOLE_LIST)


def my_eligible_roles() -> Call[frozenset[str]]:
    """Template ids of tenant-wide roles that the person may activate (PIM) but has not."""
    path = "/roleManagement/directory/roleEligibilityScheduleInstances/filterByCurrentUser(on='principal')"
    return Call("GET", path, _eligible)


def licences() -> Call[tuple[Licence, ...]]:
    """The tenant's subscriptions."""
    fields = "skuId,skuPartNumber,prepaidUnits,consumedUnits,servicePlans,capabilityStatus"
    return Call("GET", f"/subscribedSkus?$select={fields}", _licences)


def _organization(answer: Answer) -> Organization:
    found = rows(answer)
    if not found:
        raise Unreadable("Microsoft's answer names no organization.")
    record = found[0]
    return Organization(
        tenant_id=TenantId(text(record, "id").lower()),
        name=record.get("displayName") or "",
        domains=tuple(Domain(text(row, "name")) for row in record.get("verifiedDomains") or []),
    )


def _person(answer: Answer) -> Person:
    record = answer.body
    return Person(
        object_id=ObjectId(text(record, "id")),
        upn=text(record, "userPrincipalName"),
        name=record.get("displayName") or "",
        user_type=record.get("userType") or "",
    )


def _roles(answer: Answer) -> tuple[DirectoryRole, ...]:
    return tuple(
        DirectoryRole(text(row, "roleTemplateId"), row.get("displayName") or "")
        for row in rows(answer)
        if row.get("@odata.type") == _ROLE_TYPE
    )


def _eligible(answer: Answer) -> frozenset[str]:
    return frozenset(text(row, "roleDefinitionId") for row in rows(answer) if row.get("directoryScopeId") == "/")


def _licences(answer: Answer) -> tuple[Licence, ...]:
    return tuple(_licence(row) for row in rows(answer))


def _licence(row: Any) -> Licence:
    plans = row.get("servicePlans") or []
    return Licence(
        sku_id=text(row, "skuId"),
        part_number=row.get("skuPartNumber") or "",
        enabled=int((row.get("prepaidUnits") or {}).get("enabled") or 0),
        consumed=int(row.get("consumedUnits") or 0),
        plan_ids=frozenset(plan["servicePlanId"] for plan in plans if plan.get("servicePlanId")),
    )
