"""Credentials: one of ours that is known to us, and none that isn't."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from gangway.foundation import clock
from gangway.foundation.ids import KeyId, ObjectId
from gangway.microsoft.graph import certificates, credentials, federation
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.shapes import Application, CertificateKey, FederatedKey, NewPassword
from gangway.microsoft.signin.certificates import NewCertificate, make
from gangway.provisioning.engine.credential_kinds import Kind
from gangway.provisioning.engine.observation import Held, Observation
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps import application
from gangway.provisioning.engine.steps.step import Step

KEY = "password"


@dataclass(frozen=True)
class Trust:
    """What a federated credential names: our issuer, a subject that no other registration has, Microsoft's audience."""

    issuer: str
    subject: str
    audience: str


@dataclass(frozen=True)
class Fresh:
    """The credential to make if one is needed: an id of ours, a name that no other attempt has, and its end.

    `why`: for people, when its kind or life isn't as planned. `trust` is there for a federated one.
    """

    credential_id: str
    display_name: str
    ends_at: datetime
    kind: Kind = "secret"
    trust: Trust | None = None
    why: str = ""

    @cached_property
    def certificate(self) -> NewCertificate:
        """The key and its certificate, made when they are first asked for: the journal does, which seals the key."""
        return make(name=self.display_name, now=clock.now(), ends_at=self.ends_at)


def needed(seen: Observation, fresh: Fresh) -> Iterator[Step]:
    """First remove what a lost attempt left; then make one, when we hold none.

    Certificates are one list that is set as a whole, so changes of it never travel together.
    """
    before: frozenset[str] = frozenset()
    removals: list[RemoveLeftover] = []
    for held, found in seen.leftovers:
        removals.append(RemoveLeftover(held.credential_id, found.key_id, before))
        before |= {removals[-1].key} if held.kind == "certificate" else frozenset()
    yield from removals
    if seen.credential is None:
        needs = frozenset(removal.key for removal in removals) if seen.application else frozenset({application.KEY})
        yield _MAKERS[fresh.kind](fresh, needs)


class Making:
    """What is made by a call of its own: it is taken away again in the same breath when it can't be stored."""

    fresh: Fresh

    def undo(self, seen: Observation) -> Call[None] | None:
        mine = _mine(seen, self.fresh)
        return removal(_there(seen), mine) if mine else None


@dataclass(frozen=True)
class AddPassword(Making):
    """Make a secret under the announced name. Its text goes into the seal before anything else happens."""

    kind: ClassVar[str] = "add_password"
    part: ClassVar[Part] = Part.REGISTRATION
    fresh: Fresh
    needs: frozenset[str] = frozenset()
    key: str = KEY
    label: str = "Secret made and sealed"

    def call(self, seen: Observation) -> Call[NewPassword]:
        return credentials.add_password(
            _object_id(seen), display_name=self.fresh.display_name, ends_at=self.fresh.ends_at
        )

    def learn(self, seen: Observation, value: Any) -> Observation:
        return _holding(seen, self.fresh, value.key_id)


@dataclass(frozen=True)
class AddCertificate:
    """Tell the application the certificate whose key was made and sealed with the intent; its key id is our own."""

    kind: ClassVar[str] = "add_certificate"
    part: ClassVar[Part] = Part.REGISTRATION
    fresh: Fresh
    needs: frozenset[str] = frozenset()
    key: str = KEY
    label: str = "Certificate made, its key sealed"

    def call(self, seen: Observation) -> Call[None]:
        """The list as it was seen, with one entry more."""
        return certificates.set_certificates(_object_id(seen), keep=_there(seen).certificates, add=self._entry)

    def learn(self, seen: Observation, _value: Any) -> Observation:
        known = _there(seen)
        changed = replace(known, certificates=(*known.certificates, self._entry))
        return _holding(replace(seen, application=changed), self.fresh, self._entry.key_id)

    def undo(self, _seen: Observation) -> Call[None] | None:
        """Nothing: the list as it was seen may be an old one by now, and whoever comes next finds it by its name."""
        return None

    @property
    def _entry(self) -> CertificateKey:
        made = self.fresh.certificate
        return certificates.entry(
            key_id=KeyId(self.fresh.credential_id),
            display_name=self.fresh.display_name,
            key=made.key,
            starts_at=made.starts_at,
            ends_at=made.ends_at,
        )


@dataclass(frozen=True)
class AddFederated(Making):
    """Let the application trust this platform's tokens for one subject: nothing secret is made at all."""

    kind: ClassVar[str] = "add_federated"
    part: ClassVar[Part] = Part.REGISTRATION
    fresh: Fresh
    needs: frozenset[str] = frozenset()
    key: str = KEY
    label: str = "Trust in this platform's own sign-in made"

    def call(self, seen: Observation) -> Call[FederatedKey]:
        trust = self.fresh.trust
        if trust is None:
            raise ValueError("a federated credential needs an issuer")
        return federation.add_federated(
            _object_id(seen),
            name=self.fresh.display_name,
            issuer=trust.issuer,
            subject=trust.subject,
            audience=trust.audience,
        )

    def learn(self, seen: Observation, value: Any) -> Observation:
        known = _there(seen)
        changed = replace(known, federated=(*known.federated, value))
        return _holding(replace(seen, application=changed), self.fresh, value.key_id)


NewCredential = AddPassword | AddCertificate | AddFederated
_MAKERS: dict[Kind, type[NewCredential]] = {
    "secret": AddPassword,
    "certificate": AddCertificate,
    "federated": AddFederated,
}


@dataclass(frozen=True)
class RemoveLeftover:
    """Take away a credential that we announced and whose result was lost with a crash."""

    kind: ClassVar[str] = "remove_leftover"
    part: ClassVar[Part] = Part.REGISTRATION
    credential_id: str
    key_id: KeyId
    needs: frozenset[str] = frozenset()
    label: str = "Credential of an interrupted attempt removed"

    @property
    def key(self) -> str:
        return f"leftover:{self.key_id}"

    def call(self, seen: Observation) -> Call[None]:
        return removal(_there(seen), self.key_id)

    def learn(self, seen: Observation, _value: Any) -> Observation:
        left = tuple(held for held in seen.held if held.credential_id != self.credential_id)
        return replace(without(seen, self.key_id), held=left)


def is_too_many(fresh: Fresh, seen: Observation) -> bool:
    """Whether the application trusts as many issuers as it can, and this would be one more."""
    wanted = fresh.kind == "federated" and seen.credential is None and not seen.leftovers
    return wanted and seen.application is not None and len(seen.application.federated) >= federation.MOST


def removal(application: Application, key_id: KeyId) -> Call[None]:
    """What takes one credential of ours away by its key id, as its kind wants it: seen shortly before, or gone.

    A certificate leaves by the list of those that stay; everything else has a call of its own.
    """
    if any(key.key_id == key_id for key in application.certificates):
        staying = [key for key in application.certificates if key.key_id != key_id]
        return certificates.set_certificates(application.object_id, keep=staying)
    if any(key.key_id == key_id for key in application.federated):
        return federation.remove_federated(application.object_id, key_id)
    return credentials.remove_password(application.object_id, key_id)


def without(seen: Observation, key_id: KeyId) -> Observation:
    """The same without one credential in the tenant."""
    known = _there(seen)
    changed = replace(
        known,
        passwords=tuple(key for key in known.passwords if key.key_id != key_id),
        certificates=tuple(key for key in known.certificates if key.key_id != key_id),
        federated=tuple(key for key in known.federated if key.key_id != key_id),
    )
    return replace(seen, application=changed)


def _holding(seen: Observation, fresh: Fresh, key_id: KeyId) -> Observation:
    held = Held(fresh.credential_id, fresh.display_name, key_id, fresh=True, kind=fresh.kind)
    return replace(seen, held=(*seen.held, held))


def _mine(seen: Observation, fresh: Fresh) -> KeyId | None:
    return next((held.key_id for held in seen.held if held.credential_id == fresh.credential_id), None)


def _object_id(seen: Observation) -> ObjectId:
    return _there(seen).object_id


def _there(seen: Observation) -> Application:
    if seen.application is None:
        raise ValueError("the application must be seen before its credentials are touched")
    return seen.application
