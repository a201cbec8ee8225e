"""Conducting a run in a worker: open it, let the engine work under a living lease, write down how it ended.

A worker may die anywhere in here. The run then stays `running`, its lease ends by itself, and whoever gets the job next
begins at the top: the engine looks at what is there and goes on.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import DatabaseError

from gangway.foundation import clock
from gangway.foundation.errors import GangwayError
from gangway.foundation.ids import AppId, ObjectId, TenantId
from gangway.foundation.sealed import SealedText
from gangway.jobs.threads import in_database
from gangway.microsoft.errors import AuthorityEnded, Busy, CopiedTooSlowly, MicrosoftError, NotHeard
from gangway.microsoft.patience import OutOfPatience
from gangway.provisioning import auditing, clouds, copying, lease, opening, rotating, undoing
from gangway.provisioning.drawing import blueprint_of, journal_of
from gangway.provisioning.engine.alone import Alone
from gangway.provisioning.engine.course import END_MAY_TAKE, Course, Ending, unseen
from gangway.provisioning.engine.goodbye import sign_in_application_left, without_goodbye
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.pinning import read
from gangway.provisioning.engine.ports import Journal
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.settling import not_seen
from gangway.provisioning.engine.verify import StillCopying
from gangway.provisioning.errors import Broke, LeaseLost, NobodyToRemove, NotTakenBack, RunCancelled, TookTooLong
from gangway.provisioning.fresh import fresh_of
from gangway.provisioning.journal_store import RunJournal
from gangway.provisioning.opening import LOOK_MAY_TAKE, Opened
from gangway.provisioning.states import RunKind, RunState

log = structlog.get_logger(__name__)

MAKES_ONE: Final = frozenset({RunKind.ROTATION, RunKind.CREDENTIAL})
"""Kinds that make one credential by the registration's own right."""
BACK_AFTER: Final = 20.0
"""Seconds until a run that could not reach Microsoft is tried again."""


async def conduct(run_id: UUID) -> None:
    """Do what is left of a run. Returns at every end that is written down; raises what is a fault of ours."""
    owner = f"{run_id}:{uuid4().hex[:12]}"
    opened = await in_database(opening.open_run, run_id, owner=owner, now=clock.now())
    if opened is None:
        return
    try:
        async with _kept_alive(opened):
            await _work(opened)
    except LeaseLost:
        log.info("run_taken_over", run_id=str(run_id))
    except asyncio.CancelledError:
        await in_database(opening.give_back, opened, now=clock.now())
        raise


async def _work(opened: Opened) -> None:
    try:
        await _go_on(opened)
    except RunCancelled:
        await _take_back(opened)


async def _go_on(opened: Opened) -> None:
    """Come as far as possible and write down how it ended. Raises RunCancelled when somebody asked to cancel."""
    try:
        await _in_time(opened)
    except OutOfPatience as error:
        await _rest(opened, error)
    except (AuthorityEnded, NobodyToRemove) as error:
        await _stop(opened, RunState.NEEDS_SIGN_IN, error)
    except (NotHeard, Busy) as error:
        await _later(opened, error)
    except RunCancelled:
        raise
    except (LeaseLost, DatabaseError):
        raise  # nothing can be written down now: the lease ends, the reaper finds the run, the engine looks again
    except GangwayError as error:
        await _stop(opened, RunState.FAILED, error)
    except Exception:
        await _stop(opened, RunState.FAILED, Broke())
        raise


async def _in_time(opened: Opened) -> None:
    if opened.cancel_asked:
        raise RunCancelled
    if opened.trouble is not None and not _only_ends(opened):
        raise opened.trouble
    try:
        async with asyncio.timeout(_seconds_left(opened)) as limit:
            await (_OF_KIND[opened.kind](opened) if opened.kind in _OF_KIND else _set_up(opened, limit))
    except TimeoutError as error:
        await _time_is_over(opened, error)


async def _time_is_over(opened: Opened, error: TimeoutError) -> None:
    """What is proved ends well.

    Raises NotHeard when it is Microsoft alone that nothing was heard of, else TookTooLong.
    """
    if opened.kind in opening.REACHING and await in_database(opening.is_proved, opened, now=clock.now()):
        await _end_unseen(opened)
    else:
        raise (NotHeard() if opened.copying or await _is_made(opened) else TookTooLong()) from error


async def _is_made(opened: Opened) -> bool:
    """Whether every step of a run that reaches a plan is done, so that nothing but the proof is missing."""
    if opened.kind not in opening.REACHING or not await in_database(opening.is_there, opened):
        return False
    journal = journal_of(opened, blueprint_of(opened))
    return any(held.key_id for held in await journal.held()) and not await journal.unfinished()


async def _set_up(opened: Opened, limit: asyncio.Timeout) -> None:
    """Once all is proved, the `limit` is off: the end bounds itself, and nothing that it leaves is a failure."""
    journal = journal_of(opened, blueprint_of(opened), first=True)
    await _end(opened, journal, await _course(opened, journal, on_proof=lambda: limit.reschedule(None)))


async def _end(opened: Opened, journal: RunJournal, ending: Ending) -> None:
    await journal.end(lambda: opening.close(opened, ending, now=clock.now()))
    milliseconds = round((clock.now() - opened.queued_at).total_seconds() * 1000)
    log.info("run_ended", run_id=str(opened.run_id), withheld=len(ending.withheld), milliseconds=milliseconds)


async def _end_unseen(opened: Opened) -> None:
    """End a run that is proved, with all that nobody looked at any more listed."""
    journal = journal_of(opened, blueprint_of(opened))
    await _end(opened, journal, await unseen(journal.blueprint, journal=journal))


async def _tear_down(opened: Opened) -> None:
    torn = await undoing.tear_down(opened)
    stays = await in_database(undoing.stays, opened)
    await in_database(opening.torn_down, opened, torn, stays, now=clock.now())


async def _rotate(opened: Opened) -> None:
    await rotating.rotate(opened)
    await in_database(opening.ended, opened, now=clock.now())


async def _audit(opened: Opened) -> None:
    found = await auditing.audit(opened)
    await in_database(opening.ended, opened, result=found, now=clock.now())


_OF_KIND: Final = {
    RunKind.TEARDOWN: _tear_down,
    RunKind.ROTATION: _rotate,
    RunKind.CREDENTIAL: _rotate,
    RunKind.AUDIT: _audit,
}


async def _later(opened: Opened, error: NotHeard | Busy) -> None:
    """Microsoft is out of reach: come back soon, or when it asks us to.

    A run that lacks nothing but its proof rests before its time is over: it is looked at again like one whose copies
    lag.
    """
    wait, left = max(BACK_AFTER, _asked(error)), _seconds_left(opened) or 0.0
    proving = left - wait < settings.GANGWAY.propagation_deadline_seconds and await _is_made(opened)
    if opened.copying or proving:
        await _rest(opened, error)
    else:
        seconds = min(wait, max(left, BACK_AFTER))
        await in_database(opening.come_back, opened, error, seconds=seconds, now=clock.now())


def _asked(error: MicrosoftError) -> float:
    """Seconds that Microsoft asked us to wait."""
    return (error.wait if isinstance(error, Busy) else None) or 0.0


async def _take_back(opened: Opened) -> None:
    """Undo what the run made while somebody's right to do so lasts, then write down what is left, if anything is.

    It has a deadline of its own, as it may begin when the run's has passed. What can't be done now, for whatever
    reason, is not tried for ever: it stands on the list of leftovers, with *Try again*.
    """
    error: GangwayError | None = None
    try:
        async with asyncio.timeout(settings.GANGWAY.run_deadline_seconds):
            taken = await undoing.take_back(opened)
        error = NotTakenBack(left=", ".join(one.name for one in taken.left)) if taken.left else None
    except (LeaseLost, DatabaseError):
        raise
    except GangwayError as refused:
        error, taken = refused, await in_database(undoing.nothing_taken_back, opened, refused)
    except TimeoutError:
        error = TookTooLong()
        taken = await in_database(undoing.nothing_taken_back, opened, error)
    except Exception:
        log.exception("run_not_taken_back", run_id=str(opened.run_id))
        error = Broke()
        taken = await in_database(undoing.nothing_taken_back, opened, error)
    await in_database(opening.cancelled, opened, taken, error, now=clock.now())


async def _rest(opened: Opened, error: MicrosoftError) -> None:
    words = "" if isinstance(error, OutOfPatience) else error.what
    if await in_database(copying.rest, opened, words=words, wait=_asked(error), now=clock.now()):
        log.info("run_copying", run_id=str(opened.run_id), error=error.code)
    else:
        await _stop(opened, RunState.FAILED, CopiedTooSlowly(fault=error.fault))


async def _stop(opened: Opened, to: RunState, error: GangwayError) -> None:
    log.warning("run_stopped", run_id=str(opened.run_id), state=to.value, error=error.code)
    if opened.kind in MAKES_ONE and isinstance(error, (TookTooLong, Broke, CopiedTooSlowly)):
        await _roll_back(opened)
    if opened.kind in {RunKind.TEARDOWN, *MAKES_ONE}:
        await in_database(undoing.list_what_stays, opened, error)
    if opened.kind in opening.REACHING and to is RunState.FAILED:
        await _give_up(opened)
    if not await in_database(opening.stop, opened, to, error, now=clock.now()):
        await _end_unseen(opened)


async def _roll_back(opened: Opened) -> None:
    """What was made and isn't used goes, by a short time of its own; whatever can't go now is listed.

    Of all else that stops it, the rotation itself takes back what it made.
    """
    try:
        async with asyncio.timeout(LOOK_MAY_TAKE):
            await rotating.take_back(opened)
    except (LeaseLost, DatabaseError):
        raise
    except (GangwayError, TimeoutError) as refused:
        log.info("run_not_rolled_back", run_id=str(opened.run_id), error=type(refused).__name__)
    except Exception:
        log.exception("run_not_rolled_back", run_id=str(opened.run_id))


async def _give_up(opened: Opened) -> None:
    """A credential that could not be proved is worth nothing and would stay for ever: it goes before the run ends.

    Whatever stops us here, the run fails with its own error; a worker that dies in here comes back to it.
    """
    try:
        async with asyncio.timeout(LOOK_MAY_TAKE):
            await undoing.give_up(opened)
    except (LeaseLost, DatabaseError):
        raise
    except GangwayError as refused:
        await in_database(undoing.list_given_up, opened, refused, now=clock.now())
    except TimeoutError:
        await in_database(undoing.list_given_up, opened, TookTooLong(), now=clock.now())
    except Exception:
        log.exception("run_not_given_up", run_id=str(opened.run_id))
        await in_database(undoing.list_given_up, opened, Broke(), now=clock.now())


async def _course(opened: Opened, journal: RunJournal, *, on_proof: Callable[[], None]) -> Ending:
    if opened.token is None:
        if opened.proved:
            return await unseen(journal.blueprint, journal=journal)
        return await _without_token(opened, journal)
    course = await _engine(opened, opened.token, journal, on_proof)
    if opened.proved:
        return await course.finish()
    try:
        async with _flushed(journal):
            return await course.run()
    except (OutOfPatience, NotHeard, Busy):
        if course.blueprint.lacking != opened.lacking:
            await in_database(opening.keep_lacking, opened, course.blueprint.lacking, now=clock.now())
        raise
    except AuthorityEnded as ended:
        return await _without_token(opened, journal, ended)


@contextlib.asynccontextmanager
async def _flushed(journal: Journal) -> AsyncIterator[None]:
    """Before a run rests or stops, everything that was seen is written down; its good end does so by itself."""
    try:
        yield
    except Exception:
        await journal.flush()
        raise


async def _without_token(opened: Opened, journal: RunJournal, ended: AuthorityEnded | None = None) -> Ending:
    """Prove a run that only waits for Microsoft's copies by the registration's own sign-in.

    Raises AuthorityEnded, as Microsoft `ended` it, when anything is left that only the administrator's token could do,
    StillCopying when the copies still don't agree. The sign-in application stays in the tenant then, and the page says
    so.
    """
    if not opened.copying or not opened.principal_id:
        raise ended or AuthorityEnded
    blueprint = journal.blueprint
    held = next((held for held in await journal.held() if held.key_id), None)
    if held is None or await journal.unfinished():
        raise ended or AuthorityEnded
    cloud = clouds.cloud(opened.cloud)
    standing = await Alone(
        blueprint=blueprint,
        cloud=cloud,
        tenant_id=opened.tenant_id,
        own=await clouds.RegistrationSignIn.at(cloud, TenantId(opened.tenant_id)),
        app_id=AppId(opened.app_id),
        principal=ObjectId(opened.principal_id),
        credential=await journal.credential(held),
        patience=clouds.short_patience(),
        unit=await journal.unit(),
    ).prove()
    if standing is None:
        raise StillCopying
    await journal.looked(standing.looks)
    await journal.proved(Observation(), standing.proofs)
    gone = await without_goodbye(blueprint.farewell, journal=journal)
    left = not_seen(blueprint, Observation())
    if blueprint.farewell is not None:
        left += (sign_in_application_left(blueprint.farewell, None),)
    return Ending(Observation(), (), standing.proofs, gone, left=left)


async def _engine(opened: Opened, token: SealedText, journal: RunJournal, on_proof: Callable[[], None]) -> Course:
    tenant, client = TenantId(opened.tenant_id), AppId(opened.sign_in_client_id)
    cloud, blueprint = clouds.cloud(opened.cloud), journal.blueprint
    days: int | None = opened.wanted.get("credential_days")
    fresh = fresh_of(
        read(opened.plan), name=opened.credential_name, subject=blueprint.unique_name, cloud=cloud, days=days
    )
    return Course(
        blueprint=blueprint,
        client=client,
        cloud=cloud,
        tenant_id=opened.tenant_id,
        graph=await clouds.graph(cloud, tenant, token),
        own=await clouds.RegistrationSignIn.at(cloud, tenant),
        journal=journal,
        patience=clouds.short_patience() if opened.copying else clouds.patience(),
        fresh=fresh,
        adapt=fresh.adapt,
        refused=frozenset(Part(part) for part in opened.wanted.get("left", ())),
        on_proof=on_proof,
    )


def _only_ends(opened: Opened) -> bool:
    """Whether a worker before us proved it: nothing that happens now makes it a failure."""
    return opened.proved and opened.kind in opening.REACHING


def _seconds_left(opened: Opened) -> float | None:
    """How long a run may still work, less what its end may take; None when only that is left, which bounds itself."""
    if _only_ends(opened):
        return None
    if opened.copying:
        return LOOK_MAY_TAKE
    longest = settings.GANGWAY.run_deadline_seconds
    reserved = min(END_MAY_TAKE, longest / 4) if opened.kind in opening.REACHING else 0.0
    ends: datetime = opened.started_at + timedelta(seconds=longest - reserved)
    return max((ends - clock.now()).total_seconds(), 0.0)


@contextlib.asynccontextmanager
async def _kept_alive(opened: Opened) -> AsyncIterator[None]:
    """Renew the lease three times in its life while the work goes on."""
    renewing = asyncio.create_task(_renew(opened))
    try:
        yield
    finally:
        renewing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await renewing


async def _renew(opened: Opened) -> None:
    """When it fails the lease ends by itself, and the journal's next write finds out."""
    seconds = float(settings.GANGWAY.worker_stalled_seconds)
    with contextlib.suppress(LeaseLost):
        while True:
            await asyncio.sleep(seconds / 3)
            try:
                await in_database(lease.renew, opened.lease, seconds=seconds, now=clock.now())
            except DatabaseError:
                log.warning("lease_not_renewed", run_id=str(opened.run_id))
