"""What can go wrong with an invitation.

InvitationsError
├── NoSuchInvitation   there is none, or not in this scope
├── InvitationMoved    it is no longer in the state this needs; the details say where it is and who moved it
├── InvitationOver     it has ended: no link of it can be made or sent
└── AlreadyInvited     the service has a pending invitation
"""

from gangway.foundation.errors import GangwayError, WhoActs


class InvitationsError(GangwayError):
    """Root of this room's errors."""

    code = "invitations:error"
    what = "This can't be done with this invitation."
    cure = "Go back and try again; if it happens again, tell us."
    acts = WhoActs.OPERATOR


class NoSuchInvitation(InvitationsError):
    """There is no such invitation where this person may look."""

    code = "invitations:invitation:unknown"
    what = "We can't find this invitation."
    cure = "Check the address, or choose the invitation from the list."


class InvitationMoved(InvitationsError):
    """Somebody else moved it first, or it was never in the needed state. Details: `state`, `by`."""

    code = "invitations:invitation:moved"
    what = "This invitation has changed in the meantime."
    cure = "Load the page again to see where it is."


class InvitationOver(InvitationsError):
    """Expired, withdrawn, or done: there is nothing to send a link for."""

    code = "invitations:invitation:over"
    what = "This invitation is over, so no link of it can be sent."
    cure = "Start the service again to invite somebody."


class AlreadyInvited(InvitationsError):
    """One service, one pending invitation; it may have many links."""

    code = "invitations:invitation:already_pending"
    what = "This service already has a pending invitation."
    cure = "Send that one again, or withdraw it first."
