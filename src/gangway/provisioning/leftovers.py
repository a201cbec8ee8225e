"""What stays in a customer's tenant although it should not: written by every ending that leaves something. Sync.

A row is about one thing, by the id that Microsoft gave it. It stays open until we saw the thing gone ourselves, or a
person says that they removed it.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.organizations.scope import within_everything
from gangway.provisioning.engine.absence import Left
from gangway.provisioning.engine.goodbye import NAMELESS
from gangway.provisioning.errors import LeftoverCleared, NoSuchLeftover
from gangway.provisioning.in_use import credentials_in_use
from gangway.provisioning.models import ONE_LEFTOVER, Credential, Leftover, Registration, Run
from gangway.provisioning.states import CredentialState, LeftoverKind, RegistrationState
from gangway.vault.actions import destroy

KEPT_BY_MICROSOFT: Final = timedelta(days=30)
MICROSOFT: Final = Actor.system("Microsoft's thirty days")
TAKEN: Final = Actor.system("taken into use")
MOST: Final = 500
RIGHTS: Final = frozenset({LeftoverKind.PERMISSION.value, LeftoverKind.ROLE.value})

Called = Callable[[str, str], str]
"""(client, cloud) → the sign-in application's name on Microsoft's pages; empty when it isn't known any more."""
CALLED: Final[list[Called]] = []


def on_called(called: Called) -> None:
    """Have it asked how a sign-in application is called; call it when the application is ready."""
    if called not in CALLED:
        CALLED.append(called)


@dataclass(frozen=True, slots=True)
class SignInLeft:
    """A sign-in that left its application in a tenant: of whom it was, where, and how Microsoft's pages name it.

    `tenant_name`: empty when it was refused before the name was read. `came_by`: how it came there, in a sentence.
    `elsewhere`: the tenant is another organization's than the one that was invited.
    """

    organization_id: UUID
    service_id: UUID
    tenant_id: str
    tenant_name: str
    client_id: str
    application_name: str
    came_by: str
    elsewhere: bool = False


def write(run: Run, left: Iterable[Left], *, service_id: UUID | None = None, by: Actor, now: datetime) -> None:
    """Put what a run leaves on the list; what stands there already is only seen again, and is this run's from now on.

    `service_id`: the service that it was made for, where that isn't the run's.
    """
    for each in left:
        one = _placed(run, each)
        if _seen_again(run, one, now=now):
            continue
        try:
            with transaction.atomic():
                row = Leftover.objects.create(
                    organization_id=run.organization_id,
                    registration_id=run.registration_id,
                    run_id=run.pk,
                    service_id=service_id or run.service_id,
                    kind=one.kind.value,
                    name=(one.name or one.object_id)[:200],
                    object_id=one.object_id[:200],
                    facts=dict(one.facts),
                    why=one.why[:500],
                    since=now,
                    seen_at=now,
                )
        except IntegrityError as error:
            if ONE_LEFTOVER not in str(error):
                raise
            _seen_again(run, one, now=now)  # somebody else put it there in the same moment
            continue
        _record(Event.LEFTOVER_FOUND, row, by)


def write_sign_in(about: SignInLeft, one: Left, *, by: Actor, now: datetime) -> None:
    """Put the sign-in application on the list that somebody left in a tenant who never came to a run."""
    where = {"tenant_id": about.tenant_id, "tenant_name": about.tenant_name}
    row = Leftover.objects.create(
        organization_id=about.organization_id,
        service_id=about.service_id,
        kind=one.kind.value,
        name=about.application_name[:200],
        object_id=one.object_id,
        facts={**one.facts, **where, **({"elsewhere": "yes"} if about.elsewhere else {})},
        why=f"{about.came_by} {one.why}"[:500],
        since=now,
        seen_at=now,
    )
    _record(Event.LEFTOVER_FOUND, row, by)


def sign_in_applications(tenant_id: str, client_id: str) -> QuerySet[Leftover]:
    """The open rows of a sign-in application in a tenant: it is one thing there, whoever left it."""
    rows = Leftover.objects.filter(kind=LeftoverKind.SIGN_IN_APPLICATION.value, cleared_at=None)
    there = Q(facts__tenant_id=tenant_id)
    there |= Q(facts__tenant_id__isnull=True, registration__tenant_id=tenant_id)
    return rows.filter(there, facts__app_id=client_id)


def _placed(run: Run, one: Left) -> Left:
    """The sign-in application with its tenant: a registration that was never made may begin anew in another one.

    It is named as Microsoft's pages name it, also when nobody saw it there.
    """
    if one.kind is not LeftoverKind.SIGN_IN_APPLICATION:
        return one
    about = run.registration
    where = {"tenant_id": about.tenant_id, "tenant_name": about.tenant_name}
    names = (called(one.facts["app_id"], about.cloud) for called in CALLED) if one.name == NAMELESS else ()
    return replace(one, name=next(filter(None, names), one.name), facts={**one.facts, **where})


def _seen_again(run: Run, one: Left, *, now: datetime) -> bool:
    """Whether it stands on the list already. A right is known by its name: not everybody can see its assignment.

    The sign-in application is known by its own id, since not everybody can see its enterprise application.
    """
    again = {"seen_at": now, "why": one.why[:500], "facts": dict(one.facts)}
    if one.kind is LeftoverKind.SIGN_IN_APPLICATION:
        return bool(sign_in_applications(one.facts["tenant_id"], one.facts["app_id"]).update(**again))
    rows = Leftover.objects.filter(registration_id=run.registration_id, kind=one.kind.value, cleared_at=None)
    named = Q(object_id=one.object_id[:200])
    named |= Q(name=one.name[:200]) if one.kind.value in RIGHTS else Q()
    return bool(rows.filter(named).update(run_id=run.pk, **again))


def seen_gone(
    run: Run, *, besides: Iterable[Left], whole: bool, rights: Collection[str] = (), by: Actor, now: datetime
) -> None:
    """Clear what a tear-down saw gone: all of a registration that went, else what it was to remove.

    That are credentials of ours that are removed, and `rights` by their names.
    """
    still = {(one.kind.value, one.name if one.kind.value in RIGHTS else one.object_id) for one in besides}
    rows = Leftover.objects.select_for_update(of=("self",)).filter(registration_id=run.registration_id, cleared_at=None)
    removed = Credential.objects.filter(registration_id=run.registration_id, state=CredentialState.REMOVED.value)
    keys = {name for pair in removed.values_list("key_id", "display_name") for name in pair if name}
    for row in rows.exclude(kind=LeftoverKind.SIGN_IN_APPLICATION.value):
        known_by = row.name if row.kind in RIGHTS else row.object_id
        ours = not row.facts.get("by_hand") and bool(keys & {row.object_id, row.name})
        named = row.name in rights if row.kind in RIGHTS else ours
        if (row.kind, known_by) not in still and (whole or named):
            clear(row, by=by, now=now)


def rights_settled(run: Run, names: Collection[str], *, gone: Collection[str], by: Actor, now: datetime) -> None:
    """Clear the rights among these that a proved run has use for again, and those that it saw `gone`."""
    rows = Leftover.objects.select_for_update(of=("self",)).filter(registration_id=run.registration_id, cleared_at=None)
    for row in rows.filter(kind__in=RIGHTS, name__in={*names, *gone}):
        clear(row, by=by if row.name in gone else TAKEN, now=now)


def in_hand_again(run: Run, *, now: datetime) -> None:
    """What an earlier run left of the registration, and of the service's own credentials, a proved one goes on with.

    Nothing is among the deleted ones then, since they would hold its unique name.
    """
    mine = Credential.objects.filter(registration_id=run.registration_id, service_id=run.service_id)
    proved = mine.filter(state=CredentialState.PROVED.value).values_list("key_id", "display_name")
    names = {name for pair in proved for name in pair if name}
    kinds = [LeftoverKind.APPLICATION.value, LeftoverKind.PRINCIPAL.value, LeftoverKind.DELETED_APPLICATION.value]
    again = Q(kind__in=kinds) | Q(kind=LeftoverKind.CREDENTIAL.value, object_id__in=names)
    rows = Leftover.objects.select_for_update(of=("self",)).filter(again, registration_id=run.registration_id)
    for row in rows.filter(cleared_at=None):
        clear(row, by=TAKEN, now=now)


def credential_gone(credential_id: UUID, key_id: str, *, by: Actor, now: datetime) -> None:
    """Clear the row of a credential that was just taken away by its key id; we may have known only its name."""
    about = Credential.objects.get(pk=credential_id)
    named = _names(about) | Q(kind=LeftoverKind.CREDENTIAL.value, object_id=key_id)
    rows = Leftover.objects.select_for_update(of=("self",)).filter(named, registration_id=about.registration_id)
    for row in rows.filter(cleared_at=None):
        clear(row, by=by, now=now)


@transaction.atomic
def mark_removed(leftover_id: UUID, *, by: Actor, now: datetime) -> None:
    """*Mark as removed*: a person says that it is gone from the tenant. Raises NoSuchLeftover, LeftoverCleared."""
    row = locked(leftover_id)
    if row.cleared_at is not None:
        raise LeftoverCleared
    gone(row, by=by, now=now)


def gone(row: Leftover, *, by: Actor, now: datetime) -> None:
    """It is gone from the tenant: what we kept of it goes here, too. The row is locked."""
    clear(row, by=by, now=now)
    registration_id = row.registration_id
    if registration_id is None:
        return
    if row.kind == LeftoverKind.CREDENTIAL:
        _forget(Credential.objects.filter(credentials_of([row]), registration_id=registration_id), by=by)
    open_ones = Leftover.objects.filter(registration_id=registration_id, cleared_at=None)
    if row.kind == LeftoverKind.APPLICATION and not open_ones.filter(kind=LeftoverKind.APPLICATION.value).exists():
        Registration.objects.filter(pk=registration_id).update(state=RegistrationState.REMOVED.value)
        used = credentials_in_use(registration_id)
        _forget(Credential.objects.filter(registration_id=registration_id).exclude(pk__in=used), by=by)


def _forget(rows: Iterable[Credential], *, by: Actor) -> None:
    for credential in rows:
        destroy(sealed_id=credential.sealed_id, by=by)
        credential.state = CredentialState.REMOVED.value
        credential.save(update_fields=["state"])


def credentials_of(rows: Iterable[Leftover]) -> Q:
    """Our rows of the credentials that these leftovers are about.

    One whose answer was lost, or that was given up, has no key id any more: it is known by its name, unless the
    leftover only looks like ours.
    """
    rows = [row for row in rows if row.kind == LeftoverKind.CREDENTIAL]
    names = {name for row in rows for name in (row.object_id, "" if row.facts.get("by_hand") else row.name) if name}
    return Q(key_id__in={row.object_id for row in rows}) | Q(key_id="", display_name__in=names)


def taken_into_use(credential_ids: Collection[UUID], *, now: datetime) -> None:
    """What a look called unused is in use from now on: off the list with it. In the caller's transaction.

    Their registrations are locked, so that nobody begins to take away meanwhile what is being taken into use.
    """
    for credential in Credential.objects.filter(pk__in=credential_ids).order_by("registration_id"):
        hold_registrations([credential.registration_id])
        listed = Leftover.objects.select_for_update(of=("self",)).filter(
            Q(kind=LeftoverKind.APPLICATION.value) | _names(credential),
            registration_id=credential.registration_id,
            cleared_at=None,
            facts__look="yes",
        )
        for row in listed:
            clear(row, by=TAKEN, now=now)


def hold_registrations(registration_ids: Iterable[UUID]) -> None:
    """Lock registrations, always before what hangs on them."""
    rows = Registration.objects.select_for_update(of=("self",)).filter(pk__in=list(registration_ids)).order_by("pk")
    list(rows.values_list("pk", flat=True))


def hold_registrations_of(credential_ids: Collection[UUID]) -> None:
    """Lock the registrations of credentials, before what uses them: a rotation holds its registration when it switches.

    In the caller's transaction.
    """
    hold_registrations(Credential.objects.filter(pk__in=credential_ids).values_list("registration_id", flat=True))


def _names(credential: Credential) -> Q:
    """How the list may call a credential: one whose answer was lost by its name only."""
    names = [name for name in (credential.key_id, credential.display_name) if name]
    return Q(kind=LeftoverKind.CREDENTIAL.value, object_id__in=names)


def locked(leftover_id: UUID) -> Leftover:
    """The row, locked, and before it its registration, as everybody does. Raises NoSuchLeftover."""
    hold_registrations(Leftover.objects.filter(pk=leftover_id).values_list("registration_id", flat=True))
    row = Leftover.objects.select_for_update(of=("self",)).filter(pk=leftover_id).first()
    if row is None:
        raise NoSuchLeftover
    return row


def forget_what_microsoft_dropped(*, now: datetime) -> None:
    """Clear deleted registrations that Microsoft has not kept any longer."""
    with within_everything("leftovers whose thirty days are over"), transaction.atomic():
        kept = Leftover.objects.select_for_update(of=("self",), skip_locked=True).filter(
            kind=LeftoverKind.DELETED_APPLICATION.value, cleared_at=None, since__lt=now - KEPT_BY_MICROSOFT
        )
        for row in kept[:MOST]:
            clear(row, by=MICROSOFT, now=now)


def clear(row: Leftover, *, by: Actor, now: datetime) -> None:
    """Take it off the list."""
    row.cleared_at, row.cleared_by_kind, row.cleared_by_id = now, by.kind, by.id
    row.cleared_by_name = (by.name or by.kind)[:200]
    row.save(update_fields=["cleared_at", "cleared_by_kind", "cleared_by_id", "cleared_by_name"])
    _record(Event.LEFTOVER_CLEARED, row, by)


def _record(event: Event, row: Leftover, by: Actor) -> None:
    facts = {"name": row.name, "kind": row.kind, "object": row.object_id, "run": str(row.run_id or "")}
    record(event, by=by, organization_id=row.organization_id, subject=f"service:{row.service_id}", data=facts)
