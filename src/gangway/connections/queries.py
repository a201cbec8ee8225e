"""Reads of this room. Everything returned is a plain frozen value; call them inside a scope."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, cast
from uuid import UUID

from django.db.models import QuerySet

from gangway.connections import rights
from gangway.connections.errors import NoSuchValidation
from gangway.connections.kept import Looked, whose
from gangway.connections.models import Care, Connection, Validation
from gangway.connections.rights import GrantRow
from gangway.connections.states import STILL, AuthenticatedBy
from gangway.connections.verdict import Status
from gangway.organizations.people_queries import works_above
from gangway.organizations.roles import Kind
from gangway.organizations.taken_over import named
from gangway.provisioning import queries as provisioning
from gangway.provisioning.errors import NoSuchRegistration
from gangway.provisioning.provenance import Provenance, provenance
from gangway.provisioning.shapes import CredentialView

ValidationState = Literal["queued", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class ItemView:
    """One thing that was looked at."""

    key: str
    label: str
    state: Literal["pending", "ok", "warning", "error", "unknown"]
    words: str
    cure: str
    details: Sequence[Sequence[str]] = ()
    """Microsoft's own code, ids and time, each with its name."""


@dataclass(frozen=True, slots=True)
class ValidationRow:
    """One *Validate Authentication*: who asked, when, what came of it."""

    id: UUID
    state: ValidationState
    status: Status
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None
    words: str
    items: tuple[ItemView, ...]

    @property
    def is_over(self) -> bool:
        """Whether a live page may stop asking."""
        return self.state in {"done", "failed"}


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """M365 Configuration: the facts on the left, the history below."""

    service_id: UUID
    registration_id: UUID
    user_name: str
    application_id: str
    registration_name: str
    tenant_id: str
    tenant_name: str
    m365_domain: str
    secret_expires_at: datetime | None
    days_left: int | None
    """Client Secret Days Until Expire; negative once it has expired; None when nobody could read it."""
    roles: tuple[str, ...]
    """Planned roles that it has, or that nobody knows to be missing."""
    grants: tuple[GrantRow, ...]
    status: Status
    status_words: str
    status_since: datetime
    last_validated_at: datetime | None
    last_good_at: datetime | None
    running: ValidationRow | None
    history: tuple[ValidationRow, ...]
    """Newest first, at most 20."""
    credential: CredentialView | None = None
    """What the registration signs in with; None when it is gone from the tenant."""
    roles_end_at: datetime | None = None
    """When the first of its roles ends, when PIM gave them with an end."""
    authenticated_by: AuthenticatedBy = AuthenticatedBy.SIGN_IN
    """Whether `user_name` signed in, or only typed the credentials in; with a link nobody is known."""
    suspended: str = ""
    suspended_level: Kind | None = None
    """At which level somebody paused it: nobody below that resumes it."""
    """Why it isn't used for a while; empty while it is."""
    suspended_at: datetime | None = None
    provenance: tuple[Provenance, ...] = ()
    """Who made the registration, consented, and gave the roles."""
    domains: tuple[str, ...] = ()
    """The tenant's verified domains."""
    is_ours: bool = True
    """Whether we made the registration."""
    roles_missing: tuple[str, ...] = ()
    """Planned roles that it was last seen without."""
    lost: bool = False
    """Whether we hold no record of its registration: then nothing of it is known."""


HISTORY: Final = 20
LOST: Final = "We hold no record of this App registration."


def connection(service_id: UUID) -> ConnectionView | None:
    """Return a service's connection with its facts and history; None when the service has none yet."""
    row = Connection.objects.select_related("organization").filter(service_id=service_id).first()
    if row is None:
        return None
    history = history_of(row)
    try:
        about = provisioning.registration(row.registration_id)
    except NoSuchRegistration:
        return _without_record(row, history)
    credential = next((one for one in about.credentials if one.id == row.credential_id), None)
    grants = rights.rows_of(about, rights.seen_of(row, about))
    return ConnectionView(
        service_id=row.service_id,
        registration_id=about.id,
        user_name=_user_name(row),
        application_id=about.app_id,
        registration_name=about.display_name,
        tenant_id=about.tenant_id,
        tenant_name=about.tenant_name,
        m365_domain=row.m365_domain,
        secret_expires_at=credential.expires_at if credential else None,
        days_left=credential.days_left if credential else None,
        credential=credential,
        roles=tuple(row.name for row in grants if row.kind == "role" and row.state in {"as_planned", "unknown"}),
        roles_missing=tuple(row.name for row in grants if row.kind == "role" and row.state == "missing"),
        roles_end_at=about.roles_end_at,
        grants=grants,
        status=cast("Status", row.status),
        status_words=row.status_words,
        status_since=row.status_since,
        last_validated_at=row.last_validated_at,
        last_good_at=row.last_good_at,
        running=next((one for one in history if not one.is_over), None),
        history=history,
        authenticated_by=AuthenticatedBy(row.authenticated_by),
        suspended=row.suspended_why,
        suspended_level=Kind(row.suspended_level) if row.suspended_level else None,
        suspended_at=row.suspended_at,
        provenance=provenance(row.registration_id),
        domains=about.domains,
        is_ours=about.is_ours,
    )


def history_of(row: Looked) -> tuple[ValidationRow, ...]:
    """Return the latest looks at it, the newest first."""
    looks = Validation.objects.filter(**whose(row)).select_related("organization").order_by("-asked_at")
    return tuple(map(_row, looks[:HISTORY]))


def _user_name(row: Connection) -> str:
    """Who authenticated it; an operator who typed the credentials in may have been the reseller's before."""
    told = named(row.user_name, at=None, moved_at=row.organization.moved_at)
    if told == row.user_name or row.authenticated_by != AuthenticatedBy.OPERATOR:
        return row.user_name
    return row.user_name if works_above(row.user_name, row.organization_id) else told


def _without_record(row: Connection, history: tuple[ValidationRow, ...]) -> ConnectionView:
    """What can be said of a connection whose registration isn't in our records any more: that, and its history."""
    return ConnectionView(
        service_id=row.service_id,
        registration_id=row.registration_id,
        user_name=_user_name(row),
        application_id="",
        registration_name="",
        tenant_id="",
        tenant_name="",
        m365_domain=row.m365_domain,
        secret_expires_at=None,
        days_left=None,
        roles=(),
        grants=(),
        status="unknown",
        status_words=LOST,
        status_since=row.status_since,
        last_validated_at=row.last_validated_at,
        last_good_at=row.last_good_at,
        running=None,
        history=history,
        authenticated_by=AuthenticatedBy(row.authenticated_by),
        suspended=row.suspended_why,
        suspended_level=Kind(row.suspended_level) if row.suspended_level else None,
        suspended_at=row.suspended_at,
        lost=True,
    )


def registration_of(service_id: UUID) -> UUID | None:
    """Return the registration that a service signs in with; None while it has no connection."""
    return Connection.objects.filter(service_id=service_id).values_list("registration_id", flat=True).first()


def tenants_connected(customer_id: UUID) -> tuple[str, ...]:
    """Return the ids of the tenants that a customer's services are connected to, none of those that are gone."""
    rows = _tenants_in_use().filter(organization_id=customer_id)
    return tuple(rows.order_by("tenant_id").values_list("tenant_id", flat=True).distinct())


def every_tenant_connected() -> tuple[tuple[UUID, str], ...]:
    """Return each customer of the scope with each tenant that its services are connected to, as `tenants_connected`."""
    rows = _tenants_in_use().order_by("organization_id", "tenant_id")
    return tuple(rows.values_list("organization_id", "tenant_id").distinct())


def _tenants_in_use() -> QuerySet[Care]:
    """What is known of a connection stays when its service is gone, but says no more where its customer is now."""
    return Care.objects.filter(connection__service__lifecycle__in=STILL).exclude(tenant_id="")


def connected_with(registration_ids: Collection[UUID]) -> list[UUID]:
    """Return the services, gone ones as well, whose connection signs in with one of these registrations."""
    rows = Connection.objects.filter(registration_id__in=registration_ids).order_by("created_at")
    return list(rows.values_list("service_id", flat=True))


def credential_of(service_id: UUID) -> UUID | None:
    """Return the credential that a service signs in with; None while it has no connection."""
    return Connection.objects.filter(service_id=service_id).values_list("credential_id", flat=True).first()


@dataclass(frozen=True, slots=True)
class LatestLook:
    """What came of the latest validation of a service."""

    service_id: UUID
    state: ValidationState
    status: Status
    words: str
    ended_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether its result stands."""
        return self.state in {"done", "failed"}


def latest_looks(service_ids: Collection[UUID]) -> Mapping[UUID, LatestLook]:
    """Return the latest validation of each of these services that has a connection."""
    rows = Validation.objects.filter(connection__service_id__in=service_ids).select_related("connection")
    latest = rows.order_by("connection_id", "-asked_at").distinct("connection_id")
    return {
        row.looked_at.service_id: LatestLook(
            service_id=row.looked_at.service_id,
            state=cast("ValidationState", row.state),
            status=cast("Status", row.status),
            words=row.words,
            ended_at=row.ended_at,
        )
        for row in latest
    }


def validation(validation_id: UUID) -> ValidationRow:
    """Return one validation, live; raises `NoSuchValidation`."""
    row = Validation.objects.select_related("organization").filter(pk=validation_id).first()
    if row is None:
        raise NoSuchValidation
    return _row(row)


def _row(row: Validation) -> ValidationRow:
    return ValidationRow(
        id=row.pk,
        state=cast("ValidationState", row.state),
        status=cast("Status", row.status),
        asked_by=named(row.asked_by, at=row.asked_at, moved_at=row.organization.moved_at),
        asked_at=row.asked_at,
        ended_at=row.ended_at,
        words=row.words,
        items=tuple(ItemView(**item) for item in row.items),
    )
