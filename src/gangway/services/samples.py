"""Services by the hundred thousand, to try lists and searches at size. For a database of their own."""

import random
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from gangway.foundation import clock
from gangway.organizations.search import LONGEST_KEY, fold, words
from gangway.services import names
from gangway.services.licences import MAX_USERS, MIN_USERS, LicenceType
from gangway.services.models import Service
from gangway.services.states import Connection, Deployment, Lifecycle

PORTION = 5000
DAYS = 365


def add_services(*, provider_id: UUID, customers: Sequence[tuple[UUID, str]], number: int, seed: int = 1) -> None:
    """Add so many created services of these customers (id, name), the same for the same seed, without activity."""
    dice = random.Random(seed)  # noqa: S311 - looks, not secrets
    for start in range(0, number, PORTION):
        places = range(start, min(start + PORTION, number))
        Service.objects.bulk_create(
            _row(provider_id, *customers[place % len(customers)], place, dice) for place in places
        )


def _row(provider_id: UUID, customer_id: UUID, customer_name: str, place: int, dice: random.Random) -> Service:
    now = clock.now()
    short, full = f"svc{place:06d}", f"{customer_name} {dice.choice(('head office', 'stores', 'plant', 'call centre'))}"
    return Service(
        organization_id=customer_id,
        provider_id=provider_id,
        full_name=full,
        full_name_key=fold(full)[:LONGEST_KEY],
        short_name=short,
        short_name_key=names.key(short),
        search_words=words(short, full, customer_name),
        customer_key=fold(customer_name)[:LONGEST_KEY],
        licence_type=dice.choice(list(LicenceType)).value,
        licensed_users=dice.randint(MIN_USERS, MAX_USERS),
        lifecycle=Lifecycle.CREATED.value,
        connection_status=dice.choices(list(Connection), weights=(90, 5, 3, 2, 0))[0].value,
        deployment_status=dice.choice((Deployment.READY, Deployment.DEPLOYED)).value,
        credential_ends_at=now + timedelta(days=dice.randint(-5, DAYS)),
        last_validated_at=now - timedelta(minutes=dice.randint(0, 24 * 60)),
        created_at=now - timedelta(minutes=dice.randint(0, DAYS * 24 * 60)),
        changed_at=now,
    )
