"""What every step has."""

from typing import Any, ClassVar, Protocol

from gangway.microsoft.graph.calls import Call
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.rights import Part

REMOVING = "remove_"
"""How the kinds of steps begin that take something away: what is gone already is as good as removed."""


class Step(Protocol):
    """One thing to do. `key` is unique within a plan; `needs` are the keys of steps that must be done before."""

    kind: ClassVar[str]
    part: ClassVar[Part]

    @property
    def key(self) -> str: ...
    @property
    def label(self) -> str:
        """What a person reads: in the past tense, since it stands on a list that is ticked off."""
        ...

    @property
    def needs(self) -> frozenset[str]: ...

    def call(self, seen: Observation) -> Call[Any]:
        """What to send, once everything it needs was learned."""
        ...

    def learn(self, seen: Observation, value: Any) -> Observation:
        """What is there after Microsoft said yes; unchanged when the answer didn't say enough to go on."""
        ...
