"""Services by the hundred thousand, to try lists and searches at size. For a database of their own."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from gangway.audit.events import Event
from gangway.audit.loading import load
from gangway.audit.samples import add_entries
from gangway.foundation import clock
from gangway.organizations.search import LONGEST_KEY, fold, words
from gangway.services import names
from gangway.services.licences import MAX_USERS, MIN_USERS, LicenceType
from gangway.services.models import Service
from gangway.services.states import Connection, Deployment, Lifecycle

PORTION = 5000
DAYS = 365
PLANNED_EACH: Final = 20
"""One of so many services waits for its administrator."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What other rooms need of a sample to add their own rows of it. `place`: its number, from which they vary."""

    place: int
    id: UUID
    customer_id: UUID
    provider_id: UUID
    short_name: str
    search_words: str
    connection: Connection
    credential_ends_at: datetime | None
    last_validated_at: datetime | None
    created_at: datetime

    @property
    def is_planned(self) -> bool:
        """Whether nobody connected it yet."""
        return self.place % PLANNED_EACH == PLANNED_EACH - 1

    @property
    def subject(self) -> str:
        """What the log calls it."""
        return f"service:{self.id}"

    @property
    def tenant_id(self) -> str:
        """A tenant for each customer; its id is the customer's own."""
        return str(self.customer_id)


def add_services(
    *, provider_id: UUID, customers: Sequence[tuple[UUID, str]], number: int, seed: int = 1
) -> list[Sample]:
    """Add so many services of these customers (id, name), the same for the same seed; the log tells of each."""
    dice = random.Random(seed)  # noqa: S311 - looks, not secrets
    made: list[Sample] = []
    for start in range(0, number, PORTION):
        places = range(start, min(start + PORTION, number))
        rows = [_row(provider_id, *customers[place % len(customers)], place, dice) for place in places]
        load(rows)
        made += map(_sample, places, rows)
    planned = ((one.customer_id, one.subject, {"short_name": one.short_name}) for one in made)
    created = ((one.customer_id, one.subject, {"short_name": one.short_name}) for one in made if not one.is_planned)
    add_entries(Event.SERVICE_PLANNED, planned)
    add_entries(Event.SERVICE_CREATED, created)
    return made


def _sample(place: int, row: Service) -> Sample:
    return Sample(
        place=place,
        id=row.id,
        customer_id=row.organization_id,
        provider_id=row.provider_id,
        short_name=row.short_name,
        search_words=row.search_words,
        connection=Connection(row.connection_status),
        credential_ends_at=row.credential_ends_at,
        last_validated_at=row.last_validated_at,
        created_at=row.created_at,
    )


def _row(provider_id: UUID, customer_id: UUID, customer_name: str, place: int, dice: random.Random) -> Service:
    now = clock.now()
    short, full = f"svc{place:06d}", f"{customer_name} {dice.choice(('head office', 'stores', 'plant', 'call centre'))}"
    planned = place % PLANNED_EACH == PLANNED_EACH - 1
    status = dice.choices(list(Connection), weights=(90, 5, 3, 2, 0))[0]
    deployment = dice.choice((Deployment.READY, Deployment.DEPLOYED))
    ends_at = now + timedelta(days=dice.randint(-5, DAYS))
    validated_at = now - timedelta(minutes=dice.randint(0, 24 * 60))
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
        lifecycle=(Lifecycle.PLANNED if planned else Lifecycle.CREATED).value,
        connection_status=(Connection.UNKNOWN if planned else status).value,
        deployment_status=(Deployment.NONE if planned else deployment).value,
        credential_ends_at=None if planned else ends_at,
        last_validated_at=None if planned else validated_at,
        created_at=now - timedelta(minutes=dice.randint(0, DAYS * 24 * 60)),
        changed_at=now,
    )
