"""Runs that rest while Microsoft is copying: a row says when we look again, so no restart and no crash loses one."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from gangway.jobs.actions import defer
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import lease as leases
from gangway.provisioning import opening
from gangway.provisioning.journal_store import ENGINE
from gangway.provisioning.models import Run
from gangway.provisioning.moves import TASK, move, queue_lock
from gangway.provisioning.opening import Opened
from gangway.provisioning.states import RunState

LONGEST_DOUBLINGS: Final = 4
"""The wait between two looks grows sixteen-fold and no more."""


def rest(opened: Opened, *, words: str = "", wait: float = 0.0, now: datetime) -> bool:
    """Nothing is contradicted and our patience for now is used up: rest, and look again later.

    `words`: why, when it isn't the copies; `wait`: seconds that Microsoft asked for.
    False, and nothing changed, once the deadline of the copying has passed: then it is a failure. Raises RunCancelled.
    """
    with within(opened.path), transaction.atomic():
        run = opening.not_cancelled(opening.ours(opened, now))
        since = run.copying_since or now
        if now - since >= timedelta(seconds=settings.GANGWAY.copying_deadline_seconds):
            return False
        _look_later(run, words, earliest=now + timedelta(seconds=wait), now=now)
        leases.release(opened.lease)
        return True


def _look_later(run: Run, words: str, *, earliest: datetime, now: datetime) -> None:
    if run.state == RunState.COPYING:
        run.looks, run.look_at, run.words = run.looks + 1, max(next_look(run.looks + 1, now=now), earliest), words
        run.save(update_fields=["looks", "look_at", "words"])
    else:
        first = max(next_look(0, now=now), earliest)
        rests: dict[str, Any] = {"copying_since": now, "looks": 0, "look_at": first, "words": words, "error": None}
        move(run, RunState.COPYING, by=ENGINE, now=now, **rests)
        if run.on_end:
            defer(run.on_end, run_id=str(run.pk))


def next_look(looks: int, *, now: datetime) -> datetime:
    """When to look after so many looks: soon at first, then less often."""
    seconds: float = settings.GANGWAY.copying_look_seconds * 2 ** min(looks, LONGEST_DOUBLINGS)
    return now + timedelta(seconds=seconds)


def wake_what_is_due(*, now: datetime) -> None:
    """Have workers look at every resting run whose time has come; one that is being looked at is not woken twice."""
    with within_everything("copying runs, whoever they belong to"), transaction.atomic():
        due = Run.objects.filter(state=RunState.COPYING.value, look_at__lte=now).order_by("look_at")
        for run_id in due.values_list("pk", flat=True):
            defer(TASK, queueing_lock=queue_lock(run_id), run_id=str(run_id))
