"""*Emergency*: rotate, suspend or resume everything of a provider, a channel, or one sealing key, at once and by name.

A worker lists what it concerns, then takes it item by item; each is a row, so that whoever comes after a crash goes on
where the one before stood. What only a customer can do is listed with its own next step, and never counted as done.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, cast
from uuid import UUID

import structlog
from django.db import DatabaseError, transaction
from django.db.models import Case, Count, IntegerField, Value, When

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.connections import concerned, rotation, ticking
from gangway.connections.actions import end_pause, suspend
from gangway.connections.errors import CannotRotateNow, ConnectionSuspended, NameNotTyped, NoSuchEmergency
from gangway.connections.kept import credential_of
from gangway.connections.models import Care, Connection, Emergency, EmergencyItem
from gangway.connections.states import Deed, ItemState
from gangway.foundation.errors import GangwayError
from gangway.jobs.actions import defer
from gangway.organizations.pages import Page, page_of
from gangway.organizations.place_queries import place
from gangway.organizations.roles import Kind
from gangway.organizations.scope import within_everything
from gangway.provisioning.errors import NoSuchCredential, RunUnderWay
from gangway.provisioning.queries import choices

ActorKind = Literal["person", "administrator", "system"]

DRIVE: Final = "connections:drive_emergencies"
AT_ONCE: Final = 50
"""Rotations of one emergency under way at the same time."""
PORTION: Final = 500
AWAKE_AT_ONCE: Final = 200
"""Connections resumed in one round: each is looked at anew."""
OVER: Final = tuple(state.value for state in ItemState if state not in {ItemState.WAITING, ItemState.UNDER_WAY})
NEEDS_SOMEBODY: Final = (ItemState.NEEDS_CUSTOMER, ItemState.FAILED, ItemState.UNTOUCHED)
REASON: Final = "an emergency reaches all customers of an organization"
BROKE: Final = "Something broke on our side, and the worker's log says what. Do it by hand, on the service's page."
SIGN_IN: Final = "Press Re-initiate Authentication Flow: an administrator of the customer has to sign in."

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EmergencyRow:
    """One emergency in the list."""

    id: UUID
    deed: Deed
    name: str
    key_number: int | None
    why: str
    by_name: str
    begun_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One credential of it: a connection's, or that of what is used beside one."""

    service_id: UUID
    short_name: str
    customer_name: str
    state: ItemState
    words: str
    run_id: UUID | None


@dataclass(frozen=True, slots=True)
class EmergencyView:
    """One emergency and how far it is; `listed` is false while a worker still looks for what it concerns."""

    row: EmergencyRow
    listed: bool
    counts: dict[ItemState, int]
    open_items: Page[ItemRow]
    """What needs the customer first, then what failed, then what was left untouched."""

    @property
    def total(self) -> int:
        """How many credentials it concerns."""
        return sum(self.counts.values())

    @property
    def percent(self) -> int:
        """How much of it is over, be it done or not."""
        over = sum(self.counts[ItemState(state)] for state in OVER)
        return 100 * over // self.total if self.total else 100 if self.listed else 0


@transaction.atomic
def begin(
    *,
    organization_id: UUID,
    deed: Deed,
    key_number: int | None,
    why: str,
    typed: str,
    level: Kind = Kind.PROVIDER,
    by: Actor,
    now: datetime,
) -> UUID:
    """Begin it; `typed` must be the organization's name, `level` is that of whoever begins it.

    Raises `NameNotTyped` at "typed", NoSuchOrganization.
    """
    about = place(organization_id)
    if typed.strip() != about.name:
        raise NameNotTyped(field="typed")
    row = Emergency.objects.create(
        organization_id=organization_id,
        deed=Deed(deed).value,
        key_number=key_number,
        why=why[:300],
        by_kind=by.kind,
        by_id=by.id,
        by_name=by.name[:200],
        level=level.value,
        begun_at=now,
    )
    facts = {"deed": row.deed, "organization": about.name, "why": row.why, "sealing_key": key_number}
    subject = f"emergency:{row.pk}"
    record(Event.EMERGENCY_BEGUN, by=by, organization_id=organization_id, subject=subject, data=facts)
    defer(DRIVE, queueing_lock=DRIVE)
    return row.pk


def drive(*, now: datetime) -> None:
    """Go on with every emergency that isn't over, as far as it goes now; what is gone is ticked off. For workers."""
    with within_everything(REASON):
        ticking.removed(now=now)
        ticking.signed_anew(now=now)
        for emergency_id in list(Emergency.objects.filter(ended_at__isnull=True).values_list("pk", flat=True)):
            _drive(emergency_id, now=now)


def rotated(run_id: UUID, state: ItemState, words: str, *, now: datetime) -> None:
    """A rotation of an emergency ended. In the caller's transaction."""
    items = EmergencyItem.objects.filter(run_id=run_id, state=ItemState.UNDER_WAY.value)
    if items.update(state=state.value, words=words[:500], changed_at=now):
        defer(DRIVE, queueing_lock=DRIVE)


def emergencies(*, page: int = 1) -> Page[EmergencyRow]:
    """Return the scope's emergencies, the newest first."""
    rows = Emergency.objects.select_related("organization").order_by("-begun_at", "-id")
    return page_of(rows, page, _row)


def emergency(emergency_id: UUID, *, page: int = 1) -> EmergencyView:
    """Return one. Raises `NoSuchEmergency`."""
    row = Emergency.objects.select_related("organization").filter(pk=emergency_id).first()
    if row is None:
        raise NoSuchEmergency
    counted = dict(row.items.order_by().values_list("state").annotate(number=Count("pk")))
    whens = [When(state=state.value, then=Value(place)) for place, state in enumerate(NEEDS_SOMEBODY)]
    shown = row.items.filter(state__in=[state.value for state in NEEDS_SOMEBODY])
    items = shown.select_related("connection__service", "service", "companion", "organization")
    urgent_first = Case(*whens, output_field=IntegerField())
    return EmergencyView(
        row=_row(row),
        listed=row.listed_at is not None,
        counts={state: counted.get(state.value, 0) for state in ItemState},
        open_items=page_of(items.order_by(urgent_first, "pk"), page, _item),
    )


def _drive(emergency_id: UUID, *, now: datetime) -> None:
    with transaction.atomic():
        row = Emergency.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=emergency_id).first()
        if row is None or row.ended_at is not None:
            return
        if row.listed_at is None:
            concerned.write_down(row, now=now)
    if row.listed_at is None:
        return
    by = Actor(cast("ActorKind", row.by_kind), row.by_id, row.by_name)
    room = AT_ONCE - row.items.filter(state=ItemState.UNDER_WAY.value).count()
    waiting = row.items.filter(state=ItemState.WAITING.value).order_by("changed_at", "pk").values_list("pk", flat=True)
    portion = {Deed.SUSPEND: PORTION, Deed.RESUME: AWAKE_AT_ONCE}.get(Deed(row.deed), max(room, 0))
    for item_id in list(waiting[:portion]):
        _try(item_id, row, by=by, now=now)
    _end(emergency_id, by=by, now=now)


def _try(item_id: int, whole: Emergency, *, by: Actor, now: datetime) -> None:
    """Do it to one of them; one on which something of ours breaks is told as failed, and holds up no other.

    What the database refused just now, as of two that wait for each other, goes behind the others and is tried again.
    """
    try:
        with transaction.atomic():
            _take(item_id, whole, by=by, now=now)
    except DatabaseError:
        log.exception("emergency_item_later", item=item_id)
        EmergencyItem.objects.filter(pk=item_id, state=ItemState.WAITING.value).update(changed_at=now)
    except Exception:
        log.exception("emergency_item_failed", item=item_id)
        failed = {"state": ItemState.FAILED.value, "words": BROKE, "changed_at": now}
        EmergencyItem.objects.filter(pk=item_id, state=ItemState.WAITING.value).update(**failed)


def _take(item_id: int, whole: Emergency, *, by: Actor, now: datetime) -> None:
    """Do it to one of them; what was done before a crash is seen to be done."""
    rows = EmergencyItem.objects.select_for_update(of=("self",), skip_locked=True)
    items = rows.select_related("connection", "companion")
    item = items.filter(pk=item_id, state=ItemState.WAITING.value).first()
    if item is None or item.connection is None:
        return
    service_id, deed = item.connection.service_id, Deed(whole.deed)
    item.changed_at = now
    if deed is not Deed.ROTATE:
        _set(item, item.connection, deed, level=Kind(whole.level), by=by, now=now)
        return
    about = credential_of(item.companion or item.connection)
    if about is not None and about.is_federated:
        item.state, item.words = ItemState.UNTOUCHED.value, ticking.PLATFORMS_KEY
        item.save()
        return
    kept = item.companion or Care.objects.filter(pk=item.connection_id).first()
    if about is None or not about.renews_itself(has_right=kept is not None and kept.renews_itself):
        item.state, item.words = ItemState.NEEDS_CUSTOMER.value, SIGN_IN
        item.save()
        return
    try:
        with transaction.atomic():
            profile = item.companion.profile if item.companion else ""
            item.run_id = rotation.rotate_now(service_id=service_id, profile=profile, in_emergency=True, by=by, now=now)
        item.state = ItemState.UNDER_WAY.value
    except RunUnderWay:
        item.save(update_fields=["changed_at"])  # its turn comes later, and those behind it don't wait for that
        return
    except (CannotRotateNow, NoSuchCredential):
        item.state, item.words = ItemState.NEEDS_CUSTOMER.value, SIGN_IN
    except ConnectionSuspended:
        item.state, item.words = ItemState.UNTOUCHED.value, concerned.PAUSED
    except GangwayError as error:
        item.state, item.words = ItemState.FAILED.value, error.what
    item.save()


def _set(item: EmergencyItem, row: Connection, deed: Deed, *, level: Kind, by: Actor, now: datetime) -> None:
    """Suspend or resume it; what somebody below paused before is theirs again when the emergency is over."""
    try:
        with transaction.atomic():
            if deed is Deed.SUSPEND:
                took = suspend(service_id=row.service_id, level=level, by=by, now=now)
                if took is not None:
                    item.paused_level, item.paused_at = took.level.value, took.since
            else:
                earlier = concerned.paused_before(row.pk)
                end_pause(service_id=row.service_id, level=level, earlier=earlier, by=by, now=now)
        item.state = ItemState.DONE.value
    except GangwayError as error:
        item.state, item.words = ItemState.FAILED.value, error.what
    item.save()


@transaction.atomic
def _end(emergency_id: UUID, *, by: Actor, now: datetime) -> None:
    row = Emergency.objects.select_for_update(of=("self",)).get(pk=emergency_id)
    if row.ended_at is not None or row.items.exclude(state__in=OVER).exists():
        return
    row.ended_at = now
    row.save(update_fields=["ended_at"])
    counted = dict(row.items.order_by().values_list("state").annotate(number=Count("pk")))
    facts = {state.value: counted.get(state.value, 0) for state in ItemState}
    subject = f"emergency:{row.pk}"
    record(Event.EMERGENCY_ENDED, by=by, organization_id=row.organization_id, subject=subject, data=facts)


def _row(row: Emergency) -> EmergencyRow:
    name, number = row.organization.name, row.key_number
    return EmergencyRow(row.pk, Deed(row.deed), name, number, row.why, row.by_name, row.begun_at, row.ended_at)


def _item(item: EmergencyItem) -> ItemRow:
    whose = (item.connection.service if item.connection else None, item.service)
    about, beside = next(one for one in whose if one is not None), item.companion
    short_name = f"{about.short_name} ({choices(beside.profile).title})" if beside else about.short_name
    name, state = item.organization.name, ItemState(item.state)
    return ItemRow(about.pk, short_name, name, state, item.words, item.run_id)
