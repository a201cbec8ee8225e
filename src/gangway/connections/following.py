"""How a rotation ended: the row of what it renewed, its alarms, and its emergency, if any, follow. For workers."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.alarms.actions import clear_alarm, raise_alarm
from gangway.alarms.states import Kind, Severity
from gangway.connections import emergency, saying
from gangway.connections.kept import Kept, credential_of, key_of, name_of
from gangway.connections.models import Care, Companion, Connection
from gangway.connections.rotation import SCHEDULE
from gangway.connections.schedule import DAY
from gangway.connections.states import ItemState, Rotation
from gangway.organizations.scope import within_everything
from gangway.provisioning.queries import run as run_of
from gangway.provisioning.states import RunState
from gangway.services import actions as services
from gangway.services.queries import service

NEEDS_CUSTOMER: Final = "provisioning:rotation:needs_customer"
REPLACED: Final = "provisioning:rotation:replaced"
LONGEST_WAIT: Final = 7
"""Days between two tries at most."""
WORKS_AGAIN: Final = "A new credential was proved and is in use."


def ended(run_id: UUID, *, now: datetime) -> None:
    """Take note of how a rotation ended. A run that rests, or goes on later, ends here again."""
    with within_everything("rotations of every organization end"), transaction.atomic():
        kept = _rotating(run_id)
        if kept is None:
            return
        run = run_of(run_id)
        if run.state is RunState.PROVED:
            _worked(kept, now=now)
            emergency.rotated(run_id, ItemState.DONE, "", now=now)
        elif run.error is not None and run.error.code == REPLACED:
            _let_go(kept, now=now)
            emergency.rotated(run_id, ItemState.DONE, run.error.what, now=now)
        elif run.state in {RunState.FAILED, RunState.NEEDS_SIGN_IN, RunState.WAITING}:
            needs = run.state is not RunState.FAILED or (run.error is not None and run.error.code == NEEDS_CUSTOMER)
            words = run.error.what if run.error else run.waiting_for
            _failed(kept, words, needs_customer=needs, now=now)
            state = ItemState.NEEDS_CUSTOMER if needs else ItemState.FAILED
            emergency.rotated(run_id, state, words, now=now)
        elif run.state is RunState.CANCELLED:
            _let_go(kept, now=now)
            emergency.rotated(run_id, ItemState.FAILED, "The rotation was cancelled.", now=now)
        kept.save()


def _rotating(run_id: UUID) -> Kept | None:
    """What this run rotates, locked."""
    cares = Care.objects.select_for_update(of=("self",)).select_related("connection")
    care = cares.filter(rotation_run_id=run_id).first()
    return care or Companion.objects.select_for_update(of=("self",)).filter(rotation_run_id=run_id).first()


def _worked(kept: Kept, *, now: datetime) -> None:
    kept.rotation, kept.rotate_at, kept.announced_at = Rotation.NONE.value, None, None
    kept.rotation_run_id, kept.failures, kept.rotation_words = None, 0, ""
    kept.tend_at = kept.validate_at = now
    if isinstance(kept, Care):
        row = Connection.objects.get(pk=kept.pk)
        about = credential_of(row)
        services.note_credential(
            service_id=row.service_id, ends_at=about.ends_at if about else None, validated_at=row.last_validated_at
        )
    for kind in (Kind.ROTATION, Kind.CREDENTIAL_ENDS, Kind.NEEDS_CUSTOMER):
        clear_alarm(**key_of(kept, kind), why=WORKS_AGAIN, by=SCHEDULE, now=now)


def _let_go(kept: Kept, *, now: datetime) -> None:
    """Nothing was renewed by it, and nothing is wrong."""
    kept.rotation, kept.rotate_at, kept.rotation_run_id = Rotation.NONE.value, None, None
    kept.tend_at = now + DAY


def _failed(kept: Kept, words: str, *, needs_customer: bool, now: datetime) -> None:
    """The old credential works on. What only the customer can do is not tried again; the rest is, ever more rarely."""
    about, credential = service(kept.service_id), credential_of(kept)
    days = (credential.ends_at - now).days if credential is not None and credential.ends_at is not None else 0
    kept.rotation_run_id, kept.rotation_words = None, words[:500]
    if needs_customer:
        kept.rotation, kept.rotate_at, kept.tend_at = Rotation.NEEDS_CUSTOMER.value, None, now
        kind, cure, contacts = Kind.NEEDS_CUSTOMER, saying.RENEW, saying.LINK_COMES
    else:
        kept.failures += 1
        wait = min(kept.failures, LONGEST_WAIT) * DAY
        kept.rotation, kept.rotate_at = Rotation.FAILED.value, now + wait
        kept.tend_at = kept.rotate_at
        kind, contacts = Kind.ROTATION, ""
        cure = saying.failed(beside=isinstance(kept, Companion))
    raise_alarm(
        **key_of(kept, kind),
        service_id=about.id,
        about=name_of(kept, about),
        severity=Severity.CRITICAL if days <= saying.SOON else Severity.WARNING,
        words=f"Its credential was not renewed: {words}",
        cure=cure,
        for_contacts=contacts,
        by=SCHEDULE,
        now=now,
    )
