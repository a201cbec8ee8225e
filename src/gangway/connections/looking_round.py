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


def seen_by_person(sight: TenantSight | None, *, organization_id: UUID, now: datetime) -> None:
    """Keep what was seen with the right of somebody who signed in for this organization."""
    if sight is not None:
        _keep(sight, path_of(organization_id), now)


def seen_by_itself(sight: TenantSight | None, *, registration_id: UUID, now: datetime) -> None:
    """Keep what this registration saw by its own right, or that Entra said that it is gone."""
    path = sightings.path_of(registration_id) if sight is not None else ""
    if sight is not None and path:
        _keep(sight, path, now)


def _keep(sight: TenantSight, path: str, now: datetime) -> None:
    with within(path):
        credentials = frozenset(Connection.objects.values_list("credential_id", flat=True))
        beside = frozenset(Companion.objects.values_list("registration_id", flat=True))
    sightings.keep(sight, path=path, used=sightings.InUse(credentials, beside), now=now)
