"""The proof of a registration that is there already. Workers only; the tenant is only read.

What isn't right comes back to the field where it happened, and nothing is lost but a secret that was wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from gangway.audit.record import Actor
from gangway.connections import verdict
from gangway.connections.companions import used_by
from gangway.foundation.errors import GangwayError
from gangway.invitations import queries as invited
from gangway.invitations.registrations import use_registration
from gangway.invitations.states import ENDED, State
from gangway.microsoft.errors import MicrosoftError
from gangway.onboarding import existing_words, operator, problems
from gangway.onboarding.existing_errors import DomainNotThere, ExistingError, UsedOtherwise
from gangway.onboarding.existing_view import is_typed_at_desk
from gangway.onboarding.models import Case, ExistingRegistration
from gangway.onboarding.rows import lock_case, move_case
from gangway.onboarding.shapes import NextMove
from gangway.onboarding.stages import handover, renewed, sign_in
from gangway.onboarding.stages.existing import around_case, tell_elsewhere, told
from gangway.onboarding.states import CaseState
from gangway.onboarding.typed import Around
from gangway.organizations import queries as organizations
from gangway.organizations.scope import within_everything
from gangway.provisioning import given
from gangway.provisioning.engine.credential_kinds import KINDS
from gangway.provisioning.given import Given
from gangway.provisioning.proving import Sight
from gangway.provisioning.shapes import CheckItem
from gangway.provisioning.typed import end_of
from gangway.services.queries import service
from gangway.vault.actions import destroy

WORKER: Final = Actor.system("onboarding")
REASON: Final = "a worker looks at everybody's registrations"
NO_KEY: Final = frozenset({CaseState.DONE, CaseState.PROVISIONING})
"""Nobody waits for a certificate's key in these any more."""
LONGEST: Final = timedelta(minutes=5)
"""A look that takes longer lost its worker."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What a worker needs. `tenant`: as typed, an id or a domain."""

    given: Given
    tenant: str
    around: Around


def begin(existing_id: UUID, *, now: datetime) -> Begun | None:
    """Gather what a worker needs; None when there is nothing to prove any more."""
    with within_everything(REASON), transaction.atomic():
        row = _proving(existing_id)
        if row is None:
            return None
        case, customer = row.case, organizations.customer(row.organization_id)
        return Begun(_given(row, case, cloud=customer.cloud), row.tenant, around_case(case, row, now=now))


def refuse_other_use(begun: Begun) -> None:
    """Raise `UsedOtherwise` for a registration that we know as serving something else, before anything is tried."""
    with within_everything(REASON):
        fault = _used_otherwise(begun.given)
    if fault is not None:
        raise fault


def note(items: Sequence[CheckItem], *, existing_id: UUID) -> None:
    """Show what is known so far to whoever watches."""
    with within_everything(REASON), transaction.atomic():
        row = _proving(existing_id)
        if row is not None:
            row.items = verdict.kept(items)
            row.save(update_fields=["items"])


def end(existing_id: UUID, begun: Begun, sight: Sight, *, now: datetime) -> None:
    """Write down what was seen: the registration is taken over as it is, or what is wrong comes back to its field."""
    with within_everything(REASON), transaction.atomic():
        row = _proving(existing_id)
        if row is None:
            return
        row.items, row.checked_at, row.tenant_id = verdict.kept(sight.items), now, begun.given.tenant_id
        if invited.invitation(row.case.invitation_id).state in ENDED:
            _back(row, problem={}, now=now)
            return
        fault = _used_otherwise(begun.given) or _fault(begun, sight)
        if fault is not None:
            _refuse(row, fault, now=now)
        elif sight.works:
            _keep(row, begun, sight, now=now)
        else:
            _back(row, problem=_problem(sight, now=now), now=now)


def refuse(existing_id: UUID, error: GangwayError, *, now: datetime) -> None:
    """Write down why it could not be looked at: a wrong field, or a fault that says nothing about the registration."""
    with within_everything(REASON), transaction.atomic():
        row = _proving(existing_id)
        if row is None:
            return
        if isinstance(error, ExistingError):
            _refuse(row, error, now=now)
            return
        marks = problems.marks(error.fault) if isinstance(error, MicrosoftError) else []
        _back(row, problem=problems.kept(error, next_move=NextMove.START_AGAIN, at=now, details=marks), now=now)


def give_up(*, now: datetime) -> None:
    """End looks that lost their worker: the form comes back with everything that was typed."""
    with within_everything(REASON):
        lost = ExistingRegistration.objects.filter(case__state=CaseState.PROVING.value, asked_at__lt=now - LONGEST)
        ids = list(lost.values_list("pk", flat=True))
    for existing_id in ids:
        refuse(existing_id, existing_words.CutOff(), now=now)


def make_key(existing_id: UUID, *, now: datetime) -> None:
    """Make a certificate, seal its key, and show what is public of it. Worker only; twice makes one."""
    with within_everything(REASON), transaction.atomic():
        row = ExistingRegistration.objects.select_for_update(of=("self",)).filter(pk=existing_id).first()
        if row is None or row.kind != "certificate" or row.sealed_id is not None or row.case.state in NO_KEY:
            return
        name = f"{settings.GANGWAY.server_name}-{service(row.case.service_id).short_name}-{row.credential_id.hex[:8]}"
        made = given.make_certificate(
            organization_id=row.organization_id, credential_id=row.credential_id, name=name, now=now
        )
        row.sealed_id, row.key_ends_at, row.certificate_der = made.sealed_id, made.ends_at, made.der
        row.about = {"thumbprint": made.thumbprint, "sha1": made.sha1, "name": made.name}
        row.save()
        told(row, WORKER, "certificate")


def _proving(existing_id: UUID) -> ExistingRegistration | None:
    """The locked row while a worker looks at it; its case is locked first, as people's actions do."""
    case_id = ExistingRegistration.objects.filter(pk=existing_id).values_list("case_id", flat=True).first()
    if case_id is None or lock_case(case_id).state != CaseState.PROVING:
        return None
    rows = ExistingRegistration.objects.select_for_update(of=("self",)).select_related("case")
    return rows.get(pk=existing_id)


def _given(row: ExistingRegistration, case: Case, *, cloud: str) -> Given:
    return Given(
        registration_id=row.registration_id,
        credential_id=row.credential_id,
        organization_id=row.organization_id,
        provider_id=case.provider_id,
        service_id=case.service_id,
        tenant_id=row.tenant_id,
        cloud=cloud,
        app_id=row.client_id,
        kind=KINDS[row.kind],
        plan=invited.invitation(case.invitation_id).plan,
        sealed_id=row.sealed_id,
        about=row.about,
        ends_at=_end_of(row),
    )


def _end_of(row: ExistingRegistration) -> datetime | None:
    if row.kind == "certificate":
        return row.key_ends_at
    return end_of(row.ends_on) if row.kind == "secret" and row.ends_on else None


def _fault(begun: Begun, sight: Sight) -> ExistingError | None:
    """What is wrong with something that was typed; None when it isn't the typing."""
    if sight.refusal is not None:
        return existing_words.fault_of(sight.refusal, begun.given.kind)
    theirs, domains = begun.around.theirs, {domain.casefold() for domain in sight.domains}
    if theirs and domains and not any(one.is_it(begun.given.tenant_id, domains) for one in theirs):
        domain = " or ".join(one.domain for one in theirs if one.domain)
        words = f"{sight.tenant_name} has not the domain {domain}, which belongs to this customer."
        return DomainNotThere(words, field="tenant")
    return None


def _used_otherwise(about: Given) -> ExistingError | None:
    """What serves calling can't serve call quality, nor the other way round; and one for quality serves one service."""
    known = given.known_as(about)
    if known is None:
        return None
    registration_id, profile = known
    if profile == about.plan["profile"] and used_by(registration_id) in {None, about.service_id}:
        return None
    return UsedOtherwise(field="client_id")


def _refuse(row: ExistingRegistration, fault: ExistingError, *, now: datetime) -> None:
    """Say it at its field. A secret that Microsoft refused is worth nothing; one that was never tried stays."""
    if fault.field == "secret" and row.kind == "secret":
        destroy(sealed_id=row.sealed_id, by=WORKER)
        row.sealed_id = None
    row.faults = {str(fault.field): f"{fault.what} {fault.cure}"}
    for item in row.items:
        if item["key"] == "sign_in" and item["state"] == "error":
            item["words"], item["cure"] = fault.what, fault.cure
    tell_elsewhere(row, [fault], by=WORKER, now=now)
    _back(row, problem={}, now=now)


def _back(row: ExistingRegistration, *, problem: dict[str, Any], now: datetime) -> None:
    row.asked_at = None
    row.save()
    move_case(row.case, CaseState.TYPING, by=WORKER, now=now, problem=problem)
    if invited.invitation(row.case.invitation_id).state is State.SIGNED_IN:
        at_desk = is_typed_at_desk(row, row.case.invitation_id)
        sign_in.invitation_on(row.case, State.DRAFT if at_desk else State.OPENED, by=WORKER)


def _problem(sight: Sight, *, now: datetime) -> dict[str, Any]:
    """Not the typing: something is missing at Microsoft, or Microsoft doesn't answer."""
    error = existing_words.whole_of(sight)
    marks = problems.marks(sight.refusal.fault) if sight.refusal is not None else []
    return problems.kept(error, next_move=NextMove.START_AGAIN, at=now, details=marks)


def _keep(row: ExistingRegistration, begun: Begun, sight: Sight, *, now: datetime) -> None:
    """It is proved: its rows are made, the case is done, the invitation is authenticated.

    An operator who typed it goes on with *Next*, unless it finishes by itself; else both sides are told, and the
    operator presses *Add*.
    """
    case = row.case
    registration_id = given.keep(begun.given, sight, by=WORKER, now=now)
    row.sealed_id, row.asked_at = None, None
    row.save()
    use_registration(invitation_id=case.invitation_id, registration_id=registration_id)
    changes = {"registration_id": registration_id, "registration_name": sight.display_name[:45], "problem": {}}
    move_case(case, CaseState.DONE, by=WORKER, now=now, **changes)
    sign_in.invitation_on(case, State.AUTHENTICATED, by=WORKER)
    if renewed.concludes(case):
        renewed.conclude(case, by=WORKER, now=now)
    elif row.typed_by_id and invited.invitation(case.invitation_id).finish_by_itself:
        return  # what is proved and finishes by itself is taken over by the clock
    elif row.typed_by_id:
        by = Actor(kind="person", id=row.typed_by_id, name=row.typed_by_name)
        operator.go_on_typed(case.invitation_id, by, now)
    else:
        handover.tell_both_sides(case, by=WORKER)
