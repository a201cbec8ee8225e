"""Moving a run: lock, compare with the table of moves, change, record; in the caller's transaction."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.jobs.actions import defer
from gangway.provisioning.errors import NoSuchRun, RunOver, RunUnderWay
from gangway.provisioning.models import Run
from gangway.provisioning.states import HOLDING, LIVING, RUN_MOVES, RunKind, RunState
from gangway.vault.actions import destroy

TASK: Final = "provisioning:run"

EVENTS: Final = {
    RunState.QUEUED: Event.RUN_QUEUED,
    RunState.RUNNING: Event.RUN_STARTED,
    RunState.COPYING: Event.RUN_COPYING,
    RunState.WAITING: Event.RUN_WAITING,
    RunState.NEEDS_SIGN_IN: Event.RUN_NEEDS_SIGN_IN,
    RunState.PROVED: Event.RUN_PROVED,
    RunState.FAILED: Event.RUN_FAILED,
    RunState.CANCELLED: Event.RUN_CANCELLED,
}


def queue_lock(run_id: UUID) -> str:
    """While a job for this run waits, a second one isn't needed."""
    return f"provisioning:run:{run_id}"


def locked(run_id: UUID) -> Run:
    """The run, locked, and before it its registration, as everybody does; one made beside another comes after that.

    Raises NoSuchRun.
    """
    about = Run.objects.filter(pk=run_id).values_list("after_id").first()
    if about is None:
        raise NoSuchRun
    return locked_after(run_id, about[0])


def locked_after(run_id: UUID, after_id: UUID | None) -> Run:
    """The same for somebody who has just read beside which run it is made. Raises NoSuchRun.

    PostgreSQL locks a statement's rows in the order in which they are named.
    """
    if after_id is not None:
        locked(after_id)
    rows = Run.objects.select_for_update(of=("registration", "self")).select_related("registration")
    run = rows.filter(pk=run_id).first()
    if run is None:
        raise NoSuchRun
    return run


def move(
    run: Run, to: RunState, *, by: Actor, now: datetime, data: dict[str, Any] | None = None, **fields: Any
) -> None:
    """Bring a locked run to another state with some of its fields.

    A run that rests or ends holds no token any more, except while Microsoft is copying.
    Raises RunUnderWay for a living run that can't go there, RunOver for an ended one.
    """
    here = RunState(run.state)
    if to not in RUN_MOVES[here]:
        raise RunUnderWay if here in LIVING else RunOver
    leaves = here in LIVING and to not in LIVING
    together = _made_together(run) if leaves or to not in HOLDING else ()
    if to not in HOLDING:
        if all(other.token_sealed_id != run.token_sealed_id for other in together):
            destroy(sealed_id=run.token_sealed_id, by=by)
        fields |= {"token_sealed_id": None, "ended_at": now, "words": ""}
    if to is not RunState.COPYING:
        fields = {"copying_since": None, "look_at": None, **fields}
    run.state = to.value
    for name, value in fields.items():
        setattr(run, name, value)
    run.save(update_fields=["state", *fields])
    facts = {"registration": str(run.registration_id), **(data or {})}
    record(EVENTS[to], by=by, organization_id=run.organization_id, subject=f"run:{run.pk}", data=facts)
    for other in together if leaves else ():
        if other.after_id == run.pk and other.state == RunState.QUEUED:
            defer(TASK, queueing_lock=queue_lock(other.pk), run_id=str(other.pk))


def _made_together(run: Run) -> tuple[Run, ...]:
    """The runs of the same sign-in: the later one to end destroys its token, and one that waited for this one goes on.

    Of two that end at once the one beside waits for the first one's row, so that one of them is the later one.
    """
    if run.after_id is None:
        return tuple(Run.objects.filter(after_id=run.pk))
    return tuple(Run.objects.select_for_update(of=("self",)).filter(pk=run.after_id))


def token_is_held(sealed_id: UUID | None) -> bool:
    """Whether a run still works with this sealed token."""
    return sealed_id is not None and Run.objects.filter(token_sealed_id=sealed_id).exists()


def set_going_since(run_id: UUID, at: datetime) -> bool:
    """Whether a run was started or resumed after this time: what became of a sign-in before, it writes down itself."""
    return bool(Run.objects.filter(pk=run_id, queued_at__gte=at).exists())


def is_first(run: Run) -> bool:
    """Whether nothing but this run ever brought its registration to be proved: then all of it is this run's."""
    proved_at = run.registration.proved_at
    if proved_at is None:
        return True
    others = Run.objects.filter(registration_id=run.registration_id, state=RunState.PROVED.value).exclude(pk=run.pk)
    return proved_at >= run.created_at and not others.exclude(kind=RunKind.AUDIT.value).exists()
