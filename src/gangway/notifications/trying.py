"""A test mail to oneself, by the outbox and a worker like every other mail; its result is that of its delivery."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from gangway.audit.record import Actor
from gangway.notifications import outbox
from gangway.notifications.queries import Delivery, delivery
from gangway.notifications.states import UNSENT, MessageKind

PATIENCE: Final = timedelta(minutes=5)
"""Whoever tries wants to know soon."""


def send_test(
    organization_id: UUID, *, organization: str, to: str, name: str, pages: str, by: Actor, now: datetime
) -> None:
    """Send a test mail, unless one is still on its way. Raises `InvalidRecipient`."""
    latest = last_test(organization_id)
    if latest is not None and latest.state in UNSENT:
        return
    there = now.astimezone(UTC)
    outbox.put(
        organization_id=organization_id,
        kind=MessageKind.TEST,
        to=to,
        language="en",
        context={
            "name": name,
            "organization": organization,
            "pages": pages,
            "when": f"{there:%A}, {there.day} {there:%B %Y, %H:%M} (UTC)",
        },
        link=None,
        subject_ref=_subject(organization_id),
        by=by,
        give_up_at=now + PATIENCE,
    )


def last_test(organization_id: UUID) -> Delivery | None:
    """Return how the latest test mail is doing, None when there was never one."""
    return delivery(_subject(organization_id))


def _subject(organization_id: UUID) -> str:
    return f"test_mail:{organization_id}"
