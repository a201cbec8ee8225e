"""Reminders of what waits for another administrator: counted, silent before a planned day, and stopped on request."""

from datetime import datetime
from typing import Final

from django.db import transaction

from gangway.audit.record import Actor
from gangway.onboarding.models import Case
from gangway.onboarding.rows import lock_case
from gangway.onboarding.stages import colleague
from gangway.organizations.scope import within_everything
from gangway.provisioning import queries as runs

CLOCK: Final = Actor.system("reminders")


def remind_all(*, now: datetime) -> None:
    """Send the reminders that are due; of two workers at the same time one sends each."""
    with within_everything("reminders go out for everybody"):
        for run_id in runs.due_reminders(now=now):
            case_id = Case.objects.filter(run_id=run_id, handoff__isnull=True).values_list("pk", flat=True).first()
            if case_id is not None:
                with transaction.atomic():
                    colleague.remind(lock_case(case_id), by=CLOCK, now=now)
