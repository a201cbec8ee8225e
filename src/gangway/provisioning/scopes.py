"""Delegated scopes: what one sign-in asks for follows from the part of the plan that this person is to do."""

from collections.abc import Collection
from dataclasses import dataclass
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

TITLES: Final = {
    "openid": "Sign users in",
    "profile": "View users' basic profile",
    "User.Read": "Sign in and read user profile",
    "Organization.Read.All": "Read organization information",
    READ_ALL: "Read applications",
    WRITE_ALL: "Read and write all applications",
    "AppRoleAssignment.ReadWrite.All": "Manage app permission grants and app role assignments",
    "RoleManagement.ReadWrite.Directory": "Read and write directory RBAC settings",
    READ_ROLES: "Read directory RBAC settings",
    UNITS: "Read administrative units",
}
"""What Microsoft's page calls them in English: the delegated permissions' `adminConsentDisplayName`.

Source: Microsoft Graph permissions reference, as in the emulator's copy.
"""
WHY: Final = {
    "openid": "To know who signed in.",
    "profile": "To know who signed in.",
    "User.Read": "To read your name and your roles.",
    "Organization.Read.All": "To show you which tenant it is, by its name and domains.",
    READ_ALL: "To see whether an App registration of ours is there already.",
    WRITE_ALL: "To make the App registration, or to remove this sign-in application at the end.",
    "AppRoleAssignment.ReadWrite.All": "To grant the App registration its permissions.",
    "RoleManagement.ReadWrite.Directory": "To give the App registration its directory roles.",
    READ_ROLES: "To see whether its directory roles are there already.",
    UNITS: "To find the administrative unit by its name.",
}
"""What a sign-in needs them for."""


@dataclass(frozen=True, slots=True)
class AskedScope:
    """A delegated permission that Microsoft's page names: its value, English title there, and what we need it for."""

    value: str
    title: str
    why: str


def told(asked: Collection[str]) -> tuple[AskedScope, ...]:
    """Say of scopes what whoever signs in will read at Microsoft, and why."""
    return tuple(AskedScope(scope, TITLES[scope], WHY[scope]) for scope in asked)


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
