"""Checking a registration: fresh tokens and their claims, domains, licences. The tenant is only read."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.foundation.ids import AppId, ObjectId, TenantId
from gangway.jobs.threads import in_database
from gangway.microsoft.errors import ApplicationUnknown, Busy, Forbidden, MicrosoftError, marks
from gangway.microsoft.graph import applications, grants, service_principals, teams, tenant, units
from gangway.microsoft.graph.grants import WHOLE_TENANT
from gangway.microsoft.graph.session import Outcome, gates
from gangway.microsoft.graph.shapes import Application, Organization, RoleAssignment, Unit
from gangway.microsoft.signin.client_credentials import AppToken
from gangway.microsoft.signin.own_credentials import OwnCredential
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import beyond, clouds, credential_ends, unit_known
from gangway.provisioning.check_items import NO_ANSWER, Tell, is_silence, signed_in, trouble
from gangway.provisioning.credential_ends import ReadEnd
from gangway.provisioning.credential_rows import opened
from gangway.provisioning.engine.blueprint import TAG, UNIQUE_NAME_PREFIX
from gangway.provisioning.engine.observe import ends_of
from gangway.provisioning.engine.pinning import Pinned, read
from gangway.provisioning.engine.sight import Source, TenantSight
from gangway.provisioning.engine.verify import TEAMS_WAS_READ
from gangway.provisioning.engine.wider import not_satisfied
from gangway.provisioning.errors import NoSuchCredential
from gangway.provisioning.licences import PhoneLicences, count, in_words
from gangway.provisioning.models import MADE, Credential, Registration
from gangway.provisioning.shapes import CheckItem, CheckResult
from gangway.provisioning.states import CredentialState

if TYPE_CHECKING:
    from gangway.microsoft.graph.calls import Call

GONE: Final = CheckItem(
    "sign_in",
    "Sign-in as the registration",
    "error",
    "The credential in use is gone from the tenant.",
    credential_ends.CURE,
)
PERMISSIONS: Final = "API permissions, then Grant admin consent"
NO_APPLICATION: Final = 700016
"""Entra's code for an application that its tenant doesn't have."""


@dataclass(frozen=True)
class Subject:
    """What is checked, taken out of the database."""

    tenant: TenantId
    cloud: str
    app_id: AppId
    principal: ObjectId
    plan: Pinned
    lacking: tuple[str, ...]
    watched: credential_ends.Watched
    credential: OwnCredential
    roles_end_at: datetime | None
    ours: bool
    registration_id: UUID
    unit: Unit | None = None

    def cure(self, *, who: str, portal: str) -> str:
        """Say who adds what is missing: behind a link where we made the registration, else the customer by hand."""
        if self.ours:
            return f"An administrator of the customer who may {who} has to sign in by a link once more."
        return f"The customer made this registration, so the customer changes it in Microsoft's portal: {portal}."


async def check_registration(
    *, registration_id: UUID, credential_id: UUID, users_wanted: int, by: Actor, tell: Tell | None = None
) -> CheckResult:
    """Look at everything a service needs of a registration. Worker only; opens its own scope.

    `tell` is given what is known so far, for somebody who watches. What Microsoft refuses or doesn't answer becomes
    items. Raises NoSuchCredential and the vault's errors.
    """
    subject = await in_database(_subject, registration_id, credential_id, by)
    if subject is None:
        return CheckResult((GONE,))
    own = await clouds.RegistrationSignIn.at(clouds.cloud(subject.cloud), subject.tenant, routine=True)
    result, busy = await _looked_at(subject, own, users_wanted, tell), gates.wait(subject.tenant)
    return replace(result, busy_seconds=busy) if busy else result


async def _looked_at(
    subject: Subject, own: clouds.RegistrationSignIn, users_wanted: int, tell: Tell | None
) -> CheckResult:
    scopes = [own.cloud.graph_scope, *([own.cloud.teams_scope] if subject.plan.services else [])]
    graph_token, *teams_tokens = await asyncio.gather(*(_token(own, subject, scope) for scope in scopes))
    signs_in = not isinstance(graph_token, MicrosoftError)
    recorded = credential_ends.item_of(subject.watched, ReadEnd(), signs_in=signs_in)
    items = [signed_in(graph_token, "sign_in", "Sign-in as the registration"), recorded]
    if isinstance(graph_token, MicrosoftError):
        return CheckResult(tuple(items), around=_unknown(subject, graph_token))
    items += [signed_in(token, "teams", "Sign-in to the Teams service") for token in teams_tokens]
    items.append(_permissions(subject, graph_token))
    if tell is not None:
        await tell(tuple(items))
    if not subject.plan.services:
        return await _quiet(own, subject, graph_token, items)
    outcomes = await _read(own, subject, graph_token)
    ends = outcomes.pop(3) if subject.plan.role_days else None
    looks = bool(credential_ends.READS_ITSELF & graph_token.claims.roles)
    around = _around(subject, outcomes) if looks else _signed_in(subject)
    itself = outcomes.pop() if looks else None
    items[1] = await _end(subject, itself)
    held = _roles_held(subject, graph_token, outcomes[2])
    items += [
        _roles(subject, graph_token, outcomes[2]),
        *await _roles_end(subject, ends, held=held),
        *_teams(outcomes[3:]),
        _tenant(subject, outcomes[0]),
        _domains(subject, outcomes[0]),
        _licences(subject, outcomes[1], users_wanted),
    ]
    organization: Organization | None = outcomes[0].value
    phone = count(outcomes[1].value) if outcomes[1].value is not None else None
    return CheckResult(
        items=tuple(items),
        tenant_name=organization.name if organization else "",
        domains=tuple(domain.name for domain in organization.domains) if organization else (),
        phone_licences_left=phone.left if phone else None,
        granted=graph_token.claims.roles,
        roles=held,
        around=around,
    )


async def _quiet(
    own: clouds.RegistrationSignIn, subject: Subject, token: AppToken, items: list[CheckItem]
) -> CheckResult:
    """The rest for a registration that only reads: it has no roles, and nothing to do with calling."""
    calls: list[Call[Any]] = [tenant.organization()]
    calls += [applications.by_app_id(subject.app_id)] if credential_ends.READS_ITSELF & token.claims.roles else []
    try:
        outcome, *itself = await own.graph(token.text).batch(calls)
    except MicrosoftError as error:
        outcome, *itself = [Outcome[Any](answer=NO_ANSWER, error=error)] * len(calls)
    for seen in itself:
        items[1] = await _end(subject, seen)
    name = outcome.value.name if outcome.value else ""
    claims = token.claims
    return CheckResult(
        items=(*items, _tenant(subject, outcome)),
        tenant_name=name,
        granted=claims.roles,
        roles=claims.wids,
        around=_signed_in(subject),
    )


def _subject(registration_id: UUID, credential_id: UUID, by: Actor) -> Subject | None:
    """None when the credential was seen gone from the tenant: nothing of it is kept."""
    with within_everything("a worker is given a credential by its id"):
        path = Credential.objects.filter(pk=credential_id).values_list("organization__path", flat=True).first()
    if path is None:
        raise NoSuchCredential
    with within(path):
        rows = Credential.objects.select_related("registration")
        row = rows.filter(pk=credential_id, registration_id=registration_id).first()
        if row is None or row.state == CredentialState.ANNOUNCED:
            raise NoSuchCredential
        if row.state == CredentialState.REMOVED:
            return None
        credential = opened(row, purpose="check the connection", by=by)
        registration, plan = row.registration, read(row.registration.plan)
        return Subject(
            tenant=TenantId(registration.tenant_id),
            cloud=registration.cloud,
            app_id=AppId(registration.app_id),
            principal=ObjectId(registration.service_principal_id),
            plan=plan,
            lacking=beyond.skipped(registration.beyond),
            watched=credential_ends.watched(row, path=path),
            credential=credential,
            unit=unit_known.known(registration.pk, plan.unit) if plan.in_unit else None,
            roles_end_at=registration.roles_end_at,
            ours=registration.origin == MADE,
            registration_id=registration.pk,
        )


async def _token(own: clouds.RegistrationSignIn, subject: Subject, scope: str) -> AppToken | MicrosoftError:
    try:
        return await own.token(app_id=subject.app_id, credential=subject.credential, scope=scope)
    except Busy as error:
        if error.wait is not None:
            gates.close(subject.tenant, error.wait)
        return error
    except MicrosoftError as error:
        return error


async def _read(own: clouds.RegistrationSignIn, subject: Subject, token: AppToken) -> list[Outcome[Any]]:
    calls: list[Call[Any]] = [tenant.organization(), tenant.licences(), grants.roles_of(subject.principal)]
    calls += [grants.ends_of_roles(subject.principal)] if subject.plan.role_days else []
    calls += [teams.some_user_configuration()] if teams.READ_PERMISSION in token.claims.roles else []
    calls += _look_around(subject) if credential_ends.READS_ITSELF & token.claims.roles else []
    try:
        return await own.graph(token.text).batch(calls)
    except MicrosoftError as error:
        return [Outcome(answer=NO_ANSWER, error=error)] * len(calls)


def _look_around(subject: Subject) -> list["Call[Any]"]:
    """What a registration that may read itself sees of ours besides, in the same request; itself stands last."""
    ours = applications.with_prefix(UNIQUE_NAME_PREFIX)
    return [ours, service_principals.with_tag(TAG), applications.by_app_id(subject.app_id)]


def _around(subject: Subject, outcomes: list[Outcome[Any]]) -> TenantSight:
    """Take both lists out of the answers; itself stays there."""
    principals, ours = outcomes.pop(-2), outcomes.pop(-2)
    return TenantSight(
        tenant_id=subject.tenant,
        cloud=subject.cloud,
        source=Source.OWN_RIGHT,
        applications=ours.value,
        principals=principals.value,
        itself=outcomes[-1].value,
    )


def _signed_in(subject: Subject) -> TenantSight:
    """Whoever gets a token is there; what else is, nobody let us read."""
    return TenantSight(subject.tenant, subject.cloud, Source.ITSELF, signs_in=frozenset({subject.app_id}))


def _unknown(subject: Subject, refused: MicrosoftError) -> TenantSight | None:
    """Entra says that it doesn't know the application in its tenant: then it is gone, whoever deleted it."""
    if not isinstance(refused, ApplicationUnknown) or refused.fault.aadsts != NO_APPLICATION:
        return None
    return TenantSight(subject.tenant, subject.cloud, Source.ITSELF, unknown=frozenset({subject.app_id}))


async def _end(subject: Subject, itself: Outcome[Application] | None) -> CheckItem:
    """When the credential ends, by what the registration read of itself, which is kept."""
    read = credential_ends.found_in(itself, subject.watched, subject.credential)
    if read.ends_at is not None:
        await in_database(credential_ends.keep, subject.watched, read, now=clock.now())
    return credential_ends.item_of(subject.watched, read, refused=itself)


def _permissions(subject: Subject, token: AppToken) -> CheckItem:
    label, kept = "Permissions", [entry for entry in subject.plan.permissions if entry.stage == "always"]
    wanted = {entry.value for entry in kept} - set(subject.lacking)
    if missing := not_satisfied(wanted, token.claims.roles):
        cure = subject.cure(who="consent", portal=PERMISSIONS)
        return CheckItem("permissions", label, "error", f"Missing: {_listed(missing)}.", cure)
    surplus = token.claims.roles - wanted
    more = f" More than needed: {_listed(surplus)}." if surplus else ""
    return CheckItem("permissions", label, "ok", f"All {len(wanted)} are in the fresh token.{more}")


def _roles(subject: Subject, token: AppToken, outcome: Outcome[tuple[RoleAssignment, ...]]) -> CheckItem:
    plan, missing = subject.plan, _roles_missing(subject, token, outcome)
    names = {role.template_id: role.name for role in plan.roles}
    limited = {role.template_id for role in plan.roles if plan.in_unit and role.in_unit}
    if outcome.value is None and limited and not missing:
        words = "Roles for one administrative unit stand in no token, and Microsoft didn't let us read them."
        return CheckItem("roles", "Directory roles", "unknown", words, "Validate again in a moment.")
    if missing:
        cure = subject.cure(who="assign roles", portal="Roles and administrators")
        words = f"Missing: {_listed(names[role] for role in missing)}."
        return CheckItem("roles", "Directory roles", "error", words, cure)
    if outcome.value is not None and limited and subject.unit is None:
        words = f"Given, but nobody could compare for which administrative unit: {_listed(names.values())}."
        return CheckItem("roles", "Directory roles", "ok", words)
    how = "Role in token, not called yet" if outcome.value is None else "Read back; role in token, not called yet"
    told = names.keys() - limited
    in_token = f"{how}: {_listed(names[role] for role in told)}." if told else ""
    in_unit = f"Read back, for the administrative unit: {_listed(names[role] for role in limited)}." if limited else ""
    return CheckItem("roles", "Directory roles", "ok", f"{in_token} {in_unit}".strip())


def _roles_missing(subject: Subject, token: AppToken, outcome: Outcome[tuple[RoleAssignment, ...]]) -> frozenset[str]:
    """Planned roles that it was seen without: one for the whole tenant needs to be in the token and, if read, given."""
    plan, rows = subject.plan, outcome.value
    limited = {role.template_id for role in plan.roles if plan.in_unit and role.in_unit}
    given = None if rows is None else {row.role_id for row in rows if row.scope == WHOLE_TENANT}
    held = token.claims.wids if given is None else token.claims.wids & given
    missing = {role.template_id for role in plan.roles} - limited - held
    if rows is not None:  # a role for one administrative unit stands in no token
        scopes = {WHOLE_TENANT, units.scope_of(subject.unit)} if subject.unit else {row.scope for row in rows}
        missing |= limited - {row.role_id for row in rows if row.scope in scopes}
    return frozenset(missing)


def _roles_held(
    subject: Subject, token: AppToken, outcome: Outcome[tuple[RoleAssignment, ...]]
) -> frozenset[str] | None:
    """The roles that it has, wherever they count; a role for one administrative unit stands in no token."""
    if outcome.value is None and subject.plan.in_unit:
        return None
    there = token.claims.wids | {row.role_id for row in outcome.value or ()}
    return there - _roles_missing(subject, token, outcome)


async def _roles_end(
    subject: Subject, outcome: Outcome[tuple[RoleAssignment, ...]] | None, *, held: frozenset[str] | None
) -> list[CheckItem]:
    """Roles that PIM gave end, and nothing works after that: watched like a secret's end.

    `held`: the roles that it has. With all of them, an end of our record that is past says only that somebody extended
    them, until when nobody let us read. While PIM doesn't answer, our record may be old: nobody is warned by it then.
    """
    label, ends_at = "End of the directory roles", subject.roles_end_at
    planned = {role.template_id for role in subject.plan.roles}
    found = ends_of(outcome.value or (), planned) if outcome else {}
    if found:
        ends_at = min((at for at in found.values() if at is not None), default=None)
        await in_database(_keep_end, subject, ends_at)
    if ends_at is None:
        words = "PIM gave the roles with an end, and Microsoft didn't let us read when that is."
        unread = subject.plan.role_days and not found
        return [CheckItem("roles_end", label, "unknown", words, "Validate again in a moment.")] if unread else []
    days, stale = clock.days_until(ends_at, now=clock.now()), outcome is not None and is_silence(outcome.error)
    cure = subject.cure(who="assign roles", portal="Roles and administrators")
    if days < 0 and not found and held is not None and planned <= held:
        words = "By our record the roles that PIM gave have ended, yet the registration has them: they were extended."
        return [CheckItem("roles_end", label, "unknown", words, "Validate again in a moment.")]
    if days < 0:
        return [CheckItem("roles_end", label, "error", "The roles that PIM gave have ended.", cure, stale=stale)]
    words = f"PIM gave the roles with an end; they end in {days} days."
    soon = credential_ends.is_soon(days, life=subject.plan.role_days or None)
    return [CheckItem("roles_end", label, "warning" if soon else "ok", words, cure if soon else "", stale=stale)]


def _keep_end(subject: Subject, ends_at: datetime | None) -> None:
    with within(subject.watched.path):
        Registration.objects.filter(pk=subject.registration_id).update(roles_end_at=ends_at)


def _teams(outcomes: Sequence[Outcome[int]]) -> list[CheckItem]:
    """Whether Teams really answered; nothing without the permission to ask: then the role is only in the token."""
    label = "Read from Teams"
    return [
        trouble(outcome.error, "teams_read", label)
        if outcome.error is not None
        else CheckItem("teams_read", label, "ok", TEAMS_WAS_READ)
        for outcome in outcomes
    ]


def _unread(subject: Subject, error: MicrosoftError, key: str, label: str) -> CheckItem:
    """What is said instead of an answer; nobody signed in, so of a refusal, who gives the registration that right."""
    if not isinstance(error, Forbidden):
        return trouble(error, key, label)
    words = "Microsoft doesn't let the registration read it."
    return CheckItem(key, label, "error", words, subject.cure(who="consent", portal=PERMISSIONS), marks(error.fault))


def _tenant(subject: Subject, outcome: Outcome[Organization]) -> CheckItem:
    label = "Tenant"
    if outcome.error is not None:
        return _unread(subject, outcome.error, "tenant", label)
    organization = outcome.get()
    if organization.tenant_id != subject.tenant:
        return CheckItem("tenant", label, "error", "Another tenant than expected answered.", "Tell us.")
    return CheckItem("tenant", label, "ok", f"The registration reads {organization.name}.")


def _domains(subject: Subject, outcome: Outcome[Organization]) -> CheckItem:
    label = "Verified domains"
    if outcome.error is not None:
        return _unread(subject, outcome.error, "domains", label)
    own = [domain.name for domain in outcome.get().domains if not domain.name.endswith(".onmicrosoft.com")]
    if own:
        return CheckItem("domains", label, "ok", f"{_listed(own)}.")
    cure = "Direct Routing needs a domain of your own; add and verify one in the Microsoft 365 admin center."
    return CheckItem("domains", label, "warning", "There is only the domain that Microsoft gave.", cure)


def _licences(subject: Subject, outcome: Outcome[Any], wanted: int) -> CheckItem:
    label = "Teams Phone licences"
    if outcome.error is not None:
        return _unread(subject, outcome.error, "licences", label)
    phone: PhoneLicences = count(outcome.get())
    if not phone.total:
        cure = "Every person with a number needs one; buy them in the Microsoft 365 admin center."
        return CheckItem("licences", label, "warning", "There is none in the tenant.", cure)
    words = in_words(phone, wanted)
    if phone.left < wanted:
        return CheckItem("licences", label, "warning", words, "Licences that are assigned already count as well.")
    return CheckItem("licences", label, "ok", words)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
