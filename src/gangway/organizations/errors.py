"""What can go wrong with organizations and the people in them.

OrganizationsError
├── NotAllowed          this person's role doesn't include it
├── NoSeat              this person belongs to no organization
│   └── SeatByEntra     … unless they sign in with Microsoft
├── NoSuchOrganization  there is none, or not in this scope
├── WrongPlace          a channel stands below a provider, a customer below either
├── NoSuchRole          the role doesn't exist at this level
├── NotYoursToGive      nobody gives a role that their own may not give
├── RoleTaken           one role per person and organization
├── RoleMoved           somebody else changed it first
├── NoSuchOperator      there is none, or not in this scope
├── LastAdmin           somebody must stay who can let others in
├── DecidedAbove        somebody of a level above suspended this person
├── BelongsElsewhere    others answer for this person, too
├── AddressTaken        somebody already signs in with this address
├── InvalidAddress      no e-mail address
├── InvalidField        a field's own rule is broken
├── InvalidPicture      no PNG or JPEG, too large, or more than a picture
├── NotAColour, ColourTooPale   no colour, or one that can't be seen
├── AlreadyMade         the same form was sent before and made it
├── QuotaUsedUp         the channel has all the customers it may have
├── NotEmpty            something living stands below it
├── InvalidHostName, HostNameTaken   not a host name, or somebody's already
├── InvalidOrganizationName   empty, too long or not printable
├── ShortNameTaken      another provider has it
├── WeakPassword        breaks the password rules
└── ScopeMissing        a query without saying whose data (ours to mend)
    ├── OutOfScope      a write into another organization
    └── ScopeForbidden  an empty scope would mean everything
"""

from gangway.foundation.errors import GangwayError, WhoActs


class OrganizationsError(GangwayError):
    """Root of this room's errors."""

    code = "organizations:error"
    what = "This can't be done with this organization."
    cure = "Go back and try again; if it happens again, tell us."
    acts = WhoActs.OPERATOR


class NotAllowed(OrganizationsError):
    """The person's role in this organization does not include what they asked for."""

    code = "organizations:role:not_allowed"
    what = "Your role doesn't include this."
    cure = "Ask an administrator of your organization to do it or to change your role."


class NoSeat(OrganizationsError):
    """The person can sign in but belongs to no organization."""

    code = "organizations:seat:missing"
    what = "You don't belong to an organization yet."
    cure = "Ask the administrator who invited you to give you a role."


class SeatByEntra(NoSeat):
    """All roles of the person follow a claim, which nothing looks at in a session that began by a password."""

    code = "organizations:seat:by_entra"
    what = "Your role comes from your organization's Microsoft tenant, so it counts when you sign in with Microsoft."
    cure = "Sign out, then sign in with Microsoft."


class NoSuchOrganization(OrganizationsError):
    """There is no such organization where this person may look."""

    code = "organizations:organization:unknown"
    what = "We can't find this organization."
    cure = "Check the address, or choose it from the list."


class WrongPlace(OrganizationsError):
    """The tree has three levels; this would break their order."""

    code = "organizations:organization:wrong_place"
    what = "A channel stands below a provider, and a customer below a provider or a channel."
    cure = "Choose another organization to put it under."


class NoSuchRole(OrganizationsError):
    """The role table has no such pair of level and role."""

    code = "organizations:role:unknown"
    what = "This role doesn't exist at this level."
    cure = "Choose one of the roles offered."


class NotYoursToGive(NotAllowed):
    """A role can be given, changed and taken away only by those whose own role may give it."""

    code = "organizations:role:not_yours_to_give"
    what = "Your role may not give, change or take away this role."
    cure = "Ask an administrator of this organization, or of the one above it."


class RoleTaken(OrganizationsError):
    """One role per person and organization."""

    code = "organizations:role:taken"
    what = "This person already has a role in this organization."
    cure = "Change that role instead."


class RoleMoved(OrganizationsError):
    """Somebody else gave the person another role since the page was opened."""

    code = "organizations:role:moved"
    what = "Somebody has given this person another role since you opened the page; nothing of yours is saved."
    cure = "Look at the role that stands here now, and change it again if you still want to."


class NoSuchOperator(OrganizationsError):
    """There is no such place of a person where this one may look."""

    code = "organizations:operator:unknown"
    what = "We can't find this operator."
    cure = "Check the address, or choose them from the list."


class LastAdmin(OrganizationsError):
    """Without an Admin nobody could let others in."""

    code = "organizations:operator:last_admin"
    what = "This is the last active Admin of the organization."
    cure = "Make somebody else an Admin first."


class DecidedAbove(OrganizationsError):
    """Who suspended somebody decides: it is undone at their level or above, never below."""

    code = "organizations:operator:decided_above"
    what = "Somebody of a level above yours suspended this person."
    cure = "Ask them: only people of that level, or of one above it, can let the person in again or remove them."


class BelongsElsewhere(OrganizationsError):
    """What belongs to the person and not to the place is not for one organization alone to change."""

    code = "organizations:operator:belongs_elsewhere"
    what = "This person belongs to another organization, too, so their second factor can't be reset from here."
    cure = "Ask them to use a recovery code, or an Admin of the system to reset it."


class AddressTaken(OrganizationsError):
    """E-mail addresses identify people, so each belongs to one person only."""

    code = "organizations:operator:address_taken"
    what = "Somebody already signs in with this e-mail address."
    cure = "Use another address, or give the existing person a role."


class ScopeMissing(OrganizationsError):
    """A query reached the database without saying whose data it may see."""

    code = "organizations:scope:missing"
    what = "Something on our side asked for data without saying whose."
    cure = "Nothing was shown or changed. Please tell us how you got here."
    acts = WhoActs.US


class OutOfScope(ScopeMissing):
    """A write would have landed in an organization outside the current scope."""

    code = "organizations:scope:outside"
    what = "Something on our side tried to write into another organization."


class ScopeForbidden(ScopeMissing):
    """No path at all would mean everybody's data."""

    code = "organizations:scope:forbidden"
    what = "Something on our side asked for everybody's data."


class InvalidOrganizationName(OrganizationsError):
    """An organization's name is shown in mails and lists."""

    code = "organizations:name:invalid"
    what = "A name has 1 to 200 visible characters."
    cure = "Type the name again, without line breaks and hidden characters."


class InvalidField(OrganizationsError):
    """A field of an organization that breaks its own rule, which stands beside it on the page."""

    code = "organizations:field:invalid"
    what = "This can't be used here."
    cure = "Change it as the rule beside the field says."


class CloudInUse(OrganizationsError):
    """Every sign-in goes to the customer's cloud; in another one, the tenant of what is there already doesn't exist."""

    code = "organizations:cloud:in_use"
    what = "The cloud can't be changed as long as something lives in it."
    cure = (
        "Delete those services and withdraw those invitations first. A tenant of theirs in another cloud can be added "
        "as a customer of its own."
    )


class InvalidPicture(OrganizationsError):
    """A file that can't be a logo."""

    code = "organizations:picture:invalid"
    what = "This file isn't a picture that we can show."
    cure = "Choose a PNG (not interlaced) or JPEG of at most 100 KB and 1024 pixels a side; export it anew if need be."


class InvalidHostName(OrganizationsError):
    """Only a plain host name can stand in links: no address, port, path, number or wildcard."""

    code = "organizations:host:malformed"
    what = "This isn't a host name."
    cure = "Type one such as connect.example.com, without https:// and without a path. A * is never taken."


class HostNameTaken(OrganizationsError):
    """A host name leads to one organization only."""

    code = "organizations:host:taken"
    what = "This host name is in use here already."
    cure = "Choose another one."


class AlreadyMade(OrganizationsError):
    """A form that was sent twice makes one."""

    code = "organizations:organization:already_made"
    what = "This form was sent twice, and added the organization once."
    cure = "Look for it in the list."


class QuotaUsedUp(OrganizationsError):
    """The channel has all the customers that it may have."""

    code = "organizations:quota:used_up"
    what = "This channel has all the customers it may have."
    cure = "Choose another channel, or have the provider raise the channel's number of customers."


class NotEmpty(OrganizationsError):
    """Something that lives stands below the organization, so it can't go."""

    code = "organizations:organization:not_empty"
    what = "This organization still has customers or services."
    cure = "Move or delete them first."


class InvalidAddress(OrganizationsError):
    """What was given is no e-mail address."""

    code = "organizations:address:invalid"
    what = "This isn't a complete e-mail address."
    cure = "Type it as name@example.com."


class ShortNameTaken(OrganizationsError):
    """A provider's short name is part of its sign-in application's name; the server's settings call both by theirs."""

    code = "organizations:short_name:taken"
    what = "Another one already has this short name."
    cure = "Choose another short name."


class NotAColour(OrganizationsError):
    """Colours as web pages write them."""

    code = "organizations:colour:not_a_colour"
    what = "This isn't a colour."
    cure = "Type it as #1d4ed8: a hash and six signs from 0 to 9 and a to f."


class ColourTooPale(OrganizationsError):
    """A button that can't be seen is none."""

    code = "organizations:colour:too_pale"
    what = "A button of this colour can hardly be seen on a white page."
    cure = "Choose a darker colour: its contrast against white must be 3 to 1 or more."


class WeakPassword(OrganizationsError):
    """The password breaks the rules; the sentences say which."""

    code = "organizations:password:weak"
    what = "This password is too easy to guess."
    cure = "Use a longer one that you use nowhere else."
