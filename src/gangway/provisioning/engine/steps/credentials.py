"""Secrets: one of ours that is known to us, and none that isn't."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from gangway.foundation.ids import KeyId, ObjectId
from gangway.microsoft.graph import credentials
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.shapes import Application, NewPassword
from gangway.provisioning.engine.observation import Held, Observation
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps import application
from gangway.provisioning.engine.steps.step import Step


@dataclass(frozen=True)
class Fresh:
    """The credential to make if one is needed: an id of ours, a name that no other attempt has, and its end."""

    credential_id: str
    display_name: str
    ends_at: datetime


def needed(seen: Observation, fresh: Fresh) -> Iterator[Step]:
    """First remove what a lost attempt left; then make one, when we hold none."""
    removals = [RemoveLeftover(held.credential_id, password.key_id) for held, password in seen.leftovers]
    yield from removals
    if seen.credential is None:
        before = {removal.key for removal in removals}
        yield AddPassword(fresh, frozenset(before if seen.application else {application.KEY}))


@dataclass(frozen=True)
class AddPassword:
    """Make a secret under the announced name. Its text goes into the seal before anything else happens."""

    kind: ClassVar[str] = "add_password"
    part: ClassVar[Part] = Part.REGISTRATION
    fresh: Fresh
    needs: frozenset[str] = frozenset()
    key: str = "password"
    label: str = "Secret made and sealed"

    def call(self, seen: Observation) -> Call[NewPassword]:
        return credentials.add_password(
            _object_id(seen), display_name=self.fresh.display_name, ends_at=self.fresh.ends_at
        )

    def learn(self, seen: Observation, value: Any) -> Observation:
        held = Held(self.fresh.credential_id, self.fresh.display_name, value.key_id, fresh=True)
        return replace(seen, held=(*seen.held, held))

    def undo(self, seen: Observation) -> Call[None] | None:
        mine = next((held for held in seen.held if held.credential_id == self.fresh.credential_id), None)
        return credentials.remove_password(_object_id(seen), mine.key_id) if mine and mine.key_id else None


@dataclass(frozen=True)
class RemoveLeftover:
    """Take away a secret that we announced and whose text was lost with a crash."""

    kind: ClassVar[str] = "remove_leftover"
    part: ClassVar[Part] = Part.REGISTRATION
    credential_id: str
    key_id: KeyId
    needs: frozenset[str] = frozenset()
    label: str = "Secret of an interrupted attempt removed"

    @property
    def key(self) -> str:
        return f"leftover:{self.key_id}"

    def call(self, seen: Observation) -> Call[None]:
        return credentials.remove_password(_object_id(seen), self.key_id)

    def learn(self, seen: Observation, _value: Any) -> Observation:
        left = tuple(held for held in seen.held if held.credential_id != self.credential_id)
        return replace(seen, held=left, application=_without(seen.application, self.key_id))

    def undo(self, _seen: Observation) -> None:
        """Nothing: nobody knows its text."""


def _object_id(seen: Observation) -> ObjectId:
    if seen.application is None:
        raise ValueError("the application must be seen before its secrets are touched")
    return seen.application.object_id


def _without(seen: Application | None, key_id: KeyId) -> Application | None:
    if seen is None:
        return None
    return replace(seen, passwords=tuple(password for password in seen.passwords if password.key_id != key_id))
