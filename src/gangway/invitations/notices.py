"""Telling the operator by mail what an invitation needs of them; the dashboard shows it to all others."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from gangway.audit.record import Actor
from gangway.invitations.models import Invitation
from gangway.notifications import outbox
from gangway.notifications.queries import sent_last
from gangway.notifications.states import MessageKind
from gangway.organizations.hosts import public_url
from gangway.organizations.roles import Capability
from gangway.organizations.told import ACTS, Told, answerable
from gangway.services.queries import ServiceView, service


class News(NamedTuple):
    """What is new, in some words, and what the operator can do."""

    news: str
    next: str


EXPIRED: Final = News(
    "Expired",
    "Invite again, from the invitation's page: it opens with what was typed. Of a service that is connected already, "
    "ask anew on its M365 Configuration.",
)
MOST_NAMED: Final = 30
"""Invitations that one mail names one by one."""


def tell_expired(ended: Iterable[Invitation], *, by: Actor) -> None:
    """Tell that invitations have expired: however many end together, whoever issued them gets one mail of it."""
    together: dict[tuple[Told, ...], list[Invitation]] = defaultdict(list)
    for one in ended:
        together[answerable(one.created_by_id, one.organization_id)].append(one)
    for first, *others in together.values():
        what = "Nobody finished it in time. It is over; the names of a service that was only planned are free again."
        page = "/" if others else ""  # the dashboard, which everybody may open, names them for some days
        tell(first, EXPIRED, what="\n".join([what, *_named(others)]), by=by, kind="expired", page=page)


def _named(others: Sequence[Invitation]) -> list[str]:
    if not others:
        return []
    lines = [f"- {about.customer_name}, service {about.short_name}" for about in map(_service, others[:MOST_NAMED])]
    left = len(others) - MOST_NAMED
    return ["", f"With it {len(others)} more:", *lines, *([f"and {left} more"] if left > 0 else [])]


def _service(invitation: Invitation) -> ServiceView:
    return service(invitation.service_id)


def tell(
    invitation: Invitation,
    told: News,
    *,
    what: str,
    by: Actor,
    kind: str = "notice",
    page: str = "",
    may: Capability = ACTS,
) -> None:
    """Mail whoever issued the invitation, or who stands in for them; without any address, nobody.

    `kind`: under which name its mails are found again. `page`: the path where it leads, else to the invitation's own.
    `may`: what one must be allowed to do about it.
    """
    about = service(invitation.service_id)
    whose = {"service_id": invitation.service_id, "organization_id": invitation.organization_id}
    for one in answerable(invitation.created_by_id, invitation.organization_id, may=may):
        own = page_for(one, invitation.id, **whose)
        outbox.put(
            organization_id=invitation.organization_id,
            kind=MessageKind.OPERATOR_NOTICE,
            to=one.email,
            language="en",
            context={
                "news": told.news,
                "customer": about.customer_name,
                "service": about.short_name,
                "what": what,
                "next": told.next,
                "page": f"{public_url(one.organization_id)}{page or own}",
            },
            link=None,
            subject_ref=f"{kind}:{invitation.id}",
            by=by,
        )


def page_for(told: Told, invitation_id: UUID, *, service_id: UUID, organization_id: UUID) -> str:
    """Return the path where somebody sees how an invitation is: people of the customer itself, at their service."""
    if told.organization_id == organization_id:
        return f"/services/{service_id}/again/"
    return f"/invitations/{invitation_id}/"


def told_since(invitation: Invitation, at: datetime, *, kind: str) -> bool:
    """Whether a mail of this kind was written since then."""
    subject = f"{kind}:{invitation.id}"
    return any(sent.at > at for sent in sent_last([subject]).get(subject, ()))
