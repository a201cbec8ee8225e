"""Licences of a tenant: which subscriptions carry Teams Phone and how many are left; whether Entra ID P1 is there."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from gangway.microsoft.graph.shapes import Licence

PREMIUM: Final = frozenset({"41781fb2-bc02-4b7c-bd55-b576c07bb09d", "eec0eb4f-6444-4f95-aba0-50c24d67f998"})
"""The service plans Microsoft Entra ID P1 and P2; the second holds all of the first."""


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


def in_words(phone: PhoneLicences, wanted: int) -> str:
    """Say how many of a tenant's licences are free, beside so many users that are wanted."""
    if phone.left:
        free = f"{phone.left} of {phone.total} {'is' if phone.left == 1 else 'are'} free"
    else:
        free = "The only one is assigned" if phone.total == 1 else f"All {phone.total} are assigned"
    return f"{free}; the service is for {'one user' if wanted == 1 else f'{wanted} users'}."


def has_premium(licences: Iterable[Licence]) -> bool:
    """Whether Microsoft Entra ID P1 is in any living subscription; that it isn't seen proves nothing."""
    return any(PREMIUM & set(licence.plan_ids) for licence in licences if licence.enabled)


@cache
def _known() -> tuple[str, dict[str, str]]:
    """The id of the service plan Teams Phone, and names of products by their sku id."""
    facts = json.loads((resources.files("gangway.provisioning") / "teams_phone.json").read_text("utf-8"))
    return facts["plan"]["id"], {product["sku_id"]: product["product"] for product in facts["products"]}
