"""What rests stays in the tenant while its service is suspended, leaves, or stands in a freeze. For workers.

It goes when that is over; the deletion of its service takes it along. What somebody had replaced within a freeze or a
suspension goes after its rest all the same: a person decided, maybe since the old one was in wrong hands.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from gangway.connections.models import Connection, FreezeRow
from gangway.organizations.scope import within_everything
from gangway.provisioning.resting import Resting

REASON: Final = "a freeze counts for everybody below it"


def held(resting: Collection[Resting], now: datetime) -> frozenset[Resting]:
    """Return what of it isn't taken away by itself now; a service that leaves is suspended.

    A freeze counts for services without a connection as well: what an invitation left is in the same tenants.
    """
    with within_everything(REASON):
        freezes = FreezeRow.objects.filter(begins__lte=now, ends__gt=now)
        frozen = list(freezes.values_list("organization__path", "begins"))
        rows = Connection.objects.filter(service_id__in={one.service_id for one in resting})
        suspended = {service_id: at for service_id, at in rows.values_list("service_id", "suspended_at") if at}
    return frozenset(
        one
        for one in resting
        if one.since < suspended.get(one.service_id, one.since)
        or any(one.path.startswith(above) and one.since < begins for above, begins in frozen)
    )
