"""What the engine needs from outside: Graph, the registration's own tokens, a journal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

from gangway.foundation.ids import AppId, KeyId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.errors import Forbidden, MicrosoftError, Refused
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.session import Outcome
from gangway.microsoft.graph.shapes import NewPassword
from gangway.microsoft.signin.client_credentials import AppToken
from gangway.microsoft.signin.own_credentials import OwnCredential
from gangway.provisioning.engine.observation import Held, Observation
from gangway.provisioning.engine.steps.credentials import NewCredential
from gangway.provisioning.engine.steps.step import Step
from gangway.provisioning.engine.surplus import Beyond


class Graph(Protocol):
    """Graph with somebody's token; `GraphSession` is one."""

    async def batch(self, calls: Sequence[Call[Any]], *, in_order: bool = False) -> list[Outcome[Any]]:
        """Send calls together; one outcome for each, in their order. Raises what concerns the batch as a whole."""
        ...


class OwnSignIn(Protocol):
    """Signing in as the registration itself."""

    async def token(self, *, app_id: AppId, credential: OwnCredential, scope: str) -> AppToken:
        """A fresh token, never a cached one. Raises the MicrosoftError that the answer means."""
        ...

    def graph(self, token: SealedText) -> Graph:
        """Graph with that token."""
        ...


@dataclass(frozen=True)
class Noted:
    """How one step ended, for the journal. `words` are for a person; `new` is a secret that must be sealed now."""

    step: Step
    good: bool
    seconds: float
    request_id: str
    words: str = ""
    error: MicrosoftError | None = None
    value: Any = field(default=None, repr=False)

    @property
    def new(self) -> NewPassword | None:
        return self.value if isinstance(self.value, NewPassword) else None

    @property
    def never_made(self) -> bool:
        """A clear no: nothing of it has to be looked for. "Not found" is none: it comes after a write as well."""
        return isinstance(self.error, (Refused, Forbidden)) and isinstance(self.step, NewCredential)


class Look(StrEnum):
    """The proofs, in the order in which people see them. Several travel together."""

    GRAPH_TOKEN = "graph_token"  # noqa: S105 - a word, not a secret
    TEAMS_TOKEN = "teams_token"  # noqa: S105 - likewise
    READ_BACK = "read_back"
    FIRST_CALL = "first_call"
    TEAMS_READ = "teams_read"


@dataclass(frozen=True)
class Looked:
    """How one look ended."""

    look: Look
    good: bool
    words: str
    seconds: float
    request_id: str = ""


How = Literal["read_back", "token_claim"]


@dataclass(frozen=True)
class Proofs:
    """How each right was proved, by the key of its step; and whose tenant the first call reached.

    `beyond`: what is there otherwise than planned; None when that was not looked at.
    """

    rights: Mapping[str, How]
    tenant_name: str = ""
    beyond: Beyond | None = None


class Journal(Protocol):
    """What we write down. Each method returns when it is committed; all raise `LeaseLost` once the run isn't ours."""

    async def show(self, steps: Sequence[Step], *, looked: bool = True) -> None:
        """The steps that are planned, for people who watch; the looks of `verify` follow them.

        `looked`: the plan was made by a look, so that what was intended before and isn't in it was done.
        """
        ...

    async def tell(self, words: str) -> None:
        """Why it takes longer, for people who watch."""
        ...

    async def intend(self, steps: Sequence[Step], *, planned: Sequence[Step] = ()) -> None:
        """These are called next; `planned` are all of them, for people, as `show`. New credentials are announced."""
        ...

    async def note(self, results: Sequence[Noted], *, following: Sequence[Step] = ()) -> None:
        """How they ended, and what is called next, in one transaction. A new secret is sealed in it."""
        ...

    async def note_last(self, results: Sequence[Noted]) -> None:
        """How the last steps ended: it may be written as late as the end of the run, for nothing is called after."""
        ...

    async def looked(self, looks: Sequence[Looked]) -> None:
        """What was only looked at, and what it proved. Nothing depends on it: it may be written a little later."""
        ...

    async def flush(self) -> None:
        """The course is over, however it ended: what was looked at, or noted last, is written down now."""
        ...

    async def gone(self, lost: Sequence[Held]) -> None:
        """Credentials that somebody took away in the tenant."""
        ...

    async def proved(self, seen: Observation, proofs: Proofs, *, following: Sequence[Step] = ()) -> None:
        """The registration and its credential work, and what is called next, in one transaction.

        A run that is begun again after this only has to say goodbye.
        """
        ...

    async def held(self) -> tuple[Held, ...]:
        """The credentials of this registration and service that we announced and did not see removed."""
        ...

    async def new_certificates(self) -> frozenset[KeyId]:
        """Certificates of the registration, of whatever service, that are there and Microsoft may not list yet."""
        ...

    async def credential(self, held: Held) -> OwnCredential:
        """A credential, opened for proving it."""
        ...
