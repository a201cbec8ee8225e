"""Applying a plan, wave by wave: intent, call, result. It stops at the first trouble; whoever called looks again.

A wave's results and the next one's intents are one transaction: nothing lies between them that could be interrupted.

When no answer comes, every step of that wave may have happened or not: it stays an intent in the journal.
"""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from gangway.foundation.ids import KeyId
from gangway.microsoft.errors import AlreadySo, Busy, Forbidden, MicrosoftError, Missing, NotCopiedYet, NotHeard
from gangway.microsoft.graph import applications
from gangway.microsoft.graph.session import Outcome
from gangway.microsoft.graph.shapes import Application, CertificateKey
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.plan import Plan, Wave
from gangway.provisioning.engine.ports import Graph, Journal, Noted
from gangway.provisioning.engine.steps import keys
from gangway.provisioning.engine.steps.credentials import NewCredential, RemoveLeftover
from gangway.provisioning.engine.steps.removal import RemoveCredential
from gangway.provisioning.engine.steps.step import REMOVING, Step

log = structlog.get_logger(__name__)

NOT_FOUND: Final = 404
THERE_ALREADY: Final = "It was there already."
GIVEN_UP: Final = "No answer came, and this is not asked for any more. It may be there."
"""Of a step whose plan has changed since: no look at what is wanted now says whether it was done."""


@dataclass(frozen=True)
class Applied:
    """What is there now as far as the answers say, and what went wrong in the wave that was the last one."""

    seen: Observation
    troubles: tuple[tuple[Step, MicrosoftError], ...] = ()


async def apply(plan: Plan, seen: Observation, *, graph: Graph, journal: Journal) -> Applied:
    """Do the plan's waves. Raises what concerns a whole wave and won't pass by itself, such as AuthorityEnded.

    Raises NotCopiedYet, and nothing is called, when a list that it would set lacks a new certificate of ours.
    """
    if not plan.waves:
        await journal.show(plan.withheld)
        return Applied(seen)
    await _sees_our_certificates(plan, seen, journal)
    await journal.intend(plan.waves[0], planned=plan.steps + plan.withheld)
    applied = Applied(seen)
    for wave, following in zip(plan.waves, (*plan.waves[1:], ()), strict=True):
        applied = await _do(wave, applied.seen, following=following, graph=graph, journal=journal)
        if applied.troubles or not _learned(wave, applied.seen):
            break
    return applied


async def _sees_our_certificates(plan: Plan, seen: Observation, journal: Journal) -> None:
    """Whatever isn't in the list that is set is gone, another service's certificate that was just made as well."""
    application = seen.application
    if application is None or not any(keys.sets_the_list(step, application) for step in plan.steps):
        return
    if await journal.new_certificates() - {key.key_id for key in application.certificates}:
        raise NotCopiedYet


async def _do(wave: Wave, seen: Observation, *, following: Wave, graph: Graph, journal: Journal) -> Applied:
    """Call an intended wave and write down how it ended; with it the intents of the next one, if there will be one."""
    try:
        try:
            seen = await _with_certificates_as_they_are(wave, seen, graph)
        except Forbidden as error:  # only who may read the list sets it; a refusal of the whole wave is raised
            return Applied(seen, tuple((step, error) for step in wave if _sets_the_list(step, seen)))
        outcomes = await graph.batch([step.call(seen) for step in wave])
    except (NotHeard, Busy) as error:
        return Applied(seen, tuple((step, error) for step in wave))
    results = [_noted(step, outcome) for step, outcome in zip(wave, outcomes, strict=True)]
    after = seen
    for result in results:
        if result.good:
            after = result.step.learn(after, result.value)
    troubles = tuple((result.step, result.error) for result in results if result.error and not result.good)
    goes_on = not troubles and _learned(wave, after)
    await _keep(results, seen, following=following if goes_on else (), graph=graph, journal=journal)
    if any(result.good and _sets_the_list(result.step, seen) for result in results):
        await _tell_what_vanished(seen, after, graph)
    return Applied(after, troubles)


def _sets_the_list(step: Step, seen: Observation) -> bool:
    return seen.application is not None and keys.sets_the_list(step, seen.application)


async def _with_certificates_as_they_are(wave: Wave, seen: Observation, graph: Graph) -> Observation:
    """Read an application's certificates right before their list is set: what somebody added since the look stays.

    Microsoft compares nothing there, so what is added between this read and the write is lost. Raises NotCopiedYet when
    the read lacks what the look showed: one of the two saw an old copy.
    """
    application = seen.application
    if application is None or not any(_sets_the_list(step, seen) for step in wave):
        return seen
    listed = await _certificates(application, graph)
    if _ids(application.certificates) - _ids(listed):
        raise NotCopiedYet
    return replace(seen, application=replace(application, certificates=listed))


async def _tell_what_vanished(before: Observation, after: Observation, graph: Graph) -> None:
    """Say in the log what others had put there and isn't listed right after the list was set. It may be an old copy."""
    if before.application is None or after.application is None:
        return
    kept = _ids(before.application.certificates) & _ids(after.application.certificates)
    with contextlib.suppress(MicrosoftError):
        missing = kept - _ids(await _certificates(before.application, graph))
        if missing:
            log.warning("certificates_not_listed", app_id=before.application.app_id, key_ids=sorted(missing))


async def _certificates(application: Application, graph: Graph) -> tuple[CertificateKey, ...]:
    (outcome,) = await graph.batch([applications.by_unique_name(application.unique_name)])
    if isinstance(outcome.error, Missing):
        raise NotCopiedYet(fault=outcome.error.fault)
    found: Application = outcome.get()
    return found.certificates


def _ids(certificates: Iterable[CertificateKey]) -> frozenset[KeyId]:
    return frozenset(key.key_id for key in certificates)


async def _keep(
    results: Sequence[Noted], seen: Observation, *, following: Wave, graph: Graph, journal: Journal
) -> None:
    """Write the results down. A credential that can't be stored is taken away again at once."""
    try:
        await journal.note(results, following=following)
    except Exception:
        for result in results:
            if result.good and isinstance(result.step, NewCredential):
                call = result.step.undo(result.step.learn(seen, result.value))
                await graph.batch([call] if call else [])
        raise


def _noted(step: Step, outcome: Outcome[Any]) -> Noted:
    error = outcome.error
    return Noted(
        step=step,
        good=error is None or _is_success(step, error),
        seconds=outcome.answer.seconds,
        request_id=outcome.answer.request_id,
        words=_words(step, error),
        error=error,
        value=outcome.value,
    )


def _words(step: Step, error: MicrosoftError | None) -> str:
    """What the answer alone doesn't say: that it was so already; why a credential isn't as planned."""
    if isinstance(error, AlreadySo):
        return THERE_ALREADY
    return step.fresh.why if isinstance(step, NewCredential) and error is None else ""


def _is_success(step: Step, error: MicrosoftError) -> bool:
    """Already there, or already gone, is what was wanted; of a credential only if its application was found."""
    if isinstance(error, Missing) and isinstance(step, (RemoveCredential, RemoveLeftover)):
        return error.fault.status != NOT_FOUND
    return isinstance(error, AlreadySo) or (isinstance(error, Missing) and step.kind.startswith(REMOVING))


def _learned(wave: Wave, seen: Observation) -> bool:
    """Whether the wave's answers said enough for the next one: an upsert that found its object there names no ids."""
    made = {
        "create_application": seen.application,
        "restore_application": seen.application,
        "create_principal": seen.principal,
        "create_resource": all(seen.resources.values()),
    }
    return all(made[step.kind] for step in wave if step.kind in made)
