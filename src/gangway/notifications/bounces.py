"""What the mail provider tells afterwards: a mail that it had taken was refused for good by the recipient's server.

It calls us with a signed message, as Standard Webhooks says. The web process only checks the signature and hands on; a
worker writes it down. The same call twice, or one about a mail that we never sent, changes nothing.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation import clock
from gangway.jobs.actions import defer
from gangway.notifications.channels.webhook import signed
from gangway.notifications.messages.mail import one_line
from gangway.notifications.models import Message, Returned
from gangway.notifications.states import DeliveryState
from gangway.organizations.scope import within_everything

NOTE: Final = "notifications:note_bounce"
BOUNCED: Final = "email.bounced"
TOLERANCE: Final = timedelta(minutes=5)
LONGEST_REASON: Final = 200
LARGEST: Final = 64 * 1024
NOTED_WITHIN: Final = timedelta(hours=1)
"""The job that writes it down has tried all its turns by then; after that it is tried anew."""
KEPT: Final = timedelta(days=3)
"""What nobody could write down for so long is forgotten: mail servers like to name the person in their reason."""
MOST: Final = 500
POSTMAN: Final = Actor.system("mail provider")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that came back."""

    message_id: UUID
    reason: str


def is_genuine(body: bytes, headers: Mapping[str, str], *, now: datetime) -> bool:
    """Whether the mail provider signed this, unchanged and just now. Never without a key in the settings."""
    key = settings.GANGWAY.mail_webhook_secret
    message_id, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not key.reveal() or not message_id or not seconds.isdecimal() or len(body) > LARGEST:
        return False
    try:
        at = datetime.fromtimestamp(int(seconds), UTC)
        wanted = signed(body, message_id=message_id, at=at, secret=key)["webhook-signature"]
    except (ValueError, OverflowError, OSError):
        return False
    given = headers.get("webhook-signature", "").split()
    return abs(now - at) <= TOLERANCE and any(hmac.compare_digest(wanted.encode(), one.encode()) for one in given)


def read(body: bytes) -> Bounce | None:
    """Return the bounce that a call tells of; None for anything else, a passing trouble included."""
    try:
        told = json.loads(body)
        data = told["data"]
        if told["type"] != BOUNCED or data.get("permanent") is False:
            return None
        message_id = UUID(str(data["message_id"]).strip("<>").partition("@")[0])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return Bounce(message_id, one_line(str(data.get("reason", "")))[:LONGEST_REASON])


@transaction.atomic
def hand_on(bounce: Bounce) -> None:
    """Have a worker write it down. What the provider says is kept until then, and doesn't go through the queue."""
    row = Returned.objects.create(message_id=bounce.message_id, reason=bounce.reason, at=clock.now())
    defer(NOTE, returned_id=str(row.pk))


def note(returned_id: UUID) -> None:
    """Write down that a mail that was sent came back; whoever waits for it is told."""
    with within_everything("the outbox serves every organization"), transaction.atomic():
        returned = Returned.objects.filter(pk=returned_id).first()
        if returned is None:
            return
        returned.delete()
        rows, reason = Message.objects.select_for_update(of=("self",)).filter(pk=returned.message_id), returned.reason
        message = rows.filter(state=DeliveryState.SENT.value).first()
        if message is None:
            return
        message.state = DeliveryState.BOUNCED.value
        message.last_error = f"The recipient's mail server refused it: {reason}" if reason else "The mail came back."
        message.save(update_fields=["state", "last_error"])
        facts: dict[str, str | int] = {"kind": message.kind, "to": message.to, "error": message.last_error}
        by, subject = POSTMAN, message.subject_ref
        record(Event.MESSAGE_BOUNCED, by=by, organization_id=message.organization_id, subject=subject, data=facts)
        if message.on_change:
            defer(message.on_change, subject_ref=message.subject_ref)


def note_what_is_left(*, now: datetime) -> int:
    """Try again what no job could write down, and forget it after some days; gives how many were forgotten."""
    with within_everything("the outbox serves every organization"), transaction.atomic():
        forgotten = Returned.objects.filter(at__lt=now - KEPT).delete()[0]
        left = Returned.objects.filter(at__lt=now - NOTED_WITHIN).order_by("at")[:MOST]
        for returned_id in left.values_list("pk", flat=True):
            defer(NOTE, queueing_lock=f"{NOTE}:{returned_id}", returned_id=str(returned_id))
    if forgotten:
        log.warning("bounces_forgotten", number=forgotten)
    return forgotten
