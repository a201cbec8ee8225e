"""What workers do for this room."""

from typing import Final
from uuid import UUID

from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.invitations import actions, letters, queries
from gangway.invitations.errors import InvitationMoved
from gangway.invitations.states import State
from gangway.jobs.registry import task
from gangway.jobs.schedule import every
from gangway.notifications.queries import delivery
from gangway.notifications.states import DeliveryState
from gangway.organizations.scope import within_everything

EXPIRE: Final = "invitations:expire"


@task(name=EXPIRE, deadline_seconds=120)
def expire() -> None:
    """End every invitation whose time is over, each in a transaction of its own."""
    now = clock.now()
    with within_everything("invitations expire for everybody"):
        for invitation_id in queries.due_to_expire(now=now):
            actions.expire(invitation_id=invitation_id, by=Actor.system("clock"), now=now)


@task(name=letters.ON_DELIVERY, queue="mail", deadline_seconds=60)
def note_delivery(subject_ref: str) -> None:
    """Bring an invitation from queued to sent once its mail is out; one that was opened before stays where it is."""
    with within_everything("the outbox tells about every organization's mail"):
        mail = delivery(subject_ref)
        if mail is None or mail.state is not DeliveryState.SENT:
            return
        try:
            actions.move(
                invitation_id=UUID(subject_ref.removeprefix("invitation:")),
                to=State.SENT,
                by=Actor.system("outbox"),
                expected={State.QUEUED},
            )
        except InvitationMoved:
            return


every(60, EXPIRE)
