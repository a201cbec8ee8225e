"""Certificates that a registration changes by itself with a proof that it holds another one: that takes no permission.

Without a permission it can't read itself either. So nothing is seen: a lost attempt's entry has the key id that we
chose for it, and is taken away by that, whether it came to be or not.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from gangway.foundation.ids import AppId, KeyId, ObjectId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.graph import certificates
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.shapes import Application, CertificateKey
from gangway.provisioning.engine.observation import Held, Observation
from gangway.provisioning.engine.steps.credentials import AddCertificate, RemoveLeftover
from gangway.provisioning.engine.steps.removal import RemoveCredential
from gangway.provisioning.engine.steps.step import Step

Proof = Callable[[], SealedText]
"""Gives a new proof of possession, good for some minutes."""


def _none() -> SealedText:
    raise ValueError("a key changes only with a proof")


@dataclass(frozen=True)
class AddKey(AddCertificate):
    """Add a certificate as the registration itself."""

    proof: Proof = _none

    def call(self, seen: Observation) -> Call[None]:
        return certificates.add_certificate(_application(seen), self._entry, proof=self.proof())

    def undo(self, seen: Observation) -> Call[None] | None:
        mine = KeyId(self.fresh.credential_id)
        return certificates.remove_certificate(_application(seen), mine, proof=self.proof())


@dataclass(frozen=True)
class RemoveLostKey(RemoveLeftover):
    """Take away what an interrupted attempt may have added."""

    proof: Proof = _none

    def call(self, seen: Observation) -> Call[None]:
        return certificates.remove_certificate(_application(seen), self.key_id, proof=self.proof())


@dataclass(frozen=True)
class RemoveKey(RemoveCredential):
    """Take one certificate of ours away as the registration itself."""

    proof: Proof = _none

    def call(self, seen: Observation) -> Call[None]:
        return certificates.remove_certificate(_application(seen), self.key_id, proof=self.proof())


BY_PROOF: Final = (AddKey, RemoveLostKey, RemoveKey)


def sets_the_list(step: Step, application: Application) -> bool:
    """Whether a step sets the application's certificates as a whole: the list as it was read, changed by one entry.

    What is to be removed and isn't listed may be a certificate that a copy doesn't show yet.
    """
    if isinstance(step, BY_PROOF):
        return False
    if isinstance(step, (RemoveLeftover, RemoveCredential)):
        others = {key.key_id for key in application.passwords} | {key.key_id for key in application.federated}
        return step.key_id not in others
    return isinstance(step, AddCertificate)


def by_proof(step: Step, proof: Proof) -> Step:
    """The same step as the registration itself does it. Raises ValueError for one that it can't."""
    if isinstance(step, AddCertificate):
        return AddKey(step.fresh, step.needs, proof=proof)
    if isinstance(step, RemoveLeftover):
        return RemoveLostKey(step.credential_id, step.key_id, step.needs, proof=proof)
    if isinstance(step, RemoveCredential):
        return RemoveKey(step.credential_id, step.key_id, step.needs, proof=proof)
    raise ValueError(f"{step.kind} can't be done by a proof")


def unread(application: ObjectId, app_id: AppId, held: Iterable[Held]) -> Application:
    """The application as it may be: it can't read itself, so all that we ever announced may be there."""
    entries = tuple(_announced(one) for one in held if one.kind == "certificate")
    return Application(application, app_id, "", "", certificates=entries)


def _announced(held: Held) -> CertificateKey:
    row: dict[str, Any] = {}
    return CertificateKey(held.key_id or KeyId(held.credential_id), held.display_name, None, row)


def _application(seen: Observation) -> ObjectId:
    if seen.application is None:
        raise ValueError("the application must be known before its keys are touched")
    return seen.application.object_id
