"""The states of a case, of a sign-in and of an operator's part, each with its one table of allowed moves.

case      begun → identifying → signing_in → signed_in → naming → provisioning ┬→ done
                    ↑__________________________________________________________├→ waiting (for another administrator)
             ↕ ↕    (sign in again: progress is kept)                          ├→ needs_sign_in
          typing ⇄ proving → done                                              └→ failed
          (a registration that is there already: typed, then proved by a worker; what isn't right comes back)
          of several administrators' cases of one run, those that rest follow how the run ends by whoever's hand
sign-in   asked → code_ready ┬→ checking ┬→ granted            whatever is alive → replaced
          away  → returned ──┘           └→ wrong_tenant, wrong_person (→ granted, knowingly), guest, personal, …
visit     away → returned → signed_in → over;  away, returned → refused
operator  registration → validation → settings → prerequisites → summary → created
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class CaseState(StrEnum):
    """Where one administrator's walk through the wizard stands."""

    BEGUN = "begun"
    IDENTIFYING = "identifying"
    TYPING = "typing"
    """The registration is there already: somebody types its facts, or corrects them."""
    PROVING = "proving"
    """A worker signs in as that registration and looks what it may do."""
    SIGNING_IN = "signing_in"
    SIGNED_IN = "signed_in"
    NAMING = "naming"
    PROVISIONING = "provisioning"
    WAITING = "waiting"
    NEEDS_SIGN_IN = "needs_sign_in"
    FAILED = "failed"
    DONE = "done"
    ABANDONED = "abandoned"


class Way(StrEnum):
    """How somebody signs in at Microsoft. Both end alike: with tokens that are checked by one and the same path."""

    CODE = "code"
    REDIRECT = "redirect"


class SignInState(StrEnum):
    """Where one sign-in at Microsoft stands. The first five are alive: a loop looks after them."""

    ASKED = "asked"
    CODE_READY = "code_ready"
    AWAY = "away"
    """By redirect: the browser is at Microsoft, and nothing is heard of it before it comes back."""
    RETURNED = "returned"
    """It came back with an authorization code, which a worker trades."""
    CHECKING = "checking"
    GRANTED = "granted"
    WRONG_PERSON = "wrong_person"
    WRONG_TENANT = "wrong_tenant"
    GUEST = "guest"
    PERSONAL = "personal"
    OWN_TENANT = "own_tenant"
    DECLINED = "declined"
    EXPIRED = "expired"
    BLOCKED = "blocked"
    FAILED = "failed"
    REPLACED = "replaced"


class OperatorStep(StrEnum):
    """Where the operator's part (Add, validate, settings, prerequisites, summary) stands."""

    REGISTRATION = "registration"
    VALIDATION = "validation"
    SETTINGS = "settings"
    PREREQUISITES = "prerequisites"
    SUMMARY = "summary"
    CREATED = "created"


_AGAIN: Final = frozenset({CaseState.IDENTIFYING, CaseState.ABANDONED})
_BY_ANOTHER: Final = frozenset({CaseState.DONE})
"""Another administrator of the same run, or nobody's sign-in at all, has finished it."""
_AT_REST: Final = frozenset({CaseState.WAITING, CaseState.NEEDS_SIGN_IN, CaseState.FAILED})

CASE_MOVES: Final[Mapping[CaseState, frozenset[CaseState]]] = {
    CaseState.BEGUN: _AGAIN | {CaseState.TYPING},
    CaseState.TYPING: _AGAIN | {CaseState.BEGUN, CaseState.PROVING},
    CaseState.PROVING: frozenset({CaseState.DONE, CaseState.TYPING, CaseState.ABANDONED}),
    CaseState.IDENTIFYING: frozenset(
        {CaseState.BEGUN, CaseState.SIGNING_IN, CaseState.ABANDONED, CaseState.WAITING, CaseState.TYPING}
    )
    | _BY_ANOTHER,
    CaseState.SIGNING_IN: _AGAIN | _BY_ANOTHER | {CaseState.SIGNED_IN, CaseState.TYPING},
    CaseState.SIGNED_IN: _AGAIN | _BY_ANOTHER | {CaseState.NAMING, CaseState.TYPING},
    CaseState.NAMING: _AGAIN | _BY_ANOTHER | {CaseState.PROVISIONING, CaseState.TYPING},
    CaseState.PROVISIONING: frozenset(
        {CaseState.DONE, CaseState.WAITING, CaseState.NEEDS_SIGN_IN, CaseState.FAILED},
    ),
    CaseState.WAITING: (_AGAIN | _BY_ANOTHER | _AT_REST) - {CaseState.WAITING},
    CaseState.NEEDS_SIGN_IN: (_AGAIN | _BY_ANOTHER | _AT_REST) - {CaseState.NEEDS_SIGN_IN},
    CaseState.FAILED: (_AGAIN | _BY_ANOTHER | _AT_REST) - {CaseState.FAILED},
    CaseState.ABANDONED: frozenset({CaseState.IDENTIFYING, CaseState.TYPING, CaseState.WAITING}) | _BY_ANOTHER,
    CaseState.DONE: frozenset(),
}

ALIVE: Final = frozenset(
    {SignInState.ASKED, SignInState.CODE_READY, SignInState.AWAY, SignInState.RETURNED, SignInState.CHECKING}
)
"""A sign-in in one of these holds a code or a token that isn't looked at yet; a case has at most one of them."""


class CheckState(StrEnum):
    """How far a look at a sign-in application has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Verdict(StrEnum):
    """What one line of such a look says; *unknown* is said where nobody can see it from outside."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    UNKNOWN = "unknown"


_OVER: Final = frozenset({SignInState.EXPIRED, SignInState.FAILED, SignInState.BLOCKED, SignInState.REPLACED})
_REFUSALS: Final = frozenset(
    {
        SignInState.WRONG_PERSON,
        SignInState.WRONG_TENANT,
        SignInState.GUEST,
        SignInState.PERSONAL,
        SignInState.OWN_TENANT,
    },
)

SIGN_IN_MOVES: Final[Mapping[SignInState, frozenset[SignInState]]] = {
    SignInState.ASKED: _OVER | {SignInState.CODE_READY},
    SignInState.CODE_READY: _OVER | _REFUSALS | {SignInState.DECLINED, SignInState.CHECKING},
    SignInState.AWAY: _OVER | {SignInState.DECLINED, SignInState.RETURNED},
    SignInState.RETURNED: _OVER | {SignInState.DECLINED, SignInState.CHECKING},
    SignInState.CHECKING: _OVER | _REFUSALS | {SignInState.GRANTED},
    SignInState.WRONG_PERSON: frozenset({SignInState.GRANTED, SignInState.REPLACED, SignInState.EXPIRED}),
    SignInState.GRANTED: frozenset({SignInState.REPLACED, SignInState.EXPIRED}),
    SignInState.WRONG_TENANT: frozenset(),
    SignInState.GUEST: frozenset(),
    SignInState.PERSONAL: frozenset(),
    SignInState.OWN_TENANT: frozenset(),
    SignInState.DECLINED: frozenset(),
    SignInState.EXPIRED: frozenset(),
    SignInState.BLOCKED: frozenset(),
    SignInState.FAILED: frozenset(),
    SignInState.REPLACED: frozenset(),
}

AT_MICROSOFT: Final = frozenset({SignInState.CODE_READY, SignInState.AWAY})
"""The person is there: what they see there, nobody tells us but they."""

HOLDS_TOKEN: Final = frozenset({SignInState.CHECKING, SignInState.WRONG_PERSON, SignInState.GRANTED})
"""Only in these may a sign-in keep a sealed token; leaving them destroys it."""

OPERATOR_ORDER: Final = tuple(OperatorStep)
"""An operator goes forward one step at a time and may go back; validating again starts from the validation."""


class LookupState(StrEnum):
    """Whether a worker found a tenant for a domain. `failed`: nobody answered, which says nothing of the domain."""

    ASKED = "asked"
    FOUND = "found"
    NOT_FOUND = "not_found"
    FAILED = "failed"


class VisitState(StrEnum):
    """Where the sign-in of somebody of a customer's tenant stands who comes to look at their own connections."""

    AWAY = "away"
    RETURNED = "returned"
    """The browser brought an authorization code back, which a worker trades."""
    SIGNED_IN = "signed_in"
    REFUSED = "refused"
    OVER = "over"
