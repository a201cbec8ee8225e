"""What needs a person, most urgent first, each with its next action; made from what the other rooms know."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from gangway.alarms.queries import AlarmRow, most_urgent
from gangway.foundation.clock import days_until, now
from gangway.invitations.aims import Purpose
from gangway.invitations.queries import PendingRow, expired_lately, needing_a_person, pending
from gangway.invitations.states import State
from gangway.onboarding.queries import Unfinished, unfinished
from gangway.onboarding.unexpected import SUBJECT
from gangway.organizations.roles import SEES_INVITATIONS, Capability
from gangway.services.overview import ending, in_state
from gangway.services.queries import ServiceRow
from gangway.services.states import Connection

AT_MOST: Final = 20
"""Of each kind; the lists behind have the rest."""
SOON, LATER = timedelta(days=7), timedelta(days=30)


INVITATIONS: Final[Mapping[State, tuple[int, str, Promise, Promise]]] = {
    State.REPORTED: (0, "error", lazy("Somebody didn't expect this invitation: it is frozen."), lazy("Look at it")),
    State.BOUNCED: (1, "error", lazy("The mail was refused for good."), lazy("See why")),
    State.FAILED: (1, "error", lazy("Making the registration stopped at an error."), lazy("See what happened")),
    State.DECLINED: (2, "warning", lazy("The administrator declined it at Microsoft."), lazy("Look at it")),
    State.AUTHENTICATED: (2, "ok", lazy("The customer's part is done: it can be added."), lazy("Look at it")),
    State.WAITING_FOR_ADMINISTRATOR: (
        3,
        "warning",
        lazy("Another administrator must finish."),
        lazy("See what remains"),
    ),
}
"""Of each state that needs a person: how urgent, its tone, what is the matter, the next action."""


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that needs a person: whose it is, what is wrong, and the next action as a button."""

    urgency: int
    tone: str
    title: str
    words: str | Promise
    action: str | Promise
    url: str
    about: str


def needs(capabilities: frozenset[Capability]) -> list[Need]:
    """Return what this person can see and ought to look at, most urgent first."""
    found: list[Need] = []
    waiting = needing_a_person(now=now(), of_each=AT_MOST) if capabilities & SEES_INVITATIONS else ()
    if Capability.SEE_CONNECTION in capabilities:
        found += _connections()
        told = [f"{SUBJECT}{row.id}" for row in waiting if row.state is State.REPORTED]
        found += map(_alarm, most_urgent(limit=AT_MOST, but=told))
    if capabilities & SEES_INVITATIONS:
        found += _invitations(waiting)
        asked = {row.id for row in waiting}
        expired = expired_lately(now=now(), most=AT_MOST)
        found += (_expired(row, capabilities) for row in expired if row.id not in asked)
    if Capability.ADD_SERVICE in capabilities:
        found += map(_unfinished, unfinished()[:AT_MOST])
    return sorted(found, key=lambda need: (need.urgency, need.about, need.title))


def _connections() -> Iterator[Need]:
    told = set()
    for row in ending(now=now(), within=LATER, limit=AT_MOST):
        told.add(row.id)
        yield _ending(row)
    for row in in_state(Connection.ERROR, limit=AT_MOST):
        if row.id not in told:
            yield _broken(row)
            told.add(row.id)
    for row in in_state(Connection.WARNING, limit=AT_MOST):
        if row.id not in told:
            yield _need(row, 4, "warning", row.connection_reason)


def _ending(row: ServiceRow) -> Need:
    ends, at = row.credential_ends_at or now() + LATER, now()
    left, days = ends - at, days_until(ends, now=at)
    if days < 0:
        return _need(row, 0, "error", _("Its credential has expired: nothing can be managed until it is renewed."))
    if row.connection is Connection.ERROR:
        return _broken(row)
    words = ngettext("Its credential ends in %(days)d day.", "Its credential ends in %(days)d days.", days)
    return _need(row, 1 if left <= SOON else 3, "warning", words % {"days": days})


def _broken(row: ServiceRow) -> Need:
    return _need(row, 0, "error", row.connection_reason or _("The connection doesn't work."))


def _need(row: ServiceRow, urgency: int, tone: str, words: str) -> Need:
    url = reverse("web:service_m365", args=[row.id])
    return Need(urgency, tone, row.short_name, words, _("M365 Configuration"), url, row.customer_name)


def _alarm(row: AlarmRow) -> Need:
    """Alarms about a service are told by the service's own lines; the others stand here."""
    urgency, tone = {"critical": (0, "error"), "warning": (2, "warning")}.get(row.severity, (5, "warning"))
    url = reverse("web:alarm", args=[row.id])
    return Need(urgency, tone, row.about, row.words, _("See the alarm"), url, row.organization_name)


def _invitations(waiting: Iterable[PendingRow]) -> Iterator[Need]:
    for row in waiting:
        if row.state in INVITATIONS:
            yield _invitation(row, *INVITATIONS[row.state])
        elif row.doubted_at and row.state is State.DRAFT:
            words = _("Not sent: Microsoft doesn't know the customer's domain.")
            yield _invitation(row, 1, "warning", words, _("Look at it"))
        elif row.doubted_at:
            words = _("Somebody signed in to another Microsoft 365 than the expected one, or typed its registration.")
            yield _invitation(row, 1, "warning", words, _("Look at it"))
        elif row.asked_again_at:
            yield _invitation(row, 2, "warning", _("The holder of a dead link asks for a new one."), _("Look at it"))
    for row in pending(state=State.QUEUED.value).rows[:AT_MOST]:
        if row.email_error:
            yield _invitation(row, 1, "error", _("The mail could not be sent."), _("See why"))


def _expired(row: PendingRow, capabilities: frozenset[Capability]) -> Need:
    words = _("Its invitation has expired.")
    if row.purpose != Purpose.CONNECT or Capability.ADD_SERVICE not in capabilities:
        return _invitation(row, 4, "warning", words, _("Look at it"))
    url = f"{reverse('web:new_tenant', args=[row.customer_id])}?again={row.id}"
    return Need(4, "warning", row.short_name, words, _("Invite again"), url, row.customer_name)


def _unfinished(row: Unfinished) -> Need:
    words = _("Added by %(name)s, and not finished yet.") % {"name": row.added_by}
    url = reverse("web:onboarding", args=[row.id])
    return Need(2, "warning", row.service_short_name, words, _("Go on"), url, row.customer_name)


def _invitation(row: PendingRow, urgency: int, tone: str, words: str | Promise, action: str | Promise) -> Need:
    url = reverse("web:invitation", args=[row.id])
    return Need(urgency, tone, row.short_name, words, action, url, row.customer_name)
