"""How a rotation ended: the row of what it renewed, its alarms, and its emergency, if any, follow. For workers."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.alarms.actions import clear_alarm, raise_alarm
from gangway.alarms.states import Kind, Severity
from gangway.connections import emergency, rotation, saying, schedule, ticking
from gangway.connections.kept import Kept, connection_of, credential_of, key_of, name_of
from gangway.connections.models import Care, Companion, Connection
from gangway.connections.rotation import SCHEDULE
from gangway.connections.schedule import DAY
from gangway.connections.states import ItemState, Rotation
from gangway.foundation.errors import WhoActs
from gangway.organizations.scope import within_everything
from gangway.provisioning.errors import ReplacedMeanwhile
from gangway.provisioning.queries import run as run_of
from gangway.provisioning.states import RunState
from gangway.services import actions as services
from gangway.services.queries import service

NEEDS_CUSTOMER: Final = "provisioning:rotation:needs_customer"
REPLACED: Final = ReplacedMeanwhile.code
OVER: Final = frozenset(
    {RunState.PROVED, RunState.FAILED, RunState.NEEDS_SIGN_IN, RunState.WAITING, RunState.CANCELLED}
)
"""States in which a rotation goes on only when somebody, or the schedule, starts it anew."""
WORKS_AGAIN: Final = "A new credential was proved and is in use."


def ended(run_id: UUID, *, now: datetime) -> None:
    """Take note of how a rotation ended. A run that rests, or goes on later, ends here again."""
    with within_everything("rotations of every organization end"), transaction.atomic():
        kept = _rotating(run_id)
        if kept is not None and is_over(kept):
            take_note(kept, now=now)
            kept.save()


def is_over(kept: Kept) -> bool:
    """Whether the rotation that is under way came to its end or to rest."""
    return kept.rotation_run_id is None or run_of(kept.rotation_run_id).state in OVER


def take_note(kept: Kept, *, now: datetime) -> None:
    """Let a locked row follow from its rotation that is over. The caller saves the row."""
    if kept.rotation_run_id is None:
        _let_go(kept, now=now)
        return
    run = run_of(kept.rotation_run_id)
    if run.state is RunState.PROVED:
        _worked(kept, now=now)
        emergency.rotated(run.id, ItemState.DONE, "", now=now)
    elif (run.error is not None and run.error.code == REPLACED) or _is_renewed(kept, run.started_at):
        _let_go(kept, now=now)
        rotation.forget_plan(kept, by=SCHEDULE, now=now)
        emergency.rotated(run.id, ItemState.DONE, ReplacedMeanwhile.what, now=now)
    elif run.state is RunState.CANCELLED:
        _let_go(kept, now=now)
        emergency.rotated(run.id, ItemState.FAILED, "The rotation was cancelled.", now=now)
    else:
        needs = run.state is not RunState.FAILED or (run.error is not None and run.error.code == NEEDS_CUSTOMER)
        words = run.error.what if run.error else run.waiting_for
        theirs = run.error.cure if run.error and run.error.acts is WhoActs.ADMINISTRATOR else ""
        _failed(kept, words, theirs, needs_customer=needs, now=now)
        emergency.rotated(run.id, ItemState.NEEDS_CUSTOMER if needs else ItemState.FAILED, words, now=now)


def _is_renewed(kept: Kept, begun_at: datetime | None) -> bool:
    """Whether what is in use was made since a rotation began that didn't end well: somebody else renewed it."""
    credential = credential_of(kept)
    return credential is not None and begun_at is not None and credential.made_at > begun_at


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
    ticking.renewed(kept, now=now)
    for kind in (Kind.ROTATION, Kind.CREDENTIAL_ENDS, Kind.NEEDS_CUSTOMER):
        clear_alarm(**key_of(kept, kind), why=WORKS_AGAIN, by=SCHEDULE, now=now)


def _let_go(kept: Kept, *, now: datetime) -> None:
    """Nothing was renewed by it, and nothing is wrong."""
    kept.rotation, kept.rotate_at, kept.rotation_run_id = Rotation.NONE.value, None, None
    kept.tend_at = now + DAY


def _failed(kept: Kept, words: str, theirs: str, *, needs_customer: bool, now: datetime) -> None:
    """The old credential works on. What only the customer can do is not tried again; the rest is, ever more rarely.

    Only a token shows a right: a certificate that was refused without it may have met what passes, and is tried again.
    `theirs`: what an administrator of the customer has to set right before it can work, if that is known.
    """
    about, credential = service(kept.service_id), credential_of(kept)
    ends_at = credential.ends_at if credential is not None else None
    days = (ends_at - now).days if ends_at is not None else 0
    kept.rotation_run_id, kept.rotation_words, kept.tend_at, kept.rotate_at = None, words[:500], now, None
    if not needs_customer or (credential is not None and credential.kind == "certificate"):
        kept.failures += 1
        kept.rotate_at = schedule.next_try(failures=kept.failures, ends_at=ends_at, now=now)
    if needs_customer:
        kept.rotation = Rotation.NEEDS_CUSTOMER.value
        kind, cure, contacts = Kind.NEEDS_CUSTOMER, saying.RENEW, saying.LINK_COMES
    else:
        kept.rotation = Rotation.FAILED.value
        kind, contacts = Kind.ROTATION, ""
        cure = saying.failed(beside=isinstance(kept, Companion), cure=theirs)[:500]
    if connection_of(kept).suspended_at is not None:
        return
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
