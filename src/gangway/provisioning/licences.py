"""Teams Phone licences of a tenant: which subscriptions carry them and how many are left."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from gangway.microsoft.graph.shapes import Licence


@dataclass(frozen=True, slots=True)
class PhoneLicences:
    """What a tenant has: units not assigned to anybody yet, and the products they come with."""

    left: int
    total: int
    products: tuple[str, ...]


def count(licences: Iterable[Licence]) -> PhoneLicences:
    """Count every subscription that has the service plan Teams Phone in it, whatever it is called."""
    plan, names = _known()
    found = [licence for licence in licences if plan in licence.plan_ids]
    return PhoneLicences(
        left=sum(max(licence.enabled - licence.consumed, 0) for licence in found),
        total=sum(licence.enabled for licence in found),
        products=tuple(names.get(licence.sku_id, licence.part_number) for licence in found),
    )


@cache
def _known() -> tuple[str, dict[str, str]]:
    """The id of the service plan Teams Phone, and names of products by their sku id."""
    facts = json.loads((resources.files("gangway.provisioning") / "teams_phone.json").read_text("utf-8"))
    return facts["plan"]["id"], {product["sku_id"]: product["product"] for product in facts["products"]}
