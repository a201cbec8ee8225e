"""The exact mail of an invitation before it goes out: to look at, and to send to oneself."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations import letters
from gangway.invitations.errors import NoSuchInvitation
from gangway.invitations.models import Invitation
from gangway.invitations.states import State
from gangway.notifications import outbox
from gangway.notifications.messages import MESSAGES, Mail
from gangway.notifications.messages.dress import dress_of
from gangway.notifications.senders import Sender, sender_of
from gangway.notifications.states import MessageKind
from gangway.organizations.hosts import public_url

STAND_IN: Final = "this-is-where-the-link-will-be"
"""In the place of a token: it opens nothing, and nobody can take it for a real one."""
PATIENCE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Preview:
    """A mail as it would go out now, and from whom."""

    mail: Mail
    sender: Sender


def preview(invitation_id: UUID, *, operator: str) -> Preview:
    """Return the mail as it would go out now, with a stand-in for its link. Raises `NoSuchInvitation`."""
    row = _found(invitation_id)
    told, dress = letters.told_in_mail(row, operator=operator), dress_of(row.organization_id)
    mail = MESSAGES[MessageKind.INVITATION].compose(
        told, link=_stand_in(row).reveal(), dress=dress, language=row.language
    )
    return Preview(mail, sender_of(row.organization_id))


def in_a_page(mail: Mail) -> str:
    """Return the mail's HTML as a browser can show it alone: with its logo within it."""
    logo = mail.dress.logo
    if logo is None:
        return mail.html
    data = b64encode(logo.data).decode()
    return mail.html.replace('src="cid:logo"', f'src="data:{logo.media_type};base64,{data}"', 1)


def test_invitation(invitation_id: UUID, *, to: str, operator: str, by: Actor, now: datetime) -> None:
    """Send that mail to oneself, by the outbox and a worker. Raises `NoSuchInvitation`."""
    row = _found(invitation_id)
    outbox.put(
        organization_id=row.organization_id,
        kind=MessageKind.INVITATION,
        to=to,
        language=row.language,
        context=letters.told_in_mail(row, operator=operator),
        link=_stand_in(row),
        subject_ref=f"test_of:{row.id}",
        by=by,
        give_up_at=now + PATIENCE,
    )


def _found(invitation_id: UUID) -> Invitation:
    """The invitation as it would be if it went out now; of a draft, that is not to be saved."""
    row = Invitation.objects.filter(pk=invitation_id).first()
    if row is None:
        raise NoSuchInvitation
    if row.state == State.DRAFT:
        row.expires_at = clock.now() + (row.expires_at - row.created_at)
    return row


def _stand_in(row: Invitation) -> SealedText:
    return SealedText(f"{public_url(row.organization_id)}/i/{STAND_IN}")
