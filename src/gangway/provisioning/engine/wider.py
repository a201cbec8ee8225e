"""Wider permissions: who holds one of them needs nothing narrower on top. A sourced table, not a guess by name."""

from collections.abc import Collection, Mapping
from functools import cache
from importlib import resources
from typing import Final

from pydantic import BaseModel, ConfigDict

from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.observation import Observation

FILE: Final = "wider.json"


class Row(BaseModel):
    """Permissions that are as good as a narrower one for these calls of Graph's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    narrow: str
    wider: tuple[str, ...]
    calls: tuple[str, ...]


class Table(BaseModel):
    """The whole table and where it comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    rows: tuple[Row, ...]


@cache
def table() -> Table:
    """The table, read once."""
    file = resources.files("gangway.provisioning.engine") / FILE
    return Table.model_validate_json(file.read_text("utf-8"))


def satisfying(value: str, held: Collection[str]) -> str:
    """Which of the held permissions is as good as this one: itself, a wider one, or none (empty)."""
    if value in held:
        return value
    return next((wide for wide in _wider().get(value, ()) if wide in held), "")


def not_satisfied(wanted: Collection[str], held: Collection[str]) -> frozenset[str]:
    """What is wanted and neither held nor covered by something wider."""
    return frozenset(value for value in wanted if not satisfying(value, held))


def instead(blueprint: Blueprint, seen: Observation) -> dict[str, str]:
    """Permissions that the principal doesn't hold, each with the wider one of the same API that it holds instead.

    What will be taken away after the set-up stands in for nothing.
    """
    found = {}
    for wanted in blueprint.permissions:
        if (wanted.resource, wanted.id) not in seen.grants:
            found[wanted.value] = satisfying(wanted.value, _held(wanted.resource, blueprint, seen))
    return {value: wide for value, wide in found.items() if wide}


def _held(resource: str, blueprint: Blueprint, seen: Observation) -> frozenset[str]:
    """Names of the permissions that the principal holds for good at one API."""
    api = seen.resources.get(resource)
    names = {role_id: value for value, role_id in api.app_roles.items()} if api else {}
    leaving = {entry.id for entry in blueprint.setup_only}
    return frozenset(names.get(role, "") for owner, role in seen.grants if owner == resource and role not in leaving)


@cache
def _wider() -> Mapping[str, tuple[str, ...]]:
    return {row.narrow: row.wider for row in table().rows}
