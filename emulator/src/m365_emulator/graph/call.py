"""One request to Graph whose token was accepted and whose operation is known: what every operation's function gets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.graph.odata.options import Options
    from m365_emulator.graph.operations import Operation
    from m365_emulator.tokens import Caller
    from m365_emulator.world import World


@dataclass(frozen=True, slots=True)
class Call:
    """``keys`` are the values of the path's parameters, ``headers`` have lower-case names, ``body`` is read JSON.

    ``base`` is the address that the client used, up to ``/v1.0``; ``path`` what follows, still percent-encoded.
    """

    world: World
    caller: Caller
    operation: Operation
    base: str
    path: str
    keys: Mapping[str, str]
    options: Options
    headers: Mapping[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def tenant(self) -> Tenant:
        return self.caller.tenant

    @property
    def eventual(self) -> bool:
        return self.headers.get("consistencylevel", "").lower() == "eventual"

    @property
    def creates_if_missing(self) -> bool:
        return "create-if-missing" in self._preferences()

    @property
    def only_creates(self) -> bool:
        """``If-None-Match: *``: an upsert may make the object, but not change one that is there."""
        return self.headers.get("if-none-match", "").strip() == "*"

    @property
    def page_size(self) -> int | None:
        """``Prefer: odata.maxpagesize=50``."""
        sizes = [one.partition("=")[2] for one in self._preferences() if one.startswith("odata.maxpagesize=")]
        return int(sizes[0]) if sizes and sizes[0].isdecimal() and int(sizes[0]) > 0 else None

    def _preferences(self) -> list[str]:
        given = self.headers.get("prefer", "").replace(";", ",").split(",")
        return [one.strip().lower() for one in given]

    def sees(self, item: DirectoryObject) -> bool:
        """Whether this read meets a copy of the directory that has the object already. Counts as one read."""
        return self.world.replica.sees(item.kind, item.id)
