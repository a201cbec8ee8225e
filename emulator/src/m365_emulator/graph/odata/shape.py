"""What one type of object looks like to a query: which properties exist, which can be filtered and sorted, and how.

Graph refuses what its directory cannot index; so do we, by the tables in each resource's file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from m365_emulator.graph.call import Call

    Expansion = Callable[[Call, Mapping[str, Any]], Any]

_relations = (
    "appRoleAssignedTo",
    "appRoleAssignments",
    "memberOf",
    "members",
    "oauth2PermissionGrants",
    "ownedObjects",
    "owners",
)


@dataclass(frozen=True, slots=True)
class Shape:
    """``type`` is the name in Graph's model, ``set`` the name of its collection in ``@odata.context``.

    ``filterable`` gives the operators of each property in one line of text. ``usual`` are the properties of an answer
    without ``$select``; empty: all. ``directory`` objects take advanced queries, pages and ``$count``.
    A ``nested`` collection belongs to another object and is named, and found, through it. One that isn't ``paged``
    comes whole; ``page`` is how many come where nobody says. ``expands`` are the most relations of one ``$expand``.
    """

    type: str
    set: str
    filterable: Mapping[str, str] = field(default_factory=dict)
    sortable: frozenset[str] = frozenset()
    usual: tuple[str, ...] = ()
    expandable: Mapping[str, Expansion] = field(default_factory=dict)
    directory: bool = True
    polymorphic: bool = False
    nested: bool = False
    paged: bool = True
    page: int = 100
    expands: int = 1

    @property
    def resource(self) -> str:
        """The name in error sentences: ``Application``."""
        return self.type[0].upper() + self.type[1:]

    @property
    def properties(self) -> dict[str, str]:
        return properties(self.type)


@cache
def _all() -> dict[str, dict[str, str]]:
    text = (resources.files("m365_emulator.graph") / "data" / "properties.json").read_text("utf-8")
    return dict(json.loads(text))


@cache
def properties(type_name: str) -> dict[str, str]:
    """Names and kinds of the properties of a type of Graph's model: ``text``, ``flag``, ``time``, ``list:text``."""
    return _all()[type_name]


@cache
def _spellings() -> dict[str, str]:
    names = [*_relations, *(name for members in _all().values() for name in members)]
    return {name.lower(): name for name in names}


def spelled(name: str) -> str:
    """A name of a query as the model spells it: Graph reads names without case, and no two differ by case alone."""
    return _spellings().get(name.lower(), name)


def is_type(name: str) -> bool:
    """Whether this is the name of a complex type of Graph's model."""
    return name in _all()
