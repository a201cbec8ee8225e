"""What can go wrong on the way aboard.

OnboardingError
├── NoSuchCase, NoSuchOnboarding      there is none, or not for this person
├── LinkClosed                        the link or its invitation isn't open (any more)
├── SessionEnded                      the link that a session came by was replaced, or reported
├── PlanIsOther                       an operator changes a plan that somebody else changed first
├── NotNow                            the case or the operator's part stands at another step
├── StillBeingStopped                 an invitation is to go on while the run that its report stopped isn't over
├── NotAPrincipalName, GuestName      what was typed as UPN can't be one (field "upn")
├── NoSignInApplication               the provider has not registered its sign-in application
├── NotThisWay                        Microsoft sends no browser back to the address of these pages
├── NotBegunHere, AttemptReplaced,    what a browser brings back from Microsoft is no answer to what it was asked,
│   AnswerTooLate, AnswerUsed         or not any more
├── NotASecretValue                   a client secret's value that can't be one (field "secret")
├── NotAGuid                          a client id or tenant id that can't be one (fields of the set-up)
├── SignInRefused                     what Microsoft or our own checks said about a sign-in
├── SignInTooOld                      the sign-in's token is gone or about to be
├── NotADomain                        what was typed as a domain can't be one (field "domain")
├── AnotherDomain                     what was typed isn't the domain that the customer is known by (field "domain")
├── AddressUnexpected                 a link would go to a domain that nobody knows of the customer (field "recipient")
├── NameDiffers                       what was typed to confirm isn't the service's short name (field "typed")
├── NotShared                         a registration that a further service can't use
├── NobodyToAsk, AskedJustNow         *Ask the customer to sign in*
├── NotConnected                      a service without a connection that could be renewed
├── NotReadyToAdd, AlreadyAdded, TenantNotTheirs   the operator's *Add*
└── NotValidated, NotAVerifiedDomain, NotReady   the operator's *Next* and *Create service*
"""

from typing import ClassVar

from gangway.foundation.errors import GangwayError, WhoActs


class OnboardingError(GangwayError):
    """Root of this room's errors."""

    code = "onboarding:error"
    what = "This step of connecting your Microsoft 365 can't be done now."
    cure = "Go back to the page before and try again."
    acts = WhoActs.ADMINISTRATOR


class NoSuchCase(OnboardingError):
    """The browser's session names a case that isn't there."""

    code = "onboarding:case:unknown"
    what = "We can't find where you were."
    cure = "Open the link in your e-mail again: you continue where you stopped."


class NoSuchOnboarding(OnboardingError):
    """There is no such operator's part in this person's scope."""

    code = "onboarding:operator:unknown"
    what = "We can't find this onboarding."
    cure = "Choose it from the Pending Invitations."
    acts = WhoActs.OPERATOR


class LinkClosed(OnboardingError):
    """The invitation can't be continued: withdrawn, expired, replaced or used up."""

    code = "onboarding:link:closed"
    what = "This link can't be used any more."
    cure = "Ask your provider for a new one."
    acts = WhoActs.OPERATOR


class SessionEnded(OnboardingError):
    """The links were replaced, or the invitation was frozen for a while: earlier sessions ended with that."""

    code = "onboarding:session:ended"
    what = "You were signed out of this wizard, because the link you came by was replaced or reported."
    cure = "Open the newest link from your provider: you continue where you stopped."


class PlanIsOther(OnboardingError):
    """Of two who change what is asked for, one was first."""

    code = "onboarding:plan:other"
    what = "Somebody changed what this invitation asks for in the meantime."
    cure = "Load the page again, read what it asks for now, and change that."
    acts = WhoActs.OPERATOR


class NotNow(OnboardingError):
    """Somebody (perhaps in another window) has moved on meanwhile."""

    code = "onboarding:case:elsewhere"
    what = "This has moved on meanwhile, perhaps in another window."
    cure = "We show you where it stands now."


class StillBeingStopped(OnboardingError):
    """An invitation is to go on whose run was stopped by its report and hasn't come to its end."""

    code = "onboarding:invitation:still_being_stopped"
    what = "What was being made is still being stopped and taken back."
    cure = "Unfreeze it again in a minute."
    acts = WhoActs.OPERATOR


class NotAPrincipalName(OnboardingError):
    """A user principal name looks like an e-mail address."""

    code = "onboarding:upn:malformed"
    what = "This isn't a user principal name."
    cure = "Type the name you sign in to Microsoft 365 with, such as admin@contoso.com."


class GuestName(OnboardingError):
    """A guest's name in somebody else's tenant."""

    code = "onboarding:upn:guest"
    what = "This is the name of a guest account: it belongs to another organization's Microsoft 365."
    cure = "Type the name of an administrator who is a member of the Microsoft 365 you want to connect."


class NoSignInApplication(OnboardingError):
    """Nobody can sign in before the provider's application is registered here."""

    code = "onboarding:sign_in_application:missing"
    what = "Your provider has not finished setting up sign-in with Microsoft."
    cure = "Tell your provider; nothing is wrong on your side, and your link stays good."
    acts = WhoActs.OPERATOR


class NotThisWay(OnboardingError):
    """Microsoft lists encrypted return addresses only, and localhost."""

    code = "onboarding:redirect:not_offered"
    what = "Signing in by redirect isn't possible at this address of your provider's pages."
    cure = "Press Start Authentication: with a code it works from anywhere."


class NotBegunHere(OnboardingError):
    """The state is none that this browser was given: a link that somebody else sent, or another browser's answer."""

    code = "onboarding:redirect:not_begun_here"
    what = "This answer of Microsoft's belongs to a sign-in that was not begun in this browser. It was not used."
    cure = "If you pressed Sign in with Microsoft yourself, go on in that browser, or press it again here."


class AttemptReplaced(OnboardingError):
    """A newer attempt, perhaps in another window, took the place of the one that is answered."""

    code = "onboarding:redirect:replaced"
    what = "This answer of Microsoft's belongs to an earlier attempt. A newer one has taken its place."
    cure = "Go on with the newer one, perhaps in another window, or start again here."


class AnswerTooLate(OnboardingError):
    """The person stayed at Microsoft for longer than we wait."""

    code = "onboarding:redirect:too_late"
    what = "You came back from Microsoft later than we wait for it. Nothing was made in your tenant."
    cure = "Sign in again; everything you entered is kept."


class AnswerUsed(OnboardingError):
    """The same return address once more: the back button, a reload, or somebody who found it."""

    code = "onboarding:redirect:used"
    what = "This answer of Microsoft's was used already. Nothing was done a second time."
    cure = "We show you where it stands now."


class NotAGuid(OnboardingError):
    """A client id or tenant id is a GUID."""

    code = "onboarding:sign_in_application:malformed"
    what = "This isn't an id as Microsoft gives them."
    cure = "Copy it from the application's Overview page; it looks like 00000000-0000-0000-0000-000000000000."
    acts = WhoActs.OPERATOR


class TooManySignIns(OnboardingError):
    """Each start asks Microsoft for a code in the provider's name; whoever holds a link can't do so endlessly."""

    code = "onboarding:sign_in:too_many"
    what = "Too many sign-ins were started with this invitation in a short time."
    cure = "Wait ten minutes, then start again; everything you entered is kept."
    acts = WhoActs.RETRY_LATER


class NotASecretValue(OnboardingError):
    """The value of a client secret, not its id, and nothing else."""

    code = "onboarding:sign_in_application:secret_malformed"
    what = "This isn't the value of a client secret."
    cure = "Copy the column Value, not Secret ID. Microsoft shows it once, right after the secret was made."
    acts = WhoActs.OPERATOR


class SignInTooOld(OnboardingError):
    """The delegated token is gone or lives no longer than the work needs."""

    code = "onboarding:sign_in:too_old"
    what = "Your sign-in at Microsoft has expired: for your safety it only lasts about an hour."
    cure = "Sign in again; everything you entered is kept."


class NotReadyToAdd(OnboardingError):
    """*Add* needs an authenticated invitation."""

    code = "onboarding:add:not_ready"
    what = "The customer's administrator has not finished yet."
    cure = "Wait until Device Authenticated is true, or look at the invitation to see where it stands."
    acts = WhoActs.ADMINISTRATOR


class AlreadyAdded(OnboardingError):
    """Two pressed *Add*; the other one was first. `winner` names them, `onboarding_id` is theirs to continue."""

    code = "onboarding:add:taken"
    what = "Somebody else is already adding this service."
    cure = "Talk to them, or open their onboarding to continue it."
    acts = WhoActs.NOBODY

    def __init__(self, *, winner: str, onboarding_id: str) -> None:
        """Name the winner in the sentence, too."""
        super().__init__(f"{winner} is already adding this service.", winner=winner, onboarding_id=onboarding_id)
        self.winner = winner
        self.onboarding_id = onboarding_id


class NotValidated(OnboardingError):
    """*Next* needs a validation that is over and found nothing broken."""

    code = "onboarding:validation:not_passed"
    what = "The credentials have not been validated yet."
    cure = "Wait for the result, or press Check again."
    acts = WhoActs.OPERATOR


class NotAVerifiedDomain(OnboardingError):
    """M365 Domain must be one of the tenant's own."""

    code = "onboarding:settings:domain_unknown"
    what = "This isn't a verified domain of the customer's tenant."
    cure = "Choose one of the domains that were read from the tenant."
    acts = WhoActs.OPERATOR


class NotReady(OnboardingError):
    """*Create service* while something still stands in its way; `blockers` says what."""

    code = "onboarding:create:blocked"
    what = "The service can't be created yet."
    cure = "Settle what is listed, then press Create service again."
    acts = WhoActs.OPERATOR

    def __init__(self, blockers: tuple[str, ...]) -> None:
        """Say the blockers in the sentence."""
        super().__init__(" ".join(["The service can't be created yet.", *blockers]))
        self.blockers = blockers


class SignInRefused(OnboardingError):
    """A sign-in ended without what we need. Subclasses in `stages.tenant` and `stages.refusals` say which way."""

    code = "onboarding:sign_in:refused"
    what = "The sign-in did not work out."
    cure = "Start the sign-in again."
    next_move: ClassVar[str] = "start_again"


class NotShared(OnboardingError):
    """Of another organization, gone, or used by no service any more: all the same to whoever asks."""

    code = "onboarding:sharing:unknown"
    what = "This registration can't be used for the new service."
    cure = "Choose one of those that are offered, or have a new one made."
    acts = WhoActs.OPERATOR


class TenantNotTheirs(OnboardingError):
    """The customer became known by another tenant after the sign-in: nothing is taken over before that is settled."""

    code = "onboarding:add:another_tenant"
    what = "This tenant is not the one by which the customer is known."
    cure = (
        "If it is theirs as well, write it down in the customer's Microsoft tenants and press Add again. If not, "
        "revoke the invitation: what was made in that tenant is taken back."
    )
    acts = WhoActs.OPERATOR


class NotConnected(OnboardingError):
    """Only a created service with a connection can be connected once more."""

    code = "onboarding:renewal:not_connected"
    what = "This service has no connection that could be renewed."
    cure = "Finish its onboarding first, or look whether it is being deleted."
    acts = WhoActs.OPERATOR


class NobodyToAsk(OnboardingError):
    """The mail goes to the contacts that a customer named."""

    code = "onboarding:removal:nobody_to_ask"
    what = "This customer has named no contact that a mail could go to."
    cure = "Name one on the customer's page, or give them the address of their own page yourself."
    acts = WhoActs.OPERATOR


class AskedJustNow(OnboardingError):
    """Somebody pressed twice, or a colleague was faster."""

    code = "onboarding:removal:asked_just_now"
    what = "This customer was asked about this service within the last ten minutes."
    cure = "Give them time; the page says whom the mail went to."
    acts = WhoActs.NOBODY


class NameDiffers(OnboardingError):
    """Deleting asks for the short name, so that nobody deletes another service than they mean."""

    code = "onboarding:deletion:name_differs"
    what = "This isn't the short name of the service."
    cure = "Type it exactly as it stands above, upper and lower case included."
    acts = WhoActs.OPERATOR


class NotADomain(OnboardingError):
    """A tenant is found by a domain name, nothing else."""

    code = "onboarding:domain:malformed"
    what = "This isn't a domain name."
    cure = "Type only the domain, such as contoso.com: the part of their addresses after the @."
    acts = WhoActs.OPERATOR


class DomainUnknown(OnboardingError):
    """No tenant has this domain: whoever is invited for it would be refused in whatever tenant they sign in to."""

    code = "onboarding:domain:unknown"
    what = "Microsoft knows no tenant with this domain in the customer's cloud."
    cure = "Correct it, or leave it empty: then whoever signs in confirms whose Microsoft 365 it is, and you at Add."
    acts = WhoActs.OPERATOR


class AnotherDomain(OnboardingError):
    """A domain that isn't among those that a customer is known by: only the administrator of these would be let in."""

    code = "onboarding:domain:another"
    what = "This customer has another Microsoft 365 domain."
    cure = "Leave that one, or change it on the customer's own page first."
    acts = WhoActs.OPERATOR


class AddressUnexpected(OnboardingError):
    """It is sent there knowingly or not at all. Details: `address`, for which alone an answer is good."""

    code = "onboarding:recipient:unexpected"
    what = "This address is at none of the domains that we know of this customer."
    cure = "Correct it; or, if it is meant, tick the box about it."
    acts = WhoActs.OPERATOR
