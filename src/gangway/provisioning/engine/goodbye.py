"""The goodbye: the sign-in application's enterprise application leaves the tenant, and we look whether it is gone."""

from dataclasses import replace
from typing import Final, Literal

from gangway.foundation.ids import AppId
from gangway.microsoft.errors import MicrosoftError, Missing
from gangway.microsoft.graph import service_principals
from gangway.microsoft.graph.shapes import ServicePrincipal
from gangway.provisioning.engine.absence import Left
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.ports import Graph, Journal, Noted
from gangway.provisioning.engine.steps.farewell import RemoveSignInApplication
from gangway.provisioning.states import LeftoverKind

Gone = Literal["yes", "no", "unknown"]

WORDS: Final[dict[Gone, str]] = {
    "yes": "It is gone.",
    "no": "It is still there: an administrator can remove it in Enterprise applications.",
    "unknown": "It was removed; that could not be read back.",
}


async def say_goodbye(
    farewell: AppId | None,
    principal: ServicePrincipal | None,
    *,
    graph: Graph,
    journal: Journal,
    intended: bool = False,
) -> Gone:
    """Remove it when the plan wants it gone and it is there. Never fails: what we can't see is unknown.

    `intended`: the journal has the intent already.
    """
    if farewell is None or principal is None:
        return "no" if farewell is None else "unknown"
    step = RemoveSignInApplication()
    if not intended:
        await journal.intend([step])
    call = step.call(replace(Observation(), sign_in_principal=principal))
    try:
        done, read = await graph.batch([call, service_principals.by_app_id(farewell)], in_order=True)
    except MicrosoftError:
        return "unknown"
    good = done.error is None or isinstance(done.error, Missing)
    gone: Gone = "no" if not good else "yes" if isinstance(read.error, Missing) or done.error else "unknown"
    await journal.note_last([Noted(step, good, done.answer.seconds, done.answer.request_id, WORDS[gone], done.error)])
    return gone


def sign_in_application_left(client: AppId, principal: ServicePrincipal | None) -> Left:
    """The sign-in application as something for a person to remove; by its application id when nobody saw it."""
    name = principal.display_name if principal else "The sign-in application"
    object_id = principal.object_id if principal else client
    return Left(LeftoverKind.SIGN_IN_APPLICATION, name, object_id, {"app_id": client}, WORDS["no"])


async def without_goodbye(farewell: AppId | None, *, journal: Journal) -> Gone:
    """Say of a run that ended without anybody's token that the sign-in application stayed. Nothing is called."""
    if farewell is not None:
        step = RemoveSignInApplication()
        await journal.intend([step])
        await journal.note([Noted(step, good=False, seconds=0.0, request_id="", words=WORDS["no"])])
    return "no"
