"""What can go wrong with an invitation.

InvitationsError
├── NoSuchInvitation   there is none, or not in this scope
├── InvitationMoved    it is no longer in the state this needs; the details say where it is and who moved it
├── InvitationOver     it has ended: no link of it can be made or sent
├── AlreadyInvited     the service has a pending invitation
├── PlanMoved          somebody changed what is asked for first
├── PlanIsFixed        what is asked for is being made, or was: it can't be changed any more
├── NoSuchHandoff      no living link of another administrator, or not in this scope
├── NothingToHandOff   nothing waits for another administrator
└── ColleagueElsewhere, TooManyHandoffs   what was typed as the other administrator's address (field "colleague")
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


class PlanMoved(InvitationsError):
    """The plan isn't the one that was seen."""

    code = "invitations:plan:moved"
    what = "What this invitation asks for has changed in the meantime."
    cure = "Read what is different now, then go on."


class PlanIsFixed(InvitationsError):
    """What was agreed is what is made."""

    code = "invitations:plan:fixed"
    what = "What this invitation asks for can't be changed any more: it is being made, or was."
    cure = "Send a new invitation when this one is over."


class NoSuchHandoff(InvitationsError):
    """There is no such link of another administrator, or it was withdrawn."""

    code = "invitations:handoff:unknown"
    what = "This other administrator has no link any more."
    cure = "Send them a new one from the invitation's page."


class NothingToHandOff(InvitationsError):
    """Nothing waits for another administrator."""

    code = "invitations:handoff:nothing"
    what = "Nothing waits for another administrator at the moment."
    cure = "Load the page again to see where it stands."
    acts = WhoActs.NOBODY


class ColleagueElsewhere(InvitationsError):
    """What remains is handed on within the organization only."""

    code = "invitations:handoff:elsewhere"
    what = "This address belongs to another organization."
    cure = "Type an address at a domain of your Microsoft 365, or of the one this invitation went to."
    acts = WhoActs.ADMINISTRATOR


class TooManyHandoffs(InvitationsError):
    """Three people, five mails a day: enough to find somebody, too few to trouble anybody."""

    code = "invitations:handoff:too_many"
    what = "Enough mails went out for this already."
    cure = "Wait a day, or withdraw a link that nobody uses; the ones that are out keep working."
    acts = WhoActs.RETRY_LATER
