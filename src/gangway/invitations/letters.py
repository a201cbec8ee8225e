"""What the invitation's mail tells, made from the invitation, its service and its provider."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from gangway.audit.record import Actor
from gangway.foundation.sealed import SealedText
from gangway.invitations.aims import PARTS, Purpose
from gangway.invitations.models import Invitation
from gangway.invitations.rest import Rest
from gangway.invitations.terms import TermsView, fill, terms_of
from gangway.languages.times import day_in_words, time_in_words
from gangway.notifications import outbox
from gangway.notifications.states import MessageKind
from gangway.organizations import links
from gangway.organizations.people_queries import works_above
from gangway.organizations.queries import colleague, provider_of
from gangway.services.queries import ServiceView, service

MINUTES: Final = "3"
START_ROLE: Final = "an Application Administrator"
FINISH_ROLES: Final = "a Privileged Role Administrator or a Global Administrator"
"""Microsoft lets only these consent to Graph application permissions and assign directory roles."""
ON_DELIVERY: Final = "invitations:note_delivery"


def mail_link(invitation: Invitation, token: SealedText, *, by: Actor) -> UUID:
    """Put the mail with this link into the outbox; it is tried until the invitation expires."""
    return outbox.put(
        organization_id=invitation.organization_id,
        kind=MessageKind.INVITATION,
        to=invitation.recipient,
        language=invitation.language,
        context=told_in_mail(invitation, operator=by.name),
        link=links.url_of(token, organization_id=invitation.organization_id),
        subject_ref=subject_of(invitation.id),
        by=by,
        on_change=ON_DELIVERY,
        give_up_at=invitation.lasts_until,
    )


def told_in_mail(invitation: Invitation, *, operator: str) -> dict[str, str]:
    """Return what the invitation's mail tells: our words' values, and the provider's own words, filled in."""
    provider, about = provider_of(invitation.organization_id), service(invitation.service_id)
    values = {
        "provider": provider.name,
        "operator": operator,
        "customer": about.customer_name,
        "service": _named(about),
        "licence": about.licence.label,
        "matching_phrase": invitation.matching_phrase,
        "minutes": MINUTES,
        "start_role": START_ROLE,
        "finish_roles": FINISH_ROLES,
        "expires": time_in_words(invitation.lasts_until),
        "reply_to": provider.reply_to,
    }
    for_own = works_above(invitation.recipient, invitation.organization_id)
    own = _own(terms_of(provider.id), values | {"expires": time_in_words(invitation.lasts_until, invitation.language)})
    if invitation.purpose != Purpose.CONNECT:
        own.pop("own_subject", None)  # it is about connecting
    more = ({"for_own": "yes"} if for_own else {}) | ({"beside": "yes"} if invitation.plan.get("beside") else {})
    return values | own | purpose_of(invitation) | more


def purpose_of(invitation: Invitation) -> dict[str, str]:
    """What a mail tells beside, when it is about something else than connecting a new service."""
    if invitation.purpose == Purpose.CONNECT:
        return {}
    told = {"purpose": invitation.purpose, "changes": "\n".join(f"- {line}" for line in invitation.changes)}
    whole = whole_role(invitation.wanted.get(PARTS, ()))
    return told | ({"whole_role": whole} if whole else {})


def whole_role(parts: Collection[str]) -> str:
    """Which roles can do all of these parts, where not everything is asked for; empty for what takes more than one."""
    if not parts:
        return ""
    if "registration" not in parts:
        return FINISH_ROLES
    return START_ROLE if set(parts) == {"registration"} else ""


def _own(terms: TermsView, values: dict[str, str]) -> dict[str, str]:
    """The provider's own words, where it has some."""
    own = {"own_subject": terms.subject, "opening": terms.opening, "closing": terms.closing}
    return {name: fill(text, values) for name, text in own.items() if text}


def mail_reminder(invitation: Invitation, token: SealedText, *, by: Actor) -> UUID:
    """Put the reminder before the invitation's end into the outbox."""
    told = told_in_mail(invitation, operator=invitation.created_by_name)
    told.pop("own_subject", None)
    return outbox.put(
        organization_id=invitation.organization_id,
        kind=MessageKind.INVITATION_REMINDER,
        to=invitation.recipient,
        language=invitation.language,
        context=told | {"day": day_in_words(invitation.lasts_until)} | _left(invitation),
        link=links.url_of(token, organization_id=invitation.organization_id),
        subject_ref=subject_of(invitation.id),
        by=by,
        on_change=ON_DELIVERY,
        give_up_at=invitation.lasts_until,
    )


def mail_rest(
    invitation: Invitation,
    rest: Rest,
    token: SealedText,
    *,
    to: str,
    asked_by: str,
    until: datetime,
    subject_ref: str,
    by: Actor,
    again: bool,
) -> UUID:
    """Put the mail about what remains into the outbox: what was done, what is missing, and a link of their own."""
    provider, about = provider_of(invitation.organization_id), service(invitation.service_id)
    return outbox.put(
        organization_id=invitation.organization_id,
        kind=MessageKind.REMINDER if again else MessageKind.HANDOFF,
        to=to,
        language=invitation.language,
        context={
            "provider": provider.name,
            "asked_by": asked_by,
            "operator": invitation.created_by_name,
            "customer": about.customer_name,
            "service": _named(about),
            "done_by": rest.done_by,
            "done": "\n".join(f"- {line}" for line in rest.done),
            "remaining": "\n".join(f"- {line}" for line in rest.remaining),
            "roles": rest.roles,
            "matching_phrase": invitation.matching_phrase,
            "minutes": MINUTES,
            "expires": time_in_words(until),
            "deadline": time_in_words(rest.deadline_at),
            "reply_to": provider.reply_to,
            **purpose_of(invitation),
            **_left(invitation),
            **({} if again or invitation.waits_until else {"whole": "yes"}),
            **({} if rest.done else {"no_wait": "yes"}),
        },
        link=links.url_of(token, organization_id=invitation.organization_id),
        subject_ref=subject_ref,
        by=by,
        on_change=ON_DELIVERY,
        give_up_at=until,
    )


def _left(invitation: Invitation) -> dict[str, str]:
    """Who has asked and works for the customer no longer signs no mail: nobody there would know them."""
    issuer = invitation.created_by_id
    return {"left": "yes"} if issuer and colleague(issuer, path=invitation.organization.path) is None else {}


def subject_of_handoff(handoff_id: UUID) -> str:
    """Return what messages call a colleague's link."""
    return f"handoff:{handoff_id}"


def subject_of(invitation_id: UUID) -> str:
    """Return what messages and audit entries call this invitation."""
    return f"invitation:{invitation_id}"


def _named(about: ServiceView) -> str:
    return about.short_name if about.full_name == about.short_name else f"{about.full_name} ({about.short_name})"
