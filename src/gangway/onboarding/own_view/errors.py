"""What can go wrong when a customer's own people come to look.

OnboardingError
├── NotSignedInHere     no visit, or its time is over
├── NotOfferedHere      Microsoft sends no browser back to this address, or the provider isn't set up
├── RolesUntold         the id_token tells no directory roles at all
├── GuestComes, RoleDoesNotFit, NothingHere, AnotherTenantComes   who may not come in, each with its reason
├── MayOnlyRead         a Global Reader changes nothing
├── SignInOnceMore      something weighty, and the sign-in is too old for it
├── NotYours            a service of another tenant, or none; the same words for both
├── NotTakenBackHere    the provider deletes it: only they take that back
├── KeptTooOften        disconnected and kept in turn: now the provider decides
├── PausedByProvider    somebody above the customer suspended it: only they let it be renewed
├── NothingToRenew      nothing ends soon, and nothing fails
├── AnotherUnderWay     something else was begun with the service, which comes first
└── NothingRemains      nothing is left that a sign-in could remove
"""

from gangway.foundation.errors import WhoActs
from gangway.onboarding.errors import OnboardingError


class NotSignedInHere(OnboardingError):
    """The browser's session holds no visit, or held it for too long."""

    code = "onboarding:visit:unknown"
    what = "You are not signed in here, or your time here is over."
    cure = "Sign in with Microsoft once more: nothing is lost."


class NotOfferedHere(OnboardingError):
    """Without a sign-in application, or at an address that Microsoft doesn't list, nobody can come back."""

    code = "onboarding:visit:not_offered"
    what = "Signing in isn't set up for this address."
    cure = "Ask your provider for the address at which your organization's administrators sign in."
    acts = WhoActs.OPERATOR


class RolesUntold(OnboardingError):
    """The sign-in application's registration doesn't ask for the claim."""

    code = "onboarding:visit:roles_untold"
    what = "Microsoft didn't tell us which directory roles you have, so we can't let you in."
    cure = "Tell your provider: their sign-in application has to ask Microsoft for directory roles. You did it right."
    acts = WhoActs.OPERATOR


class GuestComes(OnboardingError):
    """The account belongs to another organization than the tenant it signed in to."""

    code = "onboarding:visit:guest"
    what = "You signed in as a guest. Only members of an organization see its connections."
    cure = "Sign in with an account of the organization itself, or ask one of its administrators to."


class RoleDoesNotFit(OnboardingError):
    """A member, but none of the roles of the table, or none that is active now."""

    code = "onboarding:visit:role_missing"
    what = "Your account has no directory role that lets you see this."
    cure = (
        "Ask somebody who is Global Administrator, Privileged Role Administrator, Application Administrator, Cloud "
        "Application Administrator or Global Reader. If you have one of these in PIM, activate it first, then sign in."
    )


class NothingHere(OnboardingError):
    """No registration was ever known in this tenant."""

    code = "onboarding:visit:nothing_here"
    what = "Nothing of your Microsoft 365 is connected here."
    cure = "If you expected something, check that you signed in to the right organization, or ask your provider."


class AnotherTenantComes(OnboardingError):
    """Signing in once more, for something weighty, with an account of another organization."""

    code = "onboarding:visit:another_tenant"
    what = "You signed in to another organization's Microsoft 365 than before. Nothing was done."
    cure = "Go back and sign in with the account that you came with."


class MayOnlyRead(OnboardingError):
    """A Global Reader."""

    code = "onboarding:visit:read_only"
    what = "As Global Reader you see everything here and change nothing."
    cure = "Ask an Application Administrator or Global Administrator of your organization to do it."


class SignInOnceMore(OnboardingError):
    """Disconnecting asks for a sign-in of the last minutes."""

    code = "onboarding:visit:too_old"
    what = "Prove once more who you are."
    cure = "Sign in with Microsoft again, then come back to this page."


class NotYours(OnboardingError):
    """Nothing is said of what belongs to somebody else."""

    code = "onboarding:visit:service:unknown"
    what = "There is no such service in your Microsoft 365."
    cure = "Choose one from the list of your connections."


class NotTakenBackHere(OnboardingError):
    """The deletion was begun at the provider's, or it is too late."""

    code = "onboarding:visit:not_taken_back"
    what = "This can't be taken back here."
    cure = "If it still stands on the list with its date, ask your provider to keep it."
    acts = WhoActs.OPERATOR


class KeptTooOften(OnboardingError):
    """Every turn calls the provider's people, so there is an end to it; disconnecting itself is never refused."""

    code = "onboarding:visit:kept_too_often"
    what = "This service was disconnected and kept several times within a day."
    cure = "Ask your provider to keep it, or come back tomorrow: it stays suspended until its days are over."
    acts = WhoActs.OPERATOR


class PausedByProvider(OnboardingError):
    """Whoever suspended it decides, or someone above them."""

    code = "onboarding:visit:paused"
    what = "Your provider has suspended this connection, so it can't be renewed here."
    cure = "Ask your provider to resume it first."
    acts = WhoActs.OPERATOR


class NothingToRenew(OnboardingError):
    """So that no connection is renewed again and again by a button that somebody kept."""

    code = "onboarding:visit:nothing_to_renew"
    what = "Nothing of this connection ends soon, and nothing of it fails."
    cure = "You need not do anything. You are told in time before something ends."
    acts = WhoActs.NOBODY


class AnotherUnderWay(OnboardingError):
    """One change at a time: each would undo what the other one makes."""

    code = "onboarding:visit:another_under_way"
    what = "Your provider has begun another change of this connection, which has to end first."
    cure = "Finish it by the link that your provider sent, or ask your provider."
    acts = WhoActs.OPERATOR


class NothingRemains(OnboardingError):
    """The list is empty, perhaps since somebody was faster."""

    code = "onboarding:visit:nothing_remains"
    what = "Nothing remains in your Microsoft 365 that a sign-in could remove."
    cure = "You need not do anything."
    acts = WhoActs.NOBODY
