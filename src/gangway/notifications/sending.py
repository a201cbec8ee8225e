"""The worker's part of the outbox: one attempt to send one message, and what follows from it."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.notifications import mail_servers, outbox
from gangway.notifications.channels import mail as mail_channel
from gangway.notifications.errors import MailDelayed, MailRefused, MailServerTrouble
from gangway.notifications.mail_servers import MailServerView
from gangway.notifications.messages import MESSAGES
from gangway.notifications.messages.dress import dress_of
from gangway.notifications.models import Message
from gangway.notifications.senders import sender_by
from gangway.notifications.states import UNSENT, DeliveryState, MessageKind
from gangway.organizations.queries import provider_of
from gangway.organizations.scope import within_everything
from gangway.vault import actions as vault
from gangway.vault.errors import SealBroken, SecretDestroyed, SecretMissing, VaultClosed

POSTMAN: Final = Actor.system("outbox")


def deliver(message_id: UUID) -> None:
    """Try once to send a message that isn't sent yet; afterwards it is sent, to be tried again, or given up."""
    with within_everything("the outbox serves every organization"):
        message = _begin(message_id)
        if message is None:
            return
        server = mail_servers.find(provider_of(message.organization_id).id)
        try:
            _send(message, server)
        except MailRefused as error:
            _end(message_id, DeliveryState.BOUNCED, str(error))
        except MailServerTrouble as error:
            if server is not None:
                mail_servers.note_trouble(server, str(error), now=clock.now())
            _try_again(message_id, str(error))
        except MailDelayed as error:
            _try_again(message_id, str(error))
        else:
            if server is not None:
                mail_servers.note_taken(server)
            _end(message_id, DeliveryState.SENT, "")


@transaction.atomic
def _begin(message_id: UUID) -> Message | None:
    """Count the attempt before it is made, so that a worker that dies in it leaves a trace."""
    rows = Message.objects.filter(pk=message_id, state__in=[state.value for state in UNSENT])
    if not rows.update(attempts=F("attempts") + 1, next_attempt_at=None):
        return None
    return Message.objects.get(pk=message_id)


def _send(message: Message, server: MailServerView | None) -> None:
    """Send it by this server under its address, or by the platform's under ours: never by one in the other's name."""
    where, kind = message.organization_id, MessageKind(message.kind)
    composed = MESSAGES[kind].compose(
        message.context, link=_link(message), dress=dress_of(where), language=message.language
    )
    sender = sender_by(where, server)
    mail_channel.send(
        composed,
        to=message.to,
        sender=str(sender),
        reply_to=sender.reply_to,
        message_id=message.id,
        server=mail_servers.opened(server) if server else None,
        quoting=kind is MessageKind.TEST,
    )


def _link(message: Message) -> str:
    if message.link_sealed_id is None:
        return ""
    place = outbox.link_place(message.organization_id, message.id)
    try:
        link = vault.reveal(sealed_id=message.link_sealed_id, place=place, purpose="mail the link", by=POSTMAN)
    except VaultClosed as error:
        raise MailDelayed("This worker has no key to open the link with.") from error
    except (SealBroken, SecretDestroyed, SecretMissing) as error:
        raise MailRefused("The link in this mail can't be opened any more.") from error
    return link.reveal()


@transaction.atomic
def _end(message_id: UUID, state: DeliveryState, error: str) -> None:
    message = _locked(message_id)
    if message is not None:
        outbox.end(message, state, error, by=POSTMAN)


@transaction.atomic
def _try_again(message_id: UUID, error: str) -> None:
    message = _locked(message_id)
    if message is None:
        return
    again_at = clock.now() + wait_after(message.attempts)
    if again_at > message.give_up_at:
        outbox.end(message, DeliveryState.FAILED, error, by=POSTMAN)
        return
    _note(message, error, again_at)
    outbox.defer_sending(message_id, run_at=again_at)


def _note(message: Message, error: str, again_at: datetime) -> None:
    message.state, message.last_error, message.next_attempt_at = DeliveryState.RETRYING.value, error, again_at
    message.save(update_fields=["state", "last_error", "next_attempt_at"])


def _locked(message_id: UUID) -> Message | None:
    """Return the message while it is unsent: somebody may have withdrawn it in the meantime."""
    rows = Message.objects.select_for_update(of=("self",)).filter(pk=message_id)
    return rows.filter(state__in=[state.value for state in UNSENT]).first()


def wait_after(attempts: int) -> timedelta:
    """Return the wait after this many attempts: each longer than the one before, then always the longest."""
    waits = settings.GANGWAY.mail_retry_seconds
    return timedelta(seconds=waits[min(attempts, len(waits)) - 1])
