"""Taking back what a run made, in reverse order. Only what the journal says is ours; already gone counts as done."""

from collections.abc import Sequence
from dataclasses import dataclass

from gangway.microsoft.errors import Missing
from gangway.microsoft.graph.calls import Call
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.ports import Graph, Journal, Noted
from gangway.provisioning.engine.steps.step import Step


@dataclass(frozen=True)
class TakenBack:
    """What is still there, by the labels of the steps that made it; empty when everything is gone."""

    left: tuple[str, ...]


async def undo(made: Sequence[Step], seen: Observation, *, graph: Graph, journal: Journal) -> TakenBack:
    """Undo the steps that were done, the last one first. What Microsoft refuses to take back is listed, not hidden.

    Raises NotHeard and what concerns the person's authority as a whole: then somebody has to look.
    """
    left = []
    for step in reversed(made):
        call = step.undo(seen)
        if call is not None and not await _take_back(step, call, graph=graph, journal=journal):
            left.append(step.label)
    return TakenBack(tuple(left))


async def _take_back(step: Step, call: Call[None], *, graph: Graph, journal: Journal) -> bool:
    (outcome,) = await graph.batch([call])
    gone = outcome.error is None or isinstance(outcome.error, Missing)
    words = "" if outcome.error is None else "It was gone already." if gone else outcome.error.what
    answer = outcome.answer
    await journal.undone(Noted(step, gone, answer.seconds, answer.request_id, words, outcome.error))
    return gone
