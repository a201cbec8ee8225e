"""Connections and their care by the hundred thousand, to try their list at size. For a database of their own."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from gangway.audit.events import Event
from gangway.audit.loading import load
from gangway.audit.samples import add_entries
from gangway.connections.fleet import FLEET
from gangway.connections.models import Care, Connection, Validation
from gangway.connections.states import Rotation
from gangway.foundation import clock
from gangway.organizations.pages import batched
from gangway.provisioning.samples import LIFE, Registered
from gangway.services.samples import Sample
from gangway.services.states import Connection as Status

MINUTES: Final = 24 * 60
"""Of a day, over which the next looks are spread."""
ROTATIONS: Final = (Rotation.PLANNED,) * 185 + (Rotation.NEEDS_CUSTOMER,) * 10 + (Rotation.FAILED,) * 2
"""How those stand that aren't the few others."""
LACKING_EACH: Final = 50
"""One of so many has less than the newest version."""


def add_connections(registered: Sequence[Registered]) -> None:
    """Add the connection of each registration's service, its care, and its last validation."""
    now = clock.now()
    for some in batched(iter(registered)):
        made = [(one.sample, _connection(one, now)) for one in some]
        load(row for _, row in made)
        load(_care(*pair, now) for pair in made)
        load(_validation(*pair, now) for pair in made)
        add_entries(Event.CONNECTION_MADE, ((one.customer_id, one.subject, {}) for one, _ in made))


def _connection(one: Registered, now: datetime) -> Connection:
    sample = one.sample
    seen_at = sample.last_validated_at or now
    return Connection(
        organization_id=sample.customer_id,
        service_id=sample.id,
        registration_id=one.registration_id,
        credential_id=one.credential_id,
        user_name=f"ada@{sample.short_name}.example",
        m365_domain=f"{sample.short_name}.example",
        status=sample.connection.value,
        status_words="" if sample.connection is Status.OK else "A sample.",
        status_since=seen_at,
        last_validated_at=seen_at,
        last_good_at=seen_at,
        created_at=sample.created_at,
    )


def _care(sample: Sample, row: Connection, now: datetime) -> Care:
    rotation = ROTATIONS[sample.place % len(ROTATIONS)]
    ends_at, lacking = sample.credential_ends_at or now + LIFE, sample.place % LACKING_EACH == 0
    return Care(
        organization_id=sample.customer_id,
        connection=row,
        tenant_id=sample.tenant_id,
        validate_at=now + timedelta(minutes=1 + sample.place * 7 % MINUTES),
        tend_at=now + timedelta(minutes=1 + sample.place * 11 % MINUTES),
        renews_itself=rotation is not Rotation.NEEDS_CUSTOMER,
        rotation=rotation.value,
        rotate_at=ends_at - timedelta(days=30),
        lacks=["Domain.Read.All"] if lacking else [],
        standing=row.standing,
        lacking=lacking,
    )


def _validation(sample: Sample, row: Connection, now: datetime) -> Validation:
    at = sample.last_validated_at or now
    return Validation(
        organization_id=sample.customer_id,
        connection=row,
        state="done",
        status=row.status,
        asked_by=FLEET.name,
        asked_at=at,
        begun_at=at,
        ended_at=at,
    )
