"""What a journal knows without asking the database, and what it has not told it yet."""

from dataclasses import dataclass, field

from gangway.microsoft.signin.own_credentials import OwnCredential
from gangway.provisioning.engine.ports import Noted
from gangway.provisioning.models import Credential


@dataclass
class Known:
    """One run's knowledge.

    `first`: credentials that were read when the run was opened, good for one answer. `opened`: those that were opened
    out of the seal in the transaction that sealed them, by id. `last`: results that go with the run's end.
    """

    first: tuple[Credential, ...] | None = field(default=None, repr=False)
    opened: dict[str, OwnCredential] = field(default_factory=dict, repr=False)
    last: list[Noted] = field(default_factory=list, repr=False)

    def take_first(self) -> tuple[Credential, ...] | None:
        """What was read at the opening; once, since the run itself changes it."""
        first, self.first = self.first, None
        return first
