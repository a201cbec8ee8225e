"""What a look in a tenant showed, compared with what our connections use: anything more is listed for a person.

Whoever looked, only registrations of the one organization are compared that the look was for. For workers.
"""

from datetime import datetime
from uuid import UUID

from gangway.connections.models import Companion, Connection
from gangway.organizations.people_queries import path_of
from gangway.organizations.scope import within
from gangway.provisioning import sightings
from gangway.provisioning.engine.sight import TenantSight
from gangway.provisioning.in_use import CONNECTED
from gangway.provisioning.renewable import proved_ids


def seen_by_person(sight: TenantSight | None, *, organization_id: UUID, now: datetime) -> None:
    """Keep what was seen with the right of somebody who signed in for this organization."""
    if sight is not None:
        _keep(sight, path_of(organization_id), now)


def seen_by_itself(sight: TenantSight | None, *, registration_id: UUID, now: datetime) -> None:
    """Keep what this registration saw by its own right, or that Entra said that it is gone."""
    path = sightings.path_of(registration_id) if sight is not None else ""
    if sight is not None and path:
        _keep(sight, path, now)


def in_use(registration_id: UUID) -> frozenset[UUID]:
    """Return which credentials of a registration services sign in with that are connected, or may be kept yet.

    Of two that are proved beside a connection the older one is in use, until the newer one takes its place.
    """
    states = [state.value for state in CONNECTED]
    rows = Connection.objects.filter(registration_id=registration_id, service__lifecycle__in=states)
    beside = Companion.objects.filter(registration_id=registration_id, service__lifecycle__in=states)
    found = set(rows.values_list("credential_id", flat=True))
    for service_id in beside.values_list("service_id", flat=True):
        found.update(proved_ids(registration_id=registration_id, service_id=service_id)[-1:])
    return frozenset(found)


def _keep(sight: TenantSight, path: str, now: datetime) -> None:
    with within(path):
        credentials = frozenset(Connection.objects.values_list("credential_id", flat=True))
        beside = frozenset(Companion.objects.values_list("registration_id", flat=True))
    sightings.keep(sight, path=path, used=sightings.InUse(credentials, beside), now=now)
