"""Telling the operator by mail what an invitation needs of them; the dashboard shows it to all others."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from gangway.audit.record import Actor
from gangway.invitations.models import Invitation
from gangway.notifications import outbox
from gangway.notifications.queries import sent_last
from gangway.notifications.states import MessageKind
from gangway.organizations import queries as organizations
from gangway.organizations.hosts import public_url
from gangway.organizations.people_queries import path_of
from gangway.services.queries import service


class News(NamedTuple):
    """What is new, in some words, and what the operator can do."""

    news: str
    next: str


def tell(invitation: Invitation, told: News, *, what: str, by: Actor, kind: str = "notice") -> None:
    """Mail whoever issued the invitation, or who stands in for them; without any address, nobody.

    `kind`: under which name its mails are found again.
    """
    about = service(invitation.service_id)
    address = operators_address(invitation.created_by_id, invitation.organization_id)
    if not address:
        return
    outbox.put(
        organization_id=invitation.organization_id,
        kind=MessageKind.OPERATOR_NOTICE,
        to=address,
        language="en",
        context={
            "news": told.news,
            "customer": about.customer_name,
            "service": about.short_name,
            "what": what,
            "next": told.next,
            "page": f"{public_url(invitation.organization_id)}/invitations/{invitation.id}/",
        },
        link=None,
        subject_ref=f"{kind}:{invitation.id}",
        by=by,
    )


def told_since(invitation: Invitation, at: datetime, *, kind: str) -> bool:
    """Whether a mail of this kind was written since then."""
    subject = f"{kind}:{invitation.id}"
    return any(sent.at > at for sent in sent_last([subject]).get(subject, ()))


def operators_address(issuer_id: str, organization_id: UUID) -> str:
    """Where whoever issued an invitation is told; where answers to the provider's mails go, if they left it."""
    person = organizations.colleague(issuer_id, path=path_of(organization_id))
    return person.email if person else organizations.provider_of(organization_id).reply_to
