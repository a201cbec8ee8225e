"""Taking back what a run made that nobody wants any more, wherever it stands. Sync, in the caller's scope.

While something else is at work on its registration, it is tried again in a minute: whoever withdrew or declined it is
long gone by then, and nobody else would come back to it.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.audit.record import Actor
from gangway.jobs.actions import defer
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.errors import RunOver, RunUnderWay
from gangway.provisioning.in_use import credentials_in_use
from gangway.provisioning.leaving import undo_proved
from gangway.provisioning.models import Run
from gangway.provisioning.moves import locked
from gangway.provisioning.runs import cancel_run
from gangway.provisioning.starting import start_teardown
from gangway.provisioning.states import RegistrationState, RunKind, RunState

TASK: Final = "provisioning:take_back"
AGAIN: Final = timedelta(minutes=1)
SCHEDULE: Final = Actor.system("taking back")


def take_back(run_id: UUID, *, whole: bool = False, by: Actor, now: datetime) -> None:
    """Undo one run; nothing happens when that is under way or done.

    `whole`: its registration goes, too, whoever renewed it since.
    """
    try:
        with transaction.atomic():
            _undo(locked(run_id), whole=whole, by=by, now=now)
    except RunOver:
        return
    except RunUnderWay:
        defer(TASK, queueing_lock=f"{TASK}:{run_id}", run_at=now + AGAIN, run_id=str(run_id), whole=int(whole))


def _undo(run: Run, *, whole: bool, by: Actor, now: datetime) -> None:
    if run.registration.state == RegistrationState.REMOVED:
        return
    if RunState(run.state) is not RunState.PROVED:
        cancel_run(run_id=run.pk, by=by, now=now)
    elif whole:
        start_teardown(
            registration_id=run.registration_id,
            service_id=run.service_id,
            whole=True,
            for_good=True,
            by=by,
            now=now,
        )
    else:
        undo_proved(run_id=run.pk, by=by, now=now)


def take_back_now(run_id: UUID, *, whole: bool, now: datetime) -> None:
    """Try it again, in a worker; what was begun anew since, or taken into use, stays."""
    with within_everything("a worker is given a run by its id"):
        path = Run.objects.filter(pk=run_id).values_list("organization__path", flat=True).first()
    if path is None:
        return
    with within(path), transaction.atomic():
        run = locked(run_id)
        later = Run.objects.filter(
            registration_id=run.registration_id, kind=RunKind.SETUP.value, created_at__gt=run.created_at
        )
        first = run.kind == RunKind.SETUP
        if not (first and (later.exists() or credentials_in_use(run.registration_id))):
            take_back(run_id, whole=whole, by=SCHEDULE, now=now)
