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
        preferences = self.headers.get("prefer", "").replace(";", ",").split(",")
        return "create-if-missing" in (one.strip().lower() for one in preferences)

    def sees(self, item: DirectoryObject) -> bool:
        """Whether this read meets a copy of the directory that has the object already. Counts as one read."""
        return self.world.replica.sees(item.kind, item.id)
