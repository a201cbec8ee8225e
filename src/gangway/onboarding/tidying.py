"""Letting go: a case that nobody continues, or whose invitation is over, keeps no code and no token."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q

from gangway.audit.record import Actor
from gangway.foundation.errors import GangwayError
from gangway.invitations.states import State
from gangway.onboarding import withdrawal
from gangway.onboarding.models import Case
from gangway.onboarding.rows import forget_typed, lock_case
from gangway.onboarding.stages import sign_in
from gangway.onboarding.states import CaseState
from gangway.organizations.scope import within_everything
from gangway.provisioning import queries as runs
from gangway.provisioning.states import RESTING

log = structlog.get_logger(__name__)

IDLE_FOR: Final = timedelta(hours=2)
"""A delegated token lives about an hour and a quarter; after this nobody could do anything with it."""
IN_THE_MIDDLE: Final = frozenset(
    {CaseState.IDENTIFYING, CaseState.SIGNING_IN, CaseState.SIGNED_IN, CaseState.NAMING, CaseState.TYPING},
)
OVER: Final = frozenset({State.REVOKED, State.EXPIRED})
LET_BE: Final = frozenset({CaseState.DONE, CaseState.PROVISIONING})
HOUSEKEEPER: Final = Actor.system("housekeeping")
REASON: Final = "housekeeping looks at everybody's cases"
MOST: Final = 500
"""Cases looked at in one go; the rest a minute later."""


def abandon_idle_cases(*, now: datetime) -> None:
    """Abandon cases in the middle of a sign-in that nobody touched for long; the link goes on with them later."""
    before = now - IDLE_FOR
    with within_everything(REASON):
        idle = Case.objects.filter(touched_at__lt=before, state__in=IN_THE_MIDDLE).order_by("touched_at")
        # what the customer is to tell their tenant may wait for that as long as the invitation lasts
        idle = idle.exclude(state=CaseState.TYPING.value, existing__kind__in=["certificate", "federated"])
        _each(idle.values_list("pk", flat=True)[:MOST], partial(_abandon, before=before, now=now))


def _abandon(case: Case, *, before: datetime, now: datetime) -> None:
    if case.state in IN_THE_MIDDLE and case.touched_at < before:
        sign_in.let_go(case, by=HOUSEKEEPER, now=now)


def close_withdrawn_cases(*, now: datetime) -> None:
    """End the cases whose invitation was withdrawn or has expired, and the runs that rest for them.

    What a run is making at this moment is taken back by its worker; that ends the case. Of a case that was abandoned
    before, the run still rests, or a certificate's key is kept.
    """
    with within_everything(REASON):
        standing = Case.objects.filter(invitation__state__in=OVER).exclude(state__in=LET_BE)
        going_on = Case.objects.filter(run_id__isnull=False).exclude(invitation__state__in=OVER).values("run_id")
        resting = Q(run_id__in=runs.resting_runs()) & ~Q(run_id__in=going_on)
        left = resting | Q(existing__sealed_id__isnull=False)
        open_ones = standing.filter(~Q(state=CaseState.ABANDONED.value) | left).order_by("touched_at", "pk")
        _each(open_ones.values_list("pk", flat=True)[:MOST], partial(_close, now=now))


def _each(case_ids: Iterable[UUID], tidy: Callable[[Case], None]) -> None:
    """Tidy up each case, locked, in a transaction of its own; one that fails doesn't hold up the others."""
    for case_id in list(case_ids):
        try:
            with transaction.atomic():
                tidy(lock_case(case_id))
        except GangwayError:
            log.exception("case_not_tidied_up", case=str(case_id))


def _close(case: Case, *, now: datetime) -> None:
    if case.state in LET_BE:
        return
    if case.run_id is not None and runs.run(case.run_id).state in RESTING and not _goes_on_elsewhere(case):
        withdrawal.take_back(case.run_id, by=HOUSEKEEPER, now=now)
    if case.state != CaseState.ABANDONED:
        sign_in.let_go(case, by=HOUSEKEEPER, now=now)
    forget_typed(case, by=HOUSEKEEPER)


def _goes_on_elsewhere(case: Case) -> bool:
    """Whether another invitation goes on with the same run."""
    return bool(Case.objects.filter(run_id=case.run_id).exclude(invitation__state__in=OVER).exists())
