"""How the scope's registrations stand in their tenants, as far as anybody let us look. Reads, plain values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Case, F, Min, Q, QuerySet, Value, When

from gangway.provisioning.engine.sight import Source, Standing
from gangway.provisioning.models import Credential, Registration
from gangway.provisioning.states import CredentialState, RegistrationState
from gangway.services.states import NEEDS_ITS_REGISTRATION

AWAY: Final = (Standing.GONE.value, Standing.DELETED.value)


@dataclass(frozen=True, slots=True)
class Sighted:
    """How one registration stood in its tenant, when, and by whose right; without a standing it is unknown."""

    id: UUID
    name: str
    app_id: str
    tenant_name: str
    customer_name: str
    standing: Standing | None
    at: datetime | None
    source: Source | None
    services: tuple[str, ...]

    @property
    def is_missed(self) -> bool:
        """Whether a service needs what isn't there."""
        return bool(self.services) and self.standing in {Standing.GONE, Standing.DELETED}


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of how many registrations something was seen in their tenants, of how many nothing, and when at the earliest."""

    looked: int
    unknown: int
    oldest: datetime | None


def sighted(*, limit: int) -> tuple[Sighted, ...]:
    """Return registrations: what is gone, then what nobody let us look at, then what was looked at longest ago."""
    urgency = Case(When(seen__in=AWAY, then=Value(0)), default=Value(1))
    rows = _made().select_related("organization").order_by(urgency, F("seen_at").asc(nulls_first=True), "pk")[:limit]
    found = list(rows)
    names = _services(found)
    return tuple(_sighted(row, names.get(row.pk, ())) for row in found)


def coverage() -> Coverage:
    """Count how far what we know of tenants reaches."""
    rows = _made()
    looked = rows.filter(seen_at__isnull=False)
    return Coverage(
        looked.count(), rows.filter(seen_at__isnull=True).count(), looked.aggregate(at=Min("seen_at"))["at"]
    )


def gone_registrations() -> QuerySet[Registration]:
    """Return those that are known to be gone: taken away by us, or seen to be."""
    return Registration.objects.filter(Q(state=RegistrationState.REMOVED.value) | Q(seen__in=AWAY))


def _made() -> QuerySet[Registration]:
    return Registration.objects.exclude(state=RegistrationState.REMOVED.value).exclude(app_id="")


def _services(rows: list[Registration]) -> dict[UUID, tuple[str, ...]]:
    needing = [state.value for state in NEEDS_ITS_REGISTRATION]
    living = Credential.objects.filter(registration__in=rows, service__lifecycle__in=needing)
    pairs = living.exclude(state=CredentialState.REMOVED.value).values_list("registration_id", "service__short_name")
    found: dict[UUID, tuple[str, ...]] = {}
    for registration_id, name in sorted(set(pairs), key=lambda pair: pair[1]):
        found[registration_id] = (*found.get(registration_id, ()), name)
    return found


def _sighted(row: Registration, services: tuple[str, ...]) -> Sighted:
    return Sighted(
        id=row.pk,
        name=row.display_name,
        app_id=row.app_id,
        tenant_name=row.tenant_name or row.tenant_id,
        customer_name=row.organization.name,
        standing=Standing(row.seen) if row.seen else None,
        at=row.seen_at,
        source=Source(row.seen_by) if row.seen_by else None,
        services=services,
    )
