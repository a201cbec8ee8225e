"""Invitations for tests."""

from datetime import datetime
from uuid import UUID

from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations import actions
from gangway.invitations import queries as invitations
from gangway.invitations.aims import Aim
from gangway.invitations.queries import InvitationView, LinkDead, Why, by_token
from gangway.invitations.states import State
from gangway.organizations.scope import within
from tests.rooms import factories_services
from tests.rooms.factories_organizations import Place

OPERATOR = Actor(kind="person", id=str(UUID(int=1)), name="Olga Operator", address="192.0.2.7")
ADMINISTRATOR = Actor(kind="administrator", id="", name="ada@contoso.example")
PLAN = {"profile": "teams-voice", "version": 2}
TO = {
    State.SENT: (State.SENT,),
    State.OPENED: (State.SENT, State.OPENED),
    State.SIGNED_IN: (State.SENT, State.OPENED, State.SIGNED_IN),
    State.PROVISIONING: (State.SENT, State.OPENED, State.SIGNED_IN, State.PROVISIONING),
    State.AUTHENTICATED: (State.SENT, State.OPENED, State.SIGNED_IN, State.PROVISIONING, State.AUTHENTICATED),
}


def issue(
    customer: Place,
    *,
    service_id: UUID | None = None,
    now: datetime | None = None,
    aim: Aim | None = None,
    recipient: str = "ada@contoso.example",
    draft: bool = False,
) -> UUID:
    """Invite an administrator for a service that is planned on the way unless one is given."""
    service_id = service_id or factories_services.plan(customer)
    with within(customer.path):
        return actions.issue_invitation(
            service_id=service_id,
            recipient=recipient,
            aim=aim,
            draft=draft,
            plan=PLAN,
            plan_fingerprint="sha256:1",
            by=OPERATOR,
            now=now or clock.now(),
        ).invitation_id


def bring_to(customer: Place, invitation_id: UUID, state: State) -> None:
    """Move an invitation along the straight way to `state`."""
    with within(customer.path):
        for step in TO[state]:
            actions.move(invitation_id=invitation_id, to=step, by=ADMINISTRATOR)


def link(customer: Place, invitation_id: UUID) -> SealedText:
    """Make another link of an invitation, to have its token in hand."""
    with within(customer.path):
        return actions.copy_link(invitation_id=invitation_id, by=OPERATOR, now=clock.now())


def view(customer: Place, invitation_id: UUID) -> InvitationView:
    """It, as it stands now."""
    with within(customer.path):
        return invitations.invitation(invitation_id)


def why_dead(token: SealedText) -> Why | None:
    """Why this link opens nothing; None for one that does."""
    found = by_token(token)
    return found.reason if isinstance(found, LinkDead) else None
