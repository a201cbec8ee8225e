"""One rotation of a connection's credential: started by the schedule or a person, followed to its end. Sync."""

from datetime import datetime
from typing import Final, TypedDict
from uuid import UUID

from django.db import transaction

from gangway.alarms.actions import clear_alarm, raise_alarm
from gangway.alarms.states import Kind, Severity
from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.connections import saying, schedule
from gangway.connections.errors import CannotRotateNow, ConnectionSuspended, NoSuchConnection
from gangway.connections.models import Care, Connection
from gangway.connections.schedule import DAY
from gangway.connections.states import Rotation
from gangway.organizations.scope import within_everything
from gangway.provisioning.actions import start_rotation
from gangway.provisioning.errors import NoSuchCredential, RunUnderWay
from gangway.provisioning.queries import run as run_of
from gangway.provisioning.renewable import renewable
from gangway.provisioning.states import RunState
from gangway.services import actions as services
from gangway.services.queries import service

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


def ended(run_id: UUID, *, now: datetime) -> None:
    """Take note of how a rotation ended. A run that rests, or goes on later, ends here again."""
    with within_everything("rotations of every organization end"), transaction.atomic():
        rows = Care.objects.select_for_update(of=("self",)).select_related("connection")
        care = rows.filter(rotation_run_id=run_id).first()
        if care is None:
            return
        run = run_of(run_id)
        if run.state is RunState.PROVED:
            _worked(care, now=now)
        elif run.state in {RunState.FAILED, RunState.NEEDS_SIGN_IN, RunState.WAITING}:
            needs = run.state is not RunState.FAILED or (run.error is not None and run.error.code == NEEDS_CUSTOMER)
            words = run.error.what if run.error else run.waiting_for
            _failed(care, words, needs_customer=needs, now=now)
        elif run.state is RunState.CANCELLED:
            care.rotation, care.rotate_at, care.rotation_run_id = Rotation.NONE.value, None, None
            care.tend_at = now + DAY
        care.save()


def _worked(care: Care, *, now: datetime) -> None:
    row = Connection.objects.get(pk=care.pk)
    about = renewable(row.credential_id)
    care.rotation, care.rotate_at, care.announced_at = Rotation.NONE.value, None, None
    care.rotation_run_id, care.failures, care.rotation_words = None, 0, ""
    care.tend_at = care.validate_at = now
    services.note_credential(
        service_id=row.service_id, ends_at=about.ends_at if about else None, validated_at=row.last_validated_at
    )
    for kind in (Kind.ROTATION, Kind.CREDENTIAL_ENDS, Kind.NEEDS_CUSTOMER):
        clear_alarm(**key_of(care, kind), why=WORKS_AGAIN, by=SCHEDULE, now=now)


def _failed(care: Care, words: str, *, needs_customer: bool, now: datetime) -> None:
    """The old credential works on. What only the customer can do is not tried again; the rest is, ever more rarely."""
    about, credential = service(care.connection.service_id), renewable(care.connection.credential_id)
    days = (credential.ends_at - now).days if credential is not None and credential.ends_at is not None else 0
    care.rotation_run_id, care.rotation_words = None, words[:500]
    if needs_customer:
        care.rotation, care.rotate_at, care.tend_at = Rotation.NEEDS_CUSTOMER.value, None, now
        kind, cure, contacts = Kind.NEEDS_CUSTOMER, saying.RENEW, saying.LINK_COMES
    else:
        care.failures += 1
        wait = min(care.failures, LONGEST_WAIT) * DAY
        care.rotation, care.rotate_at = Rotation.FAILED.value, now + wait
        care.tend_at = care.rotate_at
        kind, contacts = Kind.ROTATION, ""
        cure = "The credential in use works on. We try again by ourselves; Rotate now tries at once."
    raise_alarm(
        **key_of(care, kind),
        service_id=about.id,
        about=about.short_name,
        severity=Severity.CRITICAL if days <= saying.SOON else Severity.WARNING,
        words=f"Its credential was not renewed: {words}",
        cure=cure,
        for_contacts=contacts,
        by=SCHEDULE,
        now=now,
    )
