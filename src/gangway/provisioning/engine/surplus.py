"""What a registration holds beyond its blueprint: shown as more than needed, never taken away by us."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from gangway.microsoft.graph.grants import WHOLE_TENANT
from gangway.provisioning.engine import profile as profiles
from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.steps import roles
from gangway.provisioning.engine.wider import instead

UNNAMED_PERMISSION: Final = "A permission that Microsoft does not name here"
UNNAMED_ROLE: Final = "Another directory role"


@dataclass(frozen=True, order=True)
class Surplus:
    """One permission or role too many. `scope`: where a role reaches, "/" for the whole tenant; empty for permissions.

    `covers`: what it is held instead of, empty for nothing.
    """

    kind: Literal["permission", "role"]
    name: str
    id: str
    scope: str = ""
    covers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Beyond:
    """What is there otherwise than planned, and works. `instead`: permissions by the wider ones that are held instead.

    `skipped`: permissions of optional features that Microsoft doesn't offer in this tenant.
    """

    surplus: tuple[Surplus, ...] = ()
    instead: Mapping[str, str] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()


def beyond(blueprint: Blueprint, seen: Observation) -> Beyond:
    """Everything that is otherwise than planned."""
    return Beyond(surplus(blueprint, seen), instead(blueprint, seen), blueprint.lacking)


def surplus(blueprint: Blueprint, seen: Observation) -> tuple[Surplus, ...]:
    """Everything too many, in a stable order; roles that could not be read are unknown, hence not here."""
    return tuple(sorted((*_permissions(blueprint, seen), *_roles(blueprint, seen))))


def _permissions(blueprint: Blueprint, seen: Observation) -> Iterator[Surplus]:
    wanted = {(entry.resource, entry.id) for entry in (*blueprint.permissions, *blueprint.setup_only)}
    held_instead = instead(blueprint, seen)
    for resource, role_id in seen.grants - wanted:
        api = seen.resources.get(resource)
        name = next((value for value, known in api.app_roles.items() if known == role_id), "") if api else ""
        covers = tuple(sorted(value for value, wide in held_instead.items() if name and wide == name))
        yield Surplus("permission", name or UNNAMED_PERMISSION, role_id, covers=covers)


def _roles(blueprint: Blueprint, seen: Observation) -> Iterator[Surplus]:
    names, wanted = _names(), {(role.template_id, roles.scope_of(blueprint, role, seen)) for role in blueprint.roles}
    limited = {role.template_id: role.name for role in blueprint.roles if blueprint.is_limited(role)}
    for template_id, scope in (seen.roles or frozenset()) - wanted:
        if blueprint.is_leaving(template_id, limited=scope != WHOLE_TENANT):
            continue
        covers = (limited[template_id],) if scope == WHOLE_TENANT and template_id in limited else ()
        yield Surplus("role", names.get(template_id, UNNAMED_ROLE), template_id, scope, covers)


def _names() -> dict[str, str]:
    known = profiles.load("teams-voice")
    if known is None:
        return {}
    chosen = (role for choice in known.role_choices for role in choice.roles)
    return {role.template_id: role.name for role in (*known.roles, *chosen)}
