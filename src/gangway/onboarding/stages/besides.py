"""What was made beside a service's registration, call quality for one, becomes the service's own."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from gangway.audit.record import Actor
from gangway.connections import companions
from gangway.connections.errors import ConnectionSuspended, NotMadeYet
from gangway.provisioning.actions import taken_into_use
from gangway.provisioning.beside_view import beside_of
from gangway.provisioning.renewable import proved_ids


def take_over_besides(
    *,
    service_id: UUID,
    organization_id: UUID,
    registration_id: UUID,
    plan: Mapping[str, Any],
    by: Actor,
    now: datetime,
    stays: Collection[str] = (),
) -> None:
    """Give the service what its plan wants beside and was made for it; it is looked at once it can sign in.

    `stays`: profiles for which the service goes on with what it uses by now.
    """
    for one in beside_of(registration_id, plan):
        if one.registration is None or one.run is None or one.run.service_id != service_id:
            continue  # nothing is made, or another service's
        made, profile = one.registration.id, one.plan.profile
        if profile in stays:
            companions.pass_over(service_id=service_id, registration_id=made, profile=profile, by=by, now=now)
            continue
        take_over_one(
            service_id=service_id,
            organization_id=organization_id,
            registration_id=made,
            profile=profile,
            by=by,
            now=now,
        )


def take_over_one(
    *, service_id: UUID, organization_id: UUID, registration_id: UUID, profile: str, by: Actor, now: datetime
) -> None:
    """Give the service one registration beside its connection, and look at it once it can sign in."""
    companions.take_over(
        service_id=service_id,
        organization_id=organization_id,
        registration_id=registration_id,
        profile=profile,
        by=by,
        now=now,
    )
    taken_into_use(proved_ids(registration_id=registration_id, service_id=service_id), now=now)
    with suppress(NotMadeYet, ConnectionSuspended), transaction.atomic():
        companions.validate(service_id=service_id, profile=profile, by=by, now=now)
