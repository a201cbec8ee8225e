"""Everything that can go wrong with Microsoft, ordered by what the caller can do next.

    MicrosoftError
    ├── NotHeard               no answer came: it may have happened or not → look, then decide
    ├── Busy                   the same call again, after `.wait` seconds
    │   ├── Throttled          429
    │   ├── Unavailable        5xx
    │   └── Contended          409: somebody else wrote the same object at that moment
    ├── AlreadySo              what was asked for is there already → look and go on
    ├── Missing                404: gone, or not copied everywhere yet (only the caller knows which)
    ├── CopiedTooSlowly        its copies didn't agree within the longest time that we give them
    ├── NotCopiedYet           Microsoft says in other words that a fresh object isn't copied everywhere yet
    ├── AuthorityEnded         401: the person must sign in again
    ├── Forbidden              403: somebody with more rights must do it (or a fresh object isn't copied yet)
    ├── Refused                400, 412: the same call will always be refused
    │   ├── NameRefused        the display name
    │   ├── CredentialForbidden    the tenant's policy forbids this kind of credential
    │   ├── LifetimeForbidden      … or its length of life
    │   └── TrustFull              the application trusts as many issuers as it can
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
    ├── KeyUnusable            a private key of ours can't sign: nothing was asked
    └── Unreadable             an answer that isn't what Microsoft documents

They are made in `microsoft.reading` from status and code. Each carries the `fault`: status, code, message, ids, time.
What a person is told stands in the dictionary: by what Microsoft said, else by the class's own code.
"""

from datetime import UTC, datetime
from typing import Any, ClassVar

from gangway.foundation.errors import GangwayError, MicrosoftFault, WhoActs
from gangway.microsoft import dictionary
from gangway.microsoft.dictionary import Words

NO_FAULT = MicrosoftFault(
    status=0,
    code="",
    message="",
    request_id="",
    correlation_id="",
    at=datetime(1970, 1, 1, tzinfo=UTC),
    aadsts=None,
)


def _said(code: str) -> tuple[str, str, WhoActs]:
    words = dictionary.of_class(code)
    return words.what, words.cure, words.acts


def marks(fault: MicrosoftFault) -> tuple[tuple[str, str], ...]:
    """What Microsoft's support needs to find a request, by name; nothing when nothing was asked."""
    if fault == NO_FAULT:
        return ()
    pairs = (
        ("AADSTS", str(fault.aadsts or "")),
        ("Error", fault.code),
        ("HTTP status", str(fault.status or "no answer")),
        ("Request ID", fault.request_id),
        ("Correlation ID", fault.correlation_id),
        ("Time", fault.at.isoformat(timespec="seconds")),
    )
    return tuple(pair for pair in pairs if pair[1])


class MicrosoftError(GangwayError):
    """The root: Microsoft did not do what was asked. `fault` holds what it said."""

    code: ClassVar[str] = "microsoft:call:failed"
    what, cure, acts = _said("microsoft:call:failed")

    def __init__(
        self,
        what: str | None = None,
        *,
        fault: MicrosoftFault = NO_FAULT,
        meaning: Words | None = None,
        cure: str | None = None,
        field: str | None = None,
    ) -> None:
        """Keep Microsoft's own words apart from ours: `fault` is for support, the rest for people.

        `meaning` says it more exactly than the class does; `what` and `cure` more exactly than both.
        """
        said = meaning or dictionary.of_class(self.code)
        super().__init__(what or said.what, cure=said.cure if cure is None else cure, field=field)
        self.acts = said.acts
        self.fault = fault

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give a class the words of its code; one without an entry in the dictionary can't be made (KeyError)."""
        super().__init_subclass__(**kwargs)
        cls.what, cls.cure, cls.acts = _said(cls.code)

    def __str__(self) -> str:
        marks = (self.fault.status or "no answer", self.fault.code, self.fault.request_id or self.fault.correlation_id)
        return f"{self.what} [{' '.join(str(mark) for mark in marks if mark)}]"


class NotHeard(MicrosoftError):
    """No answer came: the request may have been carried out or not."""

    code = "microsoft:answer:missing"


class Busy(MicrosoftError):
    """The same call may be repeated after `wait` seconds; None means that Microsoft named no time."""

    code = "microsoft:service:busy"

    def __init__(
        self,
        what: str | None = None,
        *,
        fault: MicrosoftFault = NO_FAULT,
        meaning: Words | None = None,
        wait: float | None = None,
    ) -> None:
        """Keep the seconds that Microsoft asked us to wait."""
        super().__init__(what, fault=fault, meaning=meaning)
        self.wait = wait


class Throttled(Busy):
    """429: too many requests for this tenant or this application."""

    code = "microsoft:service:throttled"


class Unavailable(Busy):
    """5xx: Microsoft can't answer now."""

    code = "microsoft:service:unavailable"


class Contended(Busy):
    """409: another change of the same object was under way."""

    code = "microsoft:object:contended"


class AlreadySo(MicrosoftError):
    """What was asked for is there already: a success for whoever asked, once it was read back."""

    code = "microsoft:object:already_so"


class Missing(MicrosoftError):
    """404: it isn't there, or not yet everywhere."""

    code = "microsoft:object:missing"


class NotCopiedYet(MicrosoftError):
    """A fresh object is not copied to all of Microsoft's machines yet."""

    code = "microsoft:object:not_copied_yet"


class CopiedTooSlowly(MicrosoftError):
    """Its copies did not come to agree within the longest time that we give them. The `fault` is what it said last."""

    code = "microsoft:copies:too_slow"


class AuthorityEnded(MicrosoftError):
    """401: the token ended or was withdrawn; the person must sign in again."""

    code = "microsoft:authority:ended"


class Forbidden(MicrosoftError):
    """403: the person or application may not do this."""

    code = "microsoft:right:missing"


class Refused(MicrosoftError):
    """400: the same request will be refused again."""

    code = "microsoft:request:refused"


class NameRefused(Refused):
    """The display name is not accepted by the tenant."""

    code = "microsoft:name:refused"


class CredentialForbidden(Refused):
    """The tenant's application management policy forbids this kind of credential."""

    code = "microsoft:policy:credential_forbidden"


class LifetimeForbidden(Refused):
    """The tenant's application management policy allows only a shorter life."""

    code = "microsoft:policy:lifetime_forbidden"


class TrustFull(Refused):
    """The application has twenty federated credentials: Microsoft takes no further one."""

    code = "microsoft:federation:full"


class SignInRefused(MicrosoftError):
    """Entra gives no token."""

    code = "microsoft:sign_in:refused"


class CredentialNotAccepted(SignInRefused):
    """7000215, 7000222, 700027, 70021: wrong, or expired. For a fresh one: not known everywhere yet."""

    code = "microsoft:credential:not_accepted"


class ApplicationUnknown(SignInRefused):
    """700016, 7000229: the application is not known in that tenant. For a fresh one: not known everywhere yet."""

    code = "microsoft:application:unknown"


class TenantUnknown(SignInRefused):
    """90002, 900023: no such tenant."""

    code = "microsoft:tenant:unknown"


class ResourceUnknown(SignInRefused):
    """500011, 650052: the service has no principal in the tenant."""

    code = "microsoft:resource:unknown"


class PolicyBlocked(SignInRefused):
    """53003 and its kin: a Conditional Access policy refuses."""

    code = "microsoft:policy:sign_in_blocked"


class ConsentMissing(SignInRefused):
    """65001, 65004, 90094: nobody agreed to what was asked."""

    code = "microsoft:consent:missing"


class ClientSetUpWrong(SignInRefused):
    """7000218, 700025: our sign-in application is not set up as a public client."""

    code = "microsoft:client:set_up_wrong"


class IdentityRefused(MicrosoftError):
    """An id_token whose signature, audience, issuer or times don't hold."""

    code = "microsoft:identity:refused"


class PersonalAccount(IdentityRefused):
    """A personal Microsoft account, not one of an organization."""

    code = "microsoft:identity:personal"


class KeyUnusable(MicrosoftError):
    """A private key of ours can't sign an assertion."""

    code = "microsoft:key:unusable"


class Unreadable(MicrosoftError):
    """An answer that is not what Microsoft documents."""

    code = "microsoft:answer:unreadable"
