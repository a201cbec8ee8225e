"""A provider's own mail server that takes no mails is an alarm of that provider's, until it takes one again.

Its mails wait and are tried again; that of this alarm, too, so it stands on the page, and goes to the webhook at once.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.alarms.actions import clear_alarm, raise_alarm
from gangway.alarms.states import Kind, Severity
from gangway.audit.record import Actor
from gangway.notifications.mail_servers import find
from gangway.organizations.scope import within_everything

POSTMAN: Final = Actor.system("outbox")


def note(provider_id: UUID, *, now: datetime) -> None:
    """Raise or clear the alarm about a provider's own mail server, as it stands now."""
    subject = f"mail-server:{provider_id}"
    with within_everything("the outbox serves every organization"), transaction.atomic():
        server = find(provider_id)
        if server is None or not server.trouble_since:
            why = "It takes mails again, or others are used."
            clear_alarm(organization_id=provider_id, kind=Kind.PLATFORM, subject=subject, why=why, by=POSTMAN, now=now)
            return
        raise_alarm(
            organization_id=provider_id,
            kind=Kind.PLATFORM,
            subject=subject,
            about=f"Mail server {server.host}",
            severity=Severity.CRITICAL,
            words=f"{server.trouble} Mails wait and are tried again; none goes another way.",
            cure="Settings › Mail: put it right, or remove it, and send a test mail.",
            by=POSTMAN,
            now=now,
        )
