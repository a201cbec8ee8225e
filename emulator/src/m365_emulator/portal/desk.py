"""What every page of the portal gets, and what it gives back: no page touches requests, cookies or headers itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.portal.graph_access import GraphAccess
    from m365_emulator.world import World

root = "/portal"


@dataclass(frozen=True, slots=True)
class Desk:
    """One request of a person who is signed in. ``graph`` acts in their name; ``form`` is empty for a GET."""

    world: World
    tenant: Tenant
    person: DirectoryObject
    graph: GraphAccess
    path: str
    keys: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, list[str]] = field(default_factory=dict)

    def typed(self, name: str) -> str:
        """What was typed into a field, without blanks around it."""
        return (self.form.get(name) or [""])[0].strip()

    def typed_id(self, name: str) -> str:
        """An id from a form, ready to stand in an address."""
        return quote(self.typed(name), safe="")

    @property
    def id(self) -> str:
        """The id in the page's own address, ready to stand in another."""
        return quote(self.keys["id"], safe="")

    def asked(self, name: str) -> str:
        """A value of the address's query."""
        return self.query.get(name, "").strip()


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way back."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A page: its template, its way back, and what stands on it."""

    template: str
    title: str
    crumbs: tuple[Crumb, ...] = ()
    content: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Went:
    """After a form: go to an address and say there what happened. ``secret`` is shown there once, and never again."""

    address: str
    words: str
    secret: str = ""


def address(*parts: str) -> str:
    """An address inside the portal; each part becomes one segment."""
    return "/".join([root, *(quote(part, safe="") for part in parts)])
