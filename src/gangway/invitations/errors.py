"""What can go wrong with an invitation.

InvitationsError
├── NoSuchInvitation   there is none, or not in this scope
├── InvitationMoved    it is no longer in the state this needs; the details say where it is and who moved it
├── InvitationOver     it has ended: no link of it can be made or sent
├── StillADraft        nothing was sent of it yet: first it is sent
├── NotWhereItStands   it lives, but this isn't done with it where it stands; the details say where
├── InvitationFrozen   somebody reported it as unexpected: first it is unfrozen or withdrawn
├── AlreadyInvited     the service has a pending invitation
├── TooManyLinks, CopyingForbidden, AskedJustNow   no link now, or not in this way
├── TooFarAhead, NotLonger, DayNotPossible   a time that can't be (fields "days", "approval_on")
├── TermsOutOfBounds, PlaceholderUnknown, WordsTooLong   a provider's terms, at their fields
├── PlanMoved          somebody changed what is asked for first
├── PlanIsFixed        what is asked for is being made, or was: it can't be changed any more
├── NoSuchHandoff      no living link of another administrator, or not in this scope
├── NothingToHandOff   nothing waits for another administrator
└── ColleagueElsewhere, ColleagueIsOneself, TooManyHandoffs
                       what was typed as the other administrator's address (field "colleague")
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


class StillADraft(InvitationsError):
    """Nothing of it is out, so that nothing can be sent again, replaced or extended."""

    code = "invitations:invitation:draft"
    what = "This invitation is a draft: nothing was sent of it yet."
    cure = "Look at its mail, then send it."


class NotWhereItStands(InvitationsError):
    """It has moved on, or back, from where this is done. Details: `state`."""

    code = "invitations:invitation:elsewhere"
    what = "This isn't done with an invitation where this one stands now."
    cure = "Its own page shows where it stands, and what can be done with it."


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


class ColleagueIsOneself(InvitationsError):
    """Whoever has a link already, or is at it, isn't sent another one as their own colleague."""

    code = "invitations:handoff:oneself"
    what = "This is your own address, or the one that this invitation went to."
    cure = "Whoever reads mails there goes on by the link that they have. Type the address of somebody else."
    acts = WhoActs.ADMINISTRATOR


class TooManyHandoffs(InvitationsError):
    """Three people, five mails a day: enough to find somebody, too few to trouble anybody."""

    code = "invitations:handoff:too_many"
    what = "Enough mails went out for this already."
    cure = "Wait a day, or withdraw a link that nobody uses; the ones that are out keep working."
    acts = WhoActs.RETRY_LATER


class InvitationFrozen(InvitationsError):
    """Reported as unexpected: nothing goes on before a person has looked."""

    code = "invitations:invitation:frozen"
    what = "This invitation is frozen: somebody who holds a link didn't expect it."
    cure = "Call the customer by the number on the contract; then unfreeze or revoke it."


class TooManyLinks(InvitationsError):
    """Nobody's mailbox is filled by us."""

    code = "invitations:link:too_many"
    what = "Many links were made in the last hour."
    cure = "Wait an hour; the links that are out keep working."
    acts = WhoActs.RETRY_LATER


class CopyingForbidden(InvitationsError):
    """The provider wants links to reach a mailbox and nothing else."""

    code = "invitations:link:copying_forbidden"
    what = "Your provider doesn't let links be copied."
    cure = "Send the invitation again, or change its recipient."


class AskedJustNow(InvitationsError):
    """A new link is asked for once an hour."""

    code = "invitations:link:asked_just_now"
    what = "A new link was asked for a short while ago; your provider has been told."
    cure = "Wait for their mail, or call them by the number on your contract."
    acts = WhoActs.RETRY_LATER


class TooFarAhead(InvitationsError):
    """An invitation is a secret in a mailbox: it doesn't last forever."""

    code = "invitations:extension:out_of_bounds"
    what = "An invitation can't last so long."
    cure = "Type a number of days from 1 to 90, counted from now."


class NotLonger(InvitationsError):
    """Extending never shortens."""

    code = "invitations:extension:not_longer"
    what = "It lasts as long already."
    cure = "Type more days, counted from now; to end it sooner, revoke it."


class DayNotPossible(InvitationsError):
    """A day in the past, or too far ahead."""

    code = "invitations:approval:day_not_possible"
    what = "This day can't be."
    cure = "Choose a day from tomorrow on, at most 90 days ahead."
    acts = WhoActs.ADMINISTRATOR


class TermsOutOfBounds(InvitationsError):
    """How long invitations last."""

    code = "invitations:terms:out_of_bounds"
    what = "An invitation can't last so long."
    cure = "Type a number of days from 1 to 90, or nothing for what this server says."


class PlaceholderUnknown(InvitationsError):
    """Only what is on the list is replaced."""

    code = "invitations:terms:placeholder_unknown"
    what = "There is something in braces that isn't on the list of placeholders."
    cure = "Write placeholders exactly as they stand in the list, and no other braces."


class WordsTooLong(InvitationsError):
    """One's own words, beside ours."""

    code = "invitations:terms:words_too_long"
    what = "This is too long, or has signs in it that can't be read."
    cure = "Shorten it: a subject has up to 150 characters, each of the texts up to 1000."
