"""What workers do for this room."""

from typing import Final
from uuid import UUID

from gangway.foundation import clock
from gangway.jobs.registry import task
from gangway.jobs.retry import RetryDecision
from gangway.jobs.schedule import every
from gangway.notifications import bounces, calling, outbox, sender_checks, sending, webhooks

NOTE_LEFT: Final = "notifications:note_what_is_left"


@task(name=outbox.SEND, queue="mail", retry=RetryDecision(waits=(60, 300, 1800)), deadline_seconds=120)
def send(message_id: str) -> None:
    """Try once to send a message; a later attempt is a job of its own. Retried as a job only for faults of ours."""
    sending.deliver(UUID(message_id))


@task(name=webhooks.CALL, queue="mail", retry=RetryDecision(waits=(60, 300, 1800)), deadline_seconds=60)
async def call_webhook(call_id: str) -> None:
    """Try one call once, likewise."""
    await calling.deliver(UUID(call_id), now=clock.now())


@task(name=sender_checks.LOOK, deadline_seconds=120)
async def look_at_sender(check_id: str) -> None:
    """Look at what the DNS of a provider's sender says."""
    await sender_checks.look(UUID(check_id), now=clock.now())


@task(name=bounces.NOTE, queue="mail", retry=RetryDecision(waits=(10, 60, 600)), deadline_seconds=60)
def note_bounce(returned_id: str) -> None:
    """Write down what the mail provider told about a mail that came back."""
    bounces.note(UUID(returned_id))


@task(name=NOTE_LEFT, deadline_seconds=60)
def note_what_is_left() -> None:
    """Try again what jobs about returned mails could not write down; forget what nobody can."""
    bounces.note_what_is_left(now=clock.now())


every(3600, NOTE_LEFT)
