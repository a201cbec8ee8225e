"""Coming in: where a customer's own people sign in, there to Microsoft and back. For web; a worker asks who it was.

The address is fixed, so whoever has neither a link nor a mail finds it: under a provider's own host name it is that
provider's, else the provider is named by its id or its name. Which tenants are connected is told to nobody before
Microsoft has said who asks. Of state and nonce only hashes are kept, verifier and code are sealed for the workers.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation.ids import AppId
from gangway.foundation.sealed import SealedText
from gangway.jobs.actions import defer
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.signin import redirect as microsoft
from gangway.onboarding import problems, refusals
from gangway.onboarding.applications import find
from gangway.onboarding.errors import AnswerTooLate, AnswerUsed, NotBegunHere
from gangway.onboarding.models import SignInApplication, Visit
from gangway.onboarding.own_view.errors import NotOfferedHere, NotSignedInHere
from gangway.onboarding.own_view.roles import fitting
from gangway.onboarding.shapes import Departure, Problem, SignInApplicationView
from gangway.onboarding.stages.redirect import LONGEST, PATIENCE, mark_of, may_be_listed, return_address
from gangway.onboarding.states import VisitState
from gangway.organizations.hosts import organization_at
from gangway.organizations.queries import ProviderView, provider_of
from gangway.organizations.scope import within
from gangway.organizations.search import fold
from gangway.vault.actions import destroy_untold, seal
from gangway.vault.places import Place

ASK: Final = "onboarding:ask_who_visits"
VERIFIER: Final = "onboarding.visit.verifier"
CODE: Final = "onboarding.visit.authorization_code"
UNTOLD: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When somebody proved who they are, where Microsoft didn't tell: so long ago that it counts for nothing."""
AWAITED: Final = frozenset({VisitState.AWAY, VisitState.RETURNED, VisitState.SIGNED_IN})
"""The browser that began it is awaited: back from Microsoft, and then on the page that lets it in."""
WHO: Final = (microsoft.SCOPES,)
"""All that looking asks Microsoft for: who it is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A provider at whose fixed address people sign in, and the clouds that it has a sign-in application in."""

    provider: ProviderView
    clouds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VisitorView:
    """Who came. Before they are signed in, only how far it has come is known."""

    id: UUID
    provider: ProviderView
    state: VisitState
    cloud: str
    tenant_id: str
    upn: str
    name: str
    roles: tuple[str, ...]
    may_change: bool
    customers: tuple[UUID, ...]
    removal: tuple[Mapping[str, Any], ...]
    signed_in_at: datetime | None
    """When they proved who they are; None as well where Microsoft didn't tell."""
    problem: Problem | None
    is_late: bool
    """Whether Microsoft, or then the browser, was not heard in time; a new try is the way on."""


def entry(provider_id: UUID) -> Entry | None:
    """Return a provider's entry; None for an unknown one, and for one that nobody can sign in at."""
    clouds = _clouds().get(provider_id, ())
    return Entry(provider_of(provider_id), clouds) if clouds else None


def entry_at(host: str) -> Entry | None:
    """Return the entry under a host name: its owner's provider, or the only one there is."""
    owner = organization_at(_name(host))
    if owner is not None:
        return entry(provider_of(owner).id)
    known = tuple(_clouds())
    return entry(known[0]) if len(known) == 1 else None


def entry_named(typed: str) -> Entry | None:
    """Return the entry of the provider whose whole name, or short name, somebody typed."""
    wanted = fold(" ".join(typed.split()))
    for provider_id in _clouds():
        about = provider_of(provider_id)
        if wanted and wanted in {fold(about.name), fold(about.short_name)}:
            return entry(provider_id)
    return None


def shown_below(host: str) -> str:
    """Return the path below which customers are shown under a host name; empty: all are, each provider's apart."""
    owner = organization_at(_name(host))
    return provider_of(owner).path if owner is not None else ""


def pages_origin(cloud: str) -> str:
    """Return where browsers meet Microsoft's sign-in pages."""
    return Cloud.of(settings.GANGWAY, cloud).pages


@transaction.atomic
def leave(
    *,
    provider_id: UUID,
    cloud: str,
    host: str,
    after: VisitorView | None = None,
    scopes: Sequence[str] = WHO,
    removal: Sequence[Mapping[str, Any]] = (),
    by: Actor,
    now: datetime,
) -> tuple[UUID, Departure]:
    """Begin a sign-in, and say where to send the browser; gives the visit's id as well.

    `after`: somebody who is here signs in once more, for something weighty, so Microsoft asks for the password again.
    `scopes` and `removal`: what they agreed to have removed, and what that needs. Raises `NotOfferedHere`.
    """
    provider = provider_of(provider_id)
    with within(provider.path):
        application, back = _application(provider, cloud, host)
        known = Cloud.of(settings.GANGWAY, cloud)
        begun = microsoft.begin(
            known,
            client_id=AppId(application.client_id),
            redirect_uri=back,
            prompt="select_account",
            anew=after is not None,
            login_hint=after.upn if after else "",
            scopes=known.delegated_scopes(scopes) if removal else scopes,
        )
        visit_id = uuid4()
        Visit.objects.create(
            pk=visit_id,
            organization_id=provider.id,
            cloud=cloud,
            client_id=application.client_id,
            scopes=" ".join(scopes),
            return_address=back,
            state_hash=mark_of(begun.state),
            nonce_hash=mark_of(begun.nonce.reveal()),
            verifier_id=seal(place=Place(provider.id, VERIFIER, visit_id), text=begun.verifier),
            ends_at=now + PATIENCE,
            removal=[dict(one) for one in removal],
            for_tenant_id=after.tenant_id if after else "",
            created_at=now,
        )
        if after is not None:  # a stranger who only presses the button leaves nothing in the activity log
            facts: dict[str, str | int | bool | None] = {"cloud": cloud, "removes": len(removal)}
            subject = f"visit:{visit_id}"
            record(Event.OWN_VIEW_ASKED, by=by, organization_id=provider.id, subject=subject, data=facts)
        return visit_id, Departure(address=begun.address, mark=mark_of(begun.state))


@transaction.atomic
def come_back(
    visit_id: UUID, *, provider_id: UUID, returned: Mapping[str, str], begun: Collection[str], now: datetime
) -> None:
    """Take what a browser brought back: seal the code for a worker, or write down what Microsoft said instead.

    `begun`: the marks of this browser's session. Raises `NotBegunHere`, `AnswerTooLate`, `AnswerUsed`.
    """
    mark = mark_of(returned.get("state", "")[:LONGEST])
    if mark not in begun:
        raise NotBegunHere
    with within(provider_of(provider_id).path):
        row = Visit.objects.select_for_update(of=("self",)).filter(pk=visit_id, state_hash=mark).first()
        if row is None:
            raise NotBegunHere
        if row.state != VisitState.AWAY:
            raise AnswerUsed
        if row.ends_at <= now:
            raise AnswerTooLate
        code = SealedText(returned.get("code", "")[:LONGEST])
        if code:
            row.state = VisitState.RETURNED.value
            row.code_id = seal(place=Place(row.organization_id, CODE, row.pk), text=code)
            defer(ASK, visit_id=str(row.pk))
        else:
            destroy_untold(sealed_ids=[row.verifier_id] if row.verifier_id else [])
            row.state, row.verifier_id = VisitState.REFUSED.value, None
            row.problem = problems.of_refusal(_instead_of_a_code(returned), at=now)
        row.save()


def visitor(visit_id: UUID, *, provider_id: UUID, now: datetime) -> VisitorView:
    """Return who came, as far as it is known. Raises `NotSignedInHere`."""
    provider = provider_of(provider_id)
    with within(provider.path):
        row = Visit.objects.filter(pk=visit_id).first()
    if row is None:
        raise NotSignedInHere
    state, roles = VisitState(row.state), fitting(row.roles)
    return VisitorView(
        id=row.pk,
        provider=provider,
        state=state,
        cloud=row.cloud,
        tenant_id=row.tenant_id,
        upn=row.upn,
        name=row.name,
        roles=tuple(role.name for role in roles),
        may_change=any(role.may_change for role in roles),
        customers=tuple(UUID(one) for one in row.customers),
        removal=tuple(row.removal),
        signed_in_at=None if row.signed_in_at == UNTOLD else row.signed_in_at,
        problem=problems.shown(row.problem, reference=str(row.pk)),
        is_late=state in AWAITED and row.ends_at <= now,
    )


@transaction.atomic
def go(visitor: VisitorView, *, by: Actor) -> None:
    """*Sign out*: the visit can't be gone on with, whoever holds the session."""
    with within(visitor.provider.path):
        rows = Visit.objects.filter(pk=visitor.id, state=VisitState.SIGNED_IN.value)
        if rows.update(state=VisitState.OVER.value):
            subject = f"visit:{visitor.id}"
            record(Event.OWN_VIEW_LEFT, by=by, organization_id=visitor.provider.id, subject=subject)


def _application(provider: ProviderView, cloud: str, host: str) -> tuple[SignInApplicationView, str]:
    application, back = find(provider.id, cloud=cloud), return_address(host)
    if application is None or not may_be_listed(back) or back in application.unlisted:
        raise NotOfferedHere
    return application, back


def _clouds() -> dict[UUID, tuple[str, ...]]:
    """Return the clouds of each provider that has a sign-in application here."""
    rows = SignInApplication.objects.filter(server_name=settings.GANGWAY.server_name)
    found: dict[UUID, tuple[str, ...]] = {}
    for provider_id, cloud in rows.order_by("provider_id", "cloud").values_list("provider_id", "cloud"):
        found[provider_id] = (*found.get(provider_id, ()), cloud)
    return found


def _instead_of_a_code(returned: Mapping[str, str]) -> refusals.Refusal:
    error = microsoft.refusal_of(returned)
    return refusals.Declined.by(error) if microsoft.is_no(error, returned) else refusals.meaning_of(error)


def _name(host: str) -> str:
    return host.rpartition(":")[0] or host


def visitor_actor(visit_id: UUID | str, upn: str, *, address: str = "", request_id: str = "") -> Actor:
    """Name somebody of the customer's for the activity log; the name can be erased, as any administrator's."""
    return Actor("administrator", str(visit_id), upn or "administrator of the customer", address, request_id)
