"""Whoever began something that goes on by itself: it does so only as long as they might do it by hand."""

from uuid import UUID

from gangway.invitations.queries import InvitationView
from gangway.organizations.queries import holds
from gangway.organizations.roles import Capability


def may_still_add(about: InvitationView) -> bool:
    """Whether the person who issued an invitation may add services there now; what no person issued goes on.

    People leave, and a customer is moved to another reseller: nothing is created in the name of somebody who couldn't.
    """
    return not about.created_by_id or holds(
        UUID(about.created_by_id), Capability.ADD_SERVICE, path=about.organization_path
    )
