"""Looking: what is there, in as few round trips as possible."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from gangway.foundation import clock
from gangway.foundation.ids import AppId, ObjectId
from gangway.microsoft.cloud import GRAPH_APP_ID
from gangway.microsoft.errors import Forbidden, Missing, NotCopiedYet
from gangway.microsoft.graph import applications, federation, grants, owners, service_principals, tenant
from gangway.microsoft.graph.session import Outcome
from gangway.microsoft.graph.shapes import Application, FederatedKey, Grant, RoleAssignment, ServicePrincipal
from gangway.provisioning.engine import unit
from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.observation import Held, Observation, Right
from gangway.provisioning.engine.ports import Graph

if TYPE_CHECKING:
    from gangway.microsoft.graph.calls import Call

EXTEND_BEFORE: Final = timedelta(days=60)
"""How long before its end a role that PIM gave is extended, at most: from the first warning on. A short one in the
second half of its life."""


async def observe(graph: Graph, blueprint: Blueprint, *, held: tuple[Held, ...], client: AppId | None) -> Observation:
    """The tenant as it is now: one round trip when nothing of ours is there, else two. Rights: `with_rights`.

    `client` is the sign-in application. Raises the MicrosoftError of anything that must be readable and isn't.
    """
    calls: list[Call[Any]] = [applications.by_unique_name(blueprint.unique_name), tenant.my_roles()]
    calls += [service_principals.by_app_id(app, with_roles=app == GRAPH_APP_ID) for app in blueprint.resources]
    calls += [service_principals.by_app_id(client)] if client else []
    calls += [unit.call(blueprint.unit)] if blueprint.unit else []
    outcomes = await graph.batch(calls)
    application: Application | None = _or_none(outcomes[0])
    resources = {app: _or_none(outcomes[2 + place]) for place, app in enumerate(blueprint.resources)}
    seen = Observation(
        application=application,
        resources=resources,
        held=held,
        signer_roles=_signer_roles(outcomes[1]),
        sign_in_principal=_or_none(outcomes[2 + len(resources)]) if client else None,
        unit=unit.found(blueprint.unit, outcomes[-1]) if blueprint.unit else None,
    )
    if application is None:
        return seen
    found, trusted = await graph.batch(
        [service_principals.by_app_id(application.app_id), federation.federated_of(application.object_id)]
    )
    return replace(seen, principal=_or_none(found), application=replace(application, federated=_trusted(trusted)))


async def with_rights(graph: Graph, blueprint: Blueprint, seen: Observation) -> Observation:
    """The same observation with the rights of its principal, and who owns it, read afresh: one round trip."""
    if seen.principal is None:
        return replace(seen, grants=frozenset(), roles=frozenset())
    principal = seen.principal.object_id
    calls: list[Call[Any]] = [grants.of_principal(principal), grants.roles_of(principal)]
    asked = _asks_ends(blueprint, principal)
    held, given, *more = await graph.batch([*calls, *asked, *_asks_owners(blueprint, seen)])
    rights = replace(seen, grants=_grants(held, seen), roles=_roles(given), owners=_owners(more[len(asked) :]))
    return _with_ends(blueprint, rights, more[: len(asked)])


async def look_again(
    graph: Graph, blueprint: Blueprint, seen: Observation
) -> tuple[Observation, Sequence[Outcome[Any]]]:
    """Read back everything that we know the ids of, in one round trip; what can't be found is None, as in `observe`."""
    if seen.principal is None or seen.application is None:
        raise ValueError("there is nothing to read back yet")
    principal, absent_before = seen.principal.object_id, [app for app in blueprint.resources if app != GRAPH_APP_ID]
    outcomes = await graph.batch(
        [
            applications.by_unique_name(blueprint.unique_name),
            service_principals.by_app_id(seen.application.app_id),
            grants.of_principal(principal),
            grants.roles_of(principal),
            federation.federated_of(seen.application.object_id),
            *(service_principals.by_app_id(app) for app in absent_before),
            *_asks_ends(blueprint, principal),
            *_asks_owners(blueprint, seen),
        ]
    )
    resources = {app: _or_none(outcomes[5 + place]) for place, app in enumerate(absent_before)}
    after = 5 + len(absent_before)
    found: ServicePrincipal | None = _or_none(outcomes[1])
    again: Application | None = _or_none(outcomes[0])
    read = replace(
        seen,
        application=again and replace(again, federated=_trusted(outcomes[4])),
        principal=found,
        resources={**seen.resources, **resources},
        grants=_grants(outcomes[2], seen),
        roles=_roles(outcomes[3]),
        owners=_owners(outcomes[-1:] if blueprint.owns_itself else ()),
    )
    return _with_ends(blueprint, read, outcomes[after : after + bool(blueprint.role_days)]), outcomes


def _asks_ends(blueprint: Blueprint, principal: ObjectId) -> list["Call[tuple[RoleAssignment, ...]]"]:
    return [grants.ends_of_roles(principal)] if blueprint.role_days else []


def _with_ends(
    blueprint: Blueprint, seen: Observation, outcomes: Sequence[Outcome[tuple[RoleAssignment, ...]]]
) -> Observation:
    """When planned roles end that PIM gave. What isn't listed, or can't be read, ends when we knew it to before."""
    rows = [row for outcome in outcomes if outcome.error is None for row in outcome.get()]
    ends = {**seen.role_ends, **ends_of(rows, {role.template_id for role in blueprint.roles})}
    soon = clock.now() + min(EXTEND_BEFORE, timedelta(days=blueprint.role_days) / 2)
    return replace(seen, role_ends=ends, ending=frozenset(right for right, at in ends.items() if at and at < soon))


def ends_of(rows: Sequence[RoleAssignment], roles: Collection[str]) -> dict[Right, datetime | None]:
    """When these roles end; None for one that was given for good. Of several grants of one role the longest counts."""
    found: dict[Right, datetime | None] = {}
    for row in (row for row in rows if row.role_id in roles):
        right = (row.role_id, row.scope)
        known = found.setdefault(right, row.ends_at)
        found[right] = max(known, row.ends_at) if known is not None and row.ends_at is not None else None
    return found


def _asks_owners(blueprint: Blueprint, seen: Observation) -> list["Call[frozenset[ObjectId]]"]:
    asked = blueprint.owns_itself and seen.application is not None
    return [owners.of_application(seen.application.object_id)] if asked and seen.application else []


def _owners(outcomes: Sequence[Outcome[frozenset[ObjectId]]]) -> frozenset[ObjectId] | None:
    """Nobody when nobody asked, or when the application isn't copied everywhere."""
    if any(isinstance(outcome.error, Forbidden) for outcome in outcomes):
        return None
    return frozenset(owner for outcome in outcomes for owner in (_or_none(outcome) or ()))


def _or_none(outcome: Outcome[Any]) -> Any:
    """The value, None when it isn't there; any other error rises."""
    return None if isinstance(outcome.error, Missing) else outcome.get()


def _trusted(outcome: Outcome[tuple[FederatedKey, ...]]) -> tuple[FederatedKey, ...]:
    """An application that is there and whose list is not is still being copied."""
    if isinstance(outcome.error, Missing):
        raise NotCopiedYet(fault=outcome.error.fault) from outcome.error
    return outcome.get()


def _signer_roles(outcome: Outcome[Any]) -> frozenset[str] | None:
    if isinstance(outcome.error, Forbidden):
        return None
    return frozenset(role.template_id for role in outcome.get())


def _grants(outcome: Outcome[tuple[Grant, ...]], seen: Observation) -> frozenset[tuple[str, str]]:
    if isinstance(outcome.error, Missing):
        return frozenset()
    names = {resource.object_id: app_id for app_id, resource in seen.resources.items() if resource is not None}
    return frozenset((names.get(row.resource_id, row.resource_id), row.role_id) for row in outcome.get())


def _roles(outcome: Outcome[tuple[RoleAssignment, ...]]) -> frozenset[tuple[str, str]] | None:
    if isinstance(outcome.error, Forbidden):
        return None
    if isinstance(outcome.error, Missing):
        return frozenset()
    return frozenset((row.role_id, row.scope) for row in outcome.get())
