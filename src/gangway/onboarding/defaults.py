"""What *Add New Tenant* begins with for a provider's services; whoever adds one may choose otherwise."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, Plain, differing, record
from gangway.foundation.errors import GangwayError
from gangway.onboarding.models import ServiceDefaults
from gangway.organizations.errors import NoSuchOrganization
from gangway.organizations.place_queries import place
from gangway.organizations.roles import Kind
from gangway.organizations.scope import Door, through
from gangway.provisioning.queries import choices, pin
from gangway.services.licences import LicenceType


@dataclass(frozen=True, slots=True)
class Defaults:
    """Empty, None and 0 mean: as the profile and the settings say."""

    licence_type: str = ""
    role_choice: str = ""
    features: tuple[str, ...] | None = None
    role_days: int = 0
    credential_kind: str = ""
    credential_days: int | None = None

    def pinned(self) -> tuple[dict[str, Any], str]:
        """Return the plan that they make, and its fingerprint. Raises what `pin` raises."""
        return pin(
            role_choice=self.role_choice or None,
            features=self.features,
            role_days=self.role_days,
            credential_kind=self.credential_kind or None,
            credential_days=self.credential_days,
        )


@dataclass(frozen=True, slots=True)
class Pinning:
    """Whether what a provider set makes a plan. `left_out`: what this release no longer offers, in words."""

    provider_name: str
    left_out: tuple[str, ...]
    refusal: GangwayError | None


@transaction.atomic
def set_defaults(provider_id: UUID, *, defaults: Defaults, by: Actor, now: datetime) -> None:
    """Keep what new services of a provider of the scope begin with.

    Raises `NoSuchOrganization`, `ValueError` for a licence type that isn't one, and what `pin` raises.
    """
    if place(provider_id).kind is not Kind.PROVIDER:
        raise NoSuchOrganization
    licence = LicenceType(defaults.licence_type).value if defaults.licence_type else ""
    plan, _fingerprint = defaults.pinned()
    row = ServiceDefaults.objects.filter(organization_id=provider_id).first() or ServiceDefaults(
        organization_id=provider_id
    )
    before = _facts(row)
    row.licence_type, row.role_choice, row.role_days = licence, defaults.role_choice, defaults.role_days
    row.features = None if defaults.features is None else sorted(defaults.features)
    row.credential_kind, row.credential_days = defaults.credential_kind, defaults.credential_days
    row.changed_at = now
    row.save()
    was, now_is = differing(before, _facts(row))
    if now_is:
        subject, facts = f"organization:{provider_id}", {"profile": plan["profile"]}
        event = Event.SERVICE_DEFAULTS_CHANGED
        record(event, by=by, organization_id=provider_id, subject=subject, data=facts, before=was, after=now_is)


def defaults_for(provider_id: UUID) -> Defaults:
    """Return what a provider's new services begin with; also for its channels, who stand below. No secret in it.

    What this release no longer offers is left out.
    """
    with through(Door.ANCESTORS):
        row = ServiceDefaults.objects.filter(organization_id=provider_id).first()
    return Defaults() if row is None else _offered(row)


def every_pinning(*, most: int) -> tuple[int, tuple[Pinning, ...]]:
    """Return how many providers of the scope set what new services begin with, and of the first whether it pins."""
    rows = ServiceDefaults.objects.select_related("organization").order_by("organization__name_key", "pk")
    return rows.count(), tuple(_pinning(row) for row in rows[:most])


def _pinning(row: ServiceDefaults) -> Pinning:
    left = _offered(row)
    gone = [
        *([f"the directory roles “{row.role_choice}”"] if row.role_choice != left.role_choice else []),
        *[f"the feature “{key}”" for key in row.features or () if key not in (left.features or ())],
        *([f"the credential “{row.credential_kind}”"] if row.credential_kind != left.credential_kind else []),
        *([f"the licence “{row.licence_type}”"] if row.licence_type not in {"", *LicenceType} else []),
    ]
    refusal = None
    try:
        left.pinned()
    except GangwayError as error:
        refusal = error
    return Pinning(row.organization.name, tuple(gone), refusal)


def _offered(row: ServiceDefaults) -> Defaults:
    known = choices()
    offered = {feature.key for feature in known.features}
    return Defaults(
        licence_type=row.licence_type,
        role_choice=row.role_choice if row.role_choice in {choice.key for choice in known.role_choices} else "",
        features=None if row.features is None else tuple(key for key in row.features if key in offered),
        role_days=row.role_days,
        credential_kind=row.credential_kind if row.credential_kind in known.credential_kinds else "",
        credential_days=row.credential_days,
    )


def _facts(row: ServiceDefaults) -> dict[str, Plain]:
    return {
        "licence": row.licence_type,
        "roles": row.role_choice,
        "features": ", ".join(row.features or ()),
        "role_days": row.role_days,
        "credential": row.credential_kind,
        "days": row.credential_days or 0,
    }
