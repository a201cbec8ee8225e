"""Services for tests."""

from itertools import count
from uuid import UUID

from gangway.organizations.scope import within
from gangway.services import actions
from tests.rooms.factories_organizations import SETUP, Place

_numbers = count(1)


def plan(customer: Place, *, short_name: str = "", full_name: str = "", users: int = 25) -> UUID:
    """Plan a service of this customer, within its scope."""
    with within(customer.path):
        return actions.plan_service(
            customer_id=customer.id,
            full_name=full_name,
            short_name=short_name or f"svc-{next(_numbers)}",
            licence_type="hosted_pro",
            licensed_users=users,
            by=SETUP,
        )
