"""Reading invitations of operators and the rules of sign-in. Everything returned is a plain frozen value."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from gangway.accounts.errors import NoSuchOperatorInvitation, NoSuchTenant, OperatorInvitationOver
from gangway.accounts.models import EntraTenant, Identity, OperatorInvitation, RoleMapping, SignInRules
from gangway.accounts.states import ClaimKind, InvitationState, SecondFactor
from gangway.foundation.sealed import SealedText
from gangway.foundation.words import is_meant
from gangway.organizations.links import hash_of
from gangway.organizations.people_queries import may_give, person_by_address
from gangway.organizations.roles import Kind, Role
from gangway.organizations.scope import Door, through
from gangway.organizations.taken_over import named

MOST: Final = 200
"""Invitations in a list; older ones are searched."""


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """One invitation of an operator in a list."""

    id: UUID
    email: str
    name: str
    organization_id: UUID
    organization_name: str
    organization_kind: Kind
    role: Role
    state: InvitationState
    sent_count: int
    invited_by_name: str
    expires_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """An invitation as its holder meets it: who invites to what. `has_account`: the address signs in already."""

    id: UUID
    path: str
    email: str
    name: str
    organization_id: UUID
    organization_name: str
    role: Role
    invited_by_name: str
    expires_at: datetime
    has_account: bool
    may_use_microsoft: bool


@dataclass(frozen=True, slots=True)
class MappingView:
    """What an app role or a group gives."""

    id: UUID
    kind: ClaimKind
    value: str
    role: Role


@dataclass(frozen=True, slots=True)
class TenantView:
    """An Entra tenant whose people may sign in to an organization."""

    id: UUID
    organization_id: UUID
    tenant_id: UUID
    cloud: str
    does_second_factor: bool
    mappings: tuple[MappingView, ...]
    group_id: str = ""
    """The Entra group that the organization limits this sign-in to; empty: everybody whom it lets in."""
    proved_at: datetime | None = None
    proved_by: str = ""
    proved_account: str = ""

    @property
    def is_proved(self) -> bool:
        """Whether one of the tenant's administrators has shown that it is this organization's own."""
        return self.proved_at is not None

    @property
    def is_trusted(self) -> bool:
        """Whether the tenant's second factor counts in place of ours."""
        return self.is_proved and self.does_second_factor


@dataclass(frozen=True, slots=True)
class IdentityView:
    """A person's own Microsoft account."""

    id: int
    tenant_id: UUID
    username: str
    created_at: datetime
    last_used_at: datetime


def pending_invitations(*, now: datetime, search: str = "") -> tuple[InvitationRow, ...]:
    """Return the scope's invitations that nobody has accepted yet, the newest first; those over their time too.

    `search`: part of a name or an address, or words of them.
    """
    rows = OperatorInvitation.objects.filter(state=InvitationState.PENDING.value, organization__removed_at__isnull=True)
    if sought := search.strip():
        named = rows.values_list("pk", "name", "email")
        rows = rows.filter(pk__in=[key for key, *texts in named if is_meant(sought, *texts)])
    rows = rows.select_related("organization")
    return tuple(_row(row, now) for row in rows.order_by("-created_at", "id")[:MOST])


def operator_invitation(invitation_id: UUID, *, now: datetime) -> InvitationRow:
    """Return one invitation of the scope; raises `NoSuchOperatorInvitation`."""
    row = OperatorInvitation.objects.filter(pk=invitation_id).select_related("organization").first()
    if row is None:
        raise NoSuchOperatorInvitation
    return _row(row, now)


def open_invitation(token: SealedText, *, now: datetime) -> OpenInvitation:
    """Return what a link offers. Raises `NoSuchOperatorInvitation`, `OperatorInvitationOver`."""
    with through(Door.LINK):
        rows = OperatorInvitation.objects.filter(token_hash=hash_of(token)).select_related("organization")
        row = rows.first()
    if row is None:
        raise NoSuchOperatorInvitation
    over = row.state != InvitationState.PENDING.value or row.expires_at <= now or row.organization.removed_at
    if over or not still_offered(row):
        raise OperatorInvitationOver
    return OpenInvitation(
        id=row.id,
        path=row.organization.path,
        email=row.email,
        name=row.name,
        organization_id=row.organization_id,
        organization_name=row.organization.name,
        role=Role(row.role),
        invited_by_name=row.invited_by_name,
        expires_at=row.expires_at,
        has_account=person_by_address(row.email) is not None,
        may_use_microsoft=bool(tenants_for(row.organization_id)),
    )


def still_offered(row: OperatorInvitation) -> bool:
    """Whether whoever made the offer may still give that role there: it doesn't outlive their own.

    Of offers older than this rule nobody knows who made them; they end by their time.
    """
    where, role = row.organization, Role(row.role)
    return row.invited_by_id is None or may_give(row.invited_by_id, role, path=where.path, kind=Kind(where.kind))


def inviter_of(email: str, *, now: datetime) -> UUID | None:
    """Return the organization that invited this address last and still does, before there is a scope."""
    with through(Door.LINK):
        rows = OperatorInvitation.objects.filter(email=email, state=InvitationState.PENDING.value, expires_at__gt=now)
        rows = rows.filter(organization__removed_at__isnull=True).order_by("-created_at", "id")
        return rows.values_list("organization_id", flat=True).first()


def needs_second_factor(path: str) -> bool:
    """Return whether people of the organization at `path` need a second factor: yes, unless somebody relaxed it.

    From the top down: *required* holds for everything below, *optional* until somebody below says otherwise.
    """
    ids = [UUID(hex=each) for each in path.strip("/").split("/")]
    with through(Door.ANCESTORS):
        said = dict(SignInRules.objects.filter(organization_id__in=ids).values_list("organization_id", "second_factor"))
    needed = True
    for each in ids:
        word = SecondFactor(said.get(each, SecondFactor.INHERIT))
        if word is SecondFactor.REQUIRED:
            return True
        needed = needed and word is not SecondFactor.OPTIONAL
    return needed


def second_factor_rule(organization_id: UUID) -> SecondFactor:
    """Return what an organization of the scope says itself."""
    row = SignInRules.objects.filter(organization_id=organization_id).first()
    return SecondFactor(row.second_factor) if row else SecondFactor.INHERIT


def tenants(organization_id: UUID) -> tuple[TenantView, ...]:
    """Return the Entra tenants of an organization of the scope, with what their roles and groups give."""
    found = EntraTenant.objects.filter(organization_id=organization_id).select_related("organization")
    rows = found.order_by("created_at", "id")
    return tuple(_tenant(row, RoleMapping.objects.filter(tenant=row)) for row in rows)


def tenant(tenant_row_id: UUID) -> TenantView:
    """Return one tenant of the scope; raises `NoSuchTenant`."""
    row = EntraTenant.objects.filter(pk=tenant_row_id).select_related("organization").first()
    if row is None:
        raise NoSuchTenant
    return _tenant(row, RoleMapping.objects.filter(tenant=row))


def tenants_for(organization_id: UUID) -> frozenset[UUID]:
    """Return the ids of the tenants whose people may sign in to an organization, before there is a scope."""
    with through(Door.SIGN_IN):
        rows = EntraTenant.objects.filter(organization_id=organization_id, organization__removed_at__isnull=True)
        return frozenset(rows.values_list("tenant_id", flat=True))


def places_of_tenant(tenant_id: UUID) -> tuple[TenantView, ...]:
    """Return every organization's row for this tenant, before there is a scope: where its people may come in."""
    with through(Door.SIGN_IN):
        living = EntraTenant.objects.filter(tenant_id=tenant_id, organization__removed_at__isnull=True)
        found = living.select_related("organization")
        rows = list(found.order_by("created_at", "id"))
        return tuple(_tenant(row, RoleMapping.objects.filter(tenant=row)) for row in rows)


def is_trusted(tenant_id: UUID, organization_id: UUID) -> bool:
    """Return whether an organization takes a tenant's second factor in place of ours, as it says now."""
    with through(Door.SIGN_IN):
        rows = EntraTenant.objects.filter(organization_id=organization_id, tenant_id=tenant_id)
        return rows.filter(does_second_factor=True, proved_at__isnull=False).exists()


def identities(operator_id: UUID) -> tuple[IdentityView, ...]:
    """Return a person's own Microsoft accounts."""
    rows = Identity.objects.filter(operator_id=operator_id).order_by("created_at", "id")
    return tuple(
        IdentityView(int(row.pk), row.tenant_id, row.username, row.created_at, row.last_used_at) for row in rows
    )


def _tenant(row: EntraTenant, mappings: QuerySet[RoleMapping]) -> TenantView:
    return TenantView(
        id=row.id,
        organization_id=row.organization_id,
        tenant_id=row.tenant_id,
        cloud=row.cloud,
        does_second_factor=row.does_second_factor,
        mappings=tuple(
            MappingView(each.id, ClaimKind(each.kind), each.value, Role(each.role))
            for each in mappings.order_by("kind", "value")
        ),
        group_id=row.organization.entra_group_id,
        proved_at=row.proved_at,
        proved_by=row.proved_by,
        proved_account=row.proved_account,
    )


def _row(row: OperatorInvitation, now: datetime) -> InvitationRow:
    over = row.state == InvitationState.PENDING.value and row.expires_at <= now
    return InvitationRow(
        id=row.id,
        email=row.email,
        name=row.name,
        organization_id=row.organization_id,
        organization_name=row.organization.name,
        organization_kind=Kind(row.organization.kind),
        role=Role(row.role),
        state=InvitationState.EXPIRED if over else InvitationState(row.state),
        sent_count=row.sent_count,
        invited_by_name=named(row.invited_by_name, at=row.created_at, moved_at=row.organization.moved_at),
        expires_at=row.expires_at,
        created_at=row.created_at,
    )
