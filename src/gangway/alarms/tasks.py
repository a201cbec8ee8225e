"""What workers do for this room."""

from typing import Final
from uuid import UUID

from gangway.alarms import listeners, mail_servers, outcomes, telling
from gangway.foundation import clock
from gangway.jobs.registry import task
from gangway.jobs.retry import RetryDecision
from gangway.jobs.schedule import every
from gangway.notifications.mail_servers import TROUBLE_CHANGED
from gangway.organizations.told import CONTACTS_CHANGED

SEND_EVERY_SECONDS: Final = 60
LOOK_EVERY_SECONDS: Final = 600
AGAIN: Final = RetryDecision(waits=(5, 60, 600))


@task(name=telling.SEND, deadline_seconds=300)
def send() -> None:
    """Send the notices whose time has come: what was raised just now, and what waited for a digest or a morning."""
    telling.send_due(now=clock.now())


@task(name=telling.ENDED, retry=AGAIN, deadline_seconds=60)
def notices_ended(subject_ref: str) -> None:
    """Take note of how a mail or call to a webhook ended."""
    outcomes.ended(subject_ref, now=clock.now())


@task(name=telling.CLEARED, retry=AGAIN, deadline_seconds=60)
def cleared(alarm_id: str, by_id: str = "") -> None:
    """Have those who look after it told that an alarm was ended by somebody, or that its subject rests."""
    telling.tell_cleared(UUID(alarm_id), all_clear=False, by_id=by_id, now=clock.now())


@task(name=telling.SEEN_OVER, retry=AGAIN, deadline_seconds=60)
def seen_over(alarm_id: str) -> None:
    """Have everybody who was told of an alarm told that it is over."""
    telling.tell_cleared(UUID(alarm_id), all_clear=True, now=clock.now())


@task(name=TROUBLE_CHANGED, retry=AGAIN, deadline_seconds=60)
def note_mail_server(provider_id: str) -> None:
    """Look whether a provider's own mail server takes mails."""
    mail_servers.note(UUID(provider_id), now=clock.now())


@task(name=CONTACTS_CHANGED, retry=AGAIN, deadline_seconds=300)
def contacts_changed(organization_id: str) -> None:
    """Have an organization's new contacts told of what is open."""
    listeners.told_changed(UUID(organization_id), now=clock.now())


@task(name=listeners.LOOK, deadline_seconds=300)
def look_at_listeners() -> None:
    """End alarms about telling whose reason is gone."""
    listeners.look(now=clock.now())


every(SEND_EVERY_SECONDS, telling.SEND)
every(LOOK_EVERY_SECONDS, listeners.LOOK)
