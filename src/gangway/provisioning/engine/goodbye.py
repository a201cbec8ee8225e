"""The goodbye: the sign-in application's enterprise application leaves the tenant, and we look whether it is gone."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from gangway.foundation.ids import AppId
from gangway.microsoft.errors import Forbidden, MicrosoftError, Missing, NotHeard, Refused
from gangway.microsoft.graph import service_principals
from gangway.microsoft.graph.shapes import ServicePrincipal
from gangway.microsoft.patience import Patience
from gangway.microsoft.wire import Answer
from gangway.provisioning.engine.absence import Left
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.ports import Graph, Journal, Noted
from gangway.provisioning.engine.steps.farewell import RemoveSignInApplication
from gangway.provisioning.states import LeftoverKind

Gone = Literal["yes", "no", "unknown"]

WORDS: Final[dict[Gone, str]] = {
    "yes": "It is gone.",
    "no": "It is still there: an administrator can remove it in Enterprise applications.",
    "unknown": "Whether it was removed could not be read.",
}
NAMELESS: Final = "The sign-in application"
"""How it is called where nobody saw it."""
LONGEST: Final = 60.0
"""Seconds for which removing it is tried: all else is proved, and what stays is listed."""
REFUSALS: Final = 2
"""How often a refusal is taken for a copy that lags."""


@dataclass
class _Leaving:
    """The application on its way out. `going`: what was seen of it and is asked away next."""

    farewell: AppId
    graph: Graph
    going: ServicePrincipal | None
    answer: Answer = field(default_factory=lambda: Answer(0))
    refusals: int = 0

    async def once(self) -> ServicePrincipal | None:
        """Ask it away when it was seen there, and give what is seen now. After any trouble the next turn only looks."""
        going, self.going = self.going, None
        looks = [service_principals.by_app_id(self.farewell)]
        if going is None:
            (read,) = await self.graph.batch(looks)
        else:
            call = RemoveSignInApplication().call(replace(Observation(), sign_in_principal=going))
            done, read = await self.graph.batch([call, *looks], in_order=True)
            self.answer = done.answer
            if isinstance(done.error, Missing):
                return going  # gone, or a copy that doesn't know of it yet: the next looks tell
            self.going = going if isinstance(done.error, (Forbidden, Refused)) else None
            done.get()
        self.going = None if isinstance(read.error, Missing) else read.get()
        return self.going

    def passes(self, error: MicrosoftError) -> bool:
        """What is waited out, beside Busy; a refusal as long as it may be lag."""
        self.refusals += isinstance(error, Forbidden)
        return isinstance(error, (NotHeard, Missing)) or (isinstance(error, Forbidden) and self.refusals <= REFUSALS)


async def say_goodbye(
    farewell: AppId | None,
    principal: ServicePrincipal | None,
    *,
    graph: Graph,
    journal: Journal,
    patience: Patience,
    intended: bool = False,
) -> Gone:
    """Remove it when the plan wants it gone, until it isn't seen any more. Never fails: what we can't see is unknown.

    What was seen and removed is gone at the first good look; what nobody saw must be missing several times in a row.
    `intended`: the journal has the intent already.
    """
    if farewell is None:
        return "no"
    step, leaving = RemoveSignInApplication(), _Leaving(farewell, graph, principal)
    gone: Gone = "yes"
    error: MicrosoftError | None = None
    if not intended:
        await journal.intend([step])
    patience = replace(patience, deadline=min(patience.deadline, LONGEST))

    async def patiently() -> ServicePrincipal | None:
        return await patience.through(leaving.once, lag=leaving.passes)

    try:
        async with asyncio.timeout(LONGEST):
            if await patiently() is not None or principal is None:
                await patience.until_good(patiently, good=lambda there: there is None)
    except (MicrosoftError, TimeoutError) as trouble:
        error = trouble if isinstance(trouble, MicrosoftError) else NotHeard()
        gone = "unknown" if leaving.going is None else "no"
    answer = leaving.answer
    await journal.note_last([Noted(step, gone == "yes", answer.seconds, answer.request_id, WORDS[gone], error)])
    return gone


def sign_in_application_left(client: AppId, principal: ServicePrincipal | None, gone: Gone = "no") -> Left:
    """The sign-in application as something for a person to remove; by its application id when nobody saw it."""
    name = principal.display_name if principal else NAMELESS
    object_id = principal.object_id if principal else client
    return Left(LeftoverKind.SIGN_IN_APPLICATION, name, object_id, {"app_id": client}, WORDS[gone])


async def unseen_goodbye(farewell: AppId | None, *, journal: Journal) -> Gone:
    """Say at the end of a run that nobody looked whether it is gone. Nothing is called.

    Whoever was here before may have intended it already, or had no goodbye on the list.
    """
    if farewell is None:
        return "no"
    step = RemoveSignInApplication()
    await journal.show((), looked=False)
    await journal.intend([step])
    await journal.note_last([Noted(step, good=False, seconds=0.0, request_id="", words=WORDS["unknown"])])
    return "unknown"


async def without_goodbye(farewell: AppId | None, *, journal: Journal) -> Gone:
    """Say of a run that ended without anybody's token that the sign-in application stayed. Nothing is called."""
    if farewell is not None:
        step = RemoveSignInApplication()
        await journal.intend([step])
        await journal.note([Noted(step, good=False, seconds=0.0, request_id="", words=WORDS["no"])])
    return "no"
