"""Registrations that a service uses beside its connection, each looked at by itself: call quality beside calling.

What is wrong with one says nothing about the service's connection, which keeps its own status.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, cast
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.connections import fleet, rotation, schedule, verdict, watching
from gangway.connections.errors import ConnectionSuspended, NoSuchConnection, NotMadeYet
from gangway.connections.kept import credential_of, credentials_of
from gangway.connections.models import RUNNING, Companion, Connection
from gangway.connections.queries import ItemView
from gangway.connections.validation import WORKER, Begun
from gangway.connections.verdict import KeptItem, Status
from gangway.foundation.errors import GangwayError
from gangway.jobs.actions import defer
from gangway.organizations.scope import within_everything
from gangway.organizations.taken_over import named
from gangway.provisioning import queries as provisioning
from gangway.provisioning.actions import CheckItem, CheckResult, switch
from gangway.provisioning.beside_view import credential_beside
from gangway.provisioning.renewable import proved_ids
from gangway.provisioning.shapes import CredentialView, RegistrationView
from gangway.services.states import HOLDS_ITS_NAME

VALIDATE: Final = "connections:validate_companion"
REASON: Final = "a worker validates everybody's connections"


@dataclass(frozen=True, slots=True)
class CompanionView:
    """One such registration: its facts, and what the latest look at it showed."""

    service_id: UUID
    profile: str
    title: str
    registration: RegistrationView
    credential: CredentialView | None
    state: Literal["none", "queued", "running", "done", "failed"]
    status: Status
    words: str
    items: tuple[ItemView, ...]
    asked_by: str
    ended_at: datetime | None
    last_good_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether a live page may stop asking."""
        return self.state not in RUNNING


@transaction.atomic
def take_over(
    *, service_id: UUID, organization_id: UUID, registration_id: UUID, profile: str, by: Actor, now: datetime
) -> None:
    """Give a service a registration beside its connection; from another one it moves here once this one is proved."""
    pk = uuid4()
    defaults = {
        "id": pk,
        "organization_id": organization_id,
        "registration_id": registration_id,
        "tenant_id": provisioning.registration(registration_id).tenant_id,
        "validate_at": schedule.slot(pk, now),
        "tend_at": now,
        "created_at": now,
    }
    _of(registration_id).exclude(service__lifecycle__in=HOLDS_ITS_NAME).delete()
    row, made = Companion.objects.get_or_create(service_id=service_id, profile=profile, defaults=defaults)
    if made:
        _record(Event.CONNECTION_MADE, row, by, {"registration": str(registration_id)})
    elif row.registration_id != registration_id:
        _move(row.pk, registration_id, by=by, now=now)


def _move(companion_id: UUID, registration_id: UUID, *, by: Actor, now: datetime) -> None:
    """What was used until now rests, and goes as a connection's does that moved away."""
    row = Companion.objects.select_for_update(of=("self",)).get(pk=companion_id)
    proved = proved_ids(registration_id=registration_id, service_id=row.service_id)
    if not proved:
        return
    for old in proved_ids(registration_id=row.registration_id, service_id=row.service_id):
        switch(old, proved[0], by=by, now=now)
    rotation.forget_plan(row, by=by, now=now)
    row.registration_id, row.tenant_id = registration_id, provisioning.registration(registration_id).tenant_id
    row.validate_at = now
    row.save()
    _record(Event.CONNECTION_RENEWED, row, by, {"registration": str(registration_id), "credential": str(proved[0])})


@transaction.atomic
def validate(*, service_id: UUID, profile: str, by: Actor, now: datetime) -> None:
    """*Validate*: a worker signs in as this registration; asking while one looks changes nothing.

    Raises `NoSuchConnection`, `ConnectionSuspended`, `NotMadeYet` while it has nothing to sign in with.
    """
    row = Companion.objects.select_for_update(of=("self",)).filter(service_id=service_id, profile=profile).first()
    if row is None:
        raise NoSuchConnection
    if Connection.objects.filter(service_id=service_id, suspended_at__isnull=False).exists():
        raise ConnectionSuspended
    if credential_of(row) is None:
        raise NotMadeYet
    if row.state in RUNNING:
        return
    _queue(row, by=by, now=now)
    _record(Event.CONNECTION_VALIDATION_ASKED, row, by, {})


def validate_due(*, now: datetime) -> int:
    """Start the fleet's own looks that are due, in the room that connections leave; gives how many. For workers."""
    with within_everything(REASON), transaction.atomic():
        room = fleet.room_left()
        rows = fleet.due_beside(now).exclude(tenant_id__in=fleet.paused(now))
        taken = list(rows.select_for_update(of=("self",), skip_locked=True).order_by("validate_at")[:room])
        credentials, started = credentials_of(taken), 0
        for row in taken:
            row.validate_at = schedule.slot(row.pk, now)
            row.save(update_fields=["validate_at"])
            if row.state not in RUNNING and row.pk in credentials:
                _queue(row, by=fleet.FLEET, now=now)
                started += 1
    return started


@transaction.atomic
def renew(*, service_id: UUID, by: Actor, now: datetime) -> None:
    """Let a service use what was made and proved beside its connection while that was renewed; the old ones rest.

    Workers look at it anew. Where nothing was made, nothing happens.
    """
    for row in Companion.objects.select_for_update(of=("self",)).filter(service_id=service_id):
        proved = proved_ids(registration_id=row.registration_id, service_id=service_id)
        if not proved[1:]:
            continue
        rotation.forget_plan(row, by=by, now=now)
        row.validate_at = now
        row.save()
        for old in proved[1:]:
            switch(old, proved[0], by=by, now=now)
            _record(Event.CONNECTION_RENEWED, row, by, {"credential": str(proved[0])})


def companions(service_id: UUID) -> tuple[CompanionView, ...]:
    """What a service uses beside its connection. Call it inside a scope."""
    rows = Companion.objects.select_related("organization").filter(service_id=service_id).order_by("profile")
    return tuple(map(_view, rows))


def used_beside(service_id: UUID) -> tuple[UUID, ...]:
    """Return the registrations that a service uses beside its connection. Call it inside a scope."""
    rows = Companion.objects.filter(service_id=service_id).order_by("profile")
    return tuple(rows.values_list("registration_id", flat=True))


def used_by(registration_id: UUID) -> UUID | None:
    """Return the service that uses a registration beside its connection; None when none does. Inside a scope.

    One that is gone uses nothing: its successor may.
    """
    standing = _of(registration_id).filter(service__lifecycle__in=HOLDS_ITS_NAME)
    return standing.values_list("service_id", flat=True).first()


def _of(registration_id: UUID) -> QuerySet[Companion]:
    return Companion.objects.filter(registration_id=registration_id)


def companion(service_id: UUID, profile: str) -> CompanionView:
    """One of them, live. Raises `NoSuchConnection`."""
    rows = Companion.objects.select_related("organization")
    row = rows.filter(service_id=service_id, profile=profile).first()
    if row is None:
        raise NoSuchConnection
    return _view(row)


def begin(companion_id: UUID, *, now: datetime) -> Begun | None:
    """Mark a look as running; None when it is over already, isn't used now, or has nothing left to sign in with."""
    with within_everything(REASON), transaction.atomic():
        row = _locked(companion_id)
        if row is None:
            return None
        if not fleet.in_use(row.service_id):
            _close(row, [_ours(ConnectionSuspended.what, ConnectionSuspended.cure)], state="failed", now=now)
            return None
        credential = credential_of(row)
        if credential is None:
            _close(row, [_ours(NotMadeYet.what, NotMadeYet.cure)], state="failed", now=now)
            _judge(row, now=now)
            return None
        row.state, row.begun_at = "running", now
        row.save(update_fields=["state", "begun_at"])
        return Begun(row.registration_id, credential.credential_id, 0)


def note(items: Sequence[CheckItem], *, companion_id: UUID) -> None:
    """Show what is known so far to whoever watches."""
    with within_everything(REASON), transaction.atomic():
        row = _locked(companion_id)
        if row is not None:
            row.items = verdict.kept(items)
            row.save(update_fields=["items"])


def look_again(*, companion_id: UUID, begun: Begun) -> bool:
    """Begin anew when another credential took the place of the one that was looked with; says whether."""
    with within_everything(REASON), transaction.atomic():
        row = _locked(companion_id)
        credential = credential_of(row) if row is not None else None
        if row is None or credential is None or credential.credential_id == begun.credential_id:
            return False
        row.state, row.begun_at, row.items = "queued", None, []
        row.save(update_fields=["state", "begun_at", "items"])
        defer(VALIDATE, queueing_lock=f"{VALIDATE}:{row.pk}", companion_id=str(row.pk))
        return True


def end(*, companion_id: UUID, result: CheckResult, now: datetime) -> None:
    """Write down what was seen."""
    with within_everything(REASON), transaction.atomic():
        row = _locked(companion_id)
        if row is None:
            return
        items, before = verdict.kept(result.items), row.status
        _close(row, items, state="done", now=now)
        _judge(row, now=now)
        row.last_validated_at = now
        granted = sorted(result.granted) if result.granted else None
        watching.follow_beside(row, items, granted, now=now)
        if result.busy_seconds is not None:
            fleet.pause(row.tenant_id, seconds=result.busy_seconds, now=now)
            row.validate_at = now + timedelta(seconds=result.busy_seconds)
        row.save()
        if row.status == before and row.asked_by == fleet.FLEET.name:
            return  # a fleet that works would fill the log
        facts = {"status": row.status, "registration": str(row.registration_id)}
        _record(Event.CONNECTION_VALIDATION_ENDED, row, WORKER, facts)


def fail(*, companion_id: UUID, error: GangwayError, now: datetime) -> None:
    """Write down that we could not look: a fault of ours, which says nothing about the registration."""
    with within_everything(REASON), transaction.atomic():
        row = _locked(companion_id)
        if row is not None:
            _fail(row, _ours(error.what, error.cure), now=now)


def give_up(*, now: datetime) -> None:
    """End looks that lost their worker: nobody knows, and the page says so."""
    with within_everything(REASON), transaction.atomic():
        for row in Companion.objects.select_for_update(of=("self",)).filter(fleet.lost(now)):
            _fail(row, _ours("The look was cut off on our side.", "Press Validate again."), now=now)


def _view(row: Companion) -> CompanionView:
    about = provisioning.registration(row.registration_id)
    return CompanionView(
        service_id=row.service_id,
        profile=row.profile,
        title=provisioning.choices(row.profile).title,
        registration=about,
        credential=credential_beside(about, row.service_id),
        state=cast("Literal['none', 'queued', 'running', 'done', 'failed']", row.state),
        status=cast("Status", row.status),
        words=row.words,
        items=tuple(ItemView(**item) for item in row.items),
        asked_by=named(row.asked_by, at=row.asked_at, moved_at=row.organization.moved_at),
        ended_at=row.ended_at,
        last_good_at=row.last_good_at,
    )


def _queue(row: Companion, *, by: Actor, now: datetime) -> None:
    row.state, row.items, row.asked_by, row.asked_at = "queued", [], by.name[:200], now
    row.begun_at = row.ended_at = None
    row.save(update_fields=["state", "items", "asked_by", "asked_at", "begun_at", "ended_at"])
    lock = f"fleet:{row.tenant_id}" if by == fleet.FLEET and row.tenant_id else None
    defer(VALIDATE, lock=lock, queueing_lock=f"{VALIDATE}:{row.pk}", companion_id=str(row.pk))


def _close(row: Companion, items: list[KeptItem], *, state: str, now: datetime) -> None:
    row.state, row.items, row.ended_at = state, items, now
    row.save(update_fields=["state", "items", "ended_at"])


def _fail(row: Companion, item: KeptItem, *, now: datetime) -> None:
    """We couldn't look: what was seen before stays, and the next look comes soon."""
    row.validate_at = min(row.validate_at, now + fleet.AGAIN_AFTER)
    row.save(update_fields=["validate_at"])
    _close(row, [item], state="failed", now=now)


def _judge(row: Companion, *, now: datetime) -> None:
    """Its status is what the look that ended showed."""
    before, row.status, row.words = row.status, verdict.status_of(row.items), verdict.words_of(row.items)
    row.status_since = now if row.status != before or row.status_since is None else row.status_since
    row.last_good_at = now if row.status == "ok" else row.last_good_at
    row.save(update_fields=["status", "words", "status_since", "last_good_at"])


def _ours(words: str, cure: str) -> KeptItem:
    return KeptItem(key="worker", label="Validation", state="unknown", words=words, cure=cure)


def _locked(companion_id: UUID) -> Companion | None:
    return Companion.objects.select_for_update(of=("self",)).filter(pk=companion_id, state__in=RUNNING).first()


def _record(event: Event, row: Companion, by: Actor, data: dict[str, str]) -> None:
    facts = {"profile": row.profile, **data}
    record(event, by=by, organization_id=row.organization_id, subject=f"service:{row.service_id}", data=facts)
