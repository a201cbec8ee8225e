"""What Microsoft said about a registration that somebody made by hand: in which field it belongs, and what to do."""

from typing import Final

from gangway.foundation.errors import GangwayError, WhoActs
from gangway.microsoft import errors as microsoft
from gangway.onboarding.existing_errors import (
    ApplicationDisabled,
    ApplicationNotFound,
    CertificateNotAccepted,
    ExistingError,
    SecretHasExpired,
    SecretNotAccepted,
    TenantNotFound,
    TrustNotAccepted,
)
from gangway.provisioning.proving import Sight

DISABLED: Final = frozenset({7000112, 70001})
EXPIRED: Final = frozenset({7000222})
OF_KIND: Final[dict[str, type[ExistingError]]] = {
    "secret": SecretNotAccepted,
    "certificate": CertificateNotAccepted,
    "federated": TrustNotAccepted,
}


def fault_of(error: microsoft.MicrosoftError, kind: str) -> ExistingError | None:
    """Tell which field a refusal is about; None for one that no typing mends, such as a policy."""
    if error.fault.aadsts in DISABLED:
        return ApplicationDisabled(field="client_id")
    if isinstance(error, microsoft.ApplicationUnknown):
        return ApplicationNotFound(field="client_id")
    if isinstance(error, microsoft.TenantUnknown):
        return TenantNotFound(field="tenant")
    if error.fault.aadsts in EXPIRED and kind == "secret":
        return SecretHasExpired(field="secret")
    if isinstance(error, microsoft.CredentialNotAccepted):
        return OF_KIND[kind](field="secret")
    return None


class NotEverythingThere(GangwayError):
    """It signs in, and something that the service needs is missing or refused."""

    code = "onboarding:existing:incomplete"
    what = "The registration signs in, but not everything that the service needs is there yet."
    cure = "Each line below says what is missing, what doesn't work without it, and where to add it. Then check again."
    acts = WhoActs.ADMINISTRATOR


class MicrosoftSilent(GangwayError):
    """No answer, which says nothing about the registration."""

    code = "onboarding:existing:no_answer"
    what = "Microsoft does not answer at the moment, so nobody can say whether the registration works."
    cure = "Check again in a few minutes; what you typed is kept."
    acts = WhoActs.RETRY_LATER


class CutOff(GangwayError):
    """Our own worker was lost on the way."""

    code = "onboarding:existing:cut_off"
    what = "The look at the registration was cut off on our side."
    cure = "Start the authentication again; what you typed is kept."
    acts = WhoActs.RETRY_LATER


def whole_of(sight: Sight) -> GangwayError:
    """Say of the whole what isn't the typing's fault."""
    if sight.is_silent:
        return MicrosoftSilent()
    return sight.refusal or NotEverythingThere()
