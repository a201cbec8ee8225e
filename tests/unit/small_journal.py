"""A journal in memory. It outlives the courses that write to it, as the database outlives a killed worker."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gangway.foundation.ids import KeyId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.signin.own_credentials import Certificate, Federated, OwnCredential, Secret
from gangway.provisioning.engine.observation import Held, Observation
from gangway.provisioning.engine.ports import Looked, Noted, Proofs
from gangway.provisioning.engine.steps.credentials import Fresh, NewCredential, RemoveLeftover
from gangway.provisioning.engine.steps.removal import RemoveCredential
from gangway.provisioning.engine.steps.step import Step


class CannotSeal(Exception):
    """The store of secrets is broken."""


@dataclass
class SmallJournal:
    """What was written down. `seals` False: storing a secret fails."""

    seals: bool = True
    credentials: dict[str, Held] = field(default_factory=dict)
    secrets: dict[str, SealedText] = field(default_factory=dict)
    own: dict[str, OwnCredential] = field(default_factory=dict)
    issuer_key: SealedText | None = None
    issuer_kid: str = "1"
    intents: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    looks: list[Looked] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    proofs: Proofs | None = None
    steps: tuple[Step, ...] = ()

    def settle(self) -> None:
        """Time passes: nothing is fresh any more."""
        self.credentials = {key: replace(held, fresh=False) for key, held in self.credentials.items()}

    async def show(self, steps: Sequence[Step], *, looked: bool = True) -> None:
        """Nobody watches."""

    async def tell(self, words: str) -> None:
        self.told.append(words)

    async def intend(self, steps: Sequence[Step], *, planned: Sequence[Step] = ()) -> None:
        for step in steps:
            self.intents.append(step.key)
            if isinstance(step, NewCredential):
                self._announce(step.fresh)

    async def note(self, results: Sequence[Noted], *, following: Sequence[Step] = ()) -> None:
        made = [result for result in results if result.good and isinstance(result.step, NewCredential)]
        if made and not self.seals:
            raise CannotSeal
        for result in results:
            if result.never_made and isinstance(result.step, NewCredential):
                self.credentials.pop(result.step.fresh.credential_id)
            if not result.good:
                continue
            self.done.append(result.step.key)
            self.steps += (result.step,)
            if isinstance(result.step, (RemoveLeftover, RemoveCredential)):
                self.credentials.pop(result.step.credential_id, None)
            if isinstance(result.step, NewCredential):
                self._keep(result, result.step.fresh)
        await self.intend(following)

    def _announce(self, fresh: Fresh) -> None:
        """A certificate's key is made and kept here, before Microsoft is told of it."""
        held = Held(fresh.credential_id, fresh.display_name, None, kind=fresh.kind)
        if fresh.kind == "certificate":
            if not self.seals:
                raise CannotSeal
            made = fresh.certificate
            self.own[fresh.credential_id] = Certificate(made.private_key, made.thumbprint)
        self.credentials[fresh.credential_id] = held

    def _keep(self, result: Noted, fresh: Fresh) -> None:
        held = self.credentials[fresh.credential_id]
        key_id = result.value.key_id if result.value else KeyId(fresh.credential_id)
        self.credentials[fresh.credential_id] = replace(held, key_id=key_id, fresh=True)
        if result.new:
            self.secrets[fresh.credential_id] = result.new.text
            self.own[fresh.credential_id] = Secret(result.new.text)
        if fresh.trust:
            key = self.issuer_key or SealedText("none")
            trust = fresh.trust
            self.own[fresh.credential_id] = Federated(key, self.issuer_kid, trust.issuer, trust.subject, trust.audience)

    async def note_last(self, results: Sequence[Noted]) -> None:
        await self.note(results)

    async def looked(self, looks: Sequence[Looked]) -> None:
        self.looks += looks

    async def flush(self) -> None:
        """Nothing waits."""

    async def held(self) -> tuple[Held, ...]:
        return tuple(self.credentials.values())

    async def new_certificates(self) -> frozenset[KeyId]:
        ours = (held for held in self.credentials.values() if held.kind == "certificate" and held.fresh)
        return frozenset(held.key_id for held in ours if held.key_id)

    async def gone(self, lost: Sequence[Held]) -> None:
        for held in lost:
            self.credentials.pop(held.credential_id, None)

    async def credential(self, held: Held) -> OwnCredential:
        return self.own[held.credential_id]

    async def proved(self, seen: Observation, proofs: Proofs, *, following: Sequence[Step] = ()) -> None:
        self.proofs = proofs
        await self.intend(following)
