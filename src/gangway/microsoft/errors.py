"""Everything that can go wrong with Microsoft, ordered by what the caller can do next.

    MicrosoftError
    ├── NotHeard               no answer came: it may have happened or not → look, then decide
    ├── Busy                   the same call again, after `.wait` seconds
    │   ├── Throttled          429
    │   ├── Unavailable        5xx
    │   └── Contended          409: somebody else wrote the same object at that moment
    ├── AlreadySo              what was asked for is there already → look and go on
    ├── Missing                404: gone, or not copied everywhere yet (only the caller knows which)
    ├── NotCopiedYet           Microsoft says in other words that a fresh object isn't copied everywhere yet
    ├── AuthorityEnded         401: the person must sign in again
    ├── Forbidden              403: somebody with more rights must do it (or a fresh object isn't copied yet)
    ├── Refused                400, 412: the same call will always be refused
    │   ├── NameRefused        the display name
    │   ├── CredentialForbidden    the tenant's policy forbids this kind of credential
    │   └── LifetimeForbidden      … or its length of life
    ├── SignInRefused          Entra gives no token; `.fault.aadsts` says why
    │   ├── CredentialNotAccepted  wrong, expired, or not known everywhere yet
    │   ├── ApplicationUnknown     unknown in that tenant, or not known everywhere yet
    │   ├── TenantUnknown          no such tenant
    │   ├── ResourceUnknown        the API has no service principal in the tenant
    │   ├── PolicyBlocked          Conditional Access
    │   ├── ConsentMissing         nobody agreed yet
    │   └── ClientSetUpWrong       our sign-in application isn't set up as it must be
    ├── IdentityRefused        an id_token that we don't believe
    │   └── PersonalAccount    not an account of an organization
    └── Unreadable             an answer that isn't what Microsoft documents

They are made in `microsoft.reading` from status and code. Each carries the `fault`: status, code, message, ids, time.
"""

from datetime import UTC, datetime
from typing import ClassVar

from gangway.foundation.errors import GangwayError, MicrosoftFault, WhoActs

NO_FAULT = MicrosoftFault(
    status=0,
    code="",
    message="",
    request_id="",
    correlation_id="",
    at=datetime(1970, 1, 1, tzinfo=UTC),
    aadsts=None,
)


class MicrosoftError(GangwayError):
    """The root: Microsoft did not do what was asked. `fault` holds what it said."""

    code: ClassVar[str] = "microsoft:call:failed"
    what = "Microsoft did not do what we asked."
    cure = "Try again; if it happens again, send us the details below."
    acts = WhoActs.US

    def __init__(
        self,
        what: str | None = None,
        *,
        fault: MicrosoftFault = NO_FAULT,
        cure: str | None = None,
        field: str | None = None,
    ) -> None:
        """Keep Microsoft's own words apart from ours: `what` is for people, `fault` for support."""
        super().__init__(what, cure=cure, field=field)
        self.fault = fault

    def __str__(self) -> str:
        marks = (self.fault.status or "no answer", self.fault.code, self.fault.request_id or self.fault.correlation_id)
        return f"{self.what} [{' '.join(str(mark) for mark in marks if mark)}]"


class NotHeard(MicrosoftError):
    """No answer came: the request may have been carried out or not."""

    code = "microsoft:answer:missing"
    what = "Microsoft did not answer."
    cure = "Nothing is lost. We look at what is there and go on by ourselves."
    acts = WhoActs.RETRY_LATER


class Busy(MicrosoftError):
    """The same call may be repeated after `wait` seconds; None means that Microsoft named no time."""

    code = "microsoft:service:busy"
    what = "Microsoft is busy at the moment."
    cure = "Nothing is lost. We try again by ourselves."
    acts = WhoActs.RETRY_LATER

    def __init__(self, what: str | None = None, *, fault: MicrosoftFault = NO_FAULT, wait: float | None = None) -> None:
        """Keep the seconds that Microsoft asked us to wait."""
        super().__init__(what, fault=fault)
        self.wait = wait


class Throttled(Busy):
    """429: too many requests for this tenant or this application."""

    code = "microsoft:service:throttled"
    what = "Microsoft asked us to slow down."


class Unavailable(Busy):
    """5xx: Microsoft can't answer now."""

    code = "microsoft:service:unavailable"
    what = "Microsoft's service is not available at the moment."


class Contended(Busy):
    """409: another change of the same object was under way."""

    code = "microsoft:object:contended"
    what = "Microsoft was still busy with another change of the same object."


class AlreadySo(MicrosoftError):
    """What was asked for is there already: a success for whoever asked, once it was read back."""

    code = "microsoft:object:already_so"
    what = "This is there already."
    cure = "Nothing needs to be done."
    acts = WhoActs.NOBODY


class Missing(MicrosoftError):
    """404: it isn't there, or not yet everywhere."""

    code = "microsoft:object:missing"
    what = "Microsoft does not find this object."
    cure = "If it was removed in the tenant, start again; otherwise wait a minute and try again."
    acts = WhoActs.RETRY_LATER


class NotCopiedYet(MicrosoftError):
    """A fresh object is not copied to all of Microsoft's machines yet."""

    code = "microsoft:object:not_copied_yet"
    what = "Microsoft is still copying what was just made."
    cure = "Usually this takes less than a minute. We try again by ourselves."
    acts = WhoActs.RETRY_LATER


class AuthorityEnded(MicrosoftError):
    """401: the token ended or was withdrawn; the person must sign in again."""

    code = "microsoft:authority:ended"
    what = "The sign-in has ended before everything was done."
    cure = "Sign in again. What was done so far is kept."
    acts = WhoActs.ADMINISTRATOR


class Forbidden(MicrosoftError):
    """403: the person or application may not do this."""

    code = "microsoft:right:missing"
    what = "Microsoft says that this account may not do this."
    cure = "Ask a Global Administrator or a Privileged Role Administrator of the tenant to do this step."
    acts = WhoActs.ADMINISTRATOR


class Refused(MicrosoftError):
    """400: the same request will be refused again."""

    code = "microsoft:request:refused"
    what = "Microsoft refused this."


class NameRefused(Refused):
    """The display name is not accepted by the tenant."""

    code = "microsoft:name:refused"
    what = "Microsoft does not accept this name."
    cure = "Choose another name."
    acts = WhoActs.ADMINISTRATOR


class CredentialForbidden(Refused):
    """The tenant's application management policy forbids secrets."""

    code = "microsoft:policy:credential_forbidden"
    what = "A policy of this tenant forbids secrets for applications."
    cure = "Ask an administrator of the tenant for an exception in its application management policy."
    acts = WhoActs.ADMINISTRATOR


class LifetimeForbidden(Refused):
    """The tenant's application management policy allows only a shorter life."""

    code = "microsoft:policy:lifetime_forbidden"
    what = "A policy of this tenant allows only secrets with a shorter life."
    cure = "Ask your provider for an invitation with a shorter life of the secret, or allow a longer one in the policy."
    acts = WhoActs.ADMINISTRATOR


class SignInRefused(MicrosoftError):
    """Entra gives no token."""

    code = "microsoft:sign_in:refused"
    what = "Microsoft refused the sign-in."
    cure = "Sign in again. If it is refused again, send us the details below."
    acts = WhoActs.ADMINISTRATOR


class CredentialNotAccepted(SignInRefused):
    """7000215, 7000222: the secret is wrong or has expired. For a fresh one: not known everywhere yet."""

    code = "microsoft:credential:not_accepted"
    what = "Microsoft does not accept the secret of the registration."
    cure = "It may have expired or been removed in the tenant. Renew it with a new invitation."
    acts = WhoActs.OPERATOR


class ApplicationUnknown(SignInRefused):
    """700016, 7000229: the application is not known in that tenant. For a fresh one: not known everywhere yet."""

    code = "microsoft:application:unknown"
    what = "Microsoft does not know this application in the tenant."
    cure = "It may have been removed there. Send a new invitation to the administrator."
    acts = WhoActs.OPERATOR


class TenantUnknown(SignInRefused):
    """90002, 900023: no such tenant."""

    code = "microsoft:tenant:unknown"
    what = "Microsoft does not know this tenant."
    cure = "Check the domain or the tenant id."
    acts = WhoActs.OPERATOR


class ResourceUnknown(SignInRefused):
    """500011, 650052: the service has no principal in the tenant."""

    code = "microsoft:resource:unknown"
    what = "The service that we need a token for is not present in this tenant."
    cure = "Check that the tenant has a licence with Microsoft Teams."
    acts = WhoActs.ADMINISTRATOR


class PolicyBlocked(SignInRefused):
    """53003 and its kin: a Conditional Access policy refuses."""

    code = "microsoft:policy:sign_in_blocked"
    what = "A Conditional Access policy of the tenant refuses this sign-in."
    cure = "Ask the tenant's administrator to allow it in the policy, or sign in from a device that meets the policy."
    acts = WhoActs.ADMINISTRATOR


class ConsentMissing(SignInRefused):
    """65001, 65004, 90094: nobody agreed to what was asked."""

    code = "microsoft:consent:missing"
    what = "Nobody has agreed to the permissions that are asked for."
    cure = "Sign in again as an administrator who may agree for the organization."
    acts = WhoActs.ADMINISTRATOR


class ClientSetUpWrong(SignInRefused):
    """7000218, 700025: our sign-in application is not set up as a public client."""

    code = "microsoft:client:set_up_wrong"
    what = "The sign-in application of this platform is not set up correctly."
    cure = "Allow public client flows for it; the how-to for the sign-in application shows where."
    acts = WhoActs.US


class IdentityRefused(MicrosoftError):
    """An id_token whose signature, audience, issuer or times don't hold."""

    code = "microsoft:identity:refused"
    what = "We could not make sure who signed in."
    cure = "Sign in again. If it happens again, tell your provider."
    acts = WhoActs.ADMINISTRATOR


class PersonalAccount(IdentityRefused):
    """A personal Microsoft account, not one of an organization."""

    code = "microsoft:identity:personal"
    what = "This is a personal Microsoft account."
    cure = "Sign in with the account of your organization."


class Unreadable(MicrosoftError):
    """An answer that is not what Microsoft documents."""

    code = "microsoft:answer:unreadable"
    what = "Microsoft gave an answer that we do not understand."
