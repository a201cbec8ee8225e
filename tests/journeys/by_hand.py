"""A registration that the customer made beforehand in Microsoft's portal, as the manual tells them."""

from __future__ import annotations

from tests.emulator.conftest import Emulator
from tests.journeys.product import Product
from tests.rooms.factories_existing import ByHand

VALID = "The Application Registration is valid."


def in_contoso(product: Product) -> ByHand:
    """Contoso's administrator at work there."""
    return ByHand(Emulator(product.announcement, None))
