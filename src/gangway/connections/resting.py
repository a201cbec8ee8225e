"""What rests stays in the tenant while its service is suspended, leaves, or stands in a freeze. For workers.

It goes when that is over; the deletion of its service takes it along. What somebody had replaced within a freeze or a
suspension goes after its rest all the same: a person decided, maybe since the old one was in wrong hands.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from gangway.connections.models import Connection, FreezeRow
from gangway.organizations.scope import within_everything

REASON: Final = "a freeze counts for everybody below it"


def held(resting: Collection[tuple[UUID, datetime]], now: datetime) -> frozenset[tuple[UUID, datetime]]:
    """Return what of it isn't taken away by itself now; a service that leaves is suspended."""
    with within_everything(REASON):
        freezes = FreezeRow.objects.filter(begins__lte=now, ends__gt=now)
        frozen = list(freezes.values_list("organization__path", "begins"))
        rows = Connection.objects.filter(service_id__in={service_id for service_id, _ in resting})
        suspended = {service_id: at for service_id, at in rows.values_list("service_id", "suspended_at") if at}
        paths = dict(rows.values_list("service_id", "organization__path")) if frozen else {}
    return frozenset(
        (service_id, since)
        for service_id, since in resting
        if since < suspended.get(service_id, since)
        or any(paths.get(service_id, "").startswith(above) and since < begins for above, begins in frozen)
    )
