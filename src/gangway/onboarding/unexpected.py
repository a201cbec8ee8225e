"""That somebody didn't expect an invitation: an alarm to all who get alarms, until it is unfrozen or withdrawn.

One that is over can't be frozen; that alarm stands until a person clears it.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from gangway.alarms.actions import clear_alarm, raise_alarm
from gangway.alarms.queries import open_subjects
from gangway.alarms.states import Kind, Severity
from gangway.audit.record import Actor
from gangway.invitations.queries import invitation
from gangway.invitations.states import State
from gangway.organizations.scope import within_everything

TELL: Final = "onboarding:tell_of_report"
TELL_LATE: Final = "onboarding:tell_of_late_report"
SUBJECT: Final = "invitation:"
LATE: Final = "invitation_over:"
WORKER: Final = Actor.system("invitations")


def tell(invitation_id: UUID, *, now: datetime) -> None:
    """Raise the alarm while an invitation is frozen, and clear it afterwards. For workers."""
    with within_everything("who is told stands above the customer"), transaction.atomic():
        about = invitation(invitation_id)
        key: dict[str, Any] = {
            "organization_id": about.organization_id,
            "kind": Kind.UNEXPECTED,
            "subject": f"{SUBJECT}{invitation_id}",
            "by": WORKER,
            "now": now,
        }
        if about.state is not State.REPORTED:
            clear_alarm(**key, why="The invitation isn't frozen any more.")
            return
        raise_alarm(
            **key,
            about=about.service_short_name,
            severity=Severity.CRITICAL,
            words=f"Somebody who holds a link of {about.customer_name}'s invitation didn't expect it: it is frozen.",
            cure="Call the customer by the number on the contract, then unfreeze or revoke the invitation.",
        )


def tell_late(invitation_id: UUID, *, now: datetime) -> None:
    """Raise the alarm about an invitation that was over when somebody said that they didn't expect it. For workers."""
    with within_everything("who is told stands above the customer"), transaction.atomic():
        about = invitation(invitation_id)
        raise_alarm(
            organization_id=about.organization_id,
            kind=Kind.UNEXPECTED,
            subject=f"{LATE}{invitation_id}",
            about=about.service_short_name,
            severity=Severity.CRITICAL,
            words=f"Somebody who holds a link of {about.customer_name}'s invitation didn't expect it, and it is over.",
            cure="Call the customer by the number on the contract, look at what was set up, then clear this.",
            by=WORKER,
            now=now,
        )


def clear_answered(*, now: datetime) -> None:
    """End the alarms of invitations that somebody has unfrozen or withdrawn. For workers."""
    with within_everything("alarms of all organizations"):
        subjects = open_subjects(Kind.UNEXPECTED, begins=SUBJECT)
    for subject in subjects:
        tell(UUID(subject.removeprefix(SUBJECT)), now=now)
