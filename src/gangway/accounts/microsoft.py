"""Signing in with Microsoft: who may come in, as whom, and with which role.

A Microsoft account is known by issuer, tenant and object id; its address is only shown. Its tenant must be one of the
organization's own. It comes in if it is tied to a person already, if its owner holds an invitation, or if the tenant is
proved and its administrator gave it an app role or group that the organization's table maps to a role. Nobody else
does. An organization may limit all of this to the members of one Entra group.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from gangway.accounts.actions import accept_by_microsoft
from gangway.accounts.entra_roles import follow, is_let_in, role_given
from gangway.accounts.errors import (
    GroupMissing,
    GroupsUntold,
    IdentityTaken,
    SignInBroken,
    SignInClosed,
    SignInStale,
    TenantNotYours,
    TenantUnproved,
)
from gangway.accounts.models import Identity as IdentityRow
from gangway.accounts.queries import TenantView, places_of_tenant
from gangway.accounts.states import ClaimKind
from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation.errors import GangwayError
from gangway.foundation.ids import AppId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.signin import redirect
from gangway.microsoft.signin.tokens import SKEW, Identity
from gangway.microsoft.transport import shared
from gangway.organizations.hosts import is_ours, origin_of
from gangway.organizations.people_queries import PlaceDoor, doors_of, home_of, path_of
from gangway.organizations.scope import within

Who = Identity
"""A Microsoft account whose id_token was checked."""

DATED_BACK: Final = timedelta(minutes=5)
"""How far Entra dates tokens back."""

PATIENCE: Final = timedelta(minutes=10)
"""How long somebody may stay at Microsoft."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who came in. `second_factor_in`: the organizations that trust this tenant to have asked for a second factor.

    `shut_in`: those that this sign-in doesn't lead into: neither they nor anybody above them lists the tenant, the
    account isn't in the group that they ask for, or Entra doesn't tell. `is_trusted`: all others trust the tenant, so
    that nobody is left who wants a second factor of ours. `proved_at`: when Microsoft saw the person prove who they
    are, None where it doesn't tell.
    """

    operator_id: UUID
    tenant_id: UUID
    second_factor_in: tuple[UUID, ...]
    shut_in: tuple[UUID, ...]
    is_trusted: bool
    proved_at: datetime | None


def cloud_of_people() -> str:
    """Return the cloud that the Operation Center's own application lives in, and so its people's tenants."""
    return str(settings.GANGWAY.people_cloud.value)


def is_tied(who: Identity, *, operator_id: UUID) -> bool:
    """Return whether a checked account is this person's."""
    return _known(who) == operator_id


def is_offered() -> bool:
    """Return whether people can sign in with Microsoft at all."""
    return bool(settings.GANGWAY.people_client_id)


def pages_origin() -> str:
    """Return where browsers meet Microsoft's sign-in pages: our forms lead there, and nowhere else beside ourselves."""
    return _cloud().pages


def callback_url(host: str = "") -> str:
    """Return the address that Microsoft sends browsers back to, exactly as it is registered.

    `host`: as the browser asked for it; under an organization's own host name it comes back to that one.
    """
    return f"{_origin(host)}/accounts/microsoft/callback/"


def consent_url(state: str, *, tenant_id: UUID, host: str = "") -> str:
    """Return where an administrator of the tenant agrees to the Operation Center's application."""
    _need_offer()
    back = consented_url(host)
    return redirect.consent_address(
        _cloud(), client_id=_client(), redirect_uri=back, state=state, tenant=str(tenant_id)
    )


def consented_url(host: str = "") -> str:
    """Return the address that Microsoft's consent page sends browsers back to."""
    return f"{_origin(host)}/accounts/microsoft/consented/"


def begin(*, now: datetime, host: str = "", anew: bool = False, hint: str = "") -> tuple[str, dict[str, str]]:
    """Return where to send the browser, and what its session must keep until it comes back. Raises `SignInClosed`.

    `anew`: what comes back counts only if the person proved who they are after this.
    """
    _need_offer()
    back = callback_url(host)
    begun = redirect.begin(
        _cloud(), client_id=_client(), redirect_uri=back, prompt="select_account", login_hint=hint, anew=anew
    )
    kept = {
        "state": begun.state,
        "nonce": begun.nonce.reveal(),
        "verifier": begun.verifier.reveal(),
        "back": back,
        "until": (now + PATIENCE).isoformat(),
        **({"anew": now.isoformat()} if anew else {}),
    }
    return begun.address, kept


def finish(kept: dict[str, Any] | None, *, state: str, code: SealedText, now: datetime) -> Identity:
    """Return whose account it is, once everything fits what this browser asked for.

    `kept` must have left the session before: an answer is good once. Raises `SignInBroken`, `SignInStale`, and
    Microsoft's own errors.
    """
    if not kept or not code or datetime.fromisoformat(kept["until"]) < now:
        raise SignInBroken
    if SealedText(state) != SealedText(kept["state"]):
        raise SignInBroken
    verifier, nonce = SealedText(kept["verifier"]), SealedText(kept["nonce"])
    who = asyncio.run(_redeem(code, verifier, nonce, kept.get("back") or callback_url()))
    if kept.get("anew"):
        _check_anew(who, datetime.fromisoformat(kept["anew"]))
    return who


def _check_anew(who: Identity, asked_at: datetime) -> None:
    """Refuse who only has an old session at Microsoft. Raises `SignInStale`.

    `auth_time` tells. Without it there is only the token's own age, which shows that it isn't an old token: Entra then
    has our word in the address (`prompt=login`), and the browser might have left it out.
    """
    at, earliest = who.signed_in_at, asked_at - SKEW
    if at is None:
        at, earliest = who.issued_at, asked_at - SKEW - DATED_BACK
    if at is None or at < earliest:
        raise SignInStale


async def _redeem(code: SealedText, verifier: SealedText, nonce: SealedText, back: str) -> Identity:
    cloud = _cloud()
    return await redirect.redeem(
        await shared(cloud.extra_ca_file),
        cloud,
        client_id=_client(),
        redirect_uri=back,
        code=code,
        verifier=verifier,
        nonce=nonce,
    )


def come_in(who: Identity, *, address: str, request_id: str, now: datetime) -> Arrival:
    """Find the person behind a checked account, or make them where their tenant's roles say so.

    Raises `TenantNotYours` for a tenant of nobody, `GroupMissing`, `GroupsUntold`, `SignInClosed` for an account that
    nobody let in, `TenantUnproved` where only a proof is missing, `AddressTaken`.
    """
    by, known = _actor(who, address, request_id), _known(who)
    with _refusals_told(known, by):
        rows = _own(who)
        told = tuple(row for row in rows if not _is_untold(who, row))
        person = follow(who, told, operator_id=known, by=by)
        if not any(is_let_in(who, row) for row in told):
            raise GroupMissing
        if person is None:
            raise _closed(who, rows, told)
        arrival = _arrival(person, who, rows)
    _note_use(who, now)
    if known is None:
        tie(who, operator_id=person, by=by, now=now)
    return arrival


def leads_into(organization_id: UUID, *, operator_id: UUID, tenant_id: UUID) -> bool:
    """Return whether a session that a tenant began leads into an organization that its person has only just joined.

    In which groups the account is was only told at the sign-in: where they decide, it takes a new one.
    """
    door = next((each for each in doors_of(operator_id) if each.id == organization_id), None)
    if door is None or door.group_id:
        return False
    listed = [row for row in places_of_tenant(tenant_id) if row.cloud == settings.GANGWAY.people_cloud]
    rows = [row for row in listed if row.organization_id in door.at_or_above]
    return bool(rows) and not any(_goes_by_groups(row) for row in rows if row.organization_id == door.id)


def accept(
    who: Identity, *, invitation_id: UUID, organization_id: UUID, address: str, request_id: str, now: datetime
) -> Arrival:
    """Take up an invitation with a checked account of one of the organization's own tenants.

    Raises `TenantNotYours`, `GroupMissing`, `GroupsUntold`, `IdentityTaken`, `OperatorInvitationOver`, `SignInFirst`.
    """
    by, known = _actor(who, address, request_id), _known(who)
    with _refusals_told(known, by):
        rows = _own(who)
        here = [row for row in rows if row.organization_id == organization_id]
        if not here:
            raise TenantNotYours
        if any(_is_untold(who, row) for row in here):
            raise GroupsUntold
        if not any(is_let_in(who, row) for row in here):
            raise GroupMissing
        if known is not None:
            raise IdentityTaken
    with transaction.atomic():
        person = accept_by_microsoft(invitation_id, path=path_of(organization_id), by=by, now=now)
        tie(who, operator_id=person, by=by, now=now)
    return _arrival(person, who, rows)


@contextmanager
def _refusals_told(known: UUID | None, by: Actor) -> Iterator[None]:
    """Write down that a person's own account was refused; of an account that is nobody's only the process log tells."""
    try:
        yield
    except GangwayError as error:
        home = home_of(known) if known else None
        if home is not None:
            facts = {"way": "microsoft", "reason": error.code}
            with within(path_of(home)), transaction.atomic():
                record(
                    Event.OPERATOR_SIGN_IN_FAILED,
                    by=by,
                    organization_id=home,
                    subject=f"operator:{known}",
                    data=facts,
                )
        raise


@transaction.atomic
def tie(who: Identity, *, operator_id: UUID, by: Actor, now: datetime) -> None:
    """Tie a checked account to a person. Raises `IdentityTaken`, `TenantNotYours`."""
    _own(who)
    row = IdentityRow(
        operator_id=operator_id,
        issuer=who.issuer,
        tenant_id=UUID(who.tenant_id),
        object_id=UUID(who.object_id),
        username=who.username,
        created_at=now,
        last_used_at=now,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise IdentityTaken from error
    _told(Event.IDENTITY_LINKED, row, by)


@transaction.atomic
def untie(identity_id: int, *, operator_id: UUID, by: Actor) -> None:
    """Take a Microsoft account away from its person; of another's nothing is said and nothing happens."""
    row = IdentityRow.objects.filter(pk=identity_id, operator_id=operator_id).first()
    if row is not None:
        _told(Event.IDENTITY_UNLINKED, row, by)
        row.delete()


def _own(who: Identity) -> tuple[TenantView, ...]:
    """Return the organizations that let people of this tenant in; a guest comes in at their own tenant only."""
    rows = tuple(row for row in places_of_tenant(UUID(who.tenant_id)) if row.cloud == settings.GANGWAY.people_cloud)
    if not rows or who.is_guest:
        raise TenantNotYours
    if all(_is_untold(who, row) for row in rows):
        raise GroupsUntold
    return rows


def _is_untold(who: Identity, row: TenantView) -> bool:
    """Return whether an organization goes by groups that Entra didn't tell; what others go by isn't its affair."""
    return who.groups_untold and _goes_by_groups(row)


def _goes_by_groups(row: TenantView) -> bool:
    return bool(row.group_id) or any(mapping.kind is ClaimKind.GROUP for mapping in row.mappings)


def _closed(who: Identity, rows: tuple[TenantView, ...], told: tuple[TenantView, ...]) -> GangwayError:
    """Say what keeps out an account that is nobody's."""
    if any(role_given(who, row) for row in told):
        return TenantUnproved()
    return SignInClosed() if told == rows else GroupsUntold()


def _known(who: Identity) -> UUID | None:
    rows = IdentityRow.objects.filter(issuer=who.issuer, tenant_id=who.tenant_id, object_id=who.object_id)
    return rows.filter(operator__is_active=True).values_list("operator_id", flat=True).first()


def _note_use(who: Identity, now: datetime) -> None:
    rows = IdentityRow.objects.filter(issuer=who.issuer, tenant_id=who.tenant_id, object_id=who.object_id)
    rows.update(last_used_at=now, username=who.username)


def _arrival(person: UUID, who: Identity, rows: tuple[TenantView, ...]) -> Arrival:
    doors = doors_of(person)
    reasons = {door.id: reason for door in doors if (reason := _shut_by(door, who, rows)) is not None}
    if doors and len(reasons) == len(doors):
        raise next(
            each for each in (GroupsUntold, GroupMissing, TenantUnproved, TenantNotYours) if each in reasons.values()
        )
    trusted = tuple(row.organization_id for row in rows if row.is_trusted)
    is_trusted = bool(trusted) and all(door.id in trusted for door in doors if door.id not in reasons)
    return Arrival(person, UUID(who.tenant_id), trusted, tuple(reasons), is_trusted, who.signed_in_at)


def _shut_by(door: PlaceDoor, who: Identity, rows: tuple[TenantView, ...]) -> type[GangwayError] | None:
    """Say why this account doesn't lead into an organization in which its person has a role; None where it does.

    That somebody else lists the tenant opens nothing here, and a role by a claim waits until the tenant is proved here.
    """
    if any(row.organization_id == door.id and _is_untold(who, row) for row in rows):
        return GroupsUntold
    if door.group_id and door.group_id not in who.groups:
        return GroupMissing
    here = [row for row in rows if row.organization_id in door.at_or_above]
    if not here:
        return TenantNotYours
    proved_here = any(row.is_proved and row.organization_id == door.id for row in here)
    return TenantUnproved if door.from_entra and not proved_here else None


def _actor(who: Identity, address: str, request_id: str) -> Actor:
    return Actor("person", id="", name=who.name or who.username, address=address, request_id=request_id)


def _told(event: Event, row: IdentityRow, by: Actor) -> None:
    home = home_of(row.operator_id)
    if home is None:
        return
    facts = {"tenant": str(row.tenant_id), "username": row.username}
    with within(path_of(home)):
        record(event, by=by, organization_id=home, subject=f"operator:{row.operator_id}", data=facts)


def _origin(host: str) -> str:
    name = host.rpartition(":")[0] or host
    return origin_of(name if name and is_ours(name) else "")


def _need_offer() -> None:
    if not is_offered():
        raise SignInClosed("Signing in with Microsoft isn't set up here.", cure="Sign in with your password.")


def _client() -> AppId:
    return AppId(settings.GANGWAY.people_client_id)


def _cloud() -> Cloud:
    return Cloud.of(settings.GANGWAY, settings.GANGWAY.people_cloud)
