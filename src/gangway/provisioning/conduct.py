"""Conducting a run in a worker: open it, let the engine work under a living lease, write down how it ended.

A worker may die anywhere in here. The run then stays `running`, its lease ends by itself, and whoever gets the job next
begins at the top: the engine looks at what is there and goes on.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import DatabaseError

from gangway.foundation import clock
from gangway.foundation.errors import GangwayError
from gangway.foundation.ids import AppId, TenantId
from gangway.foundation.sealed import SealedText
from gangway.jobs.threads import in_database
from gangway.microsoft.errors import AuthorityEnded, Busy, MicrosoftError, NotHeard
from gangway.provisioning import clouds, lease, opening
from gangway.provisioning.engine.blueprint import draw
from gangway.provisioning.engine.course import Course, Ending
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.pinning import read
from gangway.provisioning.engine.ports import Proofs
from gangway.provisioning.engine.steps.credentials import Fresh
from gangway.provisioning.errors import Broke, LeaseLost, NotTakenBack, RunCancelled, TookTooLong
from gangway.provisioning.journal_store import RunJournal
from gangway.provisioning.opening import Opened
from gangway.provisioning.states import RunState

log = structlog.get_logger(__name__)

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
        await in_database(opening.give_back, opened)
        raise


async def _work(opened: Opened) -> None:
    try:
        async with asyncio.timeout(_seconds_left(opened)):
            ending = await _course(opened)
    except TimeoutError:
        await _stop(opened, RunState.FAILED, TookTooLong())
    except AuthorityEnded as error:
        await _stop(opened, RunState.NEEDS_SIGN_IN, error)
    except (NotHeard, Busy) as error:
        await in_database(opening.come_back, opened, error, seconds=BACK_AFTER, now=clock.now())
    except RunCancelled:
        await _take_back(opened)
    except (LeaseLost, DatabaseError):
        raise  # nothing can be written down now: the lease ends, the reaper finds the run, the engine looks again
    except GangwayError as error:
        await _stop(opened, RunState.FAILED, error)
    except Exception:
        await _stop(opened, RunState.FAILED, Broke())
        raise
    else:
        await in_database(opening.close, opened, ending, now=clock.now())
        milliseconds = round((clock.now() - opened.queued_at).total_seconds() * 1000)
        log.info("run_ended", run_id=str(opened.run_id), withheld=len(ending.withheld), milliseconds=milliseconds)


async def _take_back(opened: Opened) -> None:
    """Undo what the run made while the person's authority lasts, then write down what is left, if anything is."""
    error: GangwayError | None = None
    try:
        if opened.token is not None:
            course = await _engine(opened, opened.token, taking_back=True)
            taken = await course.take_back()
            error = NotTakenBack(left=", ".join(taken.left)) if taken.left else None
    except MicrosoftError as refused:
        error = refused
    await in_database(opening.cancelled, opened, error, now=clock.now())


async def _stop(opened: Opened, to: RunState, error: GangwayError) -> None:
    log.warning("run_stopped", run_id=str(opened.run_id), state=to.value, error=error.code)
    await in_database(opening.stop, opened, to, error, now=clock.now())


async def _course(opened: Opened) -> Ending:
    if opened.token is None:
        if opened.proved:
            return Ending(Observation(), (), Proofs({}), "unknown")
        raise AuthorityEnded
    course = await _engine(opened, opened.token)
    if opened.proved:
        return Ending(Observation(), (), Proofs({}), await course.finish())
    return await course.run()


async def _engine(opened: Opened, token: SealedText, *, taking_back: bool = False) -> Course:
    tenant, client = TenantId(opened.tenant_id), AppId(opened.sign_in_client_id)
    patience, cloud = clouds.patience(), clouds.cloud(opened.cloud)
    blueprint = draw(
        opened.plan,
        registration=str(opened.registration_id),
        display_name=opened.display_name,
        notes=f"Made by {settings.GANGWAY.server_name} for the service {opened.credential_name}.",
        sign_in_client=None if opened.needed_by_others else client,
    )
    journal = RunJournal(
        run_id=opened.run_id,
        registration_id=opened.registration_id,
        organization_id=opened.organization_id,
        service_id=opened.service_id,
        path=opened.path,
        lease=opened.lease,
        fresh_seconds=patience.deadline,
        says_goodbye=blueprint.farewell is not None,
        blueprint=blueprint,
        taking_back=taking_back,
    )
    return Course(
        blueprint=blueprint,
        client=client,
        cloud=cloud,
        tenant_id=opened.tenant_id,
        graph=await clouds.graph(cloud, tenant, token),
        own=await clouds.RegistrationSignIn.at(cloud, tenant),
        journal=journal,
        patience=patience,
        fresh=lambda: _fresh(opened),
    )


def _fresh(opened: Opened) -> Fresh:
    """A credential named after the service, with a mark that no other attempt has."""
    days = read(opened.plan).credential_days
    name = f"{opened.credential_name}-{secrets.token_hex(4)}"
    return Fresh(str(uuid4()), name, clock.now() + timedelta(days=days))


def _seconds_left(opened: Opened) -> float:
    ends: datetime = opened.started_at + timedelta(seconds=settings.GANGWAY.run_deadline_seconds)
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
