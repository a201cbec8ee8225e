"""The validation of a fresh registration: begun and ended by a worker, looked at live by the operator's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.connections import verdict
from gangway.foundation.errors import GangwayError
from gangway.microsoft.errors import MicrosoftError
from gangway.onboarding import finishing, problems
from gangway.onboarding.models import OperatorOnboarding
from gangway.onboarding.shapes import NextMove
from gangway.organizations.scope import within_everything
from gangway.provisioning.actions import CheckItem, CheckResult
from gangway.services.queries import service

WORKER: Final = Actor.system("onboarding")
LONGEST: Final = timedelta(minutes=5)
"""A validation that runs longer lost its worker."""
REASON: Final = "a worker validates everybody's registrations"


@dataclass(frozen=True, slots=True)
class Begun:
    """What a worker needs to look at a registration."""

    registration_id: UUID
    credential_id: UUID
    users: int


def begin(*, onboarding_id: UUID) -> Begun | None:
    """Mark the validation as running; None when it is over already (the job ran twice)."""
    with within_everything(REASON), transaction.atomic():
        row = _locked(onboarding_id)
        if row is None:
            return None
        row.check_state = "running"
        row.save(update_fields=["check_state"])
        return Begun(row.registration_id, row.credential_id, service(row.service_id).licensed_users)


def note(items: Sequence[CheckItem], *, onboarding_id: UUID) -> None:
    """Show what is known so far to whoever watches."""
    with within_everything(REASON), transaction.atomic():
        row = _locked(onboarding_id)
        if row is not None:
            row.check_items = verdict.kept(items)
            row.save(update_fields=["check_items"])


def end(*, onboarding_id: UUID, result: CheckResult, now: datetime) -> None:
    """Write down what was seen."""
    with within_everything(REASON), transaction.atomic():
        row = _locked(onboarding_id)
        if row is None:
            return
        items = verdict.kept(result.items)
        row.check_state, row.check_items, row.check_status = "done", items, verdict.status_of(items)
        row.check_granted = sorted(result.granted) if result.granted else None
        row.check_roles = None if result.roles is None else sorted(result.roles)
        _close(row, now=now)
        finishing.go_on(row, now=now)


def fail(*, onboarding_id: UUID, error: GangwayError, now: datetime) -> None:
    """Write down that we could not look: a fault of ours, which says nothing about the registration."""
    with within_everything(REASON), transaction.atomic():
        row = _locked(onboarding_id)
        if row is not None:
            row.check_state = "failed"
            marks = problems.marks(error.fault) if isinstance(error, MicrosoftError) else []
            row.check_problem = problems.kept(error, next_move=NextMove.START_AGAIN, at=now, details=marks)
            _close(row, now=now)
            finishing.go_on(row, now=now)


def give_up(*, now: datetime) -> None:
    """End validations that lost their worker: the page offers *Check again*."""
    with within_everything(REASON):
        old = OperatorOnboarding.objects.filter(
            check_state__in=["queued", "running"], check_started_at__lt=now - LONGEST
        )
        for onboarding_id in list(old.values_list("pk", flat=True)):
            with transaction.atomic():
                row = _locked(onboarding_id)
                if row is not None:
                    row.check_state = "failed"
                    _close(row, now=now)


def _close(row: OperatorOnboarding, *, now: datetime) -> None:
    row.check_ended_at = now
    row.save()
    record(
        Event.ONBOARDING_VALIDATION_ENDED,
        by=WORKER,
        organization_id=row.organization_id,
        subject=f"service:{row.service_id}",
        data={"status": row.check_status, "state": row.check_state},
    )


def _locked(onboarding_id: UUID) -> OperatorOnboarding | None:
    rows = OperatorOnboarding.objects.select_for_update(of=("self",))
    return rows.filter(pk=onboarding_id, check_state__in=["queued", "running"]).first()
