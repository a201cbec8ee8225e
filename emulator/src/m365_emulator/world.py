"""The emulated world: everything that a request can read or change, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from m365_emulator import microsofts_own
from m365_emulator import seed as seeds
from m365_emulator.clock import Clock
from m365_emulator.directory import Directory
from m365_emulator.faults import Faults
from m365_emulator.ids import Ids
from m365_emulator.keys import Keys
from m365_emulator.log import RequestLog
from m365_emulator.login.memory import LoginMemory
from m365_emulator.replica import Replica

if TYPE_CHECKING:
    from m365_emulator.settings import Settings


@dataclass(slots=True)
class World:
    """Routes keep the world, never its parts: ``reset`` puts new parts in."""

    settings: Settings
    seed: dict[str, Any]
    clock: Clock
    ids: Ids
    keys: Keys
    directory: Directory
    faults: Faults
    replica: Replica
    log: RequestLog
    login: LoginMemory

    def reset(self, seed: dict[str, Any] | None = None) -> None:
        """Forget everything and start from another seed this once, or from the one this world was made with."""
        fresh = build(self.settings, seed if seed is not None else self.seed)
        for name in self.__slots__:
            if name != "seed":
                setattr(self, name, getattr(fresh, name))


def build(settings: Settings, seed: dict[str, Any]) -> World:
    """A world as the seed describes it. Raises ``seed.SeedError`` with a sentence when the seed is wrong."""
    name = str(seed.get("seed", "m365-emulator"))
    ids, clock, faults = Ids(name), Clock(), Faults()
    world = World(
        settings=settings,
        seed=seed,
        clock=clock,
        ids=ids,
        keys=Keys(name),
        directory=Directory(microsofts_own=microsofts_own.tenant()),
        faults=faults,
        replica=Replica(clock, faults),
        log=RequestLog(),
        login=LoginMemory(),
    )
    seeds.plant(world, seed)
    return world
