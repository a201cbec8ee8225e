"""Alarms in words, for the three who are told: those who act, the customer's own people, and machines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from gangway.alarms.models import Alarm
from gangway.alarms.states import Happened, Severity
from gangway.organizations.hosts import public_url
from gangway.organizations.queries import provider_of

ADDRESSES: Final[list[Callable[[UUID], str]]] = []
"""Who knows the address of the customer's own view, which stands on a higher floor."""
SHOWN: Final = 50
"""Alarms named in one mail; the page has the rest."""
OVER: Final = "This is over: nothing is left for you to do."
NOTHING_ASKED: Final = (
    "This mail asks for no password and has no code. If you doubt that it is genuine, call your provider at the number "
    "on your contract, not at one that stands in a mail."
)


@dataclass(frozen=True, slots=True)
class News:
    """What one mail tells: alarms that are open, or were when they were critical, and those that are over."""

    raised: tuple[Alarm, ...]
    over: tuple[Alarm, ...] = ()

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """All of them, what needs somebody first."""
        return (*self.raised, *self.over)


def for_operators(news: News, sender_id: UUID) -> dict[str, str]:
    """Return what the mail to operators shows; the worst stands first, and what is over last."""
    alarms, home = news.alarms, public_url(sender_id)
    raised, over = news.raised[:SHOWN], news.over[: max(SHOWN - len(news.raised), 0)]
    entries = [*(_entry(alarm, home) for alarm in raised), *map(_ending, over)]
    return {
        "headline": _headline(news),
        "list": "\n\n".join(entries) + _more(alarms),
        "page": f"{home}/alarms/{alarms[0].pk}/" if len(alarms) == 1 else f"{home}/alarms/",
        "server": settings.GANGWAY.server_name,
    }


def on_contacts(address_of: Callable[[UUID], str]) -> None:
    """Name who knows at which fixed address an organization's own people see to it; empty where there is none."""
    ADDRESSES[:] = [address_of]


def for_contacts(news: News) -> dict[str, str]:
    """Return what the mail to a customer's contact shows: the page where they sign in with Microsoft, none of ours."""
    alarms = news.alarms
    first, title, provider = alarms[0], _title(alarms[0]), provider_of(alarms[0].organization_id)
    alone = title if news.raised else f"It is over: {title}"
    entries = [f"{_title(alarm)}\n{alarm.for_contacts}" for alarm in news.raised]
    entries += [f"{_title(alarm)}\n{OVER}" for alarm in news.over]
    listed = "\n\n".join(entries[:SHOWN]) + _more(alarms)
    address = next((found(first.organization_id) for found in ADDRESSES), "")
    return {
        "headline": alone if len(alarms) == 1 else f"{len(alarms)} things about your Microsoft 365 connection",
        "list": listed,
        "address": "" if address in listed else address,
        "customer": first.organization.name,
        "provider": provider.name,
        "reply_to": provider.reply_to,
        "phone": provider.support_phone,
        "safe": NOTHING_ASKED,
    }


def for_machines(alarm: Alarm) -> dict[str, Any]:
    """Return what a webhook is told of an alarm: stable names and ids, no secret.

    Its page is on the provider's host: the provider's people read it, and sign in there.
    """
    return {
        "id": str(alarm.pk),
        "kind": alarm.kind,
        "severity": alarm.severity,
        "about": alarm.about,
        "words": alarm.words,
        "cure": alarm.cure,
        "times": alarm.times,
        "organization": {"id": str(alarm.organization_id), "name": alarm.organization.name},
        "service": str(alarm.service_id) if alarm.service_id else None,
        "raised_at": alarm.raised_at.isoformat(),
        "changed_at": alarm.changed_at.isoformat(),
        "cleared_at": alarm.cleared_at.isoformat() if alarm.cleared_at else None,
        "page": f"{public_url(provider_of(alarm.organization_id).id)}/alarms/{alarm.pk}/",
    }


def _headline(news: News) -> str:
    title = _title(news.alarms[0])
    if news.raised:
        return title if len(news.alarms) == 1 else f"{len(news.alarms)} alarms, the worst: {title}"
    return f"Over: {title}" if len(news.over) == 1 else f"{len(news.over)} alarms are over"


def _title(alarm: Alarm) -> str:
    return f"{alarm.about}: {alarm.words}"


def _entry(alarm: Alarm, home: str) -> str:
    """One alarm of the list; what is to be done is one click away, on a host where this reader signs in."""
    urgency = {Severity.CRITICAL: "Now", Severity.WARNING: "Soon", Severity.NOTICE: "To know"}
    where = f"{home}/services/{alarm.service_id}/configuration/m365/" if alarm.service_id else ""
    where = f"{home}/invitations/{alarm.invitation_id}/" if alarm.invitation_id else where
    lines = (f"{urgency[Severity(alarm.severity)]}: {_title(alarm)}", alarm.organization.name, alarm.cure, where)
    return "\n".join(line for line in lines if line)


def _ending(alarm: Alarm) -> str:
    """One that is over: who ended it and why."""
    last = alarm.moves.filter(what=Happened.CLEARED.value).order_by("-at").first()
    why = f"Cleared by {alarm.cleared_by}" + (f": {last.words}" if last and last.words else ".")
    return "\n".join((f"Over: {_title(alarm)}", alarm.organization.name, why))


def _more(alarms: Sequence[Alarm]) -> str:
    return f"\n\nand {len(alarms) - SHOWN} more" if len(alarms) > SHOWN else ""
