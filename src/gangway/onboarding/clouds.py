"""What lives in a customer's cloud, and keeps it from being changed: every sign-in would go where its tenant isn't."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from gangway.invitations.queries import out_for
from gangway.provisioning.tenants import services_outside

MOST_NAMED: Final = 5


def held_in_another(customer_id: UUID, cloud: str) -> Iterator[str]:
    """Say which services are connected in another cloud than this one, and which links are out. Inside a scope."""
    if connected := services_outside(cloud, customer_id=customer_id):
        yield f"connected in the present one: {_named(connected)}"
    if sent := out_for(customer_id):
        yield f"invited to sign in there: {_named(sent)}"


def _named(names: tuple[str, ...]) -> str:
    left = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {left} more" if left > 0 else "")
