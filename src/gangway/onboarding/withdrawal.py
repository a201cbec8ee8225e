"""Withdrawing an invitation: its links die at once, and what was made for it in the tenant is taken back.

A run at work takes back what it made while the administrator's authority lasts. One that rests, or is proved already,
gets a tear-down: by the registration's own right where it has one, else everything is listed for a person.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gangway.audit.record import Actor
from gangway.invitations import actions as invitations
from gangway.onboarding.models import Case, ExistingRegistration
from gangway.onboarding.states import CaseState
from gangway.provisioning import actions as provisioning
from gangway.provisioning import given, taking_back


@transaction.atomic
def withdraw(*, invitation_id: UUID, by: Actor, now: datetime) -> bool:
    """Withdraw it; says whether anything was begun in the tenant, hence is taken back or listed as left over.

    Raises `NoSuchInvitation`; `InvitationMoved` when it has ended already.
    """
    invitations.revoke(invitation_id=invitation_id, by=by, now=now)
    return bool(_begun(invitation_id))


def stop(invitation_id: UUID, by: Actor, now: datetime) -> None:
    """Take back what was begun for an invitation that is being withdrawn; registered in `apps`.

    Of a registration that the customer made only our copy of its credential goes.
    """
    for run_id in _begun(invitation_id):
        take_back(run_id, by=by, now=now)
    proved = ExistingRegistration.objects.filter(case__invitation_id=invitation_id, case__state=CaseState.DONE.value)
    for credential_id in list(proved.values_list("credential_id", flat=True)):
        given.forget(credential_id, by=by)


def _begun(invitation_id: UUID) -> set[UUID]:
    cases = Case.objects.filter(invitation_id=invitation_id, run_id__isnull=False)
    return {run_id for run_id in cases.values_list("run_id", flat=True) if run_id is not None}


def take_back(run_id: UUID, *, by: Actor, now: datetime) -> None:
    """Undo one run and what was made beside it, wherever they stand; nothing happens when that is under way or done."""
    provisioning.take_back_beside(run_id, by=by, now=now)
    taking_back.take_back(run_id, by=by, now=now)
