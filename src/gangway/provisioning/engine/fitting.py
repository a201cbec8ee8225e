"""A registration that somebody made by hand beside the plan: what it lacks, what is too much, which plan it fits.

A pure function. What belongs only to an optional feature counts as declined, and so does what would be a registration
of its own; one of the other role choices is as good as the planned one. Only what is left keeps a service from working,
and is told with its consequence.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gangway.microsoft.cloud import GRAPH_APP_ID
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.pinning import Pinned
from gangway.provisioning.engine.wider import not_satisfied, satisfying


@dataclass(frozen=True)
class Lack:
    """A permission or role that is missing, and what doesn't work without it."""

    kind: Literal["permission", "role"]
    name: str
    without: str


@dataclass(frozen=True)
class Fit:
    """How it fits. `plan`: the one that it reaches, with what it declines. `surplus`: permissions beyond it."""

    plan: Mapping[str, Any]
    lacking: tuple[Lack, ...]
    declined: tuple[str, ...]
    surplus: tuple[str, ...]


def fit(plan: Mapping[str, Any], *, permissions: Collection[str], roles: Collection[str]) -> Fit:
    """Compare a pinned plan with the permissions and directory roles (by template id) that a registration has."""
    wanted = pinning.read(plan)
    lacking_values = not_satisfied([entry.value for entry in _kept(wanted)], permissions)
    missing = {entry.feature for entry in _kept(wanted) if entry.value in lacking_values}
    missing |= {role.feature for role in _roles(wanted) if role.template_id not in roles}
    missing |= {feature.key for feature in wanted.features if feature.registration}
    declined = tuple(sorted(missing & wanted.optional))
    reached = _reached(plan, wanted, declined, roles)
    pinned = pinning.read(reached)
    lacking = [
        *(
            Lack("permission", entry.value, entry.without)
            for entry in _kept(pinned)
            if not satisfying(entry.value, permissions)
        ),
        *(Lack("role", role.name, role.without) for role in pinned.roles if role.template_id not in roles),
    ]
    needed = {satisfying(entry.value, permissions) for entry in pinned.permissions if entry.resource == GRAPH_APP_ID}
    titles = tuple(feature.title for feature in wanted.features if feature.key in declined)
    return Fit(reached, tuple(lacking), titles, tuple(sorted(set(permissions) - needed)))


def _kept(plan: Pinned) -> tuple[Any, ...]:
    """Permissions that it must have for good: what is only for the set-up may be gone."""
    return tuple(entry for entry in plan.permissions if entry.stage == "always" and entry.resource == GRAPH_APP_ID)


def _roles(plan: Pinned) -> tuple[Any, ...]:
    """Roles that come with a feature, whatever the role choice."""
    chosen = {role.template_id for choice in plan.profile.role_choices for role in choice.roles}
    return tuple(role for role in plan.roles if role.template_id not in chosen)


def _reached(
    plan: Mapping[str, Any], wanted: Pinned, declined: Collection[str], roles: Collection[str]
) -> Mapping[str, Any]:
    """The plan without what is declined, by the role choice that the registration has."""
    without = pinning.decline(plan, {*wanted.declined, *declined}) if declined else plan
    held = [
        choice.key for choice in wanted.profile.role_choices if all(role.template_id in roles for role in choice.roles)
    ]
    if not held or wanted.role_choice in held:
        return without
    pinned = pinning.read(without)
    try:
        return pinning.pin(
            profile=pinned.profile.name,
            version=pinned.version,
            role_choice=held[0],
            features=without["features"],
            declined=pinned.declined,
            unit=pinned.unit,
            role_days=pinned.role_days,
            credential_kind=pinned.credential_kind,
            credential_days=pinned.credential_days if pinned.days_chosen else None,
            keep_sign_in_application=pinned.keep_sign_in_application,
        )
    except pinning.NotInAUnit:
        return without
