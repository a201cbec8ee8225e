"""Which service signs in with what, of the registrations that the scope has. Plain values; call it inside a scope.

What other organizations have in the same tenant isn't told, nor that they have anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gangway.provisioning.beside import NAMES as BESIDE
from gangway.provisioning.engine import pinning
from gangway.provisioning.models import MADE, Credential, Registration
from gangway.provisioning.states import CredentialState, RegistrationState
from gangway.provisioning.undoing import CHANGES_ITSELF
from gangway.services.states import NEEDS_ITS_REGISTRATION


@dataclass(frozen=True, slots=True)
class Use:
    """One credential and the service that signs in with it. `rests_until`: another one took its place."""

    service_id: UUID
    short_name: str
    full_name: str
    name: str
    kind: str
    key_id: str
    is_ours: bool
    ends_at: datetime | None
    rests_until: datetime | None


@dataclass(frozen=True, slots=True)
class SharedRegistration:
    """A registration that a further service can use. `by_itself`: it may make the credential without the customer."""

    id: UUID
    name: str
    app_id: str
    tenant_id: str
    tenant_name: str
    by_itself: bool
    services: tuple[str, ...]


def uses(registration_id: UUID) -> tuple[Use, ...]:
    """The credentials of a registration that are there, each with its service, by the service's name."""
    rows = Credential.objects.filter(registration_id=registration_id).exclude(state=CredentialState.REMOVED.value)
    found = rows.select_related("service").order_by("service__short_name_key", "announced_at")
    return tuple(
        Use(
            service_id=row.service_id,
            short_name=row.service.short_name,
            full_name=row.service.full_name,
            name=row.display_name,
            kind=row.kind,
            key_id=row.key_id,
            is_ours=row.origin == MADE,
            ends_at=row.expires_at,
            rests_until=row.rest_until if row.state == CredentialState.RESTING.value else None,
        )
        for row in found
    )


def others_of(used: Iterable[Use], service_id: UUID) -> list[str]:
    """Return the short names of the other services that go on with a registration: who moved away only rests there."""
    return sorted({use.short_name for use in used if use.service_id != service_id and use.rests_until is None})


def changes_itself(registration_id: UUID) -> bool:
    """Whether a registration has the right to change, and to delete, itself, as far as our records say."""
    row = Registration.objects.filter(pk=registration_id).first()
    return row is not None and _may_change_itself(row)


def shared_by(customer_id: UUID) -> tuple[SharedRegistration, ...]:
    """The registrations of ours of one customer that are proved and in use, the newest first.

    Those that were made beside another one are for something else than calling: no further service signs in with them.
    """
    rows = (
        Registration.objects.filter(organization_id=customer_id, origin=MADE, state=RegistrationState.PROVED.value)
        .exclude(app_id="")
        .exclude(plan__profile__in=list(BESIDE))
    )
    found = (_shared(row) for row in rows.order_by("-created_at"))
    return tuple(one for one in found if one.services)


def _shared(row: Registration) -> SharedRegistration:
    needing = [state.value for state in NEEDS_ITS_REGISTRATION]
    living = Credential.objects.filter(
        registration_id=row.pk, state=CredentialState.PROVED.value, origin=MADE, service__lifecycle__in=needing
    )
    kinds = set(living.values_list("kind", flat=True))
    return SharedRegistration(
        id=row.pk,
        name=row.display_name,
        app_id=row.app_id,
        tenant_id=row.tenant_id,
        tenant_name=row.tenant_name,
        by_itself=_may_change_itself(row) or bool(kinds & {"certificate", "federated"}),
        services=tuple(sorted(set(living.values_list("service__short_name", flat=True)))),
    )


def _may_change_itself(row: Registration) -> bool:
    """Whether its plan gives it the right, and the right was proved."""
    planned = CHANGES_ITSELF & {entry.value for entry in pinning.read(row.plan).permissions}
    return any(row.proofs.get(f"grant:{value}", "unknown") not in {"unknown", "removed"} for value in planned)
