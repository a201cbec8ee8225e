"""Reading who has which role where. Everything returned is a plain frozen value."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, Q, QuerySet

from gangway.organizations.errors import NoSuchOperator, NoSuchOrganization
from gangway.organizations.models import Membership, Operator, Organization
from gangway.organizations.pages import Page, both_ways, every, one_of, page_of
from gangway.organizations.queries import Seat
from gangway.organizations.roles import Kind, Role, gives
from gangway.organizations.scope import Door, through
from gangway.organizations.search import matching

SORTS: Final = {
    **both_ways(organization="organization__name_key", role="role"),
    "name": ("operator__name_key", "operator_id", "id"),
    "-name": ("-operator__name_key", "-operator_id", "-id"),
    "seen": ("operator__last_login", "operator_id", "id"),
    "-seen": ("-operator__last_login", "-operator_id", "-id"),
}
"""By people in between, as their indexes are: else all who never signed in would be sorted."""
MOST_CHOICES: Final = 50
"""Organizations in a list to choose from; more are searched."""


@dataclass(frozen=True, slots=True)
class PlaceView:
    """One person's place in one organization, as others may see it."""

    id: int
    operator_id: UUID
    name: str
    email: str
    organization_id: UUID
    organization_name: str
    organization_kind: Kind
    role: Role
    is_active: bool
    suspended_level: Kind | None
    from_entra: bool
    has_second_factor: bool
    last_sign_in_at: datetime | None
    created_at: datetime

    @property
    def standing(self) -> str:
        """How it stands, as a filter of the list calls it."""
        return "suspended" if not self.is_active else "active" if self.has_second_factor else "no_second_factor"


@dataclass(frozen=True, slots=True)
class PlaceChoice:
    """An organization for which somebody may be invited, and its level."""

    id: UUID
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class PlaceDoor:
    """What an organization asks of somebody of its own who signs in with Microsoft.

    `group_id`: the Entra group that it limits sign-in to, or "". `from_entra`: the role follows the person's claims.
    """

    id: UUID
    at_or_above: frozenset[UUID]
    group_id: str
    from_entra: bool


def operators(*, search: str = "", role: str = "", state: str = "", sort: str = "", page: int = 1) -> Page[PlaceView]:
    """Return the scope's people; `state` is active, suspended or no_second_factor, `sort` a key with "-" for turned."""
    return page_of(_people(search, role, state, sort), page, _view, keys_first=True)


def every_operator(
    *, search: str = "", role: str = "", state: str = "", sort: str = "", among: Collection[int] | None = None
) -> Iterator[PlaceView]:
    """Give everybody whom `operators` would show on its pages, or those of them with these ids, for an export."""
    return every(_people(search, role, state, sort), _view, among=among)


def _people(search: str, role: str, state: str, sort: str) -> QuerySet[Membership]:
    rows = _places().filter(_meant(search))
    if role in set(Role):
        rows = rows.filter(role=role)
    if state in {"active", "suspended"}:
        rows = rows.filter(is_active=state == "active")
    if state == "no_second_factor":
        rows = rows.filter(~Exists(_factors(OuterRef("operator_id"))))
    return rows.order_by(*SORTS.get(sort, SORTS["name"]))


def _meant(search: str) -> Q:
    """Return the condition for places of people whom a search means; none for an empty one."""
    meant = matching(search, begins=("name_key", "email"))
    return one_of(Operator.objects.filter(meant), at="operator") if meant else meant


def place(membership_id: int) -> PlaceView:
    """Return one person's place in the scope; raises `NoSuchOperator`."""
    row = _places().filter(pk=membership_id).first()
    if row is None:
        raise NoSuchOperator
    return _view(row)


def some_places(membership_ids: Collection[int]) -> tuple[PlaceView, ...]:
    """Return those of these places that are in the scope, by name."""
    rows = _places().filter(pk__in=membership_ids).order_by("operator__name_key", "id")
    return tuple(_view(row) for row in rows)


def place_of_person(operator_id: UUID, organization_id: UUID) -> PlaceView | None:
    """Return a person's place in one organization of the scope, None where they have none."""
    row = _places().filter(operator_id=operator_id, organization_id=organization_id).first()
    return None if row is None else _view(row)


def person_by_address(email: str) -> UUID | None:
    """Return who signs in with this address, None for nobody. People are found without a scope, as at the sign-in."""
    return Operator.objects.filter(email=email.strip().lower()).values_list("pk", flat=True).first()


def may_give(operator_id: UUID, role: Role, *, path: str, kind: Kind) -> bool:
    """Whether a person may give this role in the organization of that level at `path`, as things stand now."""
    with through(Door.SEAT):
        rows = Membership.objects.filter(operator_id=operator_id, is_active=True, operator__is_active=True)
        seats = rows.filter(organization__removed_at__isnull=True).select_related("organization")
        above = [one for one in seats if path.startswith(one.organization.path)]
    return any(role in gives(Kind(one.organization.kind), Role(one.role), at=kind) for one in above)


def has_role(operator_id: UUID, organization_id: UUID) -> bool:
    """Return whether somebody has a role in this organization of the scope."""
    return Membership.objects.filter(operator_id=operator_id, organization_id=organization_id).exists()


def belongs_elsewhere(operator_id: UUID, organization_id: UUID) -> bool:
    """Return whether somebody has a role in another organization than this one, wherever it stands."""
    with through(Door.SEAT):
        rows = Membership.objects.filter(operator_id=operator_id, organization__removed_at__isnull=True)
        return rows.exclude(organization_id=organization_id).exists()


def beyond(operator_ids: Collection[UUID], seat: Seat) -> frozenset[UUID]:
    """Return which of these people have a role that this seat may not take away, wherever it stands."""
    with through(Door.SEAT):
        rows = Membership.objects.filter(operator_id__in=operator_ids, organization__removed_at__isnull=True)
        held = [(row.operator_id, Role(row.role), row.organization) for row in rows.select_related("organization")]
    return frozenset(
        person
        for person, role, where in held
        if not where.path.startswith(seat.path)
        or role not in gives(seat.organization_kind, seat.role, at=Kind(where.kind))
    )


def resettable(emails: Collection[str], seat: Seat) -> frozenset[str]:
    """Return which of these addresses have an account with a second factor that this seat may take away."""
    found = Operator.objects.filter(Exists(_factors(OuterRef("pk"))), email__in=emails)
    held = dict(found.values_list("pk", "email"))
    others = beyond(held, seat)
    return frozenset(email for person, email in held.items() if person not in others)


def works_above(email: str, organization_id: UUID) -> bool:
    """Return whether an address is that of somebody of the provider or channel above an organization of the scope."""
    person = person_by_address(email)
    path = Organization.objects.filter(pk=organization_id).values_list("path", flat=True).first()
    if person is None or path is None:
        return False
    with through(Door.SEAT):
        held = Membership.objects.filter(operator_id=person, is_active=True).exclude(organization_id=organization_id)
        return any(path.startswith(above) for above in held.values_list("organization__path", flat=True))


def sides_of(operator_ids: Collection[UUID], *, path: str) -> dict[UUID, tuple[Kind, str]]:
    """Return for whom each person works that has a role here or above: level and name of the highest organization."""
    with through(Door.SEAT):
        rows = Membership.objects.filter(operator_id__in=operator_ids).select_related("organization")
        held = [(row.operator_id, row.organization) for row in rows if path.startswith(row.organization.path)]
    held.sort(key=lambda one: -len(one[1].path))
    return {person: (Kind(where.kind), where.name) for person, where in held}


def home_of(operator_id: UUID) -> UUID | None:
    """Return the organization that a person's own events and mails belong to: that of their oldest role."""
    with through(Door.SEAT):
        rows = Membership.objects.filter(operator_id=operator_id, organization__removed_at__isnull=True)
        return rows.order_by("created_at", "id").values_list("organization_id", flat=True).first()


def paths_of(operator_id: UUID) -> dict[UUID, str]:
    """Return the organizations that a person has a role in, with their scopes."""
    with through(Door.SEAT):
        rows = Membership.objects.filter(operator_id=operator_id, organization__removed_at__isnull=True)
        return dict(rows.values_list("organization_id", "organization__path"))


def doors_of(operator_id: UUID) -> tuple[PlaceDoor, ...]:
    """Return the organizations a person has a role in, each with what it asks of who signs in with Microsoft."""
    with through(Door.SEAT):
        rows = Membership.objects.filter(
            operator_id=operator_id, is_active=True, organization__removed_at__isnull=True
        ).select_related("organization")
        return tuple(_door(row.organization, from_entra=row.from_entra) for row in rows)


def _door(row: Organization, *, from_entra: bool) -> PlaceDoor:
    at_or_above = frozenset(UUID(hex=each) for each in row.path.strip("/").split("/"))
    return PlaceDoor(row.pk, at_or_above, row.entra_group_id, from_entra)


def places_to_invite(kinds: frozenset[Kind], *, search: str = "") -> tuple[PlaceChoice, ...]:
    """Return the first of the scope's organizations of these levels, by name, for a list to choose from."""
    rows = Organization.objects.filter(matching(search, begins=("name_key",)), removed_at__isnull=True)
    rows = rows.filter(kind__in=[kind.value for kind in kinds]).order_by("name_key", "id")[:MOST_CHOICES]
    return tuple(PlaceChoice(row.id, row.name, Kind(row.kind)) for row in rows)


def place_to_invite(organization_id: UUID) -> PlaceChoice:
    """Return one organization of the scope that is in use; raises `NoSuchOrganization`."""
    row = Organization.objects.filter(pk=organization_id, removed_at__isnull=True).first()
    if row is None:
        raise NoSuchOrganization
    return PlaceChoice(row.id, row.name, Kind(row.kind))


def chosen_place(named: str, kinds: frozenset[Kind]) -> PlaceChoice | None:
    """Return the organization of the scope that a form or an address names, if it is of one of these levels."""
    try:
        found = place_to_invite(UUID(named))
    except (ValueError, NoSuchOrganization):
        return None
    return found if found.kind in kinds else None


def path_of(organization_id: UUID) -> str:
    """Return the scope of an organization that a link, a mapping or a person's own role has named."""
    with through(Door.SEAT):
        row = Organization.objects.filter(pk=organization_id).first()
    if row is None:
        raise NoSuchOrganization
    return row.path


def _places() -> QuerySet[Membership]:
    rows = Membership.objects.select_related("operator", "organization")
    return rows.annotate(has_second_factor=Exists(_factors(OuterRef("operator_id"))))


def _factors(of: OuterRef) -> QuerySet[Authenticator]:
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return Authenticator.objects.filter(user_id=of, type__in=kinds)


def _view(row: Membership) -> PlaceView:
    return PlaceView(
        id=int(row.pk),
        operator_id=row.operator_id,
        name=row.operator.name,
        email=row.operator.email,
        organization_id=row.organization_id,
        organization_name=row.organization.name,
        organization_kind=Kind(row.organization.kind),
        role=Role(row.role),
        is_active=row.is_active,
        suspended_level=Kind(row.suspended_level) if row.suspended_level else None,
        from_entra=row.from_entra,
        has_second_factor=bool(getattr(row, "has_second_factor", False)),
        last_sign_in_at=row.operator.last_login,
        created_at=row.created_at,
    )
