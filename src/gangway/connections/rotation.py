"""One rotation of a credential in use: started by the schedule or a person, followed to its end. Sync."""

from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.alarms.actions import clear_alarm
from gangway.alarms.states import Kind
from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.connections import schedule, ticking
from gangway.connections.errors import CannotRotateNow, ConnectionSuspended, EnoughRests, NoSuchConnection
from gangway.connections.kept import Kept, credential_of, facts_of, key_of
from gangway.connections.models import Care, Companion, Connection
from gangway.connections.states import Rotation
from gangway.provisioning.actions import cancel_run, start_rotation
from gangway.provisioning.errors import NoSuchCredential, RunOver, RunUnderWay
from gangway.provisioning.usage import uses
from gangway.services.queries import service

ENDED: Final = "connections:rotation_ended"
SCHEDULE: Final = Actor.system("rotation schedule")
RENEWED: Final = "It was renewed."
MOST_RESTING: Final = 3
"""Replaced credentials of a service that may live on in the tenant before *Rotate now* waits for one to go.

So many let somebody rotate again when the new one got into wrong hands, too; more is a mistake, or a script.
"""


@transaction.atomic
def rotate_now(*, service_id: UUID, profile: str = "", in_emergency: bool = False, by: Actor, now: datetime) -> UUID:
    """*Rotate now*: put a new credential in the place of the one in use; gives the run's id. Asking twice is one run.

    `profile`: of what the service uses beside its connection, whose own credential it is then. It waits for no day and
    no freeze: a person decided. Raises `NoSuchConnection`, `ConnectionSuspended`, `CannotRotateNow`, `EnoughRests` but
    `in_emergency`, and provisioning's RunUnderWay.
    """
    connection = Connection.objects.filter(service_id=service_id).first()
    beside = Companion.objects.filter(service_id=service_id, profile=profile).first() if profile else None
    row = beside if profile else connection
    if row is None or connection is None:
        raise NoSuchConnection
    if connection.suspended_at is not None:
        raise ConnectionSuspended.at(connection.suspended_level)
    about = credential_of(row)
    kept = beside if profile else Care.objects.filter(connection=connection).first()
    if about is None or not about.renews_itself(has_right=kept is not None and kept.renews_itself):
        raise CannotRotateNow
    run_id = start_rotation(
        registration_id=row.registration_id,
        service_id=service_id,
        credential_id=about.credential_id,
        on_end=ENDED,
        by=by,
        now=now,
    )
    if not in_emergency:
        _need_few_resting(row.registration_id, service_id, now=now)  # now that the registration is locked
    begun = {"rotation": Rotation.UNDER_WAY.value, "rotation_run_id": run_id, "rotation_words": ""}
    (Companion if profile else Care).objects.filter(pk=row.pk).update(**begun)
    subject, facts = f"service:{service_id}", {"run": str(run_id), **facts_of(row)}
    record(Event.ROTATION_ASKED, by=by, organization_id=row.organization_id, subject=subject, data=facts)
    return run_id


def _need_few_resting(registration_id: UUID, service_id: UUID, *, now: datetime) -> None:
    mine = [one for one in uses(registration_id) if one.service_id == service_id and one.is_ours]
    ends = [one.rests_until for one in mine if one.rests_until is not None]
    if len(ends) >= MOST_RESTING:
        raise EnoughRests.of(service(service_id).short_name, len(ends), min(ends), now=now)


def break_off(service_id: UUID, *, by: Actor, now: datetime) -> None:
    """Stop what is being rotated for a service. What was made is taken back; the credential in use stays the one."""
    going = Care.objects.filter(connection__service_id=service_id, rotation=Rotation.UNDER_WAY.value)
    beside = Companion.objects.filter(service_id=service_id, rotation=Rotation.UNDER_WAY.value)
    for kept in (*going, *beside):
        if kept.rotation_run_id is not None:
            with suppress(RunOver), transaction.atomic():
                cancel_run(run_id=kept.rotation_run_id, by=by, now=now)


def forget_plan(kept: Kept, *, by: Actor, now: datetime) -> None:
    """Forget what was planned, announced or failed for a credential that somebody renewed. The caller saves the row.

    A rotation that is under way ends by itself; what an emergency left open is ticked off.
    """
    kept.tend_at = now
    if kept.rotation != Rotation.UNDER_WAY:
        kept.rotation, kept.rotate_at, kept.announced_at = Rotation.NONE.value, None, None
        kept.failures, kept.rotation_words = 0, ""
    for kind in (Kind.ROTATION, Kind.CREDENTIAL_ENDS, Kind.NEEDS_CUSTOMER):
        clear_alarm(**key_of(kept, kind), why=RENEWED, by=by, now=now)
    ticking.renewed(kept, now=now)


def start(kept: Kept, *, credential_id: UUID, by: Actor, now: datetime) -> None:
    """Start a planned rotation of what is in use; while the registration is at work, its turn comes soon.

    The caller saves the row.
    """
    try:
        with transaction.atomic():
            run_id = start_rotation(
                registration_id=kept.registration_id,
                service_id=kept.service_id,
                credential_id=credential_id,
                on_end=ENDED,
                by=by,
                now=now,
            )
    except RunUnderWay:
        kept.tend_at = now + schedule.SOONEST / 12
        return
    except NoSuchCredential:
        kept.rotation, kept.rotate_at = Rotation.NONE.value, None
        return
    kept.rotation, kept.rotation_run_id, kept.rotation_words = Rotation.UNDER_WAY.value, run_id, ""
    kept.tend_at = now + schedule.SOONEST
