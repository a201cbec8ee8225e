"""How the scope's registrations stand in their tenants, as far as anybody let us look. Reads, plain values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Case, F, Q, QuerySet, Value, When

from gangway.provisioning.engine.sight import Source, Standing
from gangway.provisioning.models import LOOKS, Credential, Registration
from gangway.provisioning.states import CredentialState, RegistrationState
from gangway.services.states import NEEDS_ITS_REGISTRATION

AWAY: Final = (Standing.GONE.value, Standing.DELETED.value)
MOST_COUNTED: Final = 200


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
    """Of how many registrations their tenants were looked at, of how many not, and when at the earliest.

    That one signs in shows that it is there, and nothing else. Of more than `MOST_COUNTED`, nobody needs the number.
    """

    looked: int
    unknown: int
    oldest: datetime | None

    @property
    def looked_shown(self) -> str:
        """How many were looked at, as pages say it."""
        return _shown(self.looked)

    @property
    def unknown_shown(self) -> str:
        """How many were not, as pages say it."""
        return _shown(self.unknown)


def _shown(number: int) -> str:
    return str(number) if number <= MOST_COUNTED else f"{MOST_COUNTED}+"


def sighted(*, limit: int, after: int = 0) -> tuple[Sighted, ...]:
    """Return registrations: what is gone, then what nobody let us look at, then what was looked at longest ago."""
    urgency = Case(When(_is_gone(), then=Value(0)), default=Value(1))
    rows = _made().select_related("organization").order_by(urgency, F("seen_at").asc(nulls_first=True), "pk")
    found = list(rows[after : after + limit])
    names = _services(found)
    return tuple(_sighted(row, names.get(row.pk, ())) for row in found)


def coverage() -> Coverage:
    """Count how far what we know of tenants reaches."""
    rows = _made()
    looked = rows.filter(seen_by__in=LOOKS)
    oldest = looked.order_by("seen_at").values_list("seen_at", flat=True).first()
    return Coverage(_counted(looked), _counted(rows.exclude(seen_by__in=LOOKS)), oldest)


def _counted(rows: QuerySet[Registration]) -> int:
    return rows[: MOST_COUNTED + 1].count()


def gone_registrations() -> QuerySet[Registration]:
    """Return those that are known to be gone: taken away by us, or seen to be."""
    return Registration.objects.filter(Q(state=RegistrationState.REMOVED.value) | _is_gone())


def _is_gone() -> Q:
    """Whatever was proved later is there again."""
    return Q(seen__in=AWAY) & (Q(proved_at__isnull=True) | Q(proved_at__lt=F("seen_at")))


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
    standing, at, source = row.seen, row.seen_at, row.seen_by
    if row.proved_at is not None and (at is None or (standing in AWAY and row.proved_at > at)):
        standing, at, source = Standing.THERE.value, row.proved_at, Source.ITSELF.value
    return Sighted(
        id=row.pk,
        name=row.display_name,
        app_id=row.app_id,
        tenant_name=row.tenant_name or row.tenant_id,
        customer_name=row.organization.name,
        standing=Standing(standing) if standing else None,
        at=at,
        source=Source(source) if source else None,
        services=services,
    )
