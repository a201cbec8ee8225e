"""The handover: both sides are told, in the transaction that ends the case. Then the operator may press *Add*."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from gangway.audit.record import Actor
from gangway.invitations import queries as invited
from gangway.invitations.aims import Purpose
from gangway.invitations.notices import page_for
from gangway.invitations.queries import InvitationView
from gangway.languages.times import time_in_words
from gangway.notifications import outbox
from gangway.notifications.queries import delivery
from gangway.notifications.states import MessageKind
from gangway.onboarding.disconnections import sign_in_address
from gangway.onboarding.models import Case
from gangway.onboarding.stages.registration import proved_credential
from gangway.onboarding.staying import stays_of
from gangway.organizations import queries as organizations
from gangway.organizations.hosts import public_url
from gangway.organizations.told import answerable
from gangway.provisioning import queries as provisioning
from gangway.provisioning.beside_view import beside_of
from gangway.provisioning.queries import RegistrationView
from gangway.provisioning.renewable import may_change_itself, renewable_of
from gangway.services.queries import service

UNKNOWN_END: Final = "a time that we could not read"
UNFINISHED: Final = "It isn't finished yet: your provider sees what is missing."
ENDS: Final = {
    "asked": "Its credential is good until {when}. Before that, your provider asks you to renew it.",
    "itself": "Its credential is good until {when}. Before that it renews itself: nobody has to sign in for it.",
    "none": "Its credential does not end: no secret is kept anywhere.",
}
"""The end of a registration's credential that is made beside the first one, by how it is renewed."""


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
            "beside_names": _names(_made_beside(invitation)),
            "created_at": time_in_words(now),
            "reply_to": provider.reply_to,
        },
        link=None,
        subject_ref=f"created:{invitation.id}",
        by=by,
    )


def _tell_administrator(invitation: InvitationView, about: RegistrationView, *, case: Case, to: str, by: Actor) -> None:
    provider = organizations.provider_of(invitation.organization_id)
    beside = _made_beside(invitation)
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
            "granted": "\n".join(_rights(about)),
            "beside": "\n".join(line for one in beside for line in _told_beside(one, invitation.service_id)),
            "beside_names": _names(beside),
            "left_out": ""
            if about.is_ours
            else ", ".join(one.title for one in provisioning.explain(invitation.plan).beside),
            "made_at": time_in_words(about.proved_at or about.made_at or case.touched_at),
            "valid_until": _end(about, invitation.service_id),
            "renewal": _renewal(about, invitation.service_id),
            "stays": "\n".join(stays_of(case, about, invitation)) if about.is_ours else "",
            "own_view": sign_in_address(invitation.organization_id),
            "reply_to": provider.reply_to,
            **({} if invitation.purpose == Purpose.CONNECT else {"purpose": invitation.purpose}),
        },
        link=None,
        subject_ref=f"case:{case.pk}",
        by=by,
    )


def _made_beside(invitation: InvitationView) -> tuple[RegistrationView, ...]:
    """What is in the tenant of the registrations that were made beside the first one for the invitation's service."""
    found = beside_of(invitation.registration_id, invitation.plan)
    views = (one.registration for one in found if one.run and one.run.service_id == invitation.service_id)
    return tuple(one for one in views if one is not None and one.app_id)


def _names(beside: Sequence[RegistrationView]) -> str:
    return ", ".join(one.display_name for one in beside)


def _told_beside(about: RegistrationView, service_id: UUID) -> Iterator[str]:
    yield f"{about.display_name} ({about.app_id})"
    if about.proved_at is None:
        yield f"- {UNFINISHED}"
        return
    yield from _rights(about)
    end = ENDS[_renewal(about, service_id)].format(when=_end(about, service_id))
    yield f"- {end}"


def _rights(about: RegistrationView) -> Iterator[str]:
    """What it holds, and of the rest of the plan why it isn't there: the customer keeps this as the record."""
    rights = (*about.permissions, *about.roles)
    yield from (f"- {right.name}" for right in rights if right.is_there)
    yield from (f"- {right.name}: {right.proof_words}" for right in rights if not right.is_there)


def _end(about: RegistrationView, service_id: UUID) -> str:
    credential = proved_credential(about, service_id)
    return time_in_words(credential.expires_at) if credential and credential.expires_at else UNKNOWN_END


def _renewal(about: RegistrationView, service_id: UUID) -> str:
    """How the credential is renewed: a key of `ENDS`."""
    credential = proved_credential(about, service_id)
    if credential is not None and credential.kind == "federated":
        return "none"
    known = renewable_of(registration_id=about.id, service_id=service_id)
    has_right = may_change_itself({right.name for right in about.permissions})
    return "itself" if known is not None and known.renews_itself(has_right=has_right) else "asked"


def _tell_operator(invitation: InvitationView, about: RegistrationView, *, by: Actor) -> None:
    """Tell whoever issued the invitation, or who stands in for them; the list shows it to all others."""
    whose = {"service_id": invitation.service_id, "organization_id": invitation.organization_id}
    for one in answerable(invitation.created_by_id, invitation.organization_id):
        page = page_for(one, invitation.id, **whose)
        outbox.put(
            organization_id=invitation.organization_id,
            kind=MessageKind.OPERATOR_READY,
            to=one.email,
            language="en",
            context={
                "customer": invitation.customer_name,
                "service": invitation.service_short_name,
                "tenant": about.tenant_name,
                "registration_name": about.display_name,
                "signed_in_as": about.signer_upn,
                "page": f"{public_url(one.organization_id)}{page}",
                **({"purpose": invitation.purpose} if invitation.purpose == Purpose.UPGRADE else {}),
            },
            link=None,
            subject_ref=f"ready:{invitation.id}",
            by=by,
        )
