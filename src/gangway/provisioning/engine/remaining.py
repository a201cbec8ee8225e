"""What remains for somebody with more rights: each permission and role by name, and how we shall see that it came."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gangway.microsoft.cloud import GRAPH_APP_ID
from gangway.microsoft.graph.shapes import Application
from gangway.provisioning.engine.observation import Right
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps.grants import GrantPermission
from gangway.provisioning.engine.steps.roles import AssignRole
from gangway.provisioning.engine.steps.step import Step


class WaitsFor(StrEnum):
    """What a waiting run waits for; both sides are told the same."""

    REGISTRATION = "registration"
    """Somebody has to make the app registration first; all the rest comes after it."""
    CONSENT = "consent"
    ROLES = "roles"
    CONSENT_AND_ROLES = "consent_and_roles"


@dataclass(frozen=True)
class Remains:
    """One thing that is missing. `shows`: whether the registration's own fresh token will tell that it has come."""

    key: str
    part: Part
    name: str
    shows: bool = False


def remains(withheld: Sequence[Step]) -> tuple[Remains, ...]:
    """Name what was withheld from somebody with too few rights, in its order."""
    return tuple(_named(step) for step in withheld)


def _named(step: Step) -> Remains:
    """A role for a part of the tenant only is in no token, nor is a permission of another API than Graph."""
    if isinstance(step, GrantPermission):
        shows = step.permission.resource == GRAPH_APP_ID
        return Remains(step.key, step.part, step.permission.value, shows)
    if isinstance(step, AssignRole):
        return Remains(step.key, step.part, step.role.name, step.key == f"role:{step.role.template_id}")
    return Remains(step.key, step.part, step.label)


def waits_for(rows: Collection[Remains]) -> WaitsFor:
    """Say in one word what is waited for."""
    parts = {row.part for row in rows}
    if Part.REGISTRATION in parts:
        return WaitsFor.REGISTRATION
    if parts == {Part.CONSENT}:
        return WaitsFor.CONSENT
    return WaitsFor.ROLES if parts == {Part.ROLES} else WaitsFor.CONSENT_AND_ROLES


def can_be_seen(rows: Collection[Remains]) -> bool:
    """Whether the registration's own fresh token will tell of all of it, so that nobody has to sign in for it."""
    return bool(rows) and all(row.shows for row in rows)


def still_missing(rows: Sequence[Remains], missing: Collection[str]) -> tuple[Remains, ...]:
    """What has not come yet. `missing`: keys of the rights that the registration's fresh tokens don't show."""
    return tuple(row for row in rows if not row.shows or row.key in missing)


def consent_link_is_safe(
    application: Application | None,
    *,
    wanted: Collection[tuple[str, str, str]],
    granted: Collection[Right],
    back: str,
) -> bool:
    """Whether Microsoft's consent page for the registration itself grants all that is wanted and revokes nothing.

    It grants what the application's own list holds, and may revoke what was granted and isn't on that list. It comes
    back only to an address that the application lists: `back`.
    """
    if application is None or back not in application.redirects:
        return False
    listed = {(resource, right) for resource, right, _kind in application.required}
    return set(wanted) <= application.required and set(granted) <= listed
