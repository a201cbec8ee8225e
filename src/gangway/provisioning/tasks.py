"""Jobs of this room: ids in, one function called."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from gangway.foundation import clock
from gangway.jobs.actions import defer
from gangway.jobs.registry import task
from gangway.jobs.schedule import every
from gangway.organizations.scope import within_everything
from gangway.provisioning import by_itself, copying, leftovers, looking, switching, taking_back, waiting
from gangway.provisioning.conduct import conduct
from gangway.provisioning.models import Run, TenantLease
from gangway.provisioning.moves import TASK, queue_lock
from gangway.provisioning.states import LIVING

LONGEST_RUN_SECONDS: Final = 24 * 3600
"""Far above any run's own deadline, which the settings give and which ends the run in words."""

REAP: Final = "provisioning:reap"
REAP_EVERY_SECONDS: Final = 30
WAKE: Final = "provisioning:wake"
WAKE_EVERY_SECONDS: Final = 5
REMOVE_RESTED: Final = "provisioning:remove_rested"
REMOVE_RESTED_EVERY_SECONDS: Final = 60
BY_ITSELF: Final = "provisioning:try_by_itself"
BY_ITSELF_EVERY_SECONDS: Final = 3600
TAKE_UP: Final = "provisioning:take_up_waiting"
TAKE_UP_EVERY_SECONDS: Final = 10


@task(name=TASK, queue="provisioning", deadline_seconds=LONGEST_RUN_SECONDS)
async def run(*, run_id: str) -> None:
    """Do what is left of a run, wherever it stands."""
    await conduct(UUID(run_id))


@task(name=REAP, deadline_seconds=60)
def reap() -> None:
    """Give runs that lost their worker and their job to another one."""
    now = clock.now()
    silent_since = now - timedelta(seconds=settings.GANGWAY.worker_stalled_seconds)
    held = TenantLease.objects.filter(expires_at__gt=now).exclude(owner="").values("tenant_id")
    with within_everything("runs without a worker, whoever they belong to"), transaction.atomic():
        lost = Run.objects.filter(state__in=[state.value for state in LIVING], queued_at__lt=silent_since)
        for run_id in lost.exclude(registration__tenant_id__in=held).values_list("pk", flat=True):
            defer(TASK, queueing_lock=queue_lock(run_id), run_id=str(run_id))


@task(name=taking_back.TASK, deadline_seconds=60)
def take_back(*, run_id: str, whole: int) -> None:
    """Take back what a run made, now that nothing else may be at work on its registration."""
    taking_back.take_back_now(UUID(run_id), whole=bool(whole), now=clock.now())


@task(name=WAKE, deadline_seconds=60)
def wake() -> None:
    """Have the runs looked at again that rest while Microsoft is copying."""
    copying.wake_what_is_due(now=clock.now())


@task(name=waiting.LOOK, queue="provisioning", deadline_seconds=120)
async def look_at_waiting(*, run_id: str) -> None:
    """See whether what a run waits for has come, by its registration's own fresh tokens."""
    await looking.look(UUID(run_id))


@task(name=TAKE_UP, deadline_seconds=60)
def take_up_waiting() -> None:
    """Have those waiting runs looked at whose time has come, and those ended whose time is over."""
    waiting.take_up(now=clock.now())


@task(name=REMOVE_RESTED, deadline_seconds=60)
def remove_rested() -> None:
    """Have credentials removed whose rest is over; forget what Microsoft has not kept any longer."""
    switching.remove_what_rested(now=clock.now())
    leftovers.forget_what_microsoft_dropped(now=clock.now())


@task(name=BY_ITSELF, deadline_seconds=120)
def try_by_itself() -> None:
    """Try again what is left over and needs nobody."""
    by_itself.try_what_needs_nobody(now=clock.now())


every(BY_ITSELF_EVERY_SECONDS, BY_ITSELF)
every(REMOVE_RESTED_EVERY_SECONDS, REMOVE_RESTED)
every(REAP_EVERY_SECONDS, REAP)
every(TAKE_UP_EVERY_SECONDS, TAKE_UP)
every(WAKE_EVERY_SECONDS, WAKE)
