"""Credentials that nobody uses: made for a service that is gone, or never taken into use. By our own rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from gangway.foundation import clock
from gangway.provisioning.models import Credential, Run
from gangway.provisioning.states import HOLDING, CredentialState

SETTLED: Final = timedelta(days=7)
"""What is younger may still be taken into use: an invitation waits, somebody has yet to press Add."""
AWAY: Final = (CredentialState.REMOVED.value, CredentialState.RESTING.value, CredentialState.ANNOUNCED.value)


@dataclass(frozen=True, slots=True)
class Unused:
    """A credential that no connection uses."""

    credential_id: UUID
    name: str
    kind: str
    registration_name: str
    tenant_name: str
    service_id: UUID
    short_name: str
    customer_name: str
    made_at: datetime
    ends_at: datetime | None


def unused_credentials(
    used: Iterable[UUID], *, beside: Iterable[UUID], limit: int, after: int = 0
) -> tuple[Unused, ...]:
    """Return the scope's credentials that aren't among `used`, old enough that nobody is about to use them.

    At most `limit` of them, `after` so many others. `beside`: registrations that services use beside their connection,
    with whatever is proved there.
    """
    busy = Run.objects.filter(state__in=[state.value for state in HOLDING]).values("registration_id")
    rows = Credential.objects.exclude(pk__in=used).exclude(state__in=AWAY).exclude(registration_id__in=busy)
    rows = rows.exclude(registration_id__in=beside, state=CredentialState.PROVED.value)
    rows = rows.filter(announced_at__lt=clock.now() - SETTLED)
    shown = rows.select_related("registration", "service", "organization").order_by("announced_at", "pk")
    shown = shown[after : after + limit]
    return tuple(_unused(row) for row in shown)


def _unused(row: Credential) -> Unused:
    return Unused(
        credential_id=row.pk,
        name=row.display_name,
        kind=row.kind,
        registration_name=row.registration.display_name,
        tenant_name=row.registration.tenant_name or row.registration.tenant_id,
        service_id=row.service_id,
        short_name=row.service.short_name,
        customer_name=row.organization.name,
        made_at=row.made_at or row.announced_at,
        ends_at=row.expires_at,
    )
