"""Licences of people: assigned, taken away, shown with their service plans; the subscriptions behind them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from m365_emulator.graph import targets
from m365_emulator.graph.errors import bad_request
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.users import shape as user_shape

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.call import Call

operations = Operations()
details = Shape(type="licenseDetails", set="licenseDetails", directory=False, nested=True)
subscriptions = Shape(
    type="companySubscription", set="directory/subscriptions", directory=False, filterable={"skuId": "eq"}
)


@operations.on("POST", "/users/{user-id}/assignLicense")
def assign(call: Call) -> Answer:
    """200 with the person; all or nothing. 400 without a place of use, without free units, for unknown licences."""
    person = targets.get(call, "user")
    adding, removing = call.body.get("addLicenses"), call.body.get("removeLicenses")
    if not isinstance(adding, list) or not isinstance(removing, list):
        raise bad_request("One or more parameters of the operation 'assignLicense' are missing from the request.")
    held = {one["skuId"]: one for one in person.body.get("assignedLicenses", [])}
    wanted = {str(one.get("skuId")): list(one.get("disabledPlans") or []) for one in adding}
    _check_removal(removing, held)
    new = [sku_id for sku_id in wanted if sku_id not in held]
    _check_addition(call.tenant, person, wanted, new)
    for sku_id in removing:
        del held[sku_id]
        _sku(call.tenant, sku_id)["consumedUnits"] -= 1
    for sku_id in new:
        _sku(call.tenant, sku_id)["consumedUnits"] += 1
    held.update({sku_id: {"disabledPlans": plans, "skuId": sku_id} for sku_id, plans in wanted.items()})
    person.body["assignedLicenses"] = list(held.values())
    return pages.single(call, user_shape, person.body)


@operations.on("GET", "/users/{user-id}/licenseDetails")
def list_details(call: Call) -> Answer:
    """The person's licences with what each of them contains."""
    return pages.collection(call, details, shown(call.tenant, targets.get(call, "user")))


@operations.on("GET", "/me/licenseDetails")
def list_own_details(call: Call) -> Answer:
    """The same for the signed-in person."""
    return pages.collection(call, details, shown(call.tenant, targets.own(call)))


@operations.on("GET", "/directory/subscriptions")
def list_subscriptions(call: Call) -> Answer:
    """What the tenant bought, one subscription for each licence."""
    return pages.collection(call, subscriptions, [_subscription(call.tenant, sku) for sku in call.tenant.skus])


def shown(tenant: Tenant, person: DirectoryObject) -> list[dict[str, Any]]:
    """``licenseDetails`` of a person; plans that were switched off say so."""
    return [_details(_sku(tenant, one["skuId"]), one) for one in person.body.get("assignedLicenses", [])]


def plans(tenant: Tenant, person: DirectoryObject) -> set[str]:
    """Names of the service plans that work for a person."""
    return {
        plan["servicePlanName"]
        for row in shown(tenant, person)
        for plan in row["servicePlans"]
        if plan["provisioningStatus"] == "Success"
    }


def _check_removal(removing: list[str], held: dict[str, Any]) -> None:
    if missing := [sku_id for sku_id in removing if sku_id not in held]:
        raise bad_request(f"User does not have a corresponding license: {missing[0]}.", target="removeLicenses")


def _check_addition(tenant: Tenant, person: DirectoryObject, wanted: dict[str, list[str]], new: list[str]) -> None:
    known = {sku["skuId"]: sku for sku in tenant.skus}
    for sku_id in wanted:
        if sku_id not in known:
            raise bad_request(f"License {sku_id} does not correspond to a valid company License.", target="addLicenses")
    if new and not person.body.get("usageLocation"):
        raise bad_request("License assignment cannot be done for user with invalid usage location.")
    for sku_id in new:
        if known[sku_id]["consumedUnits"] >= known[sku_id]["prepaidUnits"]["enabled"]:
            raise bad_request(f"Subscription with SKU {sku_id} does not have any available licenses.")


def _sku(tenant: Tenant, sku_id: str) -> dict[str, Any]:
    return next(sku for sku in tenant.skus if sku["skuId"] == sku_id)


def _details(sku: dict[str, Any], assigned: dict[str, Any]) -> dict[str, Any]:
    off = set(assigned["disabledPlans"])
    return {
        "id": f"{sku['id']}",
        "skuId": sku["skuId"],
        "skuPartNumber": sku["skuPartNumber"],
        "servicePlans": [
            {**plan, "provisioningStatus": "Disabled" if plan["servicePlanId"] in off else "Success"}
            for plan in sku["servicePlans"]
        ],
    }


def _subscription(tenant: Tenant, sku: dict[str, Any]) -> dict[str, Any]:
    digest = hashlib.sha256(f"subscription/{sku['id']}".encode()).hexdigest()
    oid = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
    return {
        "id": oid,
        "commerceSubscriptionId": oid,
        "createdDateTime": tenant.organization["createdDateTime"],
        "isTrial": False,
        "nextLifecycleDateTime": None,
        "ownerId": None,
        "ownerTenantId": None,
        "ownerType": None,
        "serviceStatus": sku["servicePlans"],
        "skuId": sku["skuId"],
        "skuPartNumber": sku["skuPartNumber"],
        "status": sku["capabilityStatus"],
        "totalLicenses": sku["prepaidUnits"]["enabled"],
    }
