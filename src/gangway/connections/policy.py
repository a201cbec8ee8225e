"""How an organization wants its connections rotated: its own wishes, else those of the level above; and its freezes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, Plain, differing, record
from gangway.connections.errors import DecidedAbove, FreezeTooLong, FreezeWrong, NoSuchFreeze, PolicyWrong
from gangway.connections.models import Care, Companion, FreezeRow, Policy
from gangway.connections.schedule import SOONEST, Freeze, Wishes
from gangway.foundation import clock
from gangway.organizations.place_queries import place
from gangway.organizations.roles import Kind, may_undo
from gangway.organizations.scope import Door, through
from gangway.organizations.taken_over import named

EARLIEST: Final = 180
LONGEST_NOTICE: Final = 60
LONGEST_FREEZE: Final = timedelta(days=366)
FURTHEST_FREEZE: Final = timedelta(days=3653)


@dataclass(frozen=True, slots=True)
class FreezeView:
    """A time in which nothing is changed. `level`: of whoever set it; None where nobody kept it."""

    id: UUID
    begins: datetime
    ends: datetime
    why: str
    by_name: str
    level: Kind | None = None


def own_wishes(organization_id: UUID) -> Wishes | None:
    """Return what an organization set itself, without its freezes; None when it set nothing."""
    row = Policy.objects.filter(organization_id=organization_id).first()
    return None if row is None else Wishes(row.rotates, row.days_before, row.notice_days)


def wishes_for(path: str, *, now: datetime) -> Wishes:
    """Return what counts for the organization at `path`: the nearest wishes, all freezes above. It reads those, too.

    A freeze that is just over is among them: it counts as one with the next where no room is left in between.
    """
    ids = [UUID(hex=each) for each in path.strip("/").split("/")]
    found = {row.organization_id: row for row in Policy.objects.filter(organization_id__in=ids)}
    nearest = next((found[each] for each in reversed(ids) if each in found), None)
    rows = FreezeRow.objects.filter(organization_id__in=ids, ends__gt=now - SOONEST)
    freezes = tuple(Freeze(row.begins, row.ends) for row in rows)
    if nearest is None:
        return Wishes(freezes=freezes)
    return Wishes(nearest.rotates, nearest.days_before, nearest.notice_days, freezes)


def counting(organization_id: UUID) -> Wishes:
    """Return what counts for an organization of one's scope, whoever above has set it."""
    path = place(organization_id).path
    with through(Door.ANCESTORS):
        return wishes_for(path, now=clock.now())


def freezes_above(organization_id: UUID) -> tuple[Freeze, ...]:
    """Return the freezes of the levels above that aren't over; who set them and why is their own business."""
    above = [UUID(hex=each) for each in place(organization_id).path.strip("/").split("/")[:-1]]
    with through(Door.ANCESTORS):
        rows = list(FreezeRow.objects.filter(organization_id__in=above, ends__gt=clock.now()))
    return tuple(Freeze(row.begins, row.ends) for row in rows)


def freezes_of(organization_id: UUID) -> tuple[FreezeView, ...]:
    """Return an organization's own freezes that aren't over."""
    rows = FreezeRow.objects.filter(organization_id=organization_id, ends__gt=clock.now()).select_related(
        "organization"
    )
    return tuple(FreezeView(row.pk, row.begins, row.ends, row.why, _who(row), _level(row)) for row in rows)


def _who(row: FreezeRow) -> str:
    return named(row.by_name, at=row.created_at, moved_at=row.organization.moved_at)


def _level(row: FreezeRow) -> Kind | None:
    return Kind(row.level) if row.level else None


@transaction.atomic
def set_wishes(organization_id: UUID, wishes: Wishes, *, by: Actor, now: datetime) -> None:
    """Keep an organization's wishes; all plans below are made anew. Raises `PolicyWrong` at the field."""
    if not 1 <= wishes.days_before <= EARLIEST:
        raise PolicyWrong(field="days_before")
    if not 0 <= wishes.notice_days <= LONGEST_NOTICE:
        raise PolicyWrong(field="notice_days")
    given = {"rotates": wishes.rotates, "days_before": wishes.days_before, "notice_days": wishes.notice_days}
    known = Policy.objects.select_for_update(of=("self",)).filter(organization_id=organization_id).first()
    moments = differing({name: getattr(known, name) for name in given} if known else {}, given)
    Policy.objects.update_or_create(organization_id=organization_id, defaults=given)
    _changed(organization_id, Event.ROTATION_POLICY_CHANGED, {}, *moments, by=by, now=now)


@transaction.atomic
def inherit(organization_id: UUID, *, by: Actor, now: datetime) -> None:
    """Forget an organization's own wishes: what the level above wants counts again. Without any, it does already."""
    known = Policy.objects.select_for_update(of=("self",)).filter(organization_id=organization_id).first()
    if known is None:
        return
    before = {name: getattr(known, name) for name in ("rotates", "days_before", "notice_days")}
    known.delete()
    facts, after = {"inherited": True}, dict.fromkeys(before)
    _changed(organization_id, Event.ROTATION_POLICY_CHANGED, facts, before, after, by=by, now=now)


@transaction.atomic
def add_freeze(
    organization_id: UUID,
    *,
    begins: datetime,
    ends: datetime,
    why: str,
    level: Kind = Kind.PROVIDER,
    by: Actor,
    now: datetime,
) -> UUID:
    """Change nothing in these tenants in between. Raises `FreezeWrong` and `FreezeTooLong` at "ends".

    `level`: of whoever sets it, who alone, with those above, can end it.
    """
    if ends <= begins or ends <= now:
        raise FreezeWrong(field="ends")
    if ends - begins > LONGEST_FREEZE or ends - now > FURTHEST_FREEZE:
        raise FreezeTooLong(field="ends")
    row = FreezeRow.objects.create(
        organization_id=organization_id,
        begins=begins,
        ends=ends,
        why=why[:200],
        by_name=by.name[:200],
        level=level.value,
        created_at=now,
    )
    facts = {"begins": begins.isoformat(), "ends": ends.isoformat(), "level": row.level}
    _changed(organization_id, Event.FREEZE_SET, facts, by=by, now=now)
    return row.pk


@transaction.atomic
def end_freeze(
    freeze_id: UUID, *, organization_id: UUID, level: Kind = Kind.PROVIDER, by: Actor, now: datetime
) -> None:
    """Take a freeze of an organization away. Raises `NoSuchFreeze`, `DecidedAbove` when people above `level` set it."""
    rows = FreezeRow.objects.select_for_update(of=("self",)).filter(organization_id=organization_id)
    row = rows.filter(pk=freeze_id).first()
    if row is None:
        raise NoSuchFreeze
    if not may_undo(level, _level(row)):
        raise DecidedAbove
    row.delete()
    facts = {"begins": row.begins.isoformat(), "ends": row.ends.isoformat(), "why": row.why}
    _changed(organization_id, Event.FREEZE_ENDED, facts, by=by, now=now)


def _changed(
    organization_id: UUID,
    event: Event,
    facts: Mapping[str, Plain],
    before: Mapping[str, Plain] | None = None,
    after: Mapping[str, Plain] | None = None,
    *,
    by: Actor,
    now: datetime,
) -> None:
    for kind in (Care, Companion):
        kind.objects.filter(organization__path__startswith=place(organization_id).path).update(tend_at=now)
    subject = f"organization:{organization_id}"
    record(event, by=by, organization_id=organization_id, subject=subject, data=facts, before=before, after=after)
