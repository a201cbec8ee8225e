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


UNITS: Final = "AdministrativeUnit.Read.All"


def of_parts(parts: Collection[Part], *, says_goodbye: bool, finds_unit: bool = False) -> tuple[str, ...]:
    """The scopes for these parts. `says_goodbye`: removing the sign-in application at the end needs to write, too.

    `finds_unit`: an administrative unit has to be found by its name.
    """
    units = (UNITS,) if finds_unit else ()
    own = {OF_PART[part] for part in parts} | {WRITE_ALL if says_goodbye else READ_ALL}
    order = (READ_ALL, *OF_PART.values())
    return (*WHO, *(scope for scope in order if scope in own and not (scope == READ_ALL and WRITE_ALL in own)), *units)
