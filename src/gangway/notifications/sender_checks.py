"""*Check now*: a worker asks DNS whether the sender's domain vouches for the mails that go out in its name."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Final
from uuid import UUID

import dns.exception
import dns.resolver
from django.conf import settings
from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation import clock
from gangway.jobs.actions import defer
from gangway.jobs.threads import in_database
from gangway.notifications import mail_servers, sender_dns
from gangway.notifications.errors import SelectorUnfit
from gangway.notifications.models import SenderCheck
from gangway.notifications.senders import Sender, sender_of
from gangway.notifications.states import Finding
from gangway.organizations.details import is_host_name
from gangway.organizations.name_servers import resolver
from gangway.organizations.scope import within_everything

LOOK: Final = "notifications:look_at_sender"
PATIENCE: Final = 10.0
"""Seconds for each question."""
ALL_TOGETHER: Final = 60.0
"""Seconds for all questions of one look."""
LONGEST_LOOK: Final = timedelta(minutes=3)
REASON: Final = "a worker looks at the senders of every provider"
LONGEST: Final = 63


@dataclass(frozen=True, slots=True)
class CheckView:
    """The latest look; `done_at` None: no worker is done with it. It may be of another sender than the present one."""

    domain: str
    host: str
    selector: str
    asked_at: datetime
    done_at: datetime | None
    records: tuple[sender_dns.Record, ...]

    def is_over(self, now: datetime) -> bool:
        """Whether nothing more is waited for: it is done, or no worker finished it."""
        return self.done_at is not None or self.asked_at < now - LONGEST_LOOK


def latest(provider_id: UUID) -> CheckView | None:
    """Return the latest look at a provider's sender; None when there was never one."""
    row = SenderCheck.objects.filter(organization_id=provider_id).first()
    if row is None:
        return None
    records = tuple(sender_dns.Record(**kept | {"state": Finding(kept["state"])}) for kept in row.findings)
    return CheckView(row.domain, row.host, row.selector, row.asked_at, row.done_at, records)


@transaction.atomic
def ask(provider_id: UUID, *, selector: str, by: Actor, now: datetime) -> None:
    """Have a worker look now. Raises `SelectorUnfit` at "selector"."""
    checked = _checked_selector(selector)
    row = SenderCheck.objects.select_for_update(of=("self",)).filter(organization_id=provider_id).first()
    row = row or SenderCheck(organization_id=provider_id)
    server = mail_servers.find(provider_id)
    row.domain, row.host = domain_of(sender_of(provider_id)), server.host if server else settings.GANGWAY.smtp_host
    row.selector, row.asked_at, row.done_at, row.findings = checked, now, None, []
    row.save()
    defer(LOOK, queueing_lock=f"{LOOK}:{row.pk}", check_id=str(row.pk))
    facts = {"domain": row.domain, "selector": checked}
    record(Event.SENDER_CHECKED, by=by, organization_id=provider_id, subject=f"organization:{provider_id}", data=facts)


async def look(check_id: UUID, *, now: datetime) -> None:
    """Ask DNS and write down what was seen."""
    asked = await in_database(_begin, check_id)
    if asked is None:
        return
    row, reports_to = asked
    if not is_host_name(row.domain):
        words = f"{row.domain or 'The sender'} is no domain of the internet: mails from it are refused or put aside."
        seen = [sender_dns.Record("spf", Finding.WRONG, words)]
    else:
        seen = await sender_dns.look(
            _ask,
            domain=row.domain,
            host=row.host,
            selector=row.selector,
            reports_to=reports_to,
            seconds=ALL_TOGETHER,
        )
    await in_database(_end, row, [each.kept() for each in seen], now=now)


def domain_of(sender: Sender) -> str:
    """Return the domain of the address that mails come from."""
    return parseaddr(sender.address)[1].rpartition("@")[2].lower()


LONGEST_TEXT: Final = 2_000
"""Signs of a record that are read; what can't be printed is left out."""


async def _ask(name: str, kind: str) -> list[str]:
    """Ask for the records of a name; raises `NoAnswer`."""
    try:
        answer = await resolver(seconds=PATIENCE).resolve(name, kind, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError, ValueError) as error:
        raise sender_dns.NoAnswer from error
    if kind == "TXT":
        texts = [b"".join(each.strings).decode("utf-8", "replace") for each in answer]
        return ["".join(sign for sign in text if sign.isprintable())[:LONGEST_TEXT].strip() for text in texts]
    return [each.to_text() for each in answer]


def _begin(check_id: UUID) -> tuple[SenderCheck, str] | None:
    with within_everything(REASON):
        row = SenderCheck.objects.filter(pk=check_id, done_at=None).first()
        if row is None:
            return None
        sender = sender_of(row.organization_id)
        return row, sender.reply_to or sender.address


def _end(row: SenderCheck, findings: list[dict[str, str]], *, now: datetime) -> None:
    """Write it down, unless something else was asked for in the meantime."""
    with within_everything(REASON):
        rows = SenderCheck.objects.filter(pk=row.pk, asked_at=row.asked_at)
        rows.update(findings=findings, done_at=max(now, clock.now()))


def _checked_selector(typed: str) -> str:
    selector = typed.strip().lower().rstrip(".")
    labels = selector.split(".")
    fine = all(label and label.isascii() and label.replace("-", "").replace("_", "").isalnum() for label in labels)
    if selector and (len(selector) > LONGEST or not fine):
        raise SelectorUnfit(field="selector")
    return selector
