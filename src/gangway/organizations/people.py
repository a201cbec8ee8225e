"""Changes to people's places: which role somebody has in which organization, and when that ends.

Whoever changes something must be able to give both the role that is there and the one that shall be there. The last
active Admin of a system, provider or channel stays: the organization's row is locked while they are counted. Who
suspended somebody decides: it is undone at their level or above.
"""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import IntegrityError, transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, Plain, record
from gangway.foundation import clock
from gangway.foundation.names import holds_address
from gangway.organizations.actions import save_operator
from gangway.organizations.details import LONGEST_NAME, checked_address, text
from gangway.organizations.errors import (
    AddressTaken,
    BelongsElsewhere,
    DecidedAbove,
    InvalidField,
    LastAdmin,
    NoSuchOperator,
    NoSuchOrganization,
    NoSuchRole,
    NotYoursToGive,
    RoleMoved,
    RoleTaken,
)
from gangway.organizations.models import Membership, Operator, Organization
from gangway.organizations.people_queries import beyond, paths_of
from gangway.organizations.queries import Seat
from gangway.organizations.roles import ROLE_TABLE, Kind, Role, gives, stands_over
from gangway.organizations.scope import within
from gangway.organizations.signing_out import end_sessions_of

_HAS_ADMINS: Final = {Kind.SYSTEM, Kind.PROVIDER, Kind.CHANNEL}


@transaction.atomic
def create_person(*, email: str, name: str) -> UUID:
    """Add a person without password and role, whose address an identity provider vouches for; see `give_role`.

    Raises `InvalidAddress` and `AddressTaken` at "email".
    """
    person = Operator(email=checked_address(email, field="email"), created_at=clock.now())
    person.call(name or person.email)
    person.set_unusable_password()
    save_operator(person)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person.id


@transaction.atomic
def give_role(*, operator_id: UUID, organization_id: UUID, role: Role, by: Actor, from_entra: bool = False) -> int:
    """Give a person who has none yet a role in an organization of the scope, and return the place's id.

    Whether the giver may was decided when the person was invited, or by the organization's own table of Entra roles.
    Raises `NoSuchOrganization`, `NoSuchRole`, and `RoleTaken` when the person has a role there.
    """
    organization = Organization.objects.select_for_update().filter(pk=organization_id).first()
    if organization is None:
        raise NoSuchOrganization
    _need_role(Kind(organization.kind), Role(role))
    if Membership.objects.filter(operator_id=operator_id, organization=organization).exists():
        raise RoleTaken
    row = Membership(
        operator_id=operator_id,
        organization=organization,
        role=Role(role).value,
        from_entra=from_entra,
        created_at=clock.now(),
    )
    row.save()
    Operator.objects.filter(pk=operator_id, is_active=False).update(is_active=True)
    _told(Event.OPERATOR_ROLE_GIVEN, row, by, role=row.role)
    return int(row.pk)


@transaction.atomic
def change_role(membership_id: int, *, role: Role, by: Actor, seat: Seat | None, shown: str = "") -> None:
    """Give somebody another role; `seat` is who changes it, None for the organization's own table of Entra roles.

    `shown`: the role that whoever changes it saw; empty: they saw none. Raises `NoSuchOperator`, `NoSuchRole`,
    `NotYoursToGive`, `LastAdmin`, and `RoleMoved` when it is another one by now.
    """
    row = _locked(membership_id)
    if shown and row.role not in {shown, Role(role).value}:
        raise RoleMoved
    _need_role(Kind(row.organization.kind), Role(role))
    _need_gift(seat, row.organization, (Role(row.role), Role(role)))
    if Role(role) is not Role.ADMIN:
        _need_another_admin(row)
    before, row.role = row.role, Role(role).value
    if before == row.role:
        return
    row.save(update_fields=["role"])
    _told(Event.OPERATOR_ROLE_CHANGED, row, by, before=before, after=row.role)


@transaction.atomic
def suspend(membership_id: int, *, by: Actor, seat: Seat) -> None:
    """Take away what somebody may do here until they are let in again; their sessions end at once.

    Once more changes nothing, but what a lower level suspended becomes this one's. Raises `NoSuchOperator`,
    `NotYoursToGive`, `LastAdmin`.
    """
    row = _locked(membership_id)
    _need_gift(seat, row.organization, (Role(row.role),))
    if row.suspended_level and stands_over(Kind(row.suspended_level), seat.organization_kind):
        return
    _need_another_admin(row)
    row.is_active, row.suspended_level = False, seat.organization_kind.value
    row.save(update_fields=["is_active", "suspended_level"])
    ended = end_sessions_of(row.operator_id)
    _told(Event.OPERATOR_SUSPENDED, row, by, role=row.role, level=row.suspended_level, sessions=ended)


@transaction.atomic
def resume(membership_id: int, *, by: Actor, seat: Seat) -> None:
    """Let somebody in again, with the role they had; once more changes nothing.

    Raises `NoSuchOperator`, `NotYoursToGive`, `DecidedAbove`.
    """
    row = _locked(membership_id)
    _need_gift(seat, row.organization, (Role(row.role),))
    if row.is_active:
        return
    _need_level(seat, row)
    row.is_active, row.suspended_level = True, ""
    row.save(update_fields=["is_active", "suspended_level"])
    _told(Event.OPERATOR_RESUMED, row, by, role=row.role)


@transaction.atomic
def remove(membership_id: int, *, by: Actor, seat: Seat | None) -> None:
    """End somebody's role here; their sessions end at once. What they did stays in the activity log.

    Whom somebody above suspended stays, so that nobody below invites them anew. Raises `NoSuchOperator`,
    `NotYoursToGive`, `LastAdmin`, `DecidedAbove`.
    """
    row = _locked(membership_id)
    _need_gift(seat, row.organization, (Role(row.role),))
    _need_level(seat, row)
    _need_another_admin(row)
    ended = end_sessions_of(row.operator_id)
    _told(Event.OPERATOR_REMOVED, row, by, role=row.role, sessions=ended)
    row.delete()


@transaction.atomic
def end_sessions(membership_id: int, *, by: Actor, seat: Seat) -> int:
    """Sign somebody out everywhere and return of how many sessions. Raises `NoSuchOperator`, `NotYoursToGive`."""
    row = _locked(membership_id)
    _need_gift(seat, row.organization, (Role(row.role),))
    ended = end_sessions_of(row.operator_id)
    _told(Event.OPERATOR_SESSIONS_ENDED, row, by, sessions=ended)
    return ended


@transaction.atomic
def end_own_session(session_id: int, *, here: str, by: Actor, seat: Seat) -> bool:
    """Sign oneself out in one other browser, `here` being the key of this one's session; False when there is none."""
    other = UserSession.objects.filter(user_id=seat.operator_id, pk=session_id).exclude(session_key=here).first()
    if other is None:
        return False
    other.end()
    subject = f"operator:{seat.operator_id}"
    record(Event.OPERATOR_SESSIONS_ENDED, by=by, organization_id=seat.organization_id, subject=subject)
    return True


@transaction.atomic
def reset_second_factor(membership_id: int, *, by: Actor, seat: Seat) -> None:
    """Take somebody's second factors away because they lost them; at their next sign-in they set up new ones.

    Only by whoever may take away every role that the person has: where another one is, others answer for them, too.
    Raises `NoSuchOperator`, `NotYoursToGive`, `BelongsElsewhere`.
    """
    row = _locked(membership_id)
    _need_gift(seat, row.organization, (Role(row.role),))
    take_factors_away(row.operator_id, organization_id=row.organization_id, by=by, seat=seat)


@transaction.atomic
def take_factors_away(operator_id: UUID, *, organization_id: UUID, by: Actor, seat: Seat) -> None:
    """Do so for somebody who may have no role in any organization; the log of this one has it, and those of all theirs.

    Raises `BelongsElsewhere`.
    """
    if beyond([operator_id], seat):
        raise BelongsElsewhere
    Authenticator.objects.filter(user_id=operator_id).delete()
    end_sessions_of(operator_id)
    person = Operator.objects.get(pk=operator_id)
    facts: dict[str, Plain] = {"name": person.name, "email": person.email}
    held = Membership.objects.filter(operator_id=operator_id, organization__removed_at__isnull=True)
    for where in {organization_id, *held.values_list("organization_id", flat=True)}:
        subject = f"operator:{operator_id}"
        record(Event.OPERATOR_SECOND_FACTOR_RESET, by=by, organization_id=where, subject=subject, data=facts)


@transaction.atomic
def call_oneself(name: str, *, by: Actor, seat: Seat) -> None:
    """Change one's own name. Raises `InvalidField` at "name"."""
    _call(held_person(seat.operator_id), name, by=by, organization_id=seat.organization_id)


@transaction.atomic
def correct_name(membership_id: int, *, name: str, by: Actor, seat: Seat) -> None:
    """Correct somebody's name, for whoever gives every role that they have: it is the same in all organizations.

    Raises `InvalidField` at "name", `NoSuchOperator`, `NotYoursToGive`, `BelongsElsewhere`.
    """
    person, where = wholly_given(membership_id, seat=seat)
    _call(held_person(person), name, by=by, organization_id=where)


def wholly_given(membership_id: int, *, seat: Seat) -> tuple[UUID, UUID]:
    """Return the person of a place in the scope, every role of whom this seat gives, and the place's organization.

    The place is locked. Raises `NoSuchOperator`, `NotYoursToGive`, `BelongsElsewhere`.
    """
    row = _locked(membership_id)
    _need_gift(seat, row.organization, (Role(row.role),))
    if beyond([row.operator_id], seat):
        message = "This person belongs to another organization, too, so this can't be changed from here."
        raise BelongsElsewhere(message, cure="Ask them to change it on their own page, Your sign-in.")
    return row.operator_id, row.organization_id


@transaction.atomic
def readdress(confirmed: str, *, by: Actor, seat: Seat) -> tuple[str, str]:
    """Let the person at this seat sign in with an address they confirmed; gives the one before and it.

    Who has no name is called by their address. The logs of all organizations where they have a role tell of it.
    Raises `NoSuchOperator`, and `AddressTaken` when somebody else got it meanwhile.
    """
    person = held_person(seat.operator_id)
    before, person.email = person.email, confirmed
    person.call(person.email if person.name == before else person.name)
    try:
        with transaction.atomic():
            person.save(update_fields=["email", "name", "name_key", "search_words"])
            EmailAddress.objects.filter(user=person).delete()
            EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    except IntegrityError as error:
        raise AddressTaken from error
    was, now_is = {"email": before}, {"email": person.email}
    subject, facts, event = f"operator:{person.pk}", {"name": person.name}, Event.OPERATOR_READDRESSED
    for where, path in {seat.organization_id: seat.path, **paths_of(seat.operator_id)}.items():
        with within(path):
            record(event, by=by, organization_id=where, subject=subject, data=facts, before=was, after=now_is)
    return before, person.email


def held_person(operator_id: UUID) -> Operator:
    """Return somebody's row, locked until the caller's transaction ends. Raises `NoSuchOperator`."""
    person = Operator.objects.select_for_update().filter(pk=operator_id).first()
    if person is None:
        raise NoSuchOperator
    return person


def _call(person: Operator, name: str, *, by: Actor, organization_id: UUID) -> None:
    wanted, before = text(name, field="name", longest=LONGEST_NAME), person.name
    if not wanted or holds_address(wanted):
        raise InvalidField(field="name")
    if wanted == before:
        return
    person.call(wanted)
    person.save(update_fields=["name", "name_key", "search_words"])
    was, now_is = {"name": before}, {"name": person.name}
    subject, facts = f"operator:{person.pk}", {"email": person.email}
    event = Event.OPERATOR_RENAMED
    record(event, by=by, organization_id=organization_id, subject=subject, data=facts, before=was, after=now_is)


def may_change(seat: Seat, *, kind: Kind, role: Role) -> bool:
    """Return whether somebody may change a person with this role at this level."""
    return role in gives(seat.organization_kind, seat.role, at=kind)


def _need_role(kind: Kind, role: Role) -> None:
    if (kind, role) not in ROLE_TABLE:
        raise NoSuchRole(field="role")


def _need_gift(seat: Seat | None, organization: Organization, roles: Iterable[Role]) -> None:
    if seat is not None and not all(may_change(seat, kind=Kind(organization.kind), role=role) for role in roles):
        raise NotYoursToGive(field="role")


def _need_level(seat: Seat | None, row: Membership) -> None:
    if seat is not None and row.suspended_level and not stands_over(seat.organization_kind, Kind(row.suspended_level)):
        raise DecidedAbove


def _locked(membership_id: int) -> Membership:
    """Return somebody's place with the organization's row locked, so that two can't take the last two Admins away."""
    rows = Membership.objects.select_related("organization", "operator").filter(pk=membership_id)
    where = rows.values_list("organization_id", flat=True).first()
    if where is not None:
        Organization.objects.select_for_update().filter(pk=where).first()
    row = rows.first()
    if row is None:
        raise NoSuchOperator
    return row


def _need_another_admin(row: Membership) -> None:
    if Kind(row.organization.kind) not in _HAS_ADMINS or row.role != Role.ADMIN.value or not row.is_active:
        return
    admins = Membership.objects.filter(
        organization=row.organization, role=Role.ADMIN.value, is_active=True, operator__is_active=True
    )
    if not admins.exclude(pk=row.pk).exists():
        raise LastAdmin


def _told(event: Event, row: Membership, by: Actor, **data: str | int) -> None:
    person = row.operator
    facts = {"name": person.name, "email": person.email, **data}
    record(event, by=by, organization_id=row.organization_id, subject=f"operator:{row.operator_id}", data=facts)
