"""A look that is too old says nothing any more: nobody knows then, and that looks fail at all is a fault of ours.

Whatever keeps workers from looking (no room, no key that opens what is sealed) leaves no trace at a connection, so the
age of what was seen is what counts. For workers.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from gangway.audit.record import Actor
from gangway.connections import fleet
from gangway.connections.actions import RESUMED
from gangway.connections.kept import credentials_of
from gangway.connections.models import Companion, Connection, Pause
from gangway.organizations.scope import within_everything
from gangway.provisioning.renewable import living
from gangway.services import actions as services
from gangway.services.states import Connection as Status
from gangway.services.states import Lifecycle

STALE: Final = timedelta(hours=48)
"""What nobody looked at for so long is unknown, whatever was seen before."""
LATE: Final = timedelta(hours=30)
"""Each has its time of day and, where a look failed, others soon after: so old, and something is wrong with us."""
WAITS: Final = timedelta(hours=12)
"""What is due for so long waits for workers that don't come."""
WORDS: Final = (
    "Nobody could look at it for two days. Press Validate Authentication; what keeps us from it is on our side."
)
MOST: Final = 500
WORKER: Final = Actor.system("connections")
REASON: Final = "workers look after everybody's connections"


def forget_old_looks(*, now: datetime) -> int:
    """Make *unknown* what nobody looked at for too long; gives how many."""
    with within_everything(REASON), transaction.atomic():
        seen = ~Q(status="unknown") & Q(seen_at__lt=now - STALE)
        rows = list(_connections().filter(seen).select_for_update(of=("self",), skip_locked=True, no_key=True)[:MOST])
        for row in rows:
            row.status, row.status_words, row.status_since = "unknown", WORDS, now
            row.save(update_fields=["status", "status_words", "status_since"])
            services.set_connection(service_id=row.service_id, status=Status.UNKNOWN, reason=WORDS, by=WORKER)
        beside = list(_companions().filter(seen).select_for_update(of=("self",), skip_locked=True, no_key=True)[:MOST])
        told = Companion.objects.filter(pk__in=[row.pk for row in beside])
        return len(rows) + told.update(status="unknown", status_words=WORDS, status_since=now)


def is_behind(*, now: datetime) -> bool:
    """Whether connections aren't looked at as they should be: by a backlog, or since looks fail on our side."""
    with within_everything(REASON):
        paused = fleet.paused(now)
        for due in (fleet.due(now), fleet.due_beside(now)):
            if due.filter(validate_at__lt=now - WAITS).exclude(tenant_id__in=paused).exists():
                return True
        return _has_late(now=now, paused=paused)


def _has_late(*, now: datetime, paused: QuerySet[Pause, str]) -> bool:
    """Whether something that could be looked at wasn't for long; what was just resumed waits for its first look."""
    late, resumed = Q(seen_at__lt=now - LATE), Q(status_words=RESUMED, status_since__gte=now - LATE)
    fresh = Connection.objects.filter(resumed).values("service_id")
    unseen = _connections().filter(late, ~resumed).exclude(care__tenant_id__in=paused)
    ids = list(unseen.values_list("credential_id", flat=True))
    beside = list(_companions().filter(late).exclude(service_id__in=fresh).exclude(tenant_id__in=paused))
    return any(living(ids[start : start + MOST]) for start in range(0, len(ids), MOST)) or any(
        credentials_of(beside[start : start + MOST]) for start in range(0, len(beside), MOST)
    )


def _connections() -> QuerySet[Connection]:
    rows = Connection.objects.filter(suspended_at__isnull=True, service__lifecycle=Lifecycle.CREATED.value)
    return rows.annotate(seen_at=Coalesce("last_validated_at", "created_at"))


def _companions() -> QuerySet[Companion]:
    unused = Connection.objects.filter(suspended_at__isnull=False).values("service_id")
    rows = Companion.objects.filter(service__lifecycle=Lifecycle.CREATED.value).exclude(service_id__in=unused)
    return rows.annotate(seen_at=Coalesce("last_validated_at", "created_at"))
