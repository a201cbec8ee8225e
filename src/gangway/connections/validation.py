"""One validation of a connection, or of what is used beside one: begun by a worker, ended with what was seen, kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.connections import fleet, verdict, watching
from gangway.connections.errors import ConnectionSuspended, NotMadeYet
from gangway.connections.kept import Looked, connection_of, credential_of, facts_of, whose
from gangway.connections.models import RUNNING, Care, Companion, Connection, Validation
from gangway.connections.verdict import KeptItem
from gangway.foundation.errors import GangwayError
from gangway.jobs.actions import defer
from gangway.organizations.scope import within_everything
from gangway.provisioning.actions import CheckItem, CheckResult
from gangway.provisioning.queries import credential_end
from gangway.provisioning.renewable import is_proved_since
from gangway.services import actions as services
from gangway.services.queries import service
from gangway.services.states import Connection as Status

WORKER: Final = Actor.system("connections")
REASON: Final = "a worker validates everybody's connections"


@dataclass(frozen=True, slots=True)
class Begun:
    """What a worker needs to look. `users`: how many licences the tenant should have; 0 where that isn't asked.

    `at`: when it began.
    """

    registration_id: UUID
    credential_id: UUID
    users: int
    at: datetime


def begin(*, validation_id: UUID, now: datetime) -> Begun | None:
    """Mark a validation as running; None when it is over already (the job ran twice), or nothing is signed in with."""
    with within_everything(REASON), transaction.atomic():
        asked = _locked(validation_id)
        if asked is None:
            return None
        row = asked.looked_at
        if not fleet.in_use(row.service_id):
            _could_not(asked, _ours(ConnectionSuspended.what, ConnectionSuspended.cure), now=now)
            return None
        credential_id = _signs_in_with(row)
        if credential_id is None:
            _could_not(asked, _ours(NotMadeYet.what, NotMadeYet.cure), now=now)
            _stands(row, "unknown", asked.words, now=now)
            return None
        asked.state, asked.begun_at = "running", now
        asked.save(update_fields=["state", "begun_at"])
        users = service(row.service_id).licensed_users if isinstance(row, Connection) else 0
        return Begun(row.registration_id, credential_id, users, now)


def note(items: Sequence[CheckItem], *, validation_id: UUID) -> None:
    """Show what is known so far to whoever watches."""
    with within_everything(REASON), transaction.atomic():
        asked = _locked(validation_id)
        if asked is not None:
            asked.items = verdict.kept(items)
            asked.save(update_fields=["items"])


def look_again(*, validation_id: UUID, begun: Begun) -> bool:
    """Begin anew when another credential or registration is used by now than was looked at, or it was mended since.

    Says whether.
    """
    with within_everything(REASON), transaction.atomic():
        asked = _locked(validation_id)
        return asked is not None and _is_begun_anew(asked, asked.looked_at, begun)


def _is_begun_anew(asked: Validation, row: Looked, begun: Begun) -> bool:
    stands = row.registration_id == begun.registration_id and not is_proved_since(begun.registration_id, begun.at)
    if stands and _signs_in_with(row) in {None, begun.credential_id}:
        return False
    asked.state, asked.begun_at, asked.items = "queued", None, []
    asked.save(update_fields=["state", "begun_at", "items"])
    defer(fleet.VALIDATE, validation_id=str(asked.pk))
    return True


def end(*, validation_id: UUID, begun: Begun, result: CheckResult, now: datetime) -> bool:
    """Write down what was seen; what was looked at, and a connection's service, get their status by it.

    Of what isn't used any more, or was mended meanwhile, nothing is written down: the look begins anew. Says whether it
    was written down.
    """
    with within_everything(REASON), transaction.atomic():
        asked = _locked(validation_id)
        if asked is None:
            return False
        row = _lock(asked.looked_at)
        if _is_begun_anew(asked, row, begun):
            return False
        granted, items = sorted(result.granted) if result.granted else None, verdict.kept(result.items)
        asked.roles = None if result.roles is None else sorted(result.roles)
        write_down(asked, row, items=items, granted=granted, by=WORKER, now=now)
        stale = frozenset(item.key for item in result.items if item.stale)
        watching.follow(row, items, granted, roles=result.roles, stale=stale, now=now)
        _be_patient(row, result, now=now)
        return True


def _be_patient(row: Looked, result: CheckResult, *, now: datetime) -> None:
    """Microsoft asked to wait: the whole tenant is left alone so long, then this is looked at again."""
    if result.busy_seconds is not None:
        about = credential_of(row)
        fleet.pause(about.tenant_id if about else "", seconds=result.busy_seconds, now=now)
        fleet.again(row, at=now + timedelta(seconds=result.busy_seconds))


def fail(*, validation_id: UUID, error: GangwayError, now: datetime) -> None:
    """Write down that we could not look: a fault of ours, which says nothing about what was to be looked at."""
    with within_everything(REASON), transaction.atomic():
        asked = _locked(validation_id)
        if asked is not None:
            _could_not(asked, _ours(error.what, error.cure), now=now)
            fleet.failed(asked.looked_at, now=now)


def give_up(*, now: datetime) -> None:
    """End validations that lost their worker: nobody knows, and the page says so."""
    item = _ours("The validation was cut off on our side.", "Press Validate Authentication again.")
    with within_everything(REASON):
        old = list(Validation.objects.filter(fleet.lost(now)).values_list("pk", flat=True))
        for validation_id in old:
            with transaction.atomic():
                asked = _locked(validation_id)
                if asked is not None:
                    _could_not(asked, item, now=now)
                    fleet.failed(asked.looked_at, now=now)


def write_down(
    asked: Validation,
    row: Looked,
    *,
    items: list[KeptItem],
    granted: list[str] | None,
    by: Actor,
    now: datetime,
) -> None:
    """End a validation and let what was looked at (locked), and a connection's service, follow from what was seen.

    `granted`: the permissions in a fresh token; None when there was none to read.
    """
    status, asked.granted = verdict.status_of(items), granted
    _close(asked, items=items, status=status, state="done", now=now)
    if connection_of(row).suspended_at is not None:
        return
    row.last_validated_at = now
    changed = _stands(row, status, asked.words, now=now)
    if isinstance(row, Connection):
        services.set_connection(service_id=row.service_id, status=Status(status), reason=asked.words, by=by)
        services.note_credential(
            service_id=row.service_id, ends_at=credential_end(row.credential_id), validated_at=row.last_validated_at
        )
    if not changed and asked.asked_by == fleet.FLEET.name:
        return  # a fleet that works would fill the log
    record(
        Event.CONNECTION_VALIDATION_ENDED,
        by=by,
        organization_id=row.organization_id,
        subject=f"service:{row.service_id}",
        data={"validation": str(asked.pk), "status": status, **facts_of(row)},
    )


def _stands(row: Looked, status: str, words: str, *, now: datetime) -> bool:
    """Give what was looked at its status; says whether that is another one than before."""
    changed = row.status != status
    if changed or row.status_since is None:
        row.status_since = now
    row.status, row.status_words = status, words
    row.last_good_at = now if status == "ok" else row.last_good_at
    row.save(update_fields=["status", "status_words", "status_since", "last_validated_at", "last_good_at"])
    return changed


def _signs_in_with(row: Looked) -> UUID | None:
    if isinstance(row, Connection):
        return row.credential_id
    about = credential_of(row)
    return about.credential_id if about else None


def running(row: Looked) -> Validation | None:
    """Return the validation that is under way, if there is one."""
    return Validation.objects.filter(**whose(row), state__in=RUNNING).first()


def _ours(words: str, cure: str) -> KeptItem:
    return KeptItem(key="worker", label="Validation", state="unknown", words=words, cure=cure)


def _could_not(asked: Validation, item: KeptItem, *, now: datetime) -> None:
    _close(asked, items=[item], status="unknown", state="failed", now=now)


def _close(asked: Validation, *, items: list[KeptItem], status: str, state: str, now: datetime) -> None:
    asked.state, asked.status, asked.items, asked.ended_at = state, status, items, now
    asked.words = verdict.words_of(items)
    asked.save(update_fields=["state", "status", "items", "ended_at", "words", "granted", "roles"])


def _locked(validation_id: UUID) -> Validation | None:
    rows = Validation.objects.select_for_update(of=("self",)).select_related("connection", "companion")
    return rows.filter(pk=validation_id, state__in=RUNNING).first()


def _lock(row: Looked) -> Looked:
    """Lock it in the order of all others: the connection, its care, what is used beside it; the service comes last.

    Who only refers to a row, as a new validation does, needn't wait for it.
    """
    if isinstance(row, Companion):
        cared = Care.objects.select_for_update(of=("self",), no_key=True)
        list(cared.filter(connection__service_id=row.service_id))
        return Companion.objects.select_for_update(of=("self",), no_key=True).get(pk=row.pk)
    found = Connection.objects.select_for_update(of=("self",), no_key=True).get(pk=row.pk)
    list(Care.objects.select_for_update(of=("self",), no_key=True).filter(pk=row.pk).values_list("pk"))
    return found
