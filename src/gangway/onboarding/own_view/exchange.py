"""A worker asks Microsoft who came: trades the code, checks the id_token, and decides who may look. No token is kept.

Only somebody who agreed to have something removed leaves a token behind, sealed for the runs that remove it; each of
them destroys its own when it ends.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation import clock
from gangway.foundation.errors import GangwayError
from gangway.foundation.ids import AppId
from gangway.foundation.sealed import SealedText
from gangway.jobs.threads import in_database
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.errors import Busy, IdentityRefused, MicrosoftError, NotHeard, Unreadable
from gangway.microsoft.signin import redirect as microsoft
from gangway.microsoft.signin.own_credentials import Secret
from gangway.microsoft.signin.tokens import Identity, check_id_token
from gangway.microsoft.transport import Transport, shared
from gangway.onboarding import problems, refusals
from gangway.onboarding.applications import credential_of, tell_credential_opened
from gangway.onboarding.models import Visit
from gangway.onboarding.own_view import errors
from gangway.onboarding.own_view.arriving import CODE, UNTOLD, VERIFIER, shown_below, visitor_actor
from gangway.onboarding.own_view.doing import LATELY
from gangway.onboarding.own_view.roles import fitting
from gangway.onboarding.shapes import NextMove
from gangway.onboarding.stages.redirect import mark_of
from gangway.onboarding.states import VisitState
from gangway.organizations.people_queries import path_of
from gangway.organizations.queries import provider_of
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.actions import SignedIn, SignerFacts
from gangway.provisioning.errors import RunUnderWay
from gangway.provisioning.queries import token_is_held
from gangway.provisioning.remains import remove_with
from gangway.provisioning.states import LeftoverKind
from gangway.provisioning.tenants import customers_in
from gangway.vault.actions import destroy, destroy_untold, reveal, seal, tell_opened
from gangway.vault.places import Place

TOKEN: Final = "onboarding.visit.token"  # noqa: S105 - the name of a place
ASKS: Final = "ask who visits"
PASSING: Final = (NotHeard, Busy, Unreadable, TimeoutError)
"""No answer, or none that decides anything."""
WORKER: Final = Actor.system("customer's own view")
KEPT: Final = timedelta(days=1)
AT_ONCE: Final = 1000
"""So many visits are removed in one transaction."""
ADMITTED: Final = timedelta(minutes=5)
"""For so long after Microsoft said who it is, the browser that asked is let in; later somebody else may sit there."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """One visit whose code waits to be traded, opened."""

    id: UUID
    cloud: str
    client_id: str
    return_address: str
    scopes: tuple[str, ...]
    nonce_hash: str
    removes: bool
    code: SealedText
    verifier: SealedText
    credential: Secret | None


async def ask(visit_id: UUID, *, wire: Transport | None = None, cloud_of: Callable[[str], Cloud] | None = None) -> None:
    """Ask who came, once; lost, late or twice, the row decides. Raises what passes by itself, so that it is retried."""
    due = await in_database(_begin, visit_id)
    if due is None:
        return
    cloud = (cloud_of or partial(Cloud.of, settings.GANGWAY))(due.cloud)
    try:
        identity, token = await _asked(due, wire or await shared(cloud.extra_ca_file), cloud)
    except PASSING:
        log.warning("visitor_not_told", visit=str(visit_id))
        raise
    except MicrosoftError as error:
        await in_database(_refuse, visit_id, refusals.meaning_of_trade(error), None, now=clock.now())
        return
    await in_database(_settle, visit_id, identity, token, now=clock.now())


async def _asked(due: Due, wire: Transport, cloud: Cloud) -> tuple[Identity, SealedText]:
    granted = await microsoft.trade(
        wire,
        cloud,
        client_id=AppId(due.client_id),
        redirect_uri=due.return_address,
        code=due.code,
        verifier=due.verifier,
        scopes=cloud.delegated_scopes(due.scopes) if due.removes else due.scopes,
        credential=due.credential,
    )
    identity = await check_id_token(wire, cloud, granted.id_token, client_id=AppId(due.client_id))
    if mark_of(identity.nonce) != due.nonce_hash:
        raise IdentityRefused
    return identity, granted.access_token


def _begin(visit_id: UUID) -> Due | None:
    with within_everything("a worker is given a visit by its id"), transaction.atomic():
        row = Visit.objects.filter(pk=visit_id, state=VisitState.RETURNED.value).first()
        if row is None or row.code_id is None or row.verifier_id is None:
            return None
        opened = [
            reveal(
                sealed_id=sealed, place=Place(row.organization_id, field, row.pk), purpose=ASKS, by=WORKER, told=False
            )
            for sealed, field in ((row.code_id, CODE), (row.verifier_id, VERIFIER))
        ]
        return Due(
            id=row.pk,
            cloud=row.cloud,
            client_id=row.client_id,
            return_address=row.return_address,
            scopes=tuple(row.scopes.split()),
            nonce_hash=row.nonce_hash,
            removes=bool(row.removal),
            code=opened[0],
            verifier=opened[1],
            credential=_own_credential(row),
        )


def _own_credential(row: Visit) -> Secret | None:
    """The application's own credential; one that doesn't open is as good as none, and Microsoft then says so."""
    try:
        with transaction.atomic():
            return credential_of(row.client_id, provider_id=row.organization_id, cloud=row.cloud, by=WORKER, told=False)
    except GangwayError:
        return None


def _settle(visit_id: UUID, identity: Identity, token: SealedText, *, now: datetime) -> None:
    """Let somebody in, or write down why not; in the same breath begins what they agreed to have removed."""
    with within_everything("whose tenant it is, is known only now"), transaction.atomic():
        row = Visit.objects.select_for_update(of=("self",)).get(pk=visit_id)
        if row.state != VisitState.RETURNED:
            return
        _tell_what_was_opened(row)
        refusal = _refusal(row, identity, now=now)
        customers = () if refusal else customers_in(identity.tenant_id, cloud=row.cloud)
        if refusal or not customers:
            _refuse(visit_id, refusal or errors.NothingHere(), identity, now=now)
            return
        _let_go(row)
        row.state, row.signed_in_at = VisitState.SIGNED_IN.value, _proved_at(row, identity, now=now)
        row.ends_at = min(now, row.ends_at) + ADMITTED
        row.tenant_id, row.object_id = identity.tenant_id, identity.object_id
        row.upn, row.name = identity.username[:320], identity.name[:256]
        roles = fitting(identity.wids)
        row.roles, row.customers = [role.template_id for role in roles], [str(one) for one in customers]
        by = visitor_actor(row.pk, row.upn)
        row.removal = [_begin_removal(row, one, token, by=by, now=now) for one in row.removal]
        row.save()
        names = ", ".join(role.name for role in roles)
        for customer_id in _shown(row, customers):
            facts = {"tenant": row.tenant_id, "roles": names}
            subject = f"organization:{customer_id}"
            record(Event.OWN_VIEW_ENTERED, by=by, organization_id=customer_id, subject=subject, data=facts)


def _tell_what_was_opened(row: Visit) -> None:
    """Microsoft says who it is, so it is no stranger's made-up code: the activity log tells what was opened for it."""
    tell_opened(sealed_ids=[one for one in (row.code_id, row.verifier_id) if one], purpose=ASKS, by=WORKER)
    tell_credential_opened(row.client_id, provider_id=row.organization_id, cloud=row.cloud, by=WORKER)


def _shown(row: Visit, customers: Sequence[UUID]) -> list[UUID]:
    """Those whose log tells who came: what is shown at the address they came in by.

    Who is here already and signs in once more comes only to the provider whose application asks.
    """
    again = bool(row.for_tenant_id)
    below = provider_of(row.organization_id).path if again else shown_below(urlsplit(row.return_address).netloc)
    return [one for one in customers if path_of(one).startswith(below)]


def _proved_at(row: Visit, identity: Identity, *, now: datetime) -> datetime:
    """When they proved who they are: as Microsoft tells, else now if we had asked it to ask; else nobody knows."""
    asked = min(now, row.ends_at)
    told = identity.signed_in_at or (asked if row.for_tenant_id else UNTOLD)
    return min(told, now)


def _refusal(row: Visit, identity: Identity, *, now: datetime) -> GangwayError | None:
    """Say what speaks against this person, before anything of their tenant is looked up."""
    if identity.is_guest:
        return errors.GuestComes()
    if row.for_tenant_id and identity.tenant_id != row.for_tenant_id:
        return errors.AnotherTenantComes()
    if not identity.wids:
        return errors.RolesUntold()
    fits = fitting(identity.wids)
    if not fits:
        return errors.RoleDoesNotFit()
    if not row.removal:
        return None
    if not any(role.may_change for role in fits):
        return errors.MayOnlyRead()
    return errors.SignInOnceMore() if now - _proved_at(row, identity, now=now) > LATELY else None


def _refuse(visit_id: UUID, error: GangwayError, identity: Identity | None, *, now: datetime) -> None:
    with within_everything("a worker is given a visit by its id"), transaction.atomic():
        row = Visit.objects.select_for_update(of=("self",)).get(pk=visit_id)
        if row.state != VisitState.RETURNED:
            return
        _let_go(row, told=identity is not None)
        row.state, row.tenant_id = VisitState.REFUSED.value, identity.tenant_id if identity else ""
        fault = getattr(error, "fault", None)
        row.problem = problems.kept(error, next_move=NextMove.START_AGAIN, at=now, details=problems.marks(fault))
        row.save()
        if identity is None:
            return  # `forget` counts them
        by = visitor_actor(row.pk, identity.username)
        facts = {"why": error.code, "tenant": identity.tenant_id}
        subject = f"visit:{row.pk}"
        record(Event.OWN_VIEW_REFUSED, by=by, organization_id=row.organization_id, subject=subject, data=facts)


def _let_go(row: Visit, *, told: bool = True) -> None:
    """Neither code nor verifier is of any use any more."""
    held = [one for one in (row.code_id, row.verifier_id) if one]
    if told:
        for sealed_id in held:
            destroy(sealed_id=sealed_id, by=WORKER)
    else:
        destroy_untold(sealed_ids=held)
    row.code_id = row.verifier_id = None


def _begin_removal(row: Visit, one: dict[str, Any], token: SealedText, *, by: Actor, now: datetime) -> dict[str, Any]:
    """Start one registration's tear-down with the signer's right; each run has a sealed token of its own."""
    customer_id, registration_id = UUID(one["customer"]), UUID(one["registration"])
    place = Place(customer_id, TOKEN, row.pk)
    with within(path_of(customer_id)):
        sealed_id = seal(place=place, text=token)
        signed_in = SignedIn(sealed_id, place, row.client_id, _signer(row))
        try:
            with transaction.atomic():
                agreed = [(LeftoverKind(each["kind"]), each["name"], each["id"]) for each in one["things"]]
                run_id = remove_with(registration_id, agreed=agreed, signed_in=signed_in, by=by, now=now)
        except RunUnderWay:
            run_id = None
        if not token_is_held(sealed_id):
            destroy(sealed_id=sealed_id, by=WORKER)
        return {**one, "run": str(run_id)} if run_id else one


def _signer(row: Visit) -> SignerFacts:
    return SignerFacts(
        user_id=row.object_id,
        upn=row.upn,
        name=row.name,
        user_type="Member",
        tenant_id=row.tenant_id,
        tenant_name="",
        domains=(),
        active_roles={},
        can={},
        cannot_summary="",
    )


def forget(*, now: datetime) -> None:
    """Once a day, remove visits whose sessions are over for long; codes that nobody traded are destroyed.

    Of those whom Microsoft never named the activity log tells how many they were, thousand by thousand: made-up codes
    fill no log.
    """
    before = (now - KEPT).replace(hour=0, minute=0, second=0, microsecond=0)
    while _forget_some(before) == AT_ONCE:
        continue


def _forget_some(before: datetime) -> int:
    """Remove so many that one transaction bears them; gives how many those were."""
    with within_everything("visits of everybody that are over"), transaction.atomic():
        over = Visit.objects.select_for_update(of=("self",), skip_locked=True).filter(created_at__lt=before)
        rows = list(over.order_by("created_at")[:AT_ONCE])
        destroy_untold(sealed_ids=[one for row in rows for one in (row.code_id, row.verifier_id) if one])
        unknown = Counter(row.organization_id for row in rows if _is_unknown(row))
        for provider_id, times in unknown.items():
            subject = f"organization:{provider_id}"
            record(
                Event.OWN_VIEW_UNTOLD, by=WORKER, organization_id=provider_id, subject=subject, data={"times": times}
            )
        Visit.objects.filter(pk__in=[row.pk for row in rows]).delete()
        return len(rows)


def _is_unknown(row: Visit) -> bool:
    return row.state in {VisitState.RETURNED, VisitState.REFUSED} and not row.tenant_id
