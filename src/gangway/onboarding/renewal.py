"""*Re-initiate Authentication Flow*: an administrator connects a service that is there once more.

Where we made the registration, the same one gets another credential, and what is missing of its plan; where the
customer made it, where we hold no record of it, or where somebody wants so, a registration of ours is made and the
service moves to it. The connection in use is left alone until the new one is proved. Then all of it changes in one
transaction, and nobody presses *Add*.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from gangway.audit.record import Actor
from gangway.connections.actions import hold_all, need_no_pause_above
from gangway.connections.companions import companions
from gangway.connections.queries import connection, registration_of
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.aims import ENDS_BY_ITSELF, PARTS, Aim, Purpose
from gangway.invitations.errors import AlreadyInvited
from gangway.invitations.standing import open_beside, open_for_connection
from gangway.invitations.states import State
from gangway.onboarding.defaults import defaults_for
from gangway.onboarding.errors import NotConnected, NotReadyToAdd
from gangway.onboarding.existing import begin_known
from gangway.onboarding.expected import need_expected
from gangway.onboarding.models import Case
from gangway.onboarding.otherwise import uses_ours_beside, what_changes
from gangway.onboarding.repairs import MENDS, asked_by
from gangway.onboarding.stages.renewed import take_over
from gangway.organizations.roles import Kind as Level
from gangway.provisioning import queries as provisioning
from gangway.provisioning.leaving import known_before
from gangway.provisioning.queries import Part
from gangway.provisioning.remains import credentials_left
from gangway.provisioning.renewable import newest_plan
from gangway.services import actions as services
from gangway.services.queries import service
from gangway.services.states import Lifecycle


@transaction.atomic
def reinitiate(
    *,
    service_id: UUID,
    recipient: str,
    plan: Mapping[str, Any] | None = None,
    purpose: Purpose = Purpose.RENEW,
    wanted: dict[str, Any] | None = None,
    mailed: bool = True,
    knowingly: str = "",
    level: Level,
    by: Actor,
    now: datetime,
) -> UUID:
    """Invite an administrator to connect a created service once more; gives the invitation's id.

    `purpose`: why, in the words of mails and pages. `plan`: what the registration shall have, by default what it was
    planned with, of a new one as the newest version has it. Without `mailed`, no mail goes out: somebody opens the
    wizard at once. `knowingly`: the address that was answered for, where it is at a domain that nobody knows of the
    customer. `level`: of whoever asks. Call it inside a scope. Raises `NotConnected`, `DecidedAbove` when people above
    that level suspended the connection, `AddressUnexpected`, and what `issue_invitation` raises.
    """
    _hold(service_id, level)
    need_expected(recipient, customer_id=service(service_id).customer_id, knowingly=knowingly)
    anew = purpose is Purpose.REPLACE
    pinned, fingerprint = provisioning.fingerprinted(plan) if plan else _plan_of(service_id, anew=anew)
    standing = registration_of(service_id)
    if standing is None or service(service_id).lifecycle is not Lifecycle.CREATED:
        raise NotConnected
    if invited.pending_purposes(service_id) & _in_the_way_of(purpose):
        raise AlreadyInvited
    goes_on = known_before(standing, now) and not anew
    asked = asked_by(purpose, service_id, standing, pinned, now=now) if goes_on else None
    mends = asked if purpose in MENDS else None
    removes_too = goes_on and (mends is None or Part.REGISTRATION in mends.parts)
    left = credentials_left(registration_id=standing, service_id=service_id) if removes_too else {}
    removes = {"removes": [str(one) for one in left]} if left else {}
    parts = {PARTS: sorted(asked.parts)} if asked else {}
    issued = invitations.issue_invitation(
        service_id=service_id,
        recipient=recipient,
        plan=pinned,
        plan_fingerprint=fingerprint,
        aim=Aim(
            purpose,
            standing if goes_on else uuid4(),
            (wanted or {}) | removes | parts,
            tuple(
                what_changes(
                    service_id,
                    purpose,
                    pinned,
                    wanted=wanted or {},
                    goes_on=goes_on,
                    repair=mends,
                    removes=left.values(),
                )
            ),
        ),
        mailed=mailed,
        by=by,
        now=now,
    )
    return issued.invitation_id


@transaction.atomic
def type_in(*, service_id: UUID, level: Level, by: Actor, now: datetime) -> UUID:
    """*Replace the credentials*: an operator types others, which count once they are proved; gives the invitation's id.

    One that is being typed already is gone on with. `level`: of whoever types. Call it inside a scope. Raises
    `NotConnected`, `AlreadyInvited`, `DecidedAbove`.
    """
    _hold(service_id, level)
    standing = open_for_connection(service_id)
    if standing is not None and invited.invitation(standing).state is State.DRAFT:
        return standing
    if invited.pending_purposes(service_id) & _in_the_way_of(Purpose.RENEW):
        raise AlreadyInvited
    pinned, fingerprint = _plan_of(service_id)
    return begin_known(
        service_id=service_id,
        plan=pinned,
        plan_fingerprint=fingerprint,
        aim=Aim(Purpose.RENEW),
        by=by,
        now=now,
    )


@transaction.atomic
def type_in_beside(*, service_id: UUID, profile: str, level: Level, by: Actor, now: datetime) -> UUID:
    """Let an operator type what a service uses beside its connection, a registration of the customer's own.

    It counts once it is proved, in the place of what was used before. Gives the invitation's id, in which it is typed;
    one that is being typed already is gone on with. `level`: of whoever types. Call it inside a scope. Raises
    `NotConnected`, `DecidedAbove`.
    """
    _hold(service_id, level)
    if service(service_id).lifecycle is not Lifecycle.CREATED or registration_of(service_id) is None:
        raise NotConnected
    offered = provisioning.choices(profile)
    features = {feature.key for feature in offered.features}
    pinned, fingerprint = provisioning.pin(profile=profile, version=offered.version, features=features)
    return open_beside(service_id) or begin_known(
        service_id=service_id,
        plan=pinned,
        plan_fingerprint=fingerprint,
        aim=Aim(Purpose.BESIDE),
        by=by,
        now=now,
    )


def _hold(service_id: UUID, level: Level) -> None:
    """Keep the service as it stands, and let nobody of this level renew what people above it suspended."""
    hold_all(service_id)
    need_no_pause_above(service_id, level)


def _in_the_way_of(purpose: Purpose) -> frozenset[Purpose]:
    """What may not be asked for at the same time: each would undo what the other one made."""
    if purpose is Purpose.UPGRADE:
        return frozenset({Purpose.REPLACE})
    upgrade = {Purpose.UPGRADE} if purpose is Purpose.REPLACE else set()
    return (ENDS_BY_ITSELF | upgrade) - {purpose, Purpose.BESIDE}


def _plan_of(service_id: UUID, *, anew: bool = False) -> tuple[dict[str, Any], str]:
    """The plan of a connected service's registration; the provider's own where we hold no record of one.

    `anew`: as the newest version has it, without what another service has beside the same registration.
    """
    about, found = service(service_id), connection(service_id)
    if about.lifecycle is not Lifecycle.CREATED or found is None:
        raise NotConnected
    if found.lost:
        return defaults_for(about.provider_id).pinned()
    plan = newest_plan(found.registration_id) if anew else provisioning.plan_of(found.registration_id)
    if anew and not uses_ours_beside(service_id, found.registration_id):
        return provisioning.for_further(plan)
    return provisioning.fingerprinted(without_theirs(service_id, plan))


def without_theirs(service_id: UUID, plan: Mapping[str, Any]) -> dict[str, Any]:
    """The plan without what the service uses beside its connection of the customer's own: that stays as it is."""
    theirs = any(not one.registration.is_ours for one in companions(service_id))
    return provisioning.for_further(plan)[0] if theirs else dict(plan)


@transaction.atomic
def upgrade(*, invitation_id: UUID, licensed_users: int, level: Level, by: Actor, now: datetime) -> None:
    """*Upgrade Customer*: the other licence type, and what the administrator connected for it. Inside a scope.

    `level`: of whoever does it. Raises `NoSuchInvitation`, `NotReadyToAdd`, `DecidedAbove`, and what
    `services.actions.change_licence` raises.
    """
    invitation = invited.invitation(invitation_id)
    case = Case.objects.filter(invitation_id=invitation_id, handoff__isnull=True).first()
    if invitation.purpose != Purpose.UPGRADE or invitation.state is not State.AUTHENTICATED or case is None:
        raise NotReadyToAdd
    need_no_pause_above(invitation.service_id, level)
    services.change_licence(
        service_id=invitation.service_id,
        licence_type=invitation.wanted["licence_type"],
        licensed_users=licensed_users,
        by=by,
    )
    take_over(case, by=by, now=now)
    invitations.move(invitation_id=invitation_id, to=State.ADDED, by=by, expected={State.AUTHENTICATED})
