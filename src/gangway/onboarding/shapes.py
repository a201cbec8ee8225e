"""What pages get: plain, frozen values. Nothing here is a row, and nothing here holds a code, a token or a secret.

Times are aware UTC. Words are whole sentences, ready to show. The user code is not part of these values: a page asks
for it at the moment of rendering with `queries.user_code(case_id)`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from gangway.connections.verdict import Status
from gangway.foundation.errors import WhoActs
from gangway.invitations.queries import HandoffView
from gangway.languages.choice import ENGLISH
from gangway.onboarding.states import ALIVE, CaseState, CheckState, OperatorStep, SignInState, Verdict, Way
from gangway.provisioning.beside_view import BesideView
from gangway.provisioning.queries import AskedScope, PlanView, RegistrationView, RunView, WaitingView


class Step(StrEnum):
    """The page of the wizard where a case stands; a page that isn't this one sends people there."""

    CHOOSE = "choose"
    WHO = "who"
    USE = "use"
    PROVING = "proving"
    CODE = "code"
    SIGNED_IN = "signed_in"
    NAME = "name"
    PROVISIONING = "provisioning"
    WAITING = "waiting"
    DONE = "done"
    CLOSED = "closed"


class NextMove(StrEnum):
    """What a person can do about a problem here and now: the button under it."""

    START_AGAIN = "start_again"
    """`actions.sign_in_again`: back to *who you are*; the case and all progress stay."""
    CONFIRM_PERSON = "confirm_person"
    """`actions.confirm_other_person`, or start again: somebody else than the named one signed in."""
    WAIT = "wait"
    """Nothing to press: we try again by ourselves at `retry_at`."""
    ASK_COLLEAGUE = "ask_colleague"
    """Another administrator opens the same link and signs in."""
    ASK_PROVIDER = "ask_provider"
    """Only the provider can help."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, what to do, who acts next; `reference` is what to quote when asking for help."""

    code: str
    what: str
    cure: str
    acts: WhoActs
    next_move: NextMove
    reference: str
    at: datetime
    retry_at: datetime | None = None
    details: tuple[tuple[str, str], ...] = ()
    """For an IT team: pairs like ("AADSTS", "53003"), ("Correlation ID", "…")."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: the provider and the person there. No telephone number: a forged page would bring its own."""

    provider_id: UUID
    provider_name: str
    reply_to: str
    operator_name: str
    operator_email: str
    organization_path: str = ""
    """Of the customer whom it is asked for: the pages wear what is nearest above it."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A case that somebody may go on with; their session is over once the invitation's sessions count from later."""

    case_id: UUID
    sessions_from: datetime | None


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send the browser to sign in, and the mark by which its session knows the answer again."""

    address: str
    mark: str


@dataclass(frozen=True, slots=True)
class Assisted:
    """Who of the provider opened the wizard together with the customer, and since when."""

    operator_id: str
    operator_name: str
    since: datetime


@dataclass(frozen=True, slots=True)
class AskedBy:
    """Who asks for what, for the holder of a link that may be dead."""

    asker: Asker
    customer_name: str
    service_name: str
    matching_phrase: str
    invitation_id: UUID
    reminders_stopped: bool
    asked_at: datetime | None
    """When its holder asked for a new link."""
    language: str = ENGLISH


@dataclass(frozen=True, slots=True)
class SignInApplicationView:
    """The application Microsoft's pages will name when the administrator signs in."""

    id: UUID
    provider_id: UUID
    provider_name: str
    cloud: str
    server_name: str
    display_name: str
    client_id: str
    home_tenant_id: str
    secret_id: UUID | None = None
    secret_ends_on: date | None = None
    unlisted: tuple[str, ...] = ()
    """Return addresses that the latest look found not listed at Microsoft."""
    publisher: str = ""
    """Whom Microsoft was last seen to have verified as its publisher; empty: nobody, or nobody looked yet."""
    publisher_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """One line of a look at a sign-in application from outside."""

    key: str
    label: str
    state: Verdict
    words: str
    cure: str = ""
    about: str = ""
    """What it was seen of, where there are several; here the return address."""


@dataclass(frozen=True, slots=True)
class CheckView:
    """One look at a sign-in application: by whom, when, what was seen."""

    state: CheckState
    items: tuple[Seen, ...]
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self.state in {CheckState.DONE, CheckState.FAILED}


@dataclass(frozen=True, slots=True)
class Offer:
    """What one invitation asks for; the same facts before Continue and on every page after it."""

    invitation_id: UUID
    invitation_state: str
    asker: Asker
    customer_name: str
    service_id: UUID
    service_short_name: str
    service_full_name: str
    licence: str
    licensed_users: int
    matching_phrase: str
    expires_at: datetime
    minutes: int
    plan: PlanView
    plan_fingerprint: str
    expected_domain: str
    """The customer's Microsoft 365 domain when the provider knows it, else empty."""
    sign_in_application: SignInApplicationView | None
    """None: the provider has not registered one yet; then nobody can sign in, and the page says who must act."""
    asks: tuple[AskedScope, ...] = ()
    """What Microsoft's page will name at the sign-in, at most: less where somebody else does a part."""
    for_own: bool = False
    """Whether the invitation went to somebody of the provider or channel, not to the customer's administrator."""
    login_origin: str = ""
    """The sign-in service of the customer's cloud, where a redirect leads."""
    rest: WaitingView | None = None
    """For another administrator's link: what was done, and what remains for them."""
    rest_beside: tuple[BesideView, ...] = ()
    """For the same: the registrations beside the first one of which something remains, too."""
    purpose: str = "connect"
    """What it is for: a member of `Purpose`."""
    changes: tuple[str, ...] = ()
    """What will be otherwise than now, where the service is connected already."""
    whole_role: str = ""
    """Of a repair, the roles that can do all of it; empty where everything is asked for, or it takes several."""
    keeps_credential: bool = False
    """Whether the credential in use stays: only what is missing is added."""
    kept_beside: frozenset[str] = frozenset()
    """Profiles of what a repair finds beside the registration: no second one is made."""
    language: str = ENGLISH
    """Of its pages, unless the person chooses another."""
    approval_until: date | None = None
    """The day until which somebody's approval is waited for, while it is."""

    @property
    def made_beside(self) -> tuple[PlanView, ...]:
        """The registrations of their own that are made in the same sign-in."""
        return tuple(one for one in self.plan.beside if one.profile not in self.kept_beside)


@dataclass(frozen=True, slots=True)
class SignInView:
    """The latest sign-in of a case, live."""

    id: UUID
    state: SignInState
    upn: str
    words: str
    """One sentence on what is happening now."""
    has_code: bool
    """Whether `queries.user_code(case_id)` has something to show."""
    verification_uri: str
    started_at: datetime
    expires_at: datetime | None
    seconds_left: int
    problem: Problem | None
    """In a living state: Microsoft doesn't answer, with `retry_at`. In a refused one: why, and the next move."""

    way: Way = Way.CODE
    waits_long: bool = False
    """Whether the person is at Microsoft for longer than it takes: a policy that blocks looks like this from here."""

    @property
    def is_over(self) -> bool:
        """Whether a live page may stop asking."""
        return self.state not in ALIVE


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the plan and whether the person who signed in may do it."""

    key: str
    label: str
    verdict: Literal["can", "activate", "needs_other", "forbidden", "unknown"]
    words: str = ""
    cure: str = ""
    """The way on or round; empty when none is needed."""


@dataclass(frozen=True, slots=True)
class SignerView:
    """Who signed in, where, and what of the plan this person can do."""

    upn: str
    name: str
    object_id: str
    tenant_id: str
    tenant_name: str
    domains: tuple[str, ...]
    roles: tuple[str, ...]
    parts: tuple[Part, ...]
    can_everything: bool
    summary: str
    other_than_named: str
    """The UPN typed before, when another person signed in and that was confirmed; else empty."""
    notes: tuple[str, ...] = ()
    """What else is good to know before anything is made."""
    tenant_notes: tuple[str, ...] = ()
    """What stands in the tenant already: for its administrator in the wizard, never for operators."""

    @property
    def can_begin(self) -> bool:
        """Whether this person may make the registration, without which nobody else can do anything either."""
        return not any(part.key == "registration" and part.verdict == "needs_other" for part in self.parts)


@dataclass(frozen=True, slots=True)
class PortalPath:
    """Where in Microsoft's portal something can be looked at: the clicks, and the address."""

    what: str
    path: str
    url: str


@dataclass(frozen=True, slots=True)
class Done:
    """What was granted, by whom, when, until when; how to look at it and how to undo it."""

    registration_name: str
    application_id: str
    tenant_id: str
    tenant_name: str
    permissions: tuple[str, ...]
    roles: tuple[str, ...]
    granted_by: str
    granted_at: datetime
    credential_expires_at: datetime | None
    sign_in_application_removed: Literal["yes", "no", "unknown"]
    next_steps: tuple[str, ...]
    portal_paths: tuple[PortalPath, ...]
    undo: tuple[str, ...]
    own_view: str
    """The fixed address at which the tenant's administrators sign in later, without a link; empty without one."""
    credential_kind: str = "secret"
    credential_why: str = ""
    """Why it isn't of the kind or life that was planned; empty when it is."""
    not_there: tuple[tuple[str, str], ...] = ()
    """Of the plan's permissions and roles those that it doesn't hold, each with why: left out, or taken away again."""
    sign_in_application_stays: tuple[str, ...] = ()
    """That the sign-in application stays, why, what it can still do and how to remove it; empty where it went."""


@dataclass(frozen=True, slots=True)
class CheckItemView:
    """One thing that was looked at."""

    key: str
    label: str
    state: Status
    words: str
    cure: str
    details: Sequence[Sequence[str]] = ()
    """Microsoft's own code, ids and time, each with its name."""


@dataclass(frozen=True, slots=True)
class ExistingView:
    """A registration that is there already: what was typed, what was seen, and what is wrong. Nothing secret is in it.

    `faults`: sentences by field.
    """

    case_id: UUID
    state: CaseState
    tenant: str
    client_id: str
    kind: str
    kinds: tuple[str, ...]
    """Kinds of credential that can be used here."""
    has_secret: bool
    """Whether a secret, or a certificate's key, is kept."""
    ends_on: date | None
    about: Mapping[str, str]
    """What is public of a certificate or a trust."""
    certificate_der: str
    key_ends_at: datetime | None
    faults: Mapping[str, str]
    items: tuple[CheckItemView, ...]
    checked_at: datetime | None
    problem: Problem | None
    by_operator: bool
    """Whether an operator types it, and not somebody behind a link."""

    @property
    def waits_for_key(self) -> bool:
        """Whether a worker is making the certificate."""
        return self.kind == "certificate" and not self.has_secret


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything the wizard's pages need about one case."""

    id: UUID
    state: CaseState
    step: Step
    offer: Offer
    administrator_upn: str
    sign_in: SignInView | None
    signer: SignerView | None
    registration_name: str
    """What was entered before, to be shown again in the field."""
    name_error: str
    """What Microsoft said about that name, for the field; else empty."""
    run: RunView | None
    problem: Problem | None
    """Why the case waits, failed or needs another sign-in; None when all is well."""
    done: Done | None
    closed: str
    """A sentence when the invitation was withdrawn, has expired or is used up; else empty."""
    is_rest: bool = False
    """Whether this is another administrator's walk, for what remains only; then `offer.rest` says what."""
    waiting: WaitingView | None = None
    """What the run waits for now; None when it doesn't wait."""
    colleagues: tuple[HandoffView, ...] = ()
    """Who was asked to finish it."""
    beside: tuple[BesideView, ...] = ()
    """Registrations of their own that are made in the same sign-in."""
    colleague: str = ""
    """Whom the person named for the rest before their own part began."""
    colleague_refused: str = ""
    """Why no link could be sent to them once their part was needed; empty when one was, or nobody was named."""
    keeps_name: str = ""
    """The name of the registration when it is there already: the customer has it, so it isn't asked for."""
    suggests: str = ""
    """A name for a registration that is to be made."""
    sessions_from: datetime | None = None
    """Wizard sessions that began before this are over."""
    connected: tuple[str, ...] = ()
    """The same customer's other services in the tenant that somebody just signed in to."""
    assisted: Assisted | None = None
    """Set when an operator opened the wizard together with the customer: both sides say so."""
    existing: ExistingView | None = None
    expected: tuple[str, ...] = ()
    """The domains of whoever may sign in, while that is asked and as far as they are known."""
    is_compared: bool = True
    """Whether the tenant of whoever signed in was compared with anything known."""
    """What was typed of a registration that is there already; None where one is made."""


ValidationState = Literal["none", "queued", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class ValidationView:
    """A validation of the registration's credentials: asked, running item by item, over."""

    state: ValidationState
    status: Status
    items: tuple[CheckItemView, ...]
    started_at: datetime | None
    ended_at: datetime | None
    problem: Problem | None

    @property
    def is_over(self) -> bool:
        """Whether a live page may stop asking."""
        return self.state in {"none", "done", "failed"}


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An operator's part that was begun by *Add* and waits to be gone on with."""

    id: UUID
    invitation_id: UUID
    service_short_name: str
    customer_name: str
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class OperatorOnboardingView:
    """Everything the Onboarding wizard's pages need after *Add*."""

    id: UUID
    step: OperatorStep
    invitation_id: UUID
    service_id: UUID
    service_short_name: str
    service_full_name: str
    licence: str
    licensed_users: int
    customer_name: str
    added_by: str
    added_at: datetime
    registration: RegistrationView
    signer_upn: str
    signer_name: str
    signed_in_at: datetime | None
    tenant_id: str
    tenant_name: str
    domains: tuple[str, ...]
    m365_domain: str
    """What was saved, else the tenant's *.onmicrosoft.com domain, as M365 Domain (Override Admin Domain)."""
    validation: ValidationView
    prerequisites: tuple[CheckItemView, ...]
    may_finish: bool
    blockers: tuple[str, ...]
    """Sentences on what stands in the way of *Create service*; empty when nothing does."""
    asks_tenant: bool = False
    """Whether an operator still has to say that the tenant is the customer's."""
    another_tenant: str = ""
    """What to do where the tenant is none of those by which the customer is known; empty unless it is so."""
    connected: tuple[str, ...] = ()
    """The scope's other services that are connected with this tenant."""
    beside: tuple[BesideView, ...] = ()
    """Registrations of their own, which the service takes over as well."""
