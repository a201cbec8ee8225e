"""Tear-downs and cancelled runs in a worker: what is taken away, by whose right, and what is left when nobody may."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from gangway.foundation import clock
from gangway.foundation.errors import GangwayError
from gangway.foundation.ids import AppId, KeyId, ObjectId, TenantId
from gangway.foundation.sealed import SealedText
from gangway.jobs.threads import in_database
from gangway.microsoft.errors import ApplicationUnknown, AuthorityEnded, Forbidden, SignInRefused
from gangway.microsoft.signin.client_credentials import AppToken
from gangway.microsoft.signin.own_credentials import Certificate, proof_of_possession
from gangway.organizations.scope import within
from gangway.provisioning import clouds, credential_rows, leftovers, vanished
from gangway.provisioning import lease as leases
from gangway.provisioning.added import added_by, credentials_left, rights_known, rights_left, rights_others_need
from gangway.provisioning.drawing import blueprint_of
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.absence import Absence, Left
from gangway.provisioning.engine.apply import apply
from gangway.provisioning.engine.blueprint import UNIQUE_NAME_PREFIX
from gangway.provisioning.engine.observation import Held, Observation
from gangway.provisioning.engine.plan import Plan, waves
from gangway.provisioning.engine.ports import Graph
from gangway.provisioning.engine.steps import keys
from gangway.provisioning.engine.teardown import Teardown, TornDown
from gangway.provisioning.errors import NobodyToRemove, UsedAgain
from gangway.provisioning.in_use import credentials_in_use
from gangway.provisioning.journal_store import ENGINE, RunJournal
from gangway.provisioning.models import GIVEN, MADE, Credential, Registration, Run, StepRecord
from gangway.provisioning.moves import is_first
from gangway.provisioning.opening import Opened
from gangway.provisioning.states import CredentialState, LeftoverKind, RegistrationState, RunKind

CHANGES_ITSELF: Final = frozenset({"Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"})
"""Permissions with which a registration that owns itself may change, and delete, itself."""

SIGNS_IN: Final = frozenset({CredentialState.PROVED.value, CredentialState.MADE.value, CredentialState.RESTING.value})


@dataclass(frozen=True)
class Scope:
    """What our journal says may be taken away. `whole`: the registration, which we made; else what is named."""

    whole: bool
    for_good: bool
    credentials: frozenset[UUID]
    permissions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    shared: frozenset[UUID] = frozenset()
    """Our rows of credentials that stay in the tenant, since another service signs in with the same."""


@dataclass(frozen=True)
class UndoJournal(RunJournal):
    """The journal of a tear-down: it holds what is to go, and no looks stand at its list's end."""

    going: frozenset[UUID] = frozenset()

    def _held(self) -> tuple[Held, ...]:
        rows = Credential.objects.filter(pk__in=self.going).exclude(state=CredentialState.REMOVED.value)
        return self._of(rows)

    def _was_done(self, row: StepRecord) -> bool:
        """Its plans say nothing of what is made."""
        return super()._was_done(row) and self._takes_away(row)

    def _closing(self, known: dict[str, StepRecord]) -> list[StepRecord]:
        return [row for row in super()._closing(known) if row.kind == "remove_sign_in_application"]


async def take_back(opened: Opened) -> TornDown:
    """Undo what a run at work has made, the last thing first. Raises NobodyToRemove and MicrosoftError."""
    return await _reach(opened, await in_database(made_by_run, opened), taking_back=True)


async def tear_down(opened: Opened) -> TornDown:
    """A tear-down run. Raises UsedAgain, NobodyToRemove and MicrosoftError."""
    if await in_database(is_used_again, opened):
        raise UsedAgain
    return await _reach(opened, await in_database(asked_for, opened), taking_back=False)


async def give_up(opened: Opened) -> None:
    """Of a set-up that failed for good: take away, by key id, what it made and could not prove.

    The sign-in application stays, since somebody will try again. Raises NobodyToRemove and MicrosoftError.
    """
    torn = await _reach(opened, await in_database(unproved, opened), taking_back=True, says_goodbye=False)
    if torn.left:
        raise NobodyToRemove


async def _reach(opened: Opened, scope: Scope, *, taking_back: bool, says_goodbye: bool = True) -> TornDown:
    alone = scope.whole and opened.token is None
    gone = await in_database(vanished.known_gone, opened) if alone else None
    if gone is not None and not (gone.kept and scope.for_good):
        return gone
    try:
        return await _take_away(opened, scope, taking_back=taking_back, says_goodbye=says_goodbye)
    except (AuthorityEnded, Forbidden, NobodyToRemove):
        if gone is None and alone and await _is_unknown(opened, taking_back=taking_back):
            return await in_database(vanished.what_is_kept, opened)
        raise


async def _is_unknown(opened: Opened, *, taking_back: bool) -> bool:
    """Whether the registration is gone from the tenant, as far as its own sign-in tells."""
    held = next(iter(await in_database(usable, opened)), None)
    if held is None:
        return False
    journal = _journal(opened, Scope(False, False, frozenset()), taking_back=taking_back, says_goodbye=False)
    return await vanished.is_unknown(opened, await journal.credential(held))


async def _take_away(opened: Opened, scope: Scope, *, taking_back: bool, says_goodbye: bool) -> TornDown:
    if scope.shared:
        await in_database(_end_shared, opened, scope)
    if not opened.app_id and not await in_database(anything_intended, opened):
        return TornDown()
    if not scope.whole and scope.credentials and await _by_possession(opened, scope):
        scope = replace(scope, credentials=frozenset())
    if not scope.whole and not scope.credentials and not scope.permissions and not scope.roles:
        return TornDown()
    if opened.token is None and not scope.whole and not scope.credentials:
        raise NobodyToRemove  # no registration reads or takes away its own rights
    graph, alone, app_token = await _authority(opened, taking_back=taking_back)
    client = AppId(opened.sign_in_client_id) if opened.sign_in_client_id and not alone else None
    own = await clouds.RegistrationSignIn.at(clouds.cloud(opened.cloud), TenantId(opened.tenant_id))

    async def is_gone() -> bool:
        """Entra answers a registration that is gone by saying that it knows none."""
        if app_token is None:
            return True
        try:
            await own.token(app_id=AppId(opened.app_id), credential=app_token, scope=own.cloud.graph_scope)
        except ApplicationUnknown:
            return True
        except SignInRefused:
            return False
        return False

    teardown = Teardown(
        absence=Absence(
            unique_name=f"{UNIQUE_NAME_PREFIX}{opened.registration_id}",
            whole=scope.whole,
            app_id=opened.app_id,
            for_good=scope.for_good,
            alone=alone,
            permissions=scope.permissions,
            roles=scope.roles,
            names=_names(opened),
            farewell=None if alone or opened.needed_by_others or not says_goodbye else client,
        ),
        client=client,
        graph=graph,
        journal=_journal(opened, scope, taking_back=taking_back, says_goodbye=says_goodbye and bool(client)),
        patience=clouds.short_patience() if opened.copying else clouds.patience(),
        vanished=is_gone if alone else None,
    )
    return await teardown.run()


async def _by_possession(opened: Opened, scope: Scope) -> bool:
    """Whether all credentials went by a proof: certificates of a registration that has another one and no right at all.

    It can't read itself either: Microsoft's answers are all that shows that they are gone.
    """
    going, staying = await in_database(_certificates, opened, scope)
    if opened.token is not None or not going or staying is None or len(going) != len(scope.credentials):
        return False
    journal = _journal(opened, scope, taking_back=False, says_goodbye=False)
    credential = await journal.credential(staying)
    if not isinstance(credential, Certificate):
        return False
    application, app_id = ObjectId(opened.object_id), AppId(opened.app_id)
    own = await clouds.RegistrationSignIn.at(clouds.cloud(opened.cloud), TenantId(opened.tenant_id))
    try:
        token = await own.token(app_id=app_id, credential=credential, scope=own.cloud.graph_scope)
    except SignInRefused:
        return False
    if CHANGES_ITSELF & token.claims.roles:
        return False
    seen = Observation(application=keys.unread(application, app_id, going), held=going)

    def proof() -> SealedText:
        return proof_of_possession(credential, application=application, now=clock.now())

    steps = tuple(
        keys.RemoveKey(held.credential_id, held.key_id or KeyId(held.credential_id), proof=proof) for held in going
    )
    applied = await apply(Plan(waves(steps)), seen, graph=own.graph(token.text), journal=journal)
    for _step, error in applied.troubles:
        raise error
    return True


def _certificates(opened: Opened, scope: Scope) -> tuple[tuple[Held, ...], Held | None]:
    """Those that go, and one that stays and signs in."""
    with within(opened.path):
        rows = Credential.objects.filter(pk__in=scope.credentials, kind="certificate").exclude(
            state=CredentialState.REMOVED.value
        )
        going = tuple(credential_rows.held_of(row, youngest=clock.now()) for row in rows)
    ids = {held.credential_id for held in going}
    staying = (held for held in usable(opened) if held.credential_id not in ids and held.kind == "certificate")
    return going, next(staying, None)


async def _authority(opened: Opened, *, taking_back: bool) -> tuple[Graph, bool, Any]:
    """Somebody's token while it lasts, else the registration's own if it may change itself. Raises NobodyToRemove."""
    tenant, cloud = TenantId(opened.tenant_id), clouds.cloud(opened.cloud)
    if opened.token is not None:
        return await clouds.graph(cloud, tenant, opened.token), False, None
    signed_in = await own_token(opened, taking_back=taking_back)
    if signed_in is None:
        raise NobodyToRemove
    token, credential = signed_in
    own = await clouds.RegistrationSignIn.at(cloud, tenant)
    return own.graph(token.text), True, credential


async def own_token(opened: Opened, *, taking_back: bool = False) -> tuple[AppToken, Any] | None:
    """A token of the registration itself with which it may change itself, and what it signed in with."""
    if not opened.app_id:
        return None
    journal = _journal(opened, Scope(False, False, frozenset()), taking_back=taking_back, says_goodbye=False)
    own = await clouds.RegistrationSignIn.at(clouds.cloud(opened.cloud), TenantId(opened.tenant_id))
    for held in await in_database(usable, opened):
        credential = await journal.credential(held)
        try:
            token = await own.token(app_id=AppId(opened.app_id), credential=credential, scope=own.cloud.graph_scope)
        except SignInRefused:
            continue
        if CHANGES_ITSELF & token.claims.roles:
            return token, credential
    return None


def usable(opened: Opened) -> tuple[Held, ...]:
    """Credentials that the registration can sign in with, the newest first, as our journal knows them."""
    with within(opened.path):
        rows = Credential.objects.filter(registration_id=opened.registration_id, state__in=SIGNS_IN)
        return tuple(
            credential_rows.held_of(row, youngest=clock.now())
            for row in rows.exclude(key_id="", origin=MADE).order_by("-announced_at")
        )


def made_by_run(opened: Opened) -> Scope:
    """All of a registration that was never used; else what this very run added to it."""
    with within(opened.path):
        run = Run.objects.select_related("registration").get(pk=opened.run_id)
        registration, credentials = run.registration, _ours(run.registration)
        if run.kind == RunKind.SETUP and registration.origin == MADE and is_first(run):
            return Scope(True, True, frozenset(credentials.values_list("pk", flat=True)))
        added = added_by(run)
        mine = credentials.filter(pk__in=added.credentials)
        return _single(mine, permissions=added.permissions, roles=added.roles)


def unproved(opened: Opened) -> Scope:
    """Credentials of the run's service that no fresh token has proved."""
    with within(opened.path):
        registration = Registration.objects.get(pk=opened.registration_id)
        states = [CredentialState.ANNOUNCED.value, CredentialState.MADE.value]
        return _single(_ours(registration).filter(service_id=opened.service_id, state__in=states))


def _single(rows: Any, *, permissions: frozenset[str] = frozenset(), roles: frozenset[str] = frozenset()) -> Scope:
    """Single things; of a credential that another service signs in with, too, only our row ends."""
    going = credential_rows.without_shared(rows)
    shared = frozenset(row.pk for row in rows) - going
    return Scope(False, False, going, permissions, roles, shared)


def _end_shared(opened: Opened, scope: Scope) -> None:
    """Of a credential that another service signs in with, too, only our row ends. Raises LeaseLost."""
    with within(opened.path), transaction.atomic():
        leases.hold(opened.lease, now=clock.now())
        for row in Credential.objects.select_for_update(of=("self",)).filter(pk__in=scope.shared):
            credential_rows.remove(row, by=ENGINE)


def list_given_up(opened: Opened, error: GangwayError, *, now: datetime) -> None:
    """Nobody could take it away: it stands on the list, and whoever tries again removes it and makes another."""
    scope = unproved(opened)
    with within(opened.path), transaction.atomic():
        registration = Registration.objects.get(pk=opened.registration_id)
        rows = Credential.objects.select_for_update(of=("self",)).filter(pk__in=scope.credentials).exclude(key_id="")
        left = tuple(credentials_left(registration, rows, error.what))
        leftovers.write(Run.objects.get(pk=opened.run_id), left, by=ENGINE, now=now)
        for row in rows:
            credential_rows.disown(row, by=ENGINE)


def is_used_again(opened: Opened) -> bool:
    """Whether a service took any of it into use since the tear-down was asked for, or lives by a right among it."""
    with within(opened.path), transaction.atomic():
        leftovers.hold_registrations([opened.registration_id])
        used = credentials_in_use(opened.registration_id)
        registration = Registration.objects.get(pk=opened.registration_id)
        rights = {*opened.wanted.get("permissions", ()), *opened.wanted.get("roles", ())}
        if rights & rights_others_need(registration, opened.service_id):
            return True
        named = {UUID(one) for one in opened.wanted.get("credentials", ())}
        return bool(used if opened.wanted.get("whole") else used & named)


def asked_for(opened: Opened) -> Scope:
    """What a tear-down run was started for, as far as it is ours and no service took it into use since."""
    with within(opened.path):
        wanted: dict[str, Any] = opened.wanted
        registration = Registration.objects.get(pk=opened.registration_id)
        used = credentials_in_use(registration.pk)
        whole = bool(wanted.get("whole")) and registration.origin == MADE and not used
        rows = _ours(registration).exclude(pk__in=used)
        needed = rights_others_need(registration, opened.service_id)
        rights = {name: frozenset(wanted.get(name, ())) - needed for name in ("permissions", "roles")}
        if whole:
            return Scope(True, bool(wanted.get("for_good")), frozenset(rows.values_list("pk", flat=True)), **rights)
        if wanted.get("whole"):
            return _single(rows, **rights)
        named = rows.filter(pk__in=[UUID(one) for one in wanted.get("credentials", ())])
        shared = [row.pk for row in named if credential_rows.is_needed_by_others(row)]
        return _single(named.exclude(pk__in=shared), **rights)


def anything_intended(opened: Opened) -> bool:
    """Whether anything was ever asked of Microsoft for this registration."""
    with within(opened.path):
        rows = StepRecord.objects.filter(run__registration_id=opened.registration_id, intent_at__isnull=False)
        return rows.exists()


def known_left(opened: Opened, scope: Scope, *, why: str) -> tuple[Left, ...]:
    """What stays, by our journal alone: nobody could look."""
    with within(opened.path):
        registration = Registration.objects.get(pk=opened.registration_id)
        ours = Credential.objects.filter(pk__in=scope.credentials).exclude(state=CredentialState.REMOVED.value)
        rights = {"permissions": scope.permissions, "roles": scope.roles} if not scope.whole else {}
        return (
            *_registration_left(registration, scope, why),
            *credentials_left(registration, ours, why),
            *(rights_left(registration, **rights, why=why) if rights else ()),
        )


def nothing_taken_back(opened: Opened, error: GangwayError) -> TornDown:
    """What a cancelled run leaves when nobody could look: all that our journal knows of."""
    return TornDown(left=known_left(opened, made_by_run(opened), why=error.what))


def list_what_stays(opened: Opened, error: GangwayError) -> None:
    """Put what a tear-down could not take away, and what a rotation could not take back, on the list of leftovers."""
    scope = asked_for(opened) if opened.kind is RunKind.TEARDOWN else made_by_run(opened)
    left = known_left(opened, scope, why=error.what)
    with within(opened.path), transaction.atomic():
        leftovers.write(Run.objects.get(pk=opened.run_id), left, by=ENGINE, now=clock.now())


def stays(opened: Opened) -> tuple[Left, ...]:
    """What isn't ours to remove: a registration that the customer made, its rights, and what somebody typed."""
    with within(opened.path):
        registration = Registration.objects.get(pk=opened.registration_id)
        if registration.origin == MADE:
            return ()
        why = "The customer made it: only they remove it, when they no longer need it."
        typed = Credential.objects.filter(registration_id=registration.pk, origin=GIVEN)
        plan = pinning.read(registration.plan)
        rights = rights_left(
            registration,
            permissions={entry.id for entry in plan.permissions},
            roles={role.template_id for role in plan.roles},
            why=why,
        )
        whole = Scope(whole=True, for_good=False, credentials=frozenset())
        return (
            *_registration_left(registration, whole, why),
            *credentials_left(registration, typed.exclude(state=CredentialState.REMOVED.value), why),
            *rights,
        )


def _registration_left(registration: Registration, scope: Scope, why: str) -> Iterable[Left]:
    if not scope.whole or registration.state == RegistrationState.REMOVED:
        return
    unique_name, name = f"{UNIQUE_NAME_PREFIX}{registration.pk}", registration.display_name
    facts = {"app_id": registration.app_id, "unique_name": unique_name}
    yield Left(LeftoverKind.APPLICATION, name, registration.object_id or unique_name, facts, why)
    if registration.service_principal_id:
        yield Left(LeftoverKind.PRINCIPAL, name, registration.service_principal_id, facts, why)


def _ours(registration: Registration) -> Any:
    rows = Credential.objects.filter(registration_id=registration.pk, origin=MADE)
    return rows.exclude(state=CredentialState.REMOVED.value)


def _names(opened: Opened) -> dict[str, str]:
    permissions, roles = rights_known(opened.plan)
    return {entry.id: entry.value for entry in permissions} | {role.template_id: role.name for role in roles}


def _journal(opened: Opened, scope: Scope, *, taking_back: bool, says_goodbye: bool) -> UndoJournal:
    return UndoJournal(
        blueprint=blueprint_of(opened),
        run_id=opened.run_id,
        registration_id=opened.registration_id,
        organization_id=opened.organization_id,
        service_id=opened.service_id,
        path=opened.path,
        lease=opened.lease,
        fresh_seconds=float(settings.GANGWAY.propagation_deadline_seconds),
        says_goodbye=says_goodbye,
        taking_back=taking_back,
        going=scope.credentials,
    )
