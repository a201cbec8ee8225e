"""A journal in memory. It outlives the courses that write to it, as the database outlives a killed worker."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gangway.foundation.sealed import SealedText
from gangway.microsoft.signin.own_credentials import OwnCredential, Secret
from gangway.provisioning.engine.observation import Held, Observation
from gangway.provisioning.engine.ports import Looked, Noted, Proofs
from gangway.provisioning.engine.steps.credentials import AddPassword, RemoveLeftover
from gangway.provisioning.engine.steps.step import Step


class CannotSeal(Exception):
    """The store of secrets is broken."""


@dataclass
class SmallJournal:
    """What was written down. `seals` False: storing a secret fails."""

    seals: bool = True
    credentials: dict[str, Held] = field(default_factory=dict)
    secrets: dict[str, SealedText] = field(default_factory=dict)
    intents: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    looks: list[Looked] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    proofs: Proofs | None = None
    steps: tuple[Step, ...] = ()

    def settle(self) -> None:
        """Time passes: nothing is fresh any more."""
        self.credentials = {key: replace(held, fresh=False) for key, held in self.credentials.items()}

    async def show(self, steps: Sequence[Step]) -> None:
        """Nobody watches."""

    async def tell(self, words: str) -> None:
        self.told.append(words)

    async def intend(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self.intents.append(step.key)
            if isinstance(step, AddPassword):
                fresh = step.fresh
                self.credentials[fresh.credential_id] = Held(fresh.credential_id, fresh.display_name, None)

    async def note(self, results: Sequence[Noted]) -> None:
        if any(result.new for result in results) and not self.seals:
            raise CannotSeal
        for result in results:
            if not result.good:
                continue
            self.done.append(result.step.key)
            self.steps += (result.step,)
            if isinstance(result.step, RemoveLeftover):
                self.credentials.pop(result.step.credential_id)
            if isinstance(result.step, AddPassword) and result.new:
                credential_id = result.step.fresh.credential_id
                held = self.credentials[credential_id]
                self.credentials[credential_id] = replace(held, key_id=result.new.key_id, fresh=True)
                self.secrets[credential_id] = result.new.text

    async def looked(self, looks: Sequence[Looked]) -> None:
        self.looks += looks

    async def held(self) -> tuple[Held, ...]:
        return tuple(self.credentials.values())

    async def gone(self, lost: Sequence[Held]) -> None:
        for held in lost:
            self.credentials.pop(held.credential_id, None)

    async def credential(self, held: Held) -> OwnCredential:
        return Secret(self.secrets[held.credential_id])

    async def proved(self, seen: Observation, proofs: Proofs) -> None:
        self.proofs = proofs

    async def undone(self, result: Noted) -> None:
        if isinstance(result.step, AddPassword):
            self.credentials.pop(result.step.fresh.credential_id, None)

    async def made(self) -> tuple[Step, ...]:
        return self.steps
