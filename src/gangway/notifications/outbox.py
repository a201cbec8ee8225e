"""The outbox: a message is put in with the caller's transaction and leaves by a worker's hand.

Between the two a link rests sealed, so each attempt sends the same one; when the message is out, or given up, the
sealed link is destroyed. Delivery is at least once: a worker that dies after the mail server said yes and before that
was written down sends the mail again, with the same Message-ID, by which mail programs can tell the repeat.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.jobs.actions import defer
from gangway.notifications.errors import ContextIncomplete, InvalidRecipient
from gangway.notifications.messages import MESSAGES
from gangway.notifications.models import Message
from gangway.notifications.states import UNSENT, WITHDRAWN, DeliveryState, MessageKind
from gangway.vault import actions as vault
from gangway.vault.places import Place

SEND: Final = "notifications:send"
PATIENCE: Final = timedelta(days=3)
"""How long we try when the caller names no time."""
EVENTS: Final = {
    DeliveryState.SENT: Event.MESSAGE_SENT,
    DeliveryState.FAILED: Event.MESSAGE_FAILED,
    DeliveryState.BOUNCED: Event.MESSAGE_BOUNCED,
}
"""Of each way in which a message ends."""


@transaction.atomic
def put(
    *,
    organization_id: UUID,
    kind: MessageKind,
    to: str,
    language: str,
    context: Mapping[str, str],
    link: SealedText | None,
    subject_ref: str,
    by: Actor,
    on_change: str = "",
    give_up_at: datetime | None = None,
) -> UUID:
    """Put a message into the outbox within the caller's transaction.

    `subject_ref` names what it is about ("invitation:<id>"); the task `on_change` is deferred with it when the message
    is sent or given up, at the latest soon after `give_up_at`. Raises `InvalidRecipient` at "to", `ContextIncomplete`.
    """
    _check(kind, context, link)
    message = Message(
        id=uuid4(),
        organization_id=organization_id,
        kind=MessageKind(kind).value,
        to=check_address(to, field="to"),
        language=language,
        context=dict(context),
        subject_ref=subject_ref,
        on_change=on_change,
        state=DeliveryState.QUEUED.value,
        created_at=clock.now(),
        give_up_at=give_up_at or clock.now() + PATIENCE,
    )
    if link is not None:
        message.link_sealed_id = vault.seal(place=link_place(organization_id, message.id), text=link)
    message.save(force_insert=True)
    record(
        Event.MESSAGE_QUEUED,
        by=by,
        organization_id=organization_id,
        subject=subject_ref,
        data={"kind": message.kind, "to": message.to},
    )
    defer_sending(message.id)
    return message.id


def defer_sending(message_id: UUID, *, run_at: datetime | None = None) -> None:
    """Have a worker try to send the message, one at a time."""
    defer(SEND, lock=f"message:{message_id}", run_at=run_at, message_id=str(message_id))


def link_place(organization_id: UUID, message_id: UUID) -> Place:
    """Return where the vault keeps this message's link: it opens nowhere else."""
    return Place(organization_id=organization_id, field="notifications.message.link", row_id=message_id)


def check_address(address: str, *, field: str) -> str:
    """Return an e-mail address without blanks around it; raises `InvalidRecipient` at `field`."""
    cleaned = address.strip()
    try:
        validate_email(cleaned)
    except ValidationError as error:
        raise InvalidRecipient(field=field) from error
    if not cleaned.isprintable():
        raise InvalidRecipient(field=field)
    return cleaned


def _check(kind: MessageKind, context: Mapping[str, str], link: SealedText | None) -> None:
    message = MESSAGES[MessageKind(kind)]
    missing = message.missing(context)
    if missing or message.has_link is not (link is not None):
        raise ContextIncomplete(kind=str(kind), missing=", ".join(missing) or "link")


@transaction.atomic
def withdraw(*, subject_ref: str, by: Actor) -> None:
    """Stop what hasn't been sent about this subject; a mail that is on its way at this moment can't be stopped."""
    _withdraw(Q(subject_ref=subject_ref), by=by)


@transaction.atomic
def withdraw_mails_to(address: str, *, by: Actor) -> None:
    """Stop what hasn't been sent to somebody, whatever it is about."""
    _withdraw(Q(to__iexact=address), by=by)


def _withdraw(named: Q, *, by: Actor) -> None:
    rows = Message.objects.select_for_update(of=("self",)).filter(named, state__in=[state.value for state in UNSENT])
    for message in rows:
        end(message, DeliveryState.FAILED, WITHDRAWN, by=by)


def end(message: Message, state: DeliveryState, error: str, *, by: Actor) -> None:
    """Write down that a message is sent or given up, destroy its link, and tell who waits for it.

    Belongs inside a transaction that holds the row's lock.
    """
    sealed_id, message.link_sealed_id = message.link_sealed_id, None
    message.state, message.last_error, message.next_attempt_at = state.value, error, None
    message.sent_at = clock.now() if state is DeliveryState.SENT else None
    message.save(update_fields=["state", "last_error", "next_attempt_at", "sent_at", "link_sealed_id"])
    vault.destroy(sealed_id=sealed_id, by=by)
    event = EVENTS[state]
    facts: dict[str, str | int] = {"kind": message.kind, "to": message.to, "attempts": message.attempts, "error": error}
    record(event, by=by, organization_id=message.organization_id, subject=message.subject_ref, data=facts)
    if message.on_change:
        defer(message.on_change, subject_ref=message.subject_ref)
