"""The fleet's own validations: spread over the day, no more at once than fit, patient with a tenant that is busy.

What is due stays a row until a worker has room for it, so the backlog can be seen: how many wait, and since when.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from gangway.audit.record import Actor
from gangway.connections import schedule
from gangway.connections.kept import Looked, care_of, whose
from gangway.connections.models import RUNNING, Care, Companion, Connection, Pause, Validation
from gangway.jobs.actions import defer
from gangway.organizations.scope import within_everything
from gangway.services.states import Lifecycle

FLEET: Final = Actor.system("fleet validation")
AT_ONCE: Final = 200
"""Validations of the fleet under way at the same time, over all workers."""
VALIDATE: Final = "connections:validate_connection"
LONGEST: Final = timedelta(minutes=5)
"""A look that was begun so long ago lost its worker; one that a person asked for waits no longer for a worker."""
BACKLOG: Final = timedelta(hours=2)
"""So long the fleet's own may wait for their turn: those of one tenant come one after the other."""
AGAIN_AFTER: Final = timedelta(hours=4)
"""So long until the next look at what nobody knows about, or where a look failed on our side."""
MOST_COUNTED: Final = 200
"""Nobody is told a greater number of those that are due than "more than" this."""
KEPT: Final = timedelta(days=90)
"""Validations of the fleet are kept so long; what people asked for stays."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far the scope's own validations are behind; `due` is counted up to a bound."""

    due: int
    oldest: datetime | None
    running: int = 0

    @property
    def is_longer(self) -> bool:
        """Whether more are due than anybody is told."""
        return self.due > MOST_COUNTED

    @property
    def shown(self) -> int:
        """How many are due, or the most that anybody is told."""
        return min(self.due, MOST_COUNTED)


def validate_due(*, now: datetime) -> int:
    """Start as many validations as there is room for, what waits longest first; gives how many.

    What is beside connections waits in the same line: the room that is its own is left free.
    """
    with within_everything("the fleet is validated by workers"), transaction.atomic():
        room = _share(now)
        if not room:
            return 0
        rows = due(now).exclude(tenant_id__in=paused(now)).select_for_update(of=("self",), skip_locked=True)
        started = 0
        for care in rows.select_related("connection").order_by("validate_at")[:room]:
            started += _start(care, now=now)
        return started


def _share(now: datetime) -> int:
    """How much of the room is for connections when they and what is beside them come in the order of their times."""
    room, line = room_left(), []
    for rows in (due(now), due_beside(now)):
        waiting = rows.exclude(tenant_id__in=paused(now)).order_by("validate_at")
        line += [(at, rows.model is Companion) for at in waiting.values_list("validate_at", flat=True)[:room]]
    return sum(not is_beside for _, is_beside in sorted(line)[:room])


def room_left() -> int:
    """Return how many more looks of the fleet may be under way."""
    return max(AT_ONCE - _running(), 0)


def due(now: datetime) -> QuerySet[Care]:
    """Return the connections that are to be looked at now."""
    rows = Care.objects.filter(validate_at__lte=now, connection__suspended_at__isnull=True)
    return rows.filter(connection__service__lifecycle=Lifecycle.CREATED.value)


def due_beside(now: datetime) -> QuerySet[Companion]:
    """Return what services use beside their connections and is to be looked at now."""
    unused = Connection.objects.filter(suspended_at__isnull=False).values("service_id")
    rows = Companion.objects.filter(validate_at__lte=now, service__lifecycle=Lifecycle.CREATED.value)
    return rows.exclude(service_id__in=unused)


def in_use(service_id: UUID) -> bool:
    """Whether a service's connection, and with it what is beside it, is signed in with at all now."""
    rows = Connection.objects.filter(service_id=service_id, suspended_at__isnull=True)
    return rows.filter(service__lifecycle=Lifecycle.CREATED.value).exists()


def lost(now: datetime) -> Q:
    """Looks that no worker has in hand any more, or that none came for."""
    long_ago, early = Q(asked_at__lt=now - LONGEST), Q(asked_at__lt=now - BACKLOG)
    running = Q(begun_at__lt=now - LONGEST) | Q(begun_at__isnull=True) & long_ago
    return Q(state="running") & running | Q(state="queued") & (early | long_ago & ~Q(asked_by=FLEET.name))


def pause(tenant_id: str, *, seconds: float, now: datetime) -> None:
    """Leave a tenant alone as long as Microsoft asked; a longer wait that stands already stays.

    Where the tenant isn't known, nobody is left alone: that would be many customers' at once.
    """
    if not tenant_id:
        return
    until = now + timedelta(seconds=seconds)
    row, made = Pause.objects.get_or_create(tenant_id=tenant_id, defaults={"until": until})
    if not made and row.until < until:
        Pause.objects.filter(pk=tenant_id).update(until=until)


def again(row: Looked, *, at: datetime) -> None:
    """Have something looked at again at that time."""
    care_of(row).update(validate_at=at)


def failed(row: Looked, *, now: datetime) -> None:
    """Have something looked at again soon, since we couldn't: its own time of day would be tomorrow."""
    soon = now + AGAIN_AFTER
    care_of(row).filter(validate_at__gt=soon).update(validate_at=soon)


def queue(row: Looked, *, tenant_id: str = "", by: Actor, now: datetime) -> UUID:
    """Have workers look at it; gives the validation's id. Those of the fleet in one tenant come one after the other.

    Who asks in the same moment as somebody else gets that one's, or a look of their own if that one has just ended.
    """
    try:
        asked = _asked(row, by=by, now=now)
    except IntegrityError:
        others = Validation.objects.filter(**whose(row), state__in=RUNNING).first()
        if others is not None:
            return others.pk
        asked = _asked(row, by=by, now=now)
    defer(VALIDATE, lock=f"fleet:{tenant_id}" if tenant_id else None, validation_id=str(asked.pk))
    return asked.pk


def _asked(row: Looked, *, by: Actor, now: datetime) -> Validation:
    with transaction.atomic():
        return Validation.objects.create(
            organization_id=row.organization_id, asked_by=by.name[:200], asked_at=now, **whose(row)
        )


def backlog(*, now: datetime) -> Backlog:
    """Count what is due in the scope, no further than `MOST_COUNTED` and one more; say since when the oldest waits."""
    waiting = [
        list(rows.order_by("validate_at").values_list("validate_at", flat=True)[: MOST_COUNTED + 1])
        for rows in (due(now), due_beside(now))
    ]
    oldest = min((times[0] for times in waiting if times), default=None)
    return Backlog(min(sum(map(len, waiting)), MOST_COUNTED + 1), oldest, running=_running())


def forget(*, now: datetime) -> None:
    """Remove old validations of the fleet, and pauses that are over."""
    with within_everything("old validations of the fleet"):
        old = Validation.objects.filter(asked_by=FLEET.name, ended_at__lt=now - KEPT)
        Validation.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:5000])).delete()
        Pause.objects.filter(until__lt=now).delete()


def _running() -> int:
    return Validation.objects.filter(state__in=RUNNING, asked_by=FLEET.name)[:AT_ONCE].count()


def paused(now: datetime) -> QuerySet[Pause, str]:
    """Return the tenants that are left alone now. For workers."""
    return Pause.objects.filter(until__gt=now).values_list("tenant_id", flat=True)


def _start(care: Care, *, now: datetime) -> int:
    care.validate_at = schedule.slot(care.pk, now)
    care.save(update_fields=["validate_at"])
    if Validation.objects.filter(connection_id=care.pk, state__in=RUNNING).exists():
        return 0
    queue(care.connection, tenant_id=care.tenant_id, by=FLEET, now=now)
    return 1
