"""Whether an administrator of the customer may renew a service's connection now, without being asked. In a scope."""

from datetime import datetime
from uuid import UUID

from gangway.connections import schedule
from gangway.connections.kept import credential_of
from gangway.connections.models import Companion, Connection
from gangway.organizations.roles import Kind


def is_to_renew(service_id: UUID, *, now: datetime) -> bool:
    """Whether something that a service signs in with fails, or ends so soon that people are warned of it.

    What is paused isn't looked at, so that only its end counts.
    """
    row = Connection.objects.filter(service_id=service_id).first()
    if row is None:
        return False
    used: list[Connection | Companion] = [row, *Companion.objects.filter(service_id=service_id)]
    fails = any(one.status == "error" for one in used) and row.suspended_at is None
    return fails or any(_ends(one, now) for one in used)


def paused_above(service_id: UUID) -> bool:
    """Whether somebody above the customer paused the connection: then its own people don't renew it."""
    row = Connection.objects.filter(service_id=service_id, suspended_at__isnull=False).first()
    return row is not None and row.suspended_level not in {"", Kind.CUSTOMER.value}


def _ends(row: Connection | Companion, now: datetime) -> bool:
    credential = credential_of(row)
    if credential is None or credential.ends_at is None:
        return False
    made_at = credential.made_at if credential.is_ours else None
    return bool(schedule.crossed(credential.ends_at, made_at, now))
