"""What other rooms and pages get from this room: plain frozen values. No row, no secret. Times are aware UTC."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from gangway.foundation.errors import WhoActs
from gangway.provisioning.engine.preflight import Preflight
from gangway.provisioning.engine.sight import TenantSight
from gangway.provisioning.states import HOLDING, RegistrationState, RunState, StepState

Proof = Literal["read_back", "token_claim", "called", "not_called_yet", "removed", "unknown"]
"""How we know: read back from the tenant, seen in the registration's own fresh token, or really called with it.

`removed`: it was only for the set-up and was seen gone.
"""

PARTNER: Final = "Partner"
"""The type of a person who works in the tenant for a partner (GDAP) and has no account there."""

ItemState = Literal["ok", "warning", "error", "unknown"]


@dataclass(frozen=True, slots=True)
class PermissionRow:
    """One permission of a plan. `risk` is 1 (lowest) to 5, Microsoft's own grade."""

    name: str
    kind: str
    why: str
    without: str
    risk: int
    feature: str
    setup_only: bool = False
    """Whether it is taken away again when the service is set up."""


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One directory role of a plan. `unit`: the administrative unit that it is limited to; empty for none."""

    name: str
    template_id: str
    why: str
    without: str
    risk: int = 3
    limited: bool = False


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """What a registration can be used for. `declining`: what saying no means; `on`: asked for and not declined."""

    key: str
    title: str
    why: str
    declining: str
    optional: bool
    on: bool
    needs_unit: bool = False
    beside: bool = False
    """Whether it gets an app registration of its own."""
    renewing: bool = False
    """Whether the registration owns itself by it, and renews its own secret."""


@dataclass(frozen=True, slots=True)
class RoleChoiceRow:
    """One of the ways to give a registration its roles."""

    key: str
    title: str
    why: str
    in_unit: bool
    """Whether Microsoft lets it be limited to an administrative unit."""


@dataclass(frozen=True, slots=True)
class ProfileView:
    """What an operator may choose for a new registration."""

    name: str
    version: int
    title: str
    features: tuple[FeatureRow, ...]
    """`on` says what is chosen when nobody says otherwise."""
    role_choices: tuple[RoleChoiceRow, ...]
    default_role_choice: str
    longest_days: int
    credential_kinds: tuple[str, ...] = ("secret",)
    """Kinds of credential that may be asked for here; the first one is asked for unless somebody says another."""


@dataclass(frozen=True, slots=True)
class PlanView:
    """A pinned plan in words, for the wizard and for whoever must approve it."""

    profile: str
    version: int
    permissions: tuple[PermissionRow, ...]
    roles: tuple[RoleRow, ...]
    credential_kind: str
    credential_days: int
    fingerprint: str
    """The whole sha256, hexadecimal."""
    fingerprint_shown: str
    """The same in groups of four, for eyes to compare."""
    features: tuple[FeatureRow, ...] = ()
    """All that was asked for, the declined ones as well."""
    role_choice: str = ""
    unit: str = ""
    needs_unit: bool = False
    """Whether roles are limited to an administrative unit, be it named or not."""
    days_chosen: bool = False
    role_days: int = 0
    """For how many days PIM gives the roles; 0: they don't end."""
    title: str = ""
    """What the registration is for."""
    beside: "tuple[PlanView, ...]" = ()
    """Registrations of their own that are made in the same sign-in."""

    @property
    def declined(self) -> tuple[FeatureRow, ...]:
        """What the administrator said no to."""
        return tuple(feature for feature in self.features if not feature.on)


@dataclass(frozen=True, slots=True)
class SignerFacts:
    """Who signed in and what they may do, read before any write. `can`: part → can, needs_other, unknown."""

    user_id: str
    upn: str
    name: str
    user_type: str
    """Member, Guest, or `PARTNER`; then id, upn and name are empty."""
    tenant_id: str
    tenant_name: str
    domains: tuple[str, ...]
    active_roles: dict[str, str]
    """Template id → name; empty also when they could not be read (then every part is unknown)."""
    can: dict[str, Literal["can", "needs_other", "unknown"]]
    cannot_summary: str
    """Empty when this person can do everything."""
    preflight: Preflight = field(default_factory=Preflight)
    """What they can do of the plan, step by step; empty when it was read back from a row."""
    left: tuple[str, ...] = ()
    """The parts that they leave to somebody else, whatever they could do."""
    around: TenantSight | None = None
    """What of ours was seen in the tenant on the way; None when it was read back from a row."""
    publisher: str | None = None
    """Who Microsoft verified to publish the application that they signed in to; empty: nobody; None: not told."""


@dataclass(frozen=True, slots=True)
class ErrorView:
    """Why a run stopped: words for a person, and the marks Microsoft's support asks for."""

    code: str
    what: str
    cure: str
    acts: WhoActs
    field: str | None
    microsoft_code: str
    aadsts: int | None
    request_id: str
    correlation_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a run, live. `seconds` is None until it ended; `words` says what happened or why it waits.

    It is *unknown* when it was begun, no answer was written down, and the run isn't at work any more.
    """

    number: int
    kind: str
    label: str
    state: StepState | Literal["unknown"]
    seconds: float | None
    words: str
    request_id: str


@dataclass(frozen=True, slots=True)
class RunView:
    """One run, live."""

    id: UUID
    registration_id: UUID
    service_id: UUID
    state: RunState
    headline: str
    """One sentence on where it stands."""
    steps: tuple[StepView, ...]
    error: ErrorView | None
    waiting_for: str
    """In words, when state is waiting; else empty."""
    remaining: tuple[str, ...]
    """Labels of what is not done yet."""
    progress: int
    """Percent, 0 to 100."""
    signer_upn: str
    started_at: datetime | None
    ended_at: datetime | None
    after_id: UUID | None = None
    """The run that this one is made beside, and after; None for a first one."""
    credential_days: int | None = None
    """The life that somebody chose for its credential, where it is shorter than planned."""

    @property
    def is_over(self) -> bool:
        """Whether a live page may stop asking: nothing moves until somebody acts."""
        return self.state not in HOLDING


RightState = Literal["as_planned", "missing", "more_than_needed", "left_out", "unknown"]
"""`left_out`: Microsoft doesn't offer it in the tenant, and its feature is optional."""


@dataclass(frozen=True, slots=True)
class HeldRight:
    """One permission or role of a registration, and how we know of it. `instead`: a wider permission that covers it."""

    name: str
    kind: Literal["permission", "role"]
    why: str
    proof: Proof
    proof_words: str
    state: RightState = "unknown"
    instead: str = ""
    role_id: str = ""
    """Of a role, its template id."""
    in_token: bool = True
    """Whether a fresh token shows it: a role for one administrative unit stands in none."""

    @property
    def is_there(self) -> bool:
        """Whether it was granted and stays: not left out, taken away after the set-up, or covered by a wider one."""
        return self.state != "left_out" and self.proof != "removed" and not self.instead


EndFrom = Literal["read", "recorded", "typed"]
"""Where a credential's end was learnt: read in the tenant by its key id, recorded when it was made, or typed in."""


@dataclass(frozen=True, slots=True)
class CredentialView:
    """A credential of a registration, never its text."""

    id: UUID
    service_id: UUID
    display_name: str
    key_id: str
    state: str
    expires_at: datetime | None
    days_left: int | None
    kind: str = "secret"
    about: tuple[tuple[str, str], ...] = ()
    """What is public of it, with its names: a certificate's thumbprint; issuer, subject and audience."""
    why: str = ""
    """Why its kind or life isn't as planned; empty when it is."""
    end_from: EndFrom = "recorded"
    end_read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RegistrationView:
    """An app registration in a customer's tenant."""

    id: UUID
    organization_id: UUID
    tenant_id: str
    tenant_name: str
    domains: tuple[str, ...]
    display_name: str
    app_id: str
    object_id: str
    service_principal_id: str
    profile: str
    profile_version: int
    state: RegistrationState
    signer_upn: str
    signer_name: str
    made_at: datetime | None
    proved_at: datetime | None
    permissions: tuple[HeldRight, ...]
    roles: tuple[HeldRight, ...]
    credentials: tuple[CredentialView, ...]
    sign_in_application_removed: Literal["yes", "no", "unknown"]
    """Whether the sign-in application's enterprise application is gone from the tenant."""
    cloud: str = "public"
    """Microsoft's cloud that the tenant lives in."""
    roles_end_at: datetime | None = None
    """When the first of its roles ends, when PIM gave them with an end."""
    declined: tuple[FeatureRow, ...] = ()
    """Features that the administrator said no to."""
    surplus: tuple[HeldRight, ...] = ()
    """What it holds beyond its plan."""
    is_ours: bool = True
    """Whether we made it; else the customer did."""


@dataclass(frozen=True, slots=True)
class CheckItem:
    """One thing that was looked at when a registration was checked."""

    key: str
    label: str
    state: ItemState
    words: str
    cure: str = ""
    details: tuple[tuple[str, str], ...] = ()
    """Microsoft's own code, ids and time, by name, when it refused or did not answer."""
    stale: bool = False
    """Whether it is by our record alone, since Microsoft didn't answer just now: the next look may say otherwise."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check of a registration found. What could not be read is None or empty; an item says so."""

    items: tuple[CheckItem, ...]
    tenant_name: str = ""
    domains: tuple[str, ...] = ()
    phone_licences_left: int | None = None
    granted: frozenset[str] = field(default_factory=frozenset)
    """Values of the permissions in the fresh token."""
    roles: frozenset[str] | None = None
    """Template ids of the directory roles that it has, by its fresh token or read back; None when nobody can say."""
    busy_seconds: float | None = None
    """How long Microsoft asked to leave the tenant alone; None when it didn't."""
    around: TenantSight | None = None
    """What of ours was seen in the tenant on the way, as far as the registration's own rights reach."""

    @property
    def state(self) -> ItemState:
        """The worst of all items; `unknown` is worse than ok and better than a warning."""
        return max((item.state for item in self.items), key=_WORST.index, default="unknown")


_WORST: list[ItemState] = ["ok", "unknown", "warning", "error"]
