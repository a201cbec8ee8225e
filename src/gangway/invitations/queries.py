"""Reading invitations. Nothing here changes anything, however often a mail scanner opens a link."""

import hmac
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.functions import Greatest

from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations.errors import NoSuchHandoff, NoSuchInvitation
from gangway.invitations.letters import subject_of, subject_of_handoff
from gangway.invitations.models import NOT_OVER, Handoff, Invitation, Link, Move, key_of_address
from gangway.invitations.states import CONSUMED, DEVICE_AUTHENTICATED, EXPIRABLE, State, sources_of
from gangway.invitations.terms import forbid_copying, terms_of
from gangway.languages.choice import ENGLISH
from gangway.notifications.queries import Delivery, deliveries, delivery
from gangway.notifications.states import DeliveryState
from gangway.organizations import links
from gangway.organizations.pages import Page, batched, every, page_of
from gangway.organizations.queries import provider_of
from gangway.organizations.scope import Door, through
from gangway.organizations.taken_over import named
from gangway.services.queries import of_services
from gangway.services.states import Lifecycle

ASKED_LATELY: Final = timedelta(days=7)
ENDED_LATELY: Final = timedelta(days=7)
DRAFTS_STAY: Final = timedelta(days=7)
"""What nobody sent is kept at least so long, however few days its link is to last."""
SORTS: Final[Mapping[str, tuple[str | OrderBy, ...]]] = {
    "created": ("created_at", "-id"),
    "-created": ("-created_at", "id"),
    "expires": (Greatest("expires_at", "waits_until").asc(), "id"),
    "-expires": (Greatest("expires_at", "waits_until").desc(), "-id"),
}
"""What a list may be sorted by; a minus turns it round."""
NEEDS_A_PERSON: Final = frozenset(
    {
        State.REPORTED,
        State.BOUNCED,
        State.FAILED,
        State.DECLINED,
        State.AUTHENTICATED,
        State.WAITING_FOR_ADMINISTRATOR,
    }
)
"""In these an operator has something to do, or to know."""


class Why(StrEnum):
    """Why a real link opens nothing."""

    EXPIRED = "expired"
    REVOKED = "revoked"
    REPLACED = "replaced"
    ELSEWHERE = "elsewhere"
    """The invitation was sent to somebody else in its holder's place."""
    TAKEN = "taken"
    """Another administrator's own link was withdrawn; the invitation goes on."""
    REPORTED = "reported"
    USED = "used"


@dataclass(frozen=True, slots=True)
class LinkHeld:
    """Somebody holds a living link: which invitation, and within which path its data may be read."""

    invitation_id: UUID
    service_id: UUID
    organization_id: UUID
    organization_path: str
    state: State
    expires_at: datetime
    language: str = ENGLISH
    handoff_id: UUID | None = None
    """Set for another administrator's link."""
    for_rest: bool = False
    """Whether it opens only what remains, in a walk of its own; before anything waited, it opens the first one's."""


@dataclass(frozen=True, slots=True)
class LinkDead:
    """Somebody holds a link that was real once: they may know why it is dead, and whom to ask."""

    reason: Why
    link_id: UUID
    invitation_id: UUID
    organization_path: str
    provider_name: str
    reply_to: str
    since: datetime | None
    language: str = ENGLISH
    was_taken: bool = False
    """Whether this very link was replaced or withdrawn, whatever became of the invitation since."""
    handoff_id: UUID | None = None
    """Of another administrator's own link."""

    @property
    def may_ask(self) -> bool:
        """Whether a new link would help its holder."""
        return self.reason in {Why.EXPIRED, Why.REVOKED, Why.REPLACED, Why.TAKEN}

    @property
    def may_stop_reminders(self) -> bool:
        """Whether its holder was the one to be reminded: it ended by its time, and in nobody else's favour."""
        return self.reason is Why.EXPIRED


@dataclass(frozen=True, slots=True)
class InvitationView:
    """One invitation with its service, its mail and its links. `plan` is what was pinned."""

    id: UUID
    service_id: UUID
    service_short_name: str
    service_full_name: str
    service_lifecycle: Lifecycle
    organization_id: UUID
    organization_path: str
    customer_name: str
    provider_id: UUID
    provider_name: str
    purpose: str
    recipient: str
    administrator_upn: str
    state: State
    plan: dict[str, Any]
    plan_fingerprint: str
    agreed_fingerprint: str
    """The plan that the administrator went on with; empty before."""
    matching_phrase: str
    wanted: dict[str, Any]
    registration_id: UUID
    created_by_id: str
    created_by_name: str
    created_at: datetime
    expires_at: datetime
    opened_at: datetime | None
    ended_at: datetime | None
    lasts_until: datetime
    """The same as `expires_at`, or later while another administrator must finish."""
    language: str = ENGLISH
    """Of its pages and mails."""
    recipient_phone: str = ""
    approval_until: date | None = None
    finish_by_itself: bool = False
    late_reports: int = 0
    sessions_from: datetime | None = None
    """Wizard sessions that began before this are over: the links were replaced."""
    reminders_stopped_at: datetime | None = None
    asked_again_at: datetime | None = None
    changes: tuple[str, ...] = ()
    """What will be otherwise than now, a line each; empty for one to connect."""
    held_for: str = ""
    """The domain whose tenant is looked up before a draft goes out by itself."""
    tenant_domain: str = ""
    tenant_id: str = ""
    """The tenant that this domain belonged to when the link went out."""
    doubted_at: datetime | None = None
    """Since when the expected tenant is in doubt: an operator ought to look."""
    life_days: int | None = None
    """How long it was to last, if that was chosen; else as its provider's terms said."""
    moved_at: datetime | None = None
    """When its customer was last put below another channel; who did what before is told to few (`taken_over`)."""

    @property
    def device_authenticated(self) -> bool:
        """Whether the operator may press Add, or has."""
        return self.state in DEVICE_AUTHENTICATED

    @property
    def days(self) -> int:
        """How long a draft lasts from when it is sent: before that, nothing of it ends but the draft itself."""
        return (self.expires_at - self.created_at).days

    @property
    def kept_until(self) -> datetime:
        """Until when a draft is kept that nobody sends."""
        return max(self.expires_at, self.created_at + DRAFTS_STAY)


@dataclass(frozen=True, slots=True)
class Posting:
    """How an invitation goes out: its mail, and whether its provider lets operators copy a link."""

    delivery: Delivery | None
    may_copy: bool


@dataclass(frozen=True, slots=True)
class PendingRow:
    """One row of Pending Invitations. `email_sent_count` counts the attempts to send, as the original page does."""

    id: UUID
    service_id: UUID
    short_name: str
    full_name: str
    customer_id: UUID
    customer_name: str
    recipient: str
    administrator_upn: str
    email_sent: bool
    email_sent_count: int
    email_error: str
    created_at: datetime
    expires_at: datetime | None
    """None for a draft: its days count from when it is sent."""
    days: int
    """How long it lasts from then on."""
    device_authenticated: bool
    state: State
    created_by_name: str
    registration_id: UUID
    may_copy: bool = True
    asked_again_at: datetime | None = None
    purpose: str = "connect"
    doubted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HandoffView:
    """Another administrator's link: who holds it, by whose hand, until when, and what became of the mail."""

    id: UUID
    invitation_id: UUID
    recipient: str
    by_name: str
    created_at: datetime
    expires_at: datetime
    sent_count: int
    opened_at: datetime | None
    revoked_at: datetime | None
    mail_error: str
    refused: bool = False
    """The latest mail was refused for good."""

    def is_open(self, now: datetime) -> bool:
        """Whether its links still open something, as far as the hand-off itself says."""
        return self.revoked_at is None and self.expires_at > now


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One line of an invitation's timeline; `note` says more, where there is more."""

    state: State
    at: datetime
    actor_kind: str
    actor_name: str
    note: str


def by_token(token: SealedText, *, now: datetime | None = None) -> LinkHeld | LinkDead | None:
    """Return what a link opens; None for one that never was. Needs no scope: the link names its organization.

    Every token costs one hash and one look-up, whether it exists or not.
    """
    wanted = links.hash_of(token)
    with through(Door.LINK):
        link = Link.objects.filter(token_hash=wanted).select_related("invitation__organization", "handoff").first()
    if link is None or not hmac.compare_digest(link.token_hash, wanted):
        return None
    invitation = link.invitation
    why = _why_dead(link, now or clock.now())
    if why is not None:
        return _dead(link, why)
    return LinkHeld(
        invitation_id=invitation.id,
        service_id=invitation.service_id,
        organization_id=invitation.organization_id,
        organization_path=invitation.organization.path,
        state=State(invitation.state),
        expires_at=link.handoff.expires_at if link.handoff else invitation.lasts_until,
        language=invitation.language,
        handoff_id=link.handoff.id if link.handoff else None,
        for_rest=link.handoff is not None and invitation.waits_until is not None,
    )


_DEAD: Final = {
    **dict.fromkeys(CONSUMED, Why.USED),
    State.REVOKED: Why.REVOKED,
    State.REPORTED: Why.REPORTED,
}
"""States in which no link opens anything, with the reason."""


def _why_dead(link: Link, now: datetime) -> Why | None:
    state, handoff = State(link.invitation.state), link.handoff
    if state in _DEAD:
        return _DEAD[state]
    if handoff is not None and handoff.revoked_at is not None:
        return Why.TAKEN
    if link.revoked_at is not None:
        return Why.ELSEWHERE if link.went_elsewhere else Why.REPLACED
    # What a run is making doesn't expire under the person who watches it.
    expired = link.invitation.lasts_until <= now and state in EXPIRABLE
    expired = expired or (handoff is not None and handoff.expires_at <= now and state is not State.PROVISIONING)
    return Why.EXPIRED if expired or state is State.EXPIRED else None


def _dead(link: Link, why: Why) -> LinkDead:
    invitation = link.invitation
    provider = provider_of(invitation.organization_id)
    return LinkDead(
        reason=why,
        link_id=link.id,
        invitation_id=invitation.id,
        organization_path=invitation.organization.path,
        provider_name=provider.name,
        reply_to=provider.reply_to,
        since=_dead_since(link, why),
        language=invitation.language,
        was_taken=link.revoked_at is not None or (link.handoff is not None and link.handoff.revoked_at is not None),
        handoff_id=link.handoff.id if link.handoff else None,
    )


def _dead_since(link: Link, why: Why) -> datetime | None:
    if why is Why.EXPIRED:
        return link.handoff.expires_at if link.handoff else link.invitation.lasts_until
    if why is Why.TAKEN and link.handoff:
        return link.handoff.revoked_at
    return link.revoked_at if why in {Why.REPLACED, Why.ELSEWHERE} else link.invitation.ended_at


def invitation(invitation_id: UUID) -> InvitationView:
    """Return one invitation of the scope; raises `NoSuchInvitation`."""
    found = Invitation.objects.select_related("service__provider", "organization")
    row = found.filter(pk=invitation_id).first()
    if row is None:
        raise NoSuchInvitation
    return InvitationView(
        id=row.id,
        service_id=row.service_id,
        service_short_name=row.service.short_name,
        service_full_name=row.service.full_name,
        service_lifecycle=Lifecycle(row.service.lifecycle),
        organization_id=row.organization.id,
        organization_path=row.organization.path,
        customer_name=row.organization.name,
        provider_id=row.service.provider.id,
        provider_name=row.service.provider.name,
        purpose=row.purpose,
        wanted=row.wanted,
        changes=tuple(row.changes),
        recipient=row.recipient,
        administrator_upn=row.administrator_upn,
        state=State(row.state),
        plan=row.plan,
        plan_fingerprint=row.plan_fingerprint,
        agreed_fingerprint=row.agreed_fingerprint,
        matching_phrase=row.matching_phrase,
        registration_id=row.registration_id,
        created_by_id=row.created_by_id,
        created_by_name=row.created_by_name,
        created_at=row.created_at,
        expires_at=row.expires_at,
        opened_at=row.opened_at,
        ended_at=row.ended_at,
        lasts_until=row.lasts_until,
        language=row.language,
        recipient_phone=row.recipient_phone,
        approval_until=row.approval_until,
        finish_by_itself=row.finish_by_itself,
        late_reports=row.late_reports,
        sessions_from=row.sessions_from,
        reminders_stopped_at=row.reminders_stopped_at,
        asked_again_at=row.asked_again_at,
        life_days=row.life_days,
        held_for=row.held_for,
        tenant_domain=row.tenant_domain,
        tenant_id=row.tenant_id,
        doubted_at=row.doubted_at,
        moved_at=row.organization.moved_at,
    )


def state_of(invitation_id: UUID) -> State:
    """How one invitation of the scope stands; raises `NoSuchInvitation`."""
    found = Invitation.objects.filter(pk=invitation_id).values_list("state", flat=True).first()
    if found is None:
        raise NoSuchInvitation
    return State(found)


def posting(about: InvitationView) -> Posting:
    """Return how an invitation of the scope goes out, for whoever sends it."""
    return Posting(delivery=delivery(subject_of(about.id)), may_copy=terms_of(about.organization_id).may_copy)


def pending(
    *, search: str = "", state: str = "", customer_id: UUID | None = None, sort: str = "", page: int = 1
) -> Page[PendingRow]:
    """Return the scope's invitations: those that haven't ended, or those in `state`.

    `search` finds the beginning of the service's names, of their and the customer's words, or of the recipient;
    `sort`: a key of `SORTS`, else the newest first.
    """
    rows = _pending(search, state, customer_id, sort)
    found = page_of(rows, page, lambda row: row, keys_first=True)
    return Page(rows=_with_mails(found.rows), number=found.number, has_next=found.has_next)


def out_for(customer_id: UUID) -> tuple[str, ...]:
    """Return the names of all of a customer's services for which an invitation is out, the newest first."""
    rows = Invitation.objects.filter(NOT_OVER, organization_id=customer_id).exclude(state=State.DRAFT.value)
    return tuple(dict.fromkeys(rows.order_by("-created_at", "id").values_list("service__short_name", flat=True)))


def invitations_of(service_id: UUID, *, most: int) -> tuple[UUID, ...]:
    """Return the ids of a service's invitations, the newest first, however they stand."""
    rows = Invitation.objects.filter(service_id=service_id).order_by("-created_at", "id")
    return tuple(rows.values_list("pk", flat=True)[:most])


def _with_mails(rows: Sequence[Invitation]) -> tuple[PendingRow, ...]:
    mails, forbidding = deliveries(subject_of(row.id) for row in rows), forbid_copying()
    return tuple(_pending_row(row, mails.get(subject_of(row.id)), forbidding) for row in rows)


def every_pending(
    *, search: str = "", state: str = "", sort: str = "", among: Collection[UUID] | None = None
) -> Iterator[PendingRow]:
    """Give all that `pending` would show on its pages, or those of them with these ids, for an export."""
    for some in batched(every(_pending(search, state, None, sort), lambda row: row, among=among)):
        mails = deliveries(subject_of(row.id) for row in some)
        yield from (_pending_row(row, mails.get(subject_of(row.id))) for row in some)


def these(invitation_ids: Sequence[UUID]) -> tuple[PendingRow, ...]:
    """Return these of the scope's invitations, however they stand, in the order of their ids as given."""
    found = _listed(Invitation.objects.filter(pk__in=list(invitation_ids)))
    mails, forbidding = deliveries(subject_of(one) for one in invitation_ids), forbid_copying()
    rows = {row.pk: _pending_row(row, mails.get(subject_of(row.pk)), forbidding) for row in found}
    return tuple(rows[one] for one in invitation_ids if one in rows)


def _pending(search: str, state: str, customer_id: UUID | None, sort: str) -> QuerySet[Invitation]:
    names, address = of_services(search), key_of_address(search)
    condition = names | Q(recipient_key__startswith=address) if address else names
    rows = Invitation.objects.filter(condition, Q(state=state) if state in set(State) else NOT_OVER)
    if customer_id is not None:
        rows = rows.filter(organization_id=customer_id)
    return _listed(rows).order_by(*SORTS.get(sort, SORTS["-created"]))


def _listed(rows: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """Read what a list shows: plans are long."""
    return rows.select_related("service", "organization").defer("plan", "earlier_plans", "wanted", "changes")


def _pending_row(row: Invitation, mail: Delivery | None, forbidding: frozenset[UUID] = frozenset()) -> PendingRow:
    return PendingRow(
        id=row.id,
        service_id=row.service_id,
        short_name=row.service.short_name,
        full_name=row.service.full_name,
        customer_id=row.organization.id,
        customer_name=row.organization.name,
        recipient=row.recipient,
        administrator_upn=row.administrator_upn,
        email_sent=mail is not None and mail.sent > 0,
        email_sent_count=mail.attempts if mail else 0,
        email_error=mail.last_error if mail and mail.state is not DeliveryState.SENT else "",
        created_at=row.created_at,
        expires_at=None if row.state == State.DRAFT else row.lasts_until,
        days=(row.expires_at - row.created_at).days,
        device_authenticated=State(row.state) in DEVICE_AUTHENTICATED,
        state=State(row.state),
        created_by_name=row.created_by_name,
        registration_id=row.registration_id,
        may_copy=row.service.provider_id not in forbidding,
        asked_again_at=row.asked_again_at,
        purpose=row.purpose,
        doubted_at=row.doubted_at,
    )


def history(invitation_id: UUID) -> tuple[HistoryRow, ...]:
    """Return an invitation's timeline, oldest first; empty outside the scope."""
    moves = Move.objects.filter(invitation_id=invitation_id).select_related("organization").order_by("id")
    return tuple(HistoryRow(State(row.state), row.at, row.actor_kind, _who(row), row.note) for row in moves)


def before_report(invitation_id: UUID) -> State:
    """Return where a reported invitation stood before. Raises `NoSuchInvitation`."""
    moves = Move.objects.filter(invitation_id=invitation_id).exclude(state=State.REPORTED.value).order_by("-id")
    found = moves.values_list("state", flat=True).first()
    if found is None:
        raise NoSuchInvitation
    return State(found)


def _who(row: Move) -> str:
    is_ours = row.actor_kind == "person"
    return named(row.actor_name, at=row.at, moved_at=row.organization.moved_at) if is_ours else row.actor_name


def links_of(invitation_id: UUID) -> tuple[tuple[datetime, str], ...]:
    """Return when an invitation's links were made, and whether each was mailed or copied; oldest first."""
    rows = Link.objects.filter(invitation_id=invitation_id).order_by("created_at", "pk")
    return tuple(rows.values_list("created_at", "kind"))


def handoffs(invitation_id: UUID) -> tuple[HandoffView, ...]:
    """Return the links of other administrators, oldest first; empty outside the scope."""
    found = Handoff.objects.filter(invitation_id=invitation_id).select_related("organization")
    rows = list(found.order_by("created_at", "id"))
    mails = deliveries(subject_of_handoff(row.id) for row in rows)
    return tuple(_handoff(row, mails.get(subject_of_handoff(row.id))) for row in rows)


def handoff(handoff_id: UUID) -> HandoffView:
    """Return one of them; raises `NoSuchHandoff`."""
    row = Handoff.objects.select_related("organization").filter(pk=handoff_id).first()
    if row is None:
        raise NoSuchHandoff
    return _handoff(row, delivery(subject_of_handoff(row.id)))


def _handoff(row: Handoff, mail: Delivery | None) -> HandoffView:
    return HandoffView(
        id=row.id,
        invitation_id=row.invitation_id,
        recipient=row.recipient,
        by_name=named(row.by_name, at=row.created_at, moved_at=row.organization.moved_at),
        created_at=row.created_at,
        expires_at=row.expires_at,
        sent_count=row.sent_count,
        opened_at=row.opened_at,
        revoked_at=row.revoked_at,
        mail_error=mail.last_error if mail and mail.state is not DeliveryState.SENT else "",
        refused=mail is not None and mail.state is DeliveryState.BOUNCED,
    )


def pending_purposes(service_id: UUID) -> frozenset[str]:
    """Return what a service's invitations are for that aren't over yet."""
    over = [State.ADDED.value, State.EXPIRED.value, State.REVOKED.value]
    rows = Invitation.objects.filter(service_id=service_id).exclude(state__in=over)
    return frozenset(rows.values_list("purpose", flat=True))


def open_of(service_id: UUID) -> UUID | None:
    """Return the invitation of a service that can still be withdrawn; None when it has none."""
    sources = [state.value for state in sources_of(State.REVOKED)]
    rows = Invitation.objects.filter(service_id=service_id, state__in=sources).order_by("-created_at")
    return rows.values_list("pk", flat=True).first()


def needing_a_person(*, now: datetime, of_each: int) -> tuple[PendingRow, ...]:
    """Return the scope's invitations that an operator ought to look at, newest first, so many of each kind.

    Those in a state that waits for them, those of which the holder of a dead link lately asked for a new one, and those
    of which it is in doubt whose Microsoft 365 is meant.
    """
    rows = Invitation.objects.order_by(*SORTS["-created"]).values_list("pk")
    first = rows.filter(NOT_OVER, doubted_at__isnull=False)[:of_each]
    others = (
        *(rows.filter(state=state.value)[:of_each] for state in sorted(NEEDS_A_PERSON)),
        rows.filter(asked_again_at__gt=now - ASKED_LATELY)[:of_each],
    )
    keys = {key for (key,) in first.union(*others, all=True)}
    found = _listed(Invitation.objects.filter(pk__in=keys)).order_by(*SORTS["-created"])
    return tuple(_pending_row(row, None) for row in found)


def expired_lately(*, now: datetime, most: int) -> tuple[PendingRow, ...]:
    """Return the scope's invitations that expired in the last days, the latest first, unless asked for again since."""
    again = Invitation.objects.filter(
        organization_id=OuterRef("organization_id"),
        service__short_name_key=OuterRef("service__short_name_key"),
        created_at__gt=OuterRef("ended_at"),
    )
    rows = Invitation.objects.filter(~Exists(again), state=State.EXPIRED.value, ended_at__gt=now - ENDED_LATELY)
    rows = rows.filter(organization__removed_at__isnull=True)
    found = _listed(rows).order_by("-ended_at", "id")[:most]
    return tuple(_pending_row(row, None) for row in found)


def to_finish(*, most: int = 100) -> list[UUID]:
    """Return proved invitations whose services are to be created without an operator, the oldest first."""
    rows = Invitation.objects.filter(state=State.AUTHENTICATED.value, finish_by_itself=True)
    return list(rows.order_by("created_at").values_list("pk", flat=True)[:most])


def due_to_expire(*, now: datetime, most: int = 500) -> list[UUID]:
    """Return invitations whose time is over, the oldest first."""
    waited = Q(waits_until__isnull=True) | Q(waits_until__lte=now)
    rows = Invitation.objects.filter(waited, expires_at__lte=now, state__in=[state.value for state in EXPIRABLE])
    rows = rows.exclude(state=State.DRAFT.value, created_at__gt=now - DRAFTS_STAY)  # their days count from sending
    return list(rows.order_by("expires_at").values_list("pk", flat=True)[:most])
