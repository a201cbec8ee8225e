"""Delegated scopes: what one sign-in asks for follows from the part of the plan that this person is to do."""

from collections.abc import Collection
from typing import Final

from gangway.provisioning.engine.rights import Part

WHO: Final = ("openid", "profile", "User.Read", "Organization.Read.All")
"""Who signed in, and where. Never offline_access: all work is done within the first token."""

READ_ALL: Final = "Application.Read.All"
WRITE_ALL: Final = "Application.ReadWrite.All"
OF_PART: Final = {
    Part.REGISTRATION: WRITE_ALL,
    Part.CONSENT: "AppRoleAssignment.ReadWrite.All",
    Part.ROLES: "RoleManagement.ReadWrite.Directory",
}
READ_ROLES: Final = "RoleManagement.Read.Directory"
"""To see that the roles are there, for whoever isn't to give any."""
UNITS: Final = "AdministrativeUnit.Read.All"


def of_parts(
    parts: Collection[Part], *, says_goodbye: bool, finds_unit: bool = False, reads_roles: bool = False
) -> tuple[str, ...]:
    """The scopes for these parts. `says_goodbye`: removing the sign-in application at the end needs to write, too.

    `finds_unit`: an administrative unit has to be found by its name. `reads_roles`: roles may be there already.
    """
    more = ((READ_ROLES,) if reads_roles and Part.ROLES not in parts else ()) + ((UNITS,) if finds_unit else ())
    own = {OF_PART[part] for part in parts} | {WRITE_ALL if says_goodbye else READ_ALL}
    order = (READ_ALL, *OF_PART.values())
    return (*WHO, *(scope for scope in order if scope in own and not (scope == READ_ALL and WRITE_ALL in own)), *more)


def left_out(scopes: Collection[str]) -> frozenset[Part]:
    """The parts that a sign-in with these scopes wasn't asked for."""
    return frozenset(part for part, scope in OF_PART.items() if scope not in scopes)
