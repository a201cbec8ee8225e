"""What workers do for this room."""

from itertools import groupby
from operator import attrgetter
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.invitations import actions, letters, notices, queries
from gangway.invitations.errors import InvitationMoved
from gangway.invitations.models import Invitation
from gangway.invitations.moves import write_history
from gangway.invitations.rows import locked
from gangway.invitations.states import CONSUMED, ENDED, State
from gangway.invitations.waiting_for import due_to_remind
from gangway.jobs.registry import task
from gangway.jobs.schedule import every
from gangway.notifications.queries import Delivery, delivery
from gangway.notifications.states import DeliveryState
from gangway.organizations.scope import within_everything

POSTMAN: Final = Actor.system("outbox")
EXPIRE: Final = "invitations:expire"
REMIND: Final = "invitations:remind"
REFUSED: Final = notices.News(
    "The mail was refused",
    "Check the address; change the recipient, or hand the link over in another way.",
)
COLLEAGUE_REFUSED: Final = notices.News(
    "The mail to another administrator was refused",
    "Check the address with the customer; send a link to the right one from the invitation's page.",
)


@task(name=EXPIRE, deadline_seconds=120)
def expire() -> None:
    """End every invitation whose time is over, those of one operator together, who is told of them at once."""
    now, by = clock.now(), Actor.system("clock")
    with within_everything("invitations expire for everybody"):
        due = queries.due_to_expire(now=now)
        issued = Invitation.objects.filter(pk__in=due).order_by("created_by_id", "id")
        for _issuer, together in groupby(issued, key=attrgetter("created_by_id")):
            with transaction.atomic():
                ended = [one for one in together if actions.expire(invitation_id=one.pk, by=by, now=now)]
                notices.tell_expired(ended, by=by)


@task(name=REMIND, deadline_seconds=120)
def remind() -> None:
    """Remind before the end of an invitation, each in a transaction of its own."""
    now = clock.now()
    with within_everything("invitations are reminded of for everybody"):
        for invitation_id in due_to_remind(now=now):
            actions.remind(invitation_id=invitation_id, by=Actor.system("clock"), now=now)


@task(name=letters.ON_DELIVERY, queue="mail", deadline_seconds=60)
def note_delivery(subject_ref: str) -> None:
    """Bring an invitation to sent once its mail is out, or to bounced; one that was opened before stays where it is.

    Whoever issued it is told of every mail that was refused, a colleague's too.
    """
    kind, _colon, key = subject_ref.rpartition(":")
    with within_everything("the outbox tells about every organization's mail"):
        mail = delivery(subject_ref)
        if mail is not None and mail.state is DeliveryState.BOUNCED:
            note = _bounced if kind == "invitation" else _colleagues_bounced
            note(UUID(key), mail)
        elif mail is not None and mail.state is DeliveryState.SENT and kind == "invitation":
            _move(UUID(key), State.SENT, {State.QUEUED})


def _move(invitation_id: UUID, to: State, sources: set[State], note: str = "") -> bool:
    try:
        actions.move(invitation_id=invitation_id, to=to, by=POSTMAN, expected=sources, note=note)
    except InvitationMoved:
        return False
    return True


@transaction.atomic
def _bounced(invitation_id: UUID, mail: Delivery) -> None:
    invitation = locked(invitation_id)
    moved = _move(invitation_id, State.BOUNCED, {State.QUEUED, State.SENT}, note=mail.last_error)
    _tell(invitation, REFUSED, mail, to=invitation.recipient, kind="refused", noted=moved)


@transaction.atomic
def _colleagues_bounced(handoff_id: UUID, mail: Delivery) -> None:
    held = queries.handoff(handoff_id)
    if held.revoked_at is None:
        invitation = locked(held.invitation_id)
        _tell(invitation, COLLEAGUE_REFUSED, mail, to=held.recipient, kind=f"refused-{handoff_id.hex}")


def _tell(
    invitation: Invitation, news: notices.News, mail: Delivery, *, to: str, kind: str, noted: bool = False
) -> None:
    """Tell once of a mail that was refused, while its link would still be good for something."""
    if State(invitation.state) in ENDED | CONSUMED or notices.told_since(invitation, mail.written_at, kind=kind):
        return
    notices.tell(invitation, news, what=f"{to}: {mail.last_error}", by=POSTMAN, kind=kind)
    if not noted:
        note = f"The mail to {to} was refused: {mail.last_error}"
        write_history(invitation, by=POSTMAN, at=clock.now(), note=note)


every(60, EXPIRE)
every(600, REMIND)
