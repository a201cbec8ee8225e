"""What decides how a credential is renewed, and what a registration lacks of its profile's newest version. Reads."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from gangway.provisioning import beyond
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.pinning import PlanUnknown
from gangway.provisioning.engine.steps.credentials import KEY as CREDENTIAL
from gangway.provisioning.engine.wider import not_satisfied
from gangway.provisioning.errors import NoSuchRegistration
from gangway.provisioning.models import FEDERATED, GIVEN, MADE, Credential, Registration, Run, StepRecord
from gangway.provisioning.states import CredentialState, RunKind, StepState
from gangway.services.states import Lifecycle

CHANGES_ITSELF = frozenset({"Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"})
"""Permissions with which a registration that owns itself may give itself a new credential."""


@dataclass(frozen=True, slots=True)
class Renewable:
    """A credential in use. `is_ours`: we made it; what the customer typed in only the customer can renew."""

    credential_id: UUID
    registration_id: UUID
    registration_name: str
    tenant_id: str
    tenant_name: str
    kind: str
    is_ours: bool
    made_at: datetime
    """When we made it; of what somebody typed, when they did: how long it lives nobody knows."""
    ends_at: datetime | None
    end_typed: bool = False
    """Whether we know its end from nobody but a person who typed it."""
    roles_end_at: datetime | None = None
    """When the first of its registration's roles ends, when PIM gave them with an end."""
    role_days: int = 0
    """For how many days PIM gives them; 0: for good."""

    @property
    def ends(self) -> bool:
        """Whether anything of it ends."""
        return not self.is_federated and self.ends_at is not None

    @property
    def is_federated(self) -> bool:
        """Whether the platform signs what it signs in with: it has no secret, and a new one would share that key."""
        return self.kind == FEDERATED

    def renews_itself(self, *, has_right: bool) -> bool:
        """Whether no person is needed: by the right to change itself, or a certificate's proof of possession."""
        return self.is_ours and not self.is_federated and (has_right or self.kind == "certificate")


@dataclass(frozen=True, slots=True)
class Unused:
    """A credential that may sign in although nobody uses it; `rests_until`: when it is removed."""

    credential_id: UUID
    service_id: UUID
    organization_id: UUID
    name: str
    is_ours: bool
    rests_until: datetime | None


def is_proved_since(registration_id: UUID, moment: datetime) -> bool:
    """Whether a registration was proved after this, so that what was seen of it before says nothing any more."""
    return Registration.objects.filter(pk=registration_id, proved_at__gt=moment).exists()


def renewable(credential_id: UUID) -> Renewable | None:
    """Return what is known of a credential in use; None when it is gone."""
    rows = Credential.objects.select_related("registration").exclude(state=CredentialState.REMOVED.value)
    row = rows.filter(pk=credential_id).first()
    return None if row is None else _view(row)


def renewable_of(*, registration_id: UUID, service_id: UUID) -> Renewable | None:
    """Return the proved credential that a service has of a registration; None when it has none.

    Of two, while it is renewed, the older one: it is in use until the newer one takes its place.
    """
    row = _proved(registration_id, service_id).select_related("registration").last()
    return None if row is None else _view(row)


def renewables_of(registration_ids: Collection[UUID]) -> dict[tuple[UUID, UUID], Renewable]:
    """Return the same for many in one query, by registration and service; those without one are left out."""
    rows = Credential.objects.filter(registration_id__in=registration_ids, state=CredentialState.PROVED.value)
    ordered = rows.select_related("registration").order_by("-announced_at")
    return {(row.registration_id, row.service_id): _view(row) for row in ordered}


def proved_ids(*, registration_id: UUID, service_id: UUID) -> list[UUID]:
    """Return the proved credentials that a service has of a registration, the newest first: two while it is renewed."""
    return list(_proved(registration_id, service_id).values_list("pk", flat=True))


def mends_only(run_id: UUID) -> bool:
    """Whether a run brings a registration that is there to its plan, and makes no credential.

    One that finds the credential in use gone makes another, though nobody asked it to.
    """
    run = Run.objects.filter(pk=run_id, kind__in=[RunKind.REPAIR.value, RunKind.UPGRADE.value]).first()
    made = StepRecord.objects.filter(run_id=run_id, key=CREDENTIAL, state=StepState.DONE.value)
    return run is not None and "renews" not in run.wanted and not made.exists()


def keeps_credential(run_id: UUID, credential_id: UUID | None) -> bool:
    """Whether a run that mended a registration made no credential, and the one in use is good for its service."""
    if credential_id is None or not mends_only(run_id):
        return False
    mended = Run.objects.filter(pk=run_id).values("registration_id")
    rows = Credential.objects.filter(registration_id__in=mended, state=CredentialState.PROVED.value)
    return rows.filter(pk=credential_id).exists()


def _proved(registration_id: UUID, service_id: UUID) -> QuerySet[Credential]:
    rows = Credential.objects.filter(registration_id=registration_id, service_id=service_id)
    return rows.filter(state=CredentialState.PROVED.value).order_by("-announced_at")


def _view(row: Credential) -> Renewable:
    return Renewable(
        credential_id=row.pk,
        registration_id=row.registration_id,
        registration_name=row.registration.display_name,
        tenant_id=row.registration.tenant_id,
        tenant_name=row.registration.tenant_name,
        kind=row.kind,
        is_ours=row.origin == MADE,
        made_at=row.made_at or row.announced_at,
        ends_at=row.expires_at,
        end_typed=row.origin == GIVEN and row.end_read_at is None,
        roles_end_at=row.registration.roles_end_at,
        role_days=row.registration.plan.get("role_days", 0),
    )


def unused_of(service_ids: Collection[UUID]) -> list[Unused]:
    """Return the credentials of these services that may sign in; which of them are in use others know."""
    return _unused(Credential.objects.filter(service_id__in=service_ids))


def unused_of_planned(path: str) -> list[Unused]:
    """Return those of services at or below this organization that nobody created yet."""
    planned = Credential.objects.filter(service__lifecycle=Lifecycle.PLANNED.value)
    return _unused(planned.filter(organization__path__startswith=path))


def _unused(rows: QuerySet[Credential]) -> list[Unused]:
    """Also what isn't proved yet: its run may wait for days for a consent, and its secret lies sealed all the while."""
    states = [CredentialState.MADE.value, CredentialState.PROVED.value, CredentialState.RESTING.value]
    found = rows.filter(state__in=states).exclude(kind=FEDERATED)
    return [
        Unused(row.pk, row.service_id, row.organization_id, row.display_name, row.origin == MADE, row.rest_until)
        for row in found
    ]


def sealed_ids(credential_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return where the secrets of these credentials are sealed; those without a secret are left out."""
    rows = Credential.objects.filter(pk__in=credential_ids, sealed_id__isnull=False)
    return {pk: sealed_id for pk, sealed_id in rows.values_list("pk", "sealed_id") if sealed_id is not None}


def federated_of(credential_ids: Collection[UUID]) -> frozenset[UUID]:
    """Return those of the credentials that sign in with tokens of the platform's own."""
    rows = Credential.objects.filter(pk__in=credential_ids, kind=FEDERATED)
    return frozenset(rows.values_list("pk", flat=True))


def living(credential_ids: Collection[UUID]) -> frozenset[UUID]:
    """Return those of the credentials that we hold a record of, and that weren't taken away."""
    rows = Credential.objects.filter(pk__in=credential_ids).exclude(state=CredentialState.REMOVED.value)
    return frozenset(rows.values_list("pk", flat=True))


def may_change_itself(granted: Collection[str] | None) -> bool:
    """Whether these permissions of a fresh token let a registration renew its own credential."""
    return bool(CHANGES_ITSELF & set(granted or ()))


def newest_plan(registration_id: UUID, *, adding: Collection[str] = ()) -> dict[str, object]:
    """Return the registration's plan as its profile's newest version has it, with the same choices.

    `adding`: features that it shall have besides, also when they were declined before.
    Raises NoSuchRegistration, PlanUnknown.
    """
    row = Registration.objects.filter(pk=registration_id).first()
    if row is None:
        raise NoSuchRegistration
    plan = pinning.read(row.plan)
    return pinning.pin(
        profile=plan.profile.name,
        version=plan.profile.newest,
        role_choice=plan.role_choice or None,
        features={feature.key for feature in plan.asked} | set(adding),
        declined=set(plan.declined) - set(adding),
        unit=plan.unit,
        role_days=plan.role_days,
        credential_kind=plan.credential_kind,
        credential_days=plan.credential_days if plan.days_chosen else None,
        keep_sign_in_application=plan.keep_sign_in_application,
    )


def lacks(registration_id: UUID, granted: Collection[str], *, roles: Collection[str] | None = None) -> list[str] | None:
    """Return the permissions and directory roles of the newest version that it lacks; None when nobody can say.

    `granted`: permissions in its token; `roles`: template ids of the roles that it has, None when nobody could see
    those. What Microsoft doesn't offer in the tenant is not lacking: nobody could add it.
    """
    try:
        newest = pinning.read(newest_plan(registration_id))
    except (NoSuchRegistration, PlanUnknown):
        return None
    left_out = beyond.skipped(Registration.objects.values_list("beyond", flat=True).get(pk=registration_id))
    wanted = {entry.value for entry in newest.permissions if entry.stage == "always"} - set(left_out)
    missing = [] if roles is None else [role.name for role in newest.roles if role.template_id not in roles]
    return [*sorted(not_satisfied(wanted, granted)), *missing]
