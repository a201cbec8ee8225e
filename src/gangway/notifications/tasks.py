"""What workers do for this room."""

from uuid import UUID

from gangway.jobs.registry import task
from gangway.jobs.retry import RetryDecision
from gangway.notifications import outbox, sending


@task(name=outbox.SEND, queue="mail", retry=RetryDecision(waits=(60, 300, 1800)), deadline_seconds=120)
def send(message_id: str) -> None:
    """Try once to send a message; a later attempt is a job of its own. Retried as a job only for faults of ours."""
    sending.deliver(UUID(message_id))
