"""What workers do for this room."""

from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.invitations import actions, letters, notices, queries
from gangway.invitations.errors import InvitationMoved
from gangway.invitations.rows import locked
from gangway.invitations.states import State
from gangway.invitations.waiting_for import due_to_remind
from gangway.jobs.registry import task
from gangway.jobs.schedule import every
from gangway.notifications.queries import delivery
from gangway.notifications.states import DeliveryState
from gangway.organizations.scope import within_everything

POSTMAN: Final = Actor.system("outbox")
EXPIRE: Final = "invitations:expire"
REMIND: Final = "invitations:remind"
REFUSED: Final = notices.News(
    "The mail was refused",
    "Check the address; change the recipient, or hand the link over in another way.",
)


@task(name=EXPIRE, deadline_seconds=120)
def expire() -> None:
    """End every invitation whose time is over, each in a transaction of its own."""
    now = clock.now()
    with within_everything("invitations expire for everybody"):
        for invitation_id in queries.due_to_expire(now=now):
            actions.expire(invitation_id=invitation_id, by=Actor.system("clock"), now=now)


@task(name=REMIND, deadline_seconds=120)
def remind() -> None:
    """Remind before the end of an invitation, each in a transaction of its own."""
    now = clock.now()
    with within_everything("invitations are reminded of for everybody"):
        for invitation_id in due_to_remind(now=now):
            actions.remind(invitation_id=invitation_id, by=Actor.system("clock"), now=now)


@task(name=letters.ON_DELIVERY, queue="mail", deadline_seconds=60)
def note_delivery(subject_ref: str) -> None:
    """Bring an invitation to sent once its mail is out, or to bounced; one that was opened before stays where it is."""
    with within_everything("the outbox tells about every organization's mail"):
        mail = delivery(subject_ref)
        invitation_id = UUID(subject_ref.removeprefix("invitation:"))
        if mail is not None and mail.state is DeliveryState.SENT:
            _move(invitation_id, State.SENT, {State.QUEUED})
        elif mail is not None and mail.state is DeliveryState.BOUNCED:
            _bounced(invitation_id, mail.last_error)


def _move(invitation_id: UUID, to: State, sources: set[State], note: str = "") -> bool:
    try:
        actions.move(invitation_id=invitation_id, to=to, by=POSTMAN, expected=sources, note=note)
    except InvitationMoved:
        return False
    return True


@transaction.atomic
def _bounced(invitation_id: UUID, error: str) -> None:
    if _move(invitation_id, State.BOUNCED, {State.QUEUED, State.SENT}, note=error):
        invitation = locked(invitation_id)
        notices.tell(invitation, REFUSED, what=f"{invitation.recipient}: {error}", by=POSTMAN)


every(60, EXPIRE)
every(600, REMIND)
