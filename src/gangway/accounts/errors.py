"""What can go wrong when our own people get in.

AccountsError
├── NoSuchOperatorInvitation   unknown, or not in this scope
├── OperatorInvitationOver     accepted, withdrawn or too old
├── AlreadyInvited             somebody invited this address to this organization
├── AlreadyOperator            this address has a role in this organization
├── EnoughInvitedToday         so many mails invited operators within a day as may be
├── EnoughAddressesToday       so many links to confirm an address were mailed within a day as may be
├── SameAddress                it is the person's address already
├── AddressLinkOver            the link to confirm an address is old, used or another person's
├── HasARole                   who still has a role isn't forgotten
├── SignInFirst                the address has an account: its owner accepts
├── SignInClosed               Microsoft sign-in isn't set up, or nobody invited this account
├── TenantNotYours             the account's tenant is none of the organization's own
├── TenantUnproved             a mapped role waits until somebody proves that the tenant is the organization's
├── GroupMissing               the organization lets only members of a group in, and this account is none
├── GroupsUntold               the account has more groups than Microsoft tells, and here a group decides
├── SignInBroken               what Microsoft sent doesn't belong to what this browser asked
├── SignInStale                Microsoft didn't ask anew who it is
├── IdentityTaken              the Microsoft account belongs to somebody else
├── ProofElsewhere             the proof came from another tenant than the one in question
├── ProofByGuest               the proof came from a guest, who administers another tenant
├── ProofUntold                the id_token tells no directory roles
├── ProofTooWeak               the account holds none of the roles that prove a tenant
├── NoSuchTenant               unknown, or not in this scope
└── InvalidTenant              no tenant id, or no role or group
"""

from gangway.foundation.errors import GangwayError, WhoActs


class AccountsError(GangwayError):
    """Root of this room's errors."""

    code = "accounts:error"
    what = "This can't be done with this account."
    cure = "Go back and try again; if it happens again, tell us."
    acts = WhoActs.OPERATOR


class NoSuchOperatorInvitation(AccountsError):
    """There is no such invitation where this person may look, or the link is none of ours."""

    code = "accounts:invitation:unknown"
    what = "We can't find this invitation."
    cure = "Check that the whole link was opened, or ask whoever invited you for a new one."


class OperatorInvitationOver(AccountsError):
    """The invitation was good once."""

    code = "accounts:invitation:over"
    what = "This invitation is no longer good: it was used, withdrawn, or is too old."
    cure = "If you have an account, sign in. Else ask whoever invited you for a new invitation."


class AlreadyInvited(AccountsError):
    """One pending invitation per person and organization."""

    code = "accounts:invitation:already"
    what = "This address is invited to this organization already."
    cure = "Send that invitation again, or withdraw it first."


class AlreadyOperator(AccountsError):
    """One role per person and organization."""

    code = "accounts:operator:already"
    what = "This person already has a role in this organization."
    cure = "Change that role instead."


class EnoughInvitedToday(AccountsError):
    """Mails to strangers have an end, by person and by organization; two settings say where."""

    code = "accounts:invitation:enough_today"
    what = "You have invited as many operators within a day as one person may."
    cure = "Try again tomorrow. Whoever runs the server can allow more."


class EnoughAddressesToday(AccountsError):
    """Such a mail, too, goes to whatever address somebody typed."""

    code = "accounts:address:enough_today"
    what = "You have asked for as many new e-mail addresses within a day as one person may."
    cure = "Try again tomorrow."


class SameAddress(AccountsError):
    """There is nothing to change."""

    code = "accounts:address:same"
    what = "This is the address that they have already."
    cure = "Type another one."


class AddressLinkOver(AccountsError):
    """A link to confirm an address works once, for a day, for the person who is signed in and no other."""

    code = "accounts:address:link_over"
    what = "This link to confirm an e-mail address isn't good any more, or belongs to another account."
    cure = "Sign in with the account that shall have the address, and ask for a new link on your own page."


class HasARole(AccountsError):
    """Somebody who may sign in to something is not forgotten."""

    code = "accounts:operator:has_role"
    what = "This person still has a role in an organization."
    cure = "Remove them from the operators of every organization first, then forget them."


class SignInFirst(AccountsError):
    """An account exists, so only its owner may accept."""

    code = "accounts:invitation:sign_in_first"
    what = "There is an account with this address already."
    cure = "Sign in with it, then open the link again."


class SignInClosed(AccountsError):
    """Nobody signs up alone."""

    code = "accounts:sign_in:closed"
    what = "Nobody has let this Microsoft account in."
    cure = "Ask an operator of your organization to invite you, or your Entra administrator to assign you a role of it."


class TenantNotYours(AccountsError):
    """An account of another tenant than those of the organization."""

    code = "accounts:sign_in:tenant"
    what = "This Microsoft account belongs to a tenant that may not sign in here."
    cure = "Sign in with your organization's own account, or ask your operator to add the tenant."


class TenantUnproved(AccountsError):
    """Anybody can list a tenant, so roles of one wait for the word of somebody who administers it."""

    code = "accounts:sign_in:unproved"
    what = "Your tenant gives you a role here, but nobody has proved yet that the tenant belongs to the organization."
    cure = "Ask an operator of your organization to prove it in the sign-in rules, then sign in again."


class GroupMissing(AccountsError):
    """An organization lets only members of one Entra group in."""

    code = "accounts:sign_in:group"
    what = "This Microsoft account isn't in the group that may sign in here."
    cure = "Ask the administrator of your Entra tenant to add you to the group, then sign in again."


class GroupsUntold(AccountsError):
    """Entra leaves the groups claim out where there are more than two hundred, and we don't guess."""

    code = "accounts:sign_in:groups_untold"
    what = "This Microsoft account is in so many groups that Microsoft doesn't tell which, and here a group decides."
    cure = (
        "Ask your Entra administrator to give you an app role instead, or to have the application told only the groups "
        "that are assigned to it."
    )


class SignInBroken(AccountsError):
    """State, nonce, issuer or signature don't fit what this browser asked for. Which one is only in our log."""

    code = "accounts:sign_in:broken"
    what = "The sign-in with Microsoft could not be completed."
    cure = "Start it again from the sign-in page, in this browser. If it happens again, tell us."


class SignInStale(AccountsError):
    """An old session at Microsoft is no proof of who sits there now."""

    code = "accounts:sign_in:stale"
    what = "Microsoft didn't ask for your password again, so this proves nothing."
    cure = "Start it again, and sign in at Microsoft with your password or passkey; don't change the address."


class IdentityTaken(AccountsError):
    """A Microsoft account belongs to one person of ours."""

    code = "accounts:identity:taken"
    what = "This Microsoft account is tied to another person already."
    cure = "Sign in as that person, or use another Microsoft account."


class ProofElsewhere(AccountsError):
    """Only an account of exactly this tenant speaks for it."""

    code = "accounts:proof:elsewhere"
    what = "The account that signed in belongs to another tenant, so the tenant is still unproved."
    cure = "Prove it again, with an administrator's account of exactly this tenant."


class ProofByGuest(AccountsError):
    """A guest's account lives elsewhere."""

    code = "accounts:proof:guest"
    what = "The account that signed in is a guest in the tenant, so the tenant is still unproved."
    cure = "Prove it again, with an administrator's account that is at home in the tenant."


class ProofUntold(AccountsError):
    """Without the claim `wids` nobody knows who administers the tenant."""

    code = "accounts:proof:untold"
    what = "Microsoft didn't tell which directory roles the account holds, so the tenant is still unproved."
    cure = (
        "Ask whoever runs this server to let the Operation Center's application in Entra be told the directory roles "
        "(Token configuration, groups claim), then prove it again."
    )
    acts = WhoActs.US


class ProofTooWeak(AccountsError):
    """Any member could else claim the whole tenant."""

    code = "accounts:proof:role"
    what = "The account that signed in doesn't administer the tenant, so the tenant is still unproved."
    cure = (
        "Prove it again, with an account whose active role is Global Administrator, Privileged Role Administrator, "
        "Application Administrator or Cloud Application Administrator."
    )


class NoSuchTenant(AccountsError):
    """There is no such tenant or rule where this person may look."""

    code = "accounts:tenant:unknown"
    what = "We can't find this Entra tenant."
    cure = "Choose it from the list."


class InvalidTenant(AccountsError):
    """What was given can't be a tenant's id, an app role or a group."""

    code = "accounts:tenant:invalid"
    what = "This isn't what an Entra tenant calls it."
    cure = "A tenant and a group have an id like 00000000-0000-0000-0000-000000000000; an app role has a value."
