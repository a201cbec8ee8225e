"""One rotation of a connection's credential: started by the schedule or a person, followed to its end. Sync."""

from datetime import datetime
from typing import Final, TypedDict
from uuid import UUID

from django.db import transaction

from gangway.alarms.states import Kind
from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.connections import schedule
from gangway.connections.errors import CannotRotateNow, ConnectionSuspended, NoSuchConnection
from gangway.connections.models import Care, Connection
from gangway.connections.states import Rotation
from gangway.provisioning.actions import start_rotation
from gangway.provisioning.errors import NoSuchCredential, RunUnderWay
from gangway.provisioning.renewable import renewable

ENDED: Final = "connections:rotation_ended"
SCHEDULE: Final = Actor.system("rotation schedule")
NEEDS_CUSTOMER: Final = "provisioning:rotation:needs_customer"
LONGEST_WAIT: Final = 7
"""Days between two tries at most."""
WORKS_AGAIN: Final = "A new credential was proved and is in use."


class Key(TypedDict):
    """What makes an alarm of a connection one."""

    organization_id: UUID
    kind: Kind
    subject: str


def key_of(care: Care, kind: Kind) -> Key:
    """Return the key of a connection's alarm of this kind."""
    return Key(organization_id=care.organization_id, kind=kind, subject=f"service:{care.connection.service_id}")


@transaction.atomic
def rotate_now(*, service_id: UUID, by: Actor, now: datetime) -> UUID:
    """*Rotate now*: put a new credential in the place of the one in use; gives the run's id. Asking twice is one run.

    It waits for no day and no freeze: a person decided. Raises `NoSuchConnection`, `ConnectionSuspended`,
    `CannotRotateNow`, and provisioning's RunUnderWay.
    """
    row = Connection.objects.filter(service_id=service_id).first()
    if row is None:
        raise NoSuchConnection
    if row.suspended_at is not None:
        raise ConnectionSuspended
    about = renewable(row.credential_id)
    if about is None or not about.is_ours or about.kind == "federated":
        raise CannotRotateNow
    run_id = start_rotation(registration_id=row.registration_id, service_id=service_id, on_end=ENDED, by=by, now=now)
    mine = Care.objects.filter(pk=row.pk)
    mine.update(rotation=Rotation.UNDER_WAY.value, rotation_run_id=run_id, rotation_words="")
    subject, facts = f"service:{service_id}", {"run": str(run_id)}
    record(Event.ROTATION_ASKED, by=by, organization_id=row.organization_id, subject=subject, data=facts)
    return run_id


def start(care: Care, *, by: Actor, now: datetime) -> None:
    """Start a planned rotation; while the registration is at work, its turn comes soon. The caller saves the row."""
    row = care.connection
    try:
        with transaction.atomic():
            run_id = start_rotation(
                registration_id=row.registration_id, service_id=row.service_id, on_end=ENDED, by=by, now=now
            )
    except RunUnderWay:
        care.tend_at = now + schedule.SOONEST / 12
        return
    except NoSuchCredential:
        care.rotation, care.rotate_at = Rotation.NONE.value, None
        return
    care.rotation, care.rotation_run_id, care.rotation_words = Rotation.UNDER_WAY.value, run_id, ""
    care.tend_at = now + schedule.SOONEST
