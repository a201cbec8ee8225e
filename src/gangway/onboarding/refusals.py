"""Every way a sign-in can end without what we need: what it means, what to do, who acts, and the next move.

SignInRefused
├── Declined            the person said no at Microsoft
├── CodeExpired         nobody finished in time (also how a silent policy looks from here)
├── WrongTenant         another organization's Microsoft 365
├── WrongPerson         another account than the one typed; may be confirmed knowingly
├── GuestSignedIn       a guest of that tenant, not a member
├── PartnerSignedIn     a partner's account, which has rights there but no place
├── RoleMissing         another administrator without a role for what remains
├── PersonalSignedIn    a personal Microsoft account
├── OwnTenant           the platform's own tenant
├── Blocked             Conditional Access and its kin
├── ConsentNotGiven     nobody who may agree did
├── NotBack             nobody came back from Microsoft in time, by redirect
├── BlockedTold         the person says that Microsoft blocks them; from here it only looks like waiting
├── CodeUnknown         Microsoft doesn't know the code any more
├── NotSetUp            our sign-in application isn't set up as it must be
├── ReturnNotSetUp      … or not for the redirect; a code works
└── NotUnderstood       anything else Microsoft refuses
"""

from typing import Any, ClassVar, Self

from gangway.foundation.errors import MicrosoftFault, WhoActs
from gangway.microsoft import dictionary
from gangway.microsoft import errors as microsoft
from gangway.onboarding.errors import SignInRefused
from gangway.onboarding.shapes import NextMove
from gangway.onboarding.states import SignInState


class Refusal(SignInRefused):
    """A refusal knows the state it puts the sign-in into. `fault` is Microsoft's own answer, when there was one."""

    state: ClassVar[SignInState] = SignInState.FAILED
    next_move: ClassVar[NextMove] = NextMove.START_AGAIN
    signal: ClassVar[str] = ""
    """Where the dictionary of Microsoft's errors has its words; empty: they are ours, and stand here."""
    fault: MicrosoftFault | None = None
    tenant_id: str = ""
    """Where the person signed in, when the id_token alone told enough; else what Graph told says it."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Take a refusal's words out of the dictionary."""
        super().__init_subclass__(**kwargs)
        if cls.signal:
            words = dictionary.of_class(cls.signal)
            cls.what, cls.cure, cls.acts = words.what, words.cure, words.acts

    @classmethod
    def by(cls, error: microsoft.MicrosoftError) -> Self:
        """Make the refusal with what Microsoft said, which is more exact."""
        refusal = cls(error.what, cure=error.cure)
        refusal.acts, refusal.fault = error.acts, error.fault
        return refusal

    def seen_in(self, tenant_id: str) -> Self:
        """Say where the person signed in."""
        self.tenant_id = tenant_id
        return self


class Declined(Refusal):
    """`authorization_declined`."""

    code = "onboarding:sign_in:declined"
    signal = "oauth:authorization_declined"
    state = SignInState.DECLINED


class CodeExpired(Refusal):
    """`expired_token`, or our own clock: fifteen minutes went by."""

    code = "onboarding:sign_in:expired"
    signal = "oauth:expired_token"
    state = SignInState.EXPIRED


class WrongTenant(Refusal):
    """The tenant has not the domain that belongs to this customer."""

    code = "onboarding:sign_in:wrong_tenant"
    state = SignInState.WRONG_TENANT
    what = "You signed in to another organization's Microsoft 365 than the one to be connected."
    cure = "Start again and choose an account of the right organization; a private browser window helps."


class WrongPerson(Refusal):
    """Right tenant, another account than the one that was typed."""

    code = "onboarding:sign_in:wrong_person"
    state = SignInState.WRONG_PERSON
    what = "Another account signed in than the one you named."
    cure = "If this is you as well, go on with this account. Otherwise start again and choose the account you named."
    next_move = NextMove.CONFIRM_PERSON


class GuestSignedIn(Refusal):
    """A guest may look at home in the tenant, but belongs to somebody else."""

    code = "onboarding:sign_in:guest"
    state = SignInState.GUEST
    what = "You signed in as a guest of this Microsoft 365, and guests can't connect it."
    cure = "Start again with an account that is a member of the organization, not one invited from another."


class PartnerSignedIn(Refusal):
    """Somebody of a partner (GDAP), who has rights in the tenant but no account there."""

    code = "onboarding:sign_in:partner"
    what = "You signed in with an account of a partner that looks after this Microsoft 365."
    cure = "Start again with an account of the organization itself, so that what is made is made by its own people."


class RoleMissing(Refusal):
    """What remains needs more rights than this account has."""

    code = "onboarding:sign_in:role_missing"
    what = "This account has no active role that may do what remains."
    cure = (
        "It takes a role that is named on the page before. If you have it by Privileged Identity Management (PIM), "
        "activate it there, then start again; else a colleague who has it signs in."
    )


class PersonalSignedIn(Refusal):
    """Outlook.com, Xbox and their like."""

    code = "onboarding:sign_in:personal"
    signal = "microsoft:identity:personal"
    state = SignInState.PERSONAL


class OwnTenant(Refusal):
    """Somebody of the platform signed in with their own account."""

    code = "onboarding:sign_in:own_tenant"
    state = SignInState.OWN_TENANT
    what = "You signed in to the platform's own Microsoft 365, which is never a customer's."
    cure = "Start again with an administrator's account of the customer."


class Blocked(Refusal):
    """53003 and its kin. We never advise to switch protection off."""

    code = "onboarding:sign_in:blocked"
    signal = "microsoft:policy:sign_in_blocked"
    state = SignInState.BLOCKED


class BlockedTold(Refusal):
    """What happens on Microsoft's page we can't see: we only go on waiting. So the person tells."""

    code = "onboarding:sign_in:blocked_told"
    state = SignInState.BLOCKED
    what = "A policy of your organization does not let this sign-in through. Nothing was made in your tenant."
    cure = "Take another way below: each says what it finishes. Leave the policy on; it isn't in the way of the others."


class NotBack(Refusal):
    """By redirect: what Microsoft shows on its own page stays there, so a browser that is stuck never comes back."""

    code = "onboarding:sign_in:not_back"
    state = SignInState.EXPIRED
    what = "Your browser did not come back from Microsoft in time. Nothing was made in your tenant."
    cure = "Sign in again; everything you entered is kept. If Microsoft showed an error, take another way below."


class ConsentNotGiven(Refusal):
    """65001, 65004, 90094: the person may not agree, or nobody has."""

    code = "onboarding:sign_in:no_consent"
    signal = "microsoft:consent:missing"
    state = SignInState.FAILED
    next_move = NextMove.START_AGAIN


class CodeUnknown(Refusal):
    """`bad_verification_code`."""

    code = "onboarding:sign_in:code_unknown"
    signal = "oauth:bad_verification_code"
    state = SignInState.FAILED


class NotSetUp(Refusal):
    """700016, 7000218, 700025 about our own application."""

    code = "onboarding:sign_in:not_set_up"
    signal = "microsoft:client:set_up_wrong"
    state = SignInState.FAILED
    next_move = NextMove.ASK_PROVIDER


class ReturnNotSetUp(Refusal):
    """7000218, 7000215, 7000222, 500112 about the return address or the application's own credential."""

    code = "onboarding:sign_in:return_not_set_up"
    state = SignInState.FAILED
    what = (
        "Your provider's sign-in application isn't set up for signing in by redirect. Nothing was made in your tenant."
    )
    cure = "Sign in with a code instead, which works without it, and tell your provider; your link stays good."
    acts = WhoActs.OPERATOR

    @classmethod
    def by(cls, error: microsoft.MicrosoftError) -> Self:
        """Keep our own words: Microsoft's are about somebody else's application."""
        refusal = cls()
        refusal.fault = error.fault
        return refusal


class NotUnderstood(Refusal):
    """Microsoft said no in a way we have no better words for."""

    code = "onboarding:sign_in:refused"
    signal = "microsoft:sign_in:refused"
    state = SignInState.FAILED


_MEANINGS: tuple[tuple[type[microsoft.MicrosoftError], type[Refusal]], ...] = (
    (microsoft.PolicyBlocked, Blocked),
    (microsoft.ConsentMissing, ConsentNotGiven),
    (microsoft.ClientSetUpWrong, NotSetUp),
    (microsoft.ApplicationUnknown, NotSetUp),
    (microsoft.PersonalAccount, PersonalSignedIn),
)

_OF_THE_RETURN = frozenset({50011, 500112, 9002327})
"""AADSTS numbers about how the return address is listed."""

CODE_UNKNOWN = frozenset({70018, 70000})
CODE_EXPIRED = frozenset({70019, 70020})


def meaning_of(error: microsoft.MicrosoftError) -> Refusal:
    """Tell which refusal Microsoft's is, keeping what it said. Not for errors that only ask for patience."""
    if error.fault.aadsts in CODE_UNKNOWN:
        return CodeUnknown.by(error)
    if error.fault.aadsts in CODE_EXPIRED:
        return CodeExpired.by(error)
    kind = next((ours for theirs, ours in _MEANINGS if isinstance(error, theirs)), NotUnderstood)
    return kind.by(error)


def meaning_of_trade(error: microsoft.MicrosoftError) -> Refusal:
    """Tell which refusal it is when a code isn't traded: our own set-up is at fault more often than the person."""
    of_ours = isinstance(error, microsoft.ClientSetUpWrong | microsoft.CredentialNotAccepted)
    return ReturnNotSetUp.by(error) if of_ours or error.fault.aadsts in _OF_THE_RETURN else meaning_of(error)
