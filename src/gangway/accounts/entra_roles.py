"""What a tenant's app roles and groups give in our organizations: looked at, at every sign-in with Microsoft.

A role that came from Entra follows it: it changes, and ends, with the claim. A role that somebody gave by invitation
stays as it is: people and not claims answer for it. A tenant that nobody has proved gives nothing and ends nothing.
Somebody whom a person of ours suspended keeps the place, and so stays suspended, whatever the claims say.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from gangway.accounts.queries import TenantView
from gangway.accounts.states import ClaimKind
from gangway.audit.record import Actor
from gangway.microsoft.signin.tokens import Identity
from gangway.organizations import people
from gangway.organizations.errors import LastAdmin
from gangway.organizations.people_queries import PlaceView, path_of, place_of_person
from gangway.organizations.roles import LETTERS, Role
from gangway.organizations.scope import within

_ORDER = tuple(LETTERS.values())


def is_let_in(who: Identity, row: TenantView) -> bool:
    """Return whether the account is in the group that the organization asks for, if it asks for one."""
    return not row.group_id or row.group_id in who.groups


def role_given(who: Identity, row: TenantView) -> Role | None:
    """Return the mightiest role that the claims give in an organization, None where they give none."""
    if not is_let_in(who, row):
        return None
    held = {ClaimKind.APP_ROLE: who.roles, ClaimKind.GROUP: who.groups}
    given = {mapping.role for mapping in row.mappings if mapping.value in held[mapping.kind]}
    return next((role for role in _ORDER if role in given), None)


@transaction.atomic
def follow(who: Identity, rows: Iterable[TenantView], *, operator_id: UUID | None, by: Actor) -> UUID | None:
    """Bring somebody's roles in line with their claims, where the tenant is proved; make the person the first time.

    Returns None for an account that is nobody's and that no claim lets in. Raises `AddressTaken`.
    """
    for row in rows:
        if not row.is_proved:
            continue
        given = role_given(who, row)
        with within(path_of(row.organization_id)):
            if operator_id is None:
                if given is not None:
                    operator_id = people.create_person(email=who.username, name=who.name)
                    people.give_role(
                        operator_id=operator_id,
                        organization_id=row.organization_id,
                        role=given,
                        by=by,
                        from_entra=True,
                    )
                continue
            _adjust(place_of_person(operator_id, row.organization_id), given, operator_id, row, by)
    return operator_id


def _adjust(place: PlaceView | None, given: Role | None, operator_id: UUID, row: TenantView, by: Actor) -> None:
    if place is None and given is not None:
        people.give_role(
            operator_id=operator_id, organization_id=row.organization_id, role=given, by=by, from_entra=True
        )
    if place is None or not place.from_entra or not place.is_active:
        return
    try:
        if given is None:
            people.remove(place.id, by=by, seat=None)
        elif given is not place.role:
            people.change_role(place.id, role=given, by=by, seat=None)
    except LastAdmin:
        return  # somebody must stay; the tenant's administrator gives another person the role first
