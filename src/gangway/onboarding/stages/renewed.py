"""The end of a renewal: the registration is proved, and the service that was there signs in with it from now on."""

from datetime import datetime
from uuid import UUID

from gangway.audit.record import Actor
from gangway.connections import actions as connections
from gangway.connections import companions
from gangway.connections.errors import NoSuchConnection
from gangway.connections.queries import credential_of, registration_of
from gangway.connections.states import AuthenticatedBy
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.aims import ENDS_BY_ITSELF, Purpose
from gangway.invitations.queries import InvitationView
from gangway.invitations.states import State
from gangway.onboarding.models import Case, ExistingRegistration
from gangway.onboarding.stages import handover
from gangway.onboarding.stages.besides import take_over_besides, take_over_one
from gangway.onboarding.stages.registration import proved_credential
from gangway.provisioning import queries as provisioning
from gangway.provisioning.actions import hold_registrations, switch
from gangway.provisioning.beside_view import beside_of
from gangway.provisioning.renewable import keeps_credential, proved_ids


def concludes(case: Case) -> bool:
    """Whether the case's invitation ends by itself when its registration is proved."""
    return invited.invitation(case.invitation_id).purpose in ENDS_BY_ITSELF


def conclude(case: Case, *, by: Actor, now: datetime) -> None:
    """Let the service use what was proved, and tell the administrators. In the case's scope."""
    beside = invited.invitation(case.invitation_id).purpose == Purpose.BESIDE
    if beside:
        _use_beside(invited.invitation(case.invitation_id), by=by, now=now)
    else:
        take_over(case, by=by, now=now)
    invitations.move(invitation_id=case.invitation_id, to=State.ADDED, by=by, expected={State.AUTHENTICATED})
    if not beside:
        handover.tell_administrators(case, by=by)


def _use_beside(invitation: InvitationView, *, by: Actor, now: datetime) -> None:
    """What an operator typed beside the connection takes the place of what was there; its connection stays as it is."""
    companions.renew(service_id=invitation.service_id, by=by, now=now)
    take_over_one(
        service_id=invitation.service_id,
        organization_id=invitation.organization_id,
        registration_id=invitation.registration_id,
        profile=invitation.plan["profile"],
        by=by,
        now=now,
    )


def take_over(case: Case, *, by: Actor, now: datetime) -> None:
    """Let the service use what was proved, and what was renewed or made beside it. Raises `NoSuchConnection`."""
    invitation = invited.invitation(case.invitation_id)
    if case.run_id is not None and keeps_credential(case.run_id, credential_of(invitation.service_id)):
        _mended(invitation, by=by, now=now)
        return
    credential = proved_credential(provisioning.registration(invitation.registration_id), invitation.service_id)
    if credential is None:
        raise NoSuchConnection
    typed = ExistingRegistration.objects.filter(case=case, case__run_id__isnull=True).first()
    before = registration_of(invitation.service_id)
    _hold_all(invitation, before)
    connections.renew(
        service_id=invitation.service_id,
        credential_id=credential.id,
        user_name=typed.user_name if typed else str(case.signer.get("upn", "")),
        authenticated_by=_way(typed),
        by=by,
        now=now,
    )
    for one in {invitation.registration_id, before or invitation.registration_id}:
        _rest_others(one, invitation.service_id, credential.id, by=by, now=now)
    _take_over_beside(invitation, by=by, now=now)


def _mended(invitation: InvitationView, *, by: Actor, now: datetime) -> None:
    """What was missing is there, and the service goes on with the credential that it has."""
    _hold_all(invitation, invitation.registration_id)
    connections.look_anew(service_id=invitation.service_id, by=by, now=now)
    _take_over_beside(invitation, by=by, now=now)


def _hold_all(invitation: InvitationView, before: UUID | None) -> None:
    """Lock all registrations that this is about, before the connection and what is beside it."""
    beside = [one.registration.id for one in beside_of(invitation.registration_id, invitation.plan) if one.registration]
    used = companions.used_beside(invitation.service_id)
    hold_registrations({invitation.registration_id, before or invitation.registration_id, *used, *beside})


def _rest_others(registration_id: UUID, service_id: UUID, used: UUID, *, by: Actor, now: datetime) -> None:
    """Nobody would ever use what was proved for an upgrade while the one in use was renewed, rotated or replaced."""
    for other in proved_ids(registration_id=registration_id, service_id=service_id):
        if other != used:
            switch(other, used, by=by, now=now)


def proved_later(case: Case, *, by: Actor, now: datetime) -> None:
    """Something beside was proved after the case had ended: the service that was renewed uses it from now on."""
    invitation = invited.invitation(case.invitation_id)
    if invitation.state is State.ADDED and invitation.purpose != Purpose.CONNECT:
        _take_over_beside(invitation, by=by, now=now)


def _take_over_beside(invitation: InvitationView, *, by: Actor, now: datetime) -> None:
    companions.renew(service_id=invitation.service_id, by=by, now=now)
    take_over_besides(
        service_id=invitation.service_id,
        organization_id=invitation.organization_id,
        registration_id=invitation.registration_id,
        plan=invitation.plan,
        by=by,
        now=now,
        stays=_typed_since(invitation),
    )


def _typed_since(invitation: InvitationView) -> frozenset[str]:
    """For what an operator typed credentials beside the connection after this was asked for: they want those."""
    typed = [one for one in companions.companions(invitation.service_id) if not one.registration.is_ours]
    known = [(one.profile, one.registration.proved_at) for one in typed]
    return frozenset(profile for profile, at in known if at is not None and at > invitation.created_at)


def _way(typed: ExistingRegistration | None) -> AuthenticatedBy:
    if typed is None:
        return AuthenticatedBy.SIGN_IN
    return AuthenticatedBy.OPERATOR if typed.typed_by_id else AuthenticatedBy.LINK
