"""The handover: both sides are told, in the transaction that ends the case. Then the operator may press *Add*."""

from datetime import datetime
from uuid import UUID

from gangway.audit.record import Actor
from gangway.invitations import queries as invited
from gangway.invitations.aims import Purpose
from gangway.invitations.queries import InvitationView
from gangway.languages.times import time_in_words
from gangway.notifications import outbox
from gangway.notifications.queries import delivery
from gangway.notifications.states import MessageKind
from gangway.onboarding.disconnections import fixed_address
from gangway.onboarding.models import Case
from gangway.onboarding.stages.registration import proved_credential
from gangway.organizations import queries as organizations
from gangway.organizations.hosts import public_url
from gangway.provisioning import queries as provisioning
from gangway.provisioning.queries import RegistrationView
from gangway.services.queries import service


def tell_both_sides(case: Case, *, by: Actor) -> None:
    """Mail the administrator what was granted, and the operator that the service can be added."""
    tell_administrators(case, by=by)
    invitation = invited.invitation(case.invitation_id)
    if not invitation.finish_by_itself:
        _tell_operator(invitation, provisioning.registration(invitation.registration_id), by=by)


def tell_administrators(case: Case, *, by: Actor) -> None:
    """Mail everybody who worked on it what was granted."""
    invitation = invited.invitation(case.invitation_id)
    about = provisioning.registration(invitation.registration_id)
    _tell_administrator(invitation, about, case=case, to=invitation.recipient, by=by)
    for other in Case.objects.filter(invitation_id=invitation.id, handoff__isnull=False, signed_in_at__isnull=False):
        colleague = invited.handoff(other.handoff_id).recipient if other.handoff_id else ""
        _tell_administrator(invitation, about, case=other, to=colleague, by=by)


def was_told(invitation_id: UUID) -> bool:
    """Whether both sides heard of it already."""
    return delivery(f"ready:{invitation_id}") is not None


def tell_created(invitation: InvitationView, *, domain: str, by: Actor, now: datetime) -> None:
    """Mail the administrator that the service is created with what they connected."""
    about, made = provisioning.registration(invitation.registration_id), service(invitation.service_id)
    provider = organizations.provider_of(invitation.organization_id)
    users = f"{made.licensed_users} users" if made.licensed_users != 1 else "1 user"
    outbox.put(
        organization_id=invitation.organization_id,
        kind=MessageKind.SERVICE_CREATED,
        to=invitation.recipient,
        language=invitation.language,
        context={
            "provider": provider.name,
            "customer": invitation.customer_name,
            "service": invitation.service_short_name,
            "licence": made.licence.label,
            "users": users,
            "tenant": about.tenant_name,
            "domain": domain,
            "registration_name": about.display_name,
            "created_at": time_in_words(now),
            "reply_to": provider.reply_to,
        },
        link=None,
        subject_ref=f"created:{invitation.id}",
        by=by,
    )


def _tell_administrator(invitation: InvitationView, about: RegistrationView, *, case: Case, to: str, by: Actor) -> None:
    provider = organizations.provider_of(invitation.organization_id)
    credential = proved_credential(about, invitation.service_id)
    until = credential.expires_at if credential else None
    outbox.put(
        organization_id=invitation.organization_id,
        kind=MessageKind.COMPLETION,
        to=to,
        language=invitation.language,
        context={
            "provider": provider.name,
            "customer": invitation.customer_name,
            "service": invitation.service_short_name,
            "tenant": about.tenant_name,
            "registration_name": about.display_name,
            "application_id": about.app_id,
            "signed_in_as": str(case.signer.get("upn", about.signer_upn)) if about.is_ours else "",
            "granted": "\n".join(f"- {right.name}" for right in (*about.permissions, *about.roles)),
            "made_at": time_in_words(about.proved_at or about.made_at or case.touched_at),
            "valid_until": time_in_words(until) if until else "a time that we could not read",
            "own_view": fixed_address(invitation.organization_id),
            "reply_to": provider.reply_to,
            **({} if invitation.purpose == Purpose.CONNECT else {"purpose": invitation.purpose}),
        },
        link=None,
        subject_ref=f"case:{case.pk}",
        by=by,
    )


def _tell_operator(invitation: InvitationView, about: RegistrationView, *, by: Actor) -> None:
    """Tell whoever issued the invitation; somebody who has left gets no mail, and the list shows it to all others."""
    operator = organizations.operator(UUID(invitation.created_by_id)) if invitation.created_by_id else None
    if operator is None:
        return
    outbox.put(
        organization_id=invitation.organization_id,
        kind=MessageKind.OPERATOR_READY,
        to=operator.email,
        language="en",
        context={
            "customer": invitation.customer_name,
            "service": invitation.service_short_name,
            "tenant": about.tenant_name,
            "registration_name": about.display_name,
            "signed_in_as": about.signer_upn,
            "page": f"{public_url(invitation.organization_id)}/invitations/{invitation.id}/",
        },
        link=None,
        subject_ref=f"ready:{invitation.id}",
        by=by,
    )
