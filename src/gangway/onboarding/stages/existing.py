"""A registration that is there already: what an administrator behind a link, or an operator, types of it.

What was typed stays, whatever happens; the secret is sealed at once and is never shown again. A worker makes a key,
and nothing secret need be typed with it.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation.clock import earliest_today
from gangway.foundation.errors import GangwayError
from gangway.invitations import tenants
from gangway.invitations.states import State
from gangway.jobs.actions import defer
from gangway.onboarding import typed
from gangway.onboarding.applications import own_clients, own_tenants
from gangway.onboarding.errors import NotNow
from gangway.onboarding.existing_errors import DomainNotThere, NoFederation, NotAsTyped
from gangway.onboarding.models import Case, ExistingRegistration
from gangway.onboarding.rows import forget_typed, move_case
from gangway.onboarding.signed_in import note_left
from gangway.onboarding.stages import sign_in
from gangway.onboarding.stages.registration import tenant_in_use
from gangway.onboarding.states import CaseState
from gangway.onboarding.typed import Around, Typed
from gangway.organizations import queries as organizations
from gangway.organizations.details import Tenant
from gangway.organizations.place_queries import tenants_of
from gangway.provisioning import given
from gangway.provisioning.engine.credential_kinds import KINDS
from gangway.vault.actions import destroy, seal

PROVE: Final = "onboarding:prove_existing"
MAKE_KEY: Final = "onboarding:make_key"


def choose(case: Case, *, by: Actor, now: datetime) -> ExistingRegistration:
    """*Use App Registration*. Raises `NotNow` once something is being made, or for somebody who does the rest only."""
    if case.run_id is not None or case.handoff_id is not None:
        raise NotNow(state=case.state)
    if case.state != CaseState.TYPING:
        sign_in.retire(case, by=by, now=now)
        take_up(case, by=by, now=now)
        note_left(case, by=by, now=now)
    return _row(case)


def take_up(case: Case, *, by: Actor, now: datetime) -> None:
    """Let somebody type in a locked case, or go on with what was typed there. Raises `NotNow`."""
    move_case(case, CaseState.TYPING, by=by, now=now)
    with suppress(NoFederation):
        _provide(case, _row(case), by=by)


def choose_kind(case: Case, *, kind: str, draft: Typed, by: Actor) -> None:
    """Sign in by a secret, a certificate of ours, or a token of ours; what was typed so far is kept.

    A worker makes a certificate's key. Raises `NotNow`, and `NoFederation` where this platform is no issuer.
    """
    row = _open(case)
    if kind not in KINDS:
        raise NotNow
    if kind != row.kind:
        forget_typed(case, by=by)
        row.refresh_from_db()
        row.kind = kind
        _nothing_seen(case, row)
    row.tenant, row.client_id, row.ends_on = draft.tenant[:253], draft.client_id[:36], draft.ends_on
    row.save()
    _provide(case, row, by=by)


def start(case: Case, what: Typed, *, by: Actor, now: datetime) -> NotAsTyped | None:
    """*Start authentication*: look at what was typed, seal the secret, and have a worker prove it.

    Gives an error for each field that can't be right: what was typed is kept all the same. A secret that can't be
    right is never kept; one that may be stays sealed, so that it need not be typed again. Raises `NotNow`,
    and `NoFederation` where there is no trust to prove it by.
    """
    row = _open(case)
    tidy, faults = typed.looked_at(what, around_case(case, row, now=now))
    row.tenant, row.client_id, row.ends_on = tidy.tenant[:253], tidy.client_id[:36], tidy.ends_on
    if row.kind == "secret" and tidy.secret and not any(fault.field == "secret" for fault in faults):
        destroy(sealed_id=row.sealed_id, by=by)
        place = given.place_of(row.organization_id, row.credential_id)
        row.sealed_id = seal(place=place, text=tidy.secret)
    _nothing_seen(case, row)
    row.save()
    if faults:
        tell_elsewhere(row, faults, by=by, now=now)
        return NotAsTyped(faults)
    if row.kind == "certificate" and row.sealed_id is None:
        raise NotNow
    if row.kind == "federated" and not row.about:
        raise NoFederation
    row.asked_at = now
    row.tenant_id = tidy.tenant if typed.is_guid(tidy.tenant) else ""
    row.save(update_fields=["asked_at", "tenant_id"])
    move_case(case, CaseState.PROVING, by=by, now=now)
    sign_in.invitation_on(case, State.SIGNED_IN, by=by)
    defer(PROVE, queueing_lock=f"{PROVE}:{row.pk}", existing_id=str(row.pk))
    return None


def _nothing_seen(case: Case, row: ExistingRegistration) -> None:
    """What was seen of what was typed before says nothing of what is typed now: its lines go, its problem too."""
    row.faults, row.items, case.problem = {}, [], {}
    case.save(update_fields=["problem"])


def tell_elsewhere(row: ExistingRegistration, faults: Iterable[GangwayError], *, by: Actor, now: datetime) -> None:
    """Tell the operator of a tenant without the expected domain that somebody behind a link typed: the domain may err.

    Who types at the desk reads it there.
    """
    if not row.typed_by_id and any(isinstance(fault, DomainNotThere) for fault in faults):
        tenants.typed_elsewhere(invitation_id=row.case.invitation_id, tenant=row.tenant, by=by, now=now)


def around_case(case: Case, row: ExistingRegistration, *, now: datetime) -> Around:
    """The same of a case. A service that is connected moves into no other tenant, as with a sign-in."""
    known = around(case.organization_id, has_secret=row.sealed_id is not None, now=now)
    standing = tenant_in_use(case.service_id)
    return replace(known, theirs=(Tenant(standing.tenant_id, ""),), connected=True) if standing else known


def around(customer_id: UUID, *, has_secret: bool, now: datetime) -> Around:
    """What is known here that speaks for or against what is typed."""
    provider_id = organizations.provider_of(customer_id).id
    return Around(
        theirs=tenants_of(customer_id),
        own_tenants=own_tenants(provider_id),
        own_clients=own_clients(provider_id),
        has_secret=has_secret,
        today=earliest_today(now),
    )


def told(row: ExistingRegistration, by: Actor, kind: str) -> None:
    """Write down that there is a certificate or a trust to be told to the registration."""
    subject = f"case:{row.case_id}"
    record(Event.CASE_KEY_MADE, by=by, organization_id=row.organization_id, subject=subject, data={"kind": kind})


def _provide(case: Case, row: ExistingRegistration, *, by: Actor) -> None:
    """Make what its kind of credential signs in with, where it isn't there; a worker makes a certificate's key.

    What is there stays as it is: the customer may have told the tenant of it. Raises `NoFederation`.
    """
    if row.kind == "federated" and not row.about:
        trust = given.trust_for(row.registration_id, cloud=organizations.customer(case.organization_id).cloud)
        if trust is None:
            raise NoFederation
        row.about = given.trust_facts(trust)
        row.save(update_fields=["about"])
        told(row, by, row.kind)
    if row.kind == "certificate" and row.sealed_id is None:
        defer(MAKE_KEY, queueing_lock=f"{MAKE_KEY}:{row.pk}", existing_id=str(row.pk))


def _row(case: Case) -> ExistingRegistration:
    row, _made = ExistingRegistration.objects.get_or_create(
        case=case, defaults={"organization_id": case.organization_id}
    )
    return ExistingRegistration.objects.select_for_update(of=("self",)).get(pk=row.pk)


def _open(case: Case) -> ExistingRegistration:
    """The row of a locked case in which something may be typed. Raises `NotNow`."""
    if case.state != CaseState.TYPING:
        raise NotNow(state=case.state)
    return _row(case)
