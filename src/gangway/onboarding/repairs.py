"""What a case of an invitation to repair has to do: what is missing now, by the connection's last looks. Reads."""

from datetime import datetime
from typing import Final

from gangway.connections.repairs import Repair, repair_of
from gangway.invitations import queries as invited
from gangway.invitations.aims import Purpose
from gangway.invitations.queries import InvitationView
from gangway.onboarding.models import Case
from gangway.provisioning.renewable import mends_only

MENDS: Final = frozenset({Purpose.REPAIR, Purpose.MOVE})
"""What is asked for to add what is missing; the credential in use is kept while it is good."""


def repair_for(case: Case, *, now: datetime) -> Repair | None:
    """Return what a case's invitation has to mend; None when it is about something else."""
    return repair_asked(invited.invitation(case.invitation_id), now=now)


def repair_asked(about: InvitationView, *, now: datetime) -> Repair | None:
    """The same for an invitation."""
    if about.purpose not in MENDS:
        return None
    return repair_of(about.service_id, about.registration_id, about.plan, now=now)


def ended_meanwhile(case: Case, *, now: datetime) -> bool:
    """Whether a repair that rests was to keep a credential that isn't good any more: then another one is made."""
    if case.run_id is None or not mends_only(case.run_id):
        return False
    repair = repair_for(case, now=now)
    return repair is not None and bool(repair.own.renews)
