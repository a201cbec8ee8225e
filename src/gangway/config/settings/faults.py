"""What is wrong with the settings: all of it at once, each with its cure."""

from collections.abc import Sequence
from dataclasses import dataclass

from gangway.foundation.errors import GangwayError, WhoActs


@dataclass(frozen=True, slots=True)
class Fault:
    """One setting that is missing or wrong. `what` continues the sentence its name begins; it never holds a value."""

    name: str
    what: str
    cure: str

    def __str__(self) -> str:
        return f"{self.name} {self.what}. Cure: {self.cure}."


class SettingsFaulty(GangwayError):
    """The process can't start with these settings; `faults` holds each one, the text lists them all."""

    code = "config:settings:faulty"
    acts = WhoActs.US

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        lines = "\n".join(f"  - {fault}" for fault in self.faults)
        super().__init__(
            f"The settings have {len(self.faults)} fault(s):\n{lines}", cure="correct them and start again"
        )
