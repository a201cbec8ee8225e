"""Replacing an invitation's links, or sending it elsewhere: whoever is in the wizard by an earlier one is stopped too.

What a run makes at this moment is let finish. Colleagues who were asked for the rest have links of their own.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gangway.audit.record import Actor
from gangway.invitations import actions as invitations
from gangway.invitations.queries import invitation
from gangway.onboarding.expected import need_expected
from gangway.onboarding.rows import lock_case
from gangway.onboarding.stages import colleague


@transaction.atomic
def replace_links(*, invitation_id: UUID, by: Actor, now: datetime) -> None:
    """*Replace link*: all earlier links and sessions end, one new link is mailed. Raises as `invitations.resend`."""
    _stop(invitation_id, by=by, now=now)
    invitations.replace_links(invitation_id=invitation_id, by=by, now=now)


@transaction.atomic
def readdress(*, invitation_id: UUID, recipient: str, knowingly: str = "", by: Actor, now: datetime) -> None:
    """*Change recipient*: the same, to another address. `knowingly`: the one that was answered for.

    Raises `InvalidRecipient` and `AddressUnexpected` at "recipient", too.
    """
    need_expected(recipient, customer_id=invitation(invitation_id).organization_id, knowingly=knowingly)
    _stop(invitation_id, by=by, now=now)
    invitations.readdress(invitation_id=invitation_id, recipient=recipient, by=by, now=now)


def _stop(invitation_id: UUID, *, by: Actor, now: datetime) -> None:
    """End what the case still holds: its code or token is destroyed; the new link goes on with the same case."""
    case = colleague.first_case(invitation_id)
    if case is not None:
        colleague.let_go(lock_case(case.pk), by=by, now=now)
