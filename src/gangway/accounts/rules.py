"""Changing how people sign in to an organization: the second factor, its Entra tenants, what their roles give."""

from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from gangway.accounts.errors import InvalidTenant, NoSuchTenant
from gangway.accounts.models import EntraTenant, RoleMapping, SignInRules
from gangway.accounts.states import ClaimKind, SecondFactor
from gangway.audit.events import Event
from gangway.audit.record import Actor, Plain, differing, record
from gangway.foundation.clouds import cloud_name
from gangway.organizations.errors import NotYoursToGive
from gangway.organizations.people_queries import place_to_invite
from gangway.organizations.queries import Seat
from gangway.organizations.roles import Role, gives

LONGEST_VALUE = 120


@transaction.atomic
def set_second_factor(organization_id: UUID, *, rule: SecondFactor, by: Actor) -> None:
    """Say whether people of an organization of the scope need a second factor. Raises `NoSuchOrganization`."""
    where = place_to_invite(organization_id)
    row = SignInRules.objects.filter(organization_id=where.id).first() or SignInRules(organization_id=where.id)
    before, row.second_factor = row.second_factor, SecondFactor(rule).value
    if row.second_factor == before:
        return
    row.save()
    was, now_is = {"second_factor": before}, {"second_factor": row.second_factor}
    subject = f"organization:{where.id}"
    record(Event.SIGN_IN_RULES_CHANGED, by=by, organization_id=where.id, subject=subject, before=was, after=now_is)


@transaction.atomic
def add_tenant(
    organization_id: UUID, *, tenant_id: str, cloud: str, does_second_factor: bool, by: Actor, now: datetime
) -> UUID:
    """Let people of an Entra tenant sign in to an organization of the scope; told again, it changes what was said.

    It gives no role and isn't trusted before `tenant_proof.prove`, which another cloud's tenant needs anew.

    Raises `InvalidTenant` at "tenant_id", `CloudUnknown` at "cloud", `NoSuchOrganization`.
    """
    where, given = place_to_invite(organization_id), _uuid(tenant_id, field="tenant_id")
    known = EntraTenant.objects.select_for_update(of=("self",)).filter(organization_id=where.id, tenant_id=given)
    there = known.first()
    before: dict[str, Plain] = {"cloud": there.cloud, "trusted": there.does_second_factor} if there else {}
    row = there or EntraTenant(id=uuid4(), organization_id=where.id, tenant_id=given, created_at=now)
    if row.cloud != cloud_name(cloud).value:
        row.proved_at, row.proved_by, row.proved_account = None, "", ""
    row.cloud, row.does_second_factor = cloud_name(cloud).value, does_second_factor
    row.save()
    was, now_is = differing(before, {"cloud": row.cloud, "trusted": does_second_factor})
    if now_is:
        subject, facts = f"organization:{where.id}", {"tenant": str(given)}
        event = Event.ENTRA_TENANT_CHANGED if before else Event.ENTRA_TENANT_ADDED
        record(event, by=by, organization_id=where.id, subject=subject, data=facts, before=was, after=now_is)
    return row.id


@transaction.atomic
def remove_tenant(tenant_row_id: UUID, *, seat: Seat, by: Actor) -> None:
    """No longer let a tenant's people in, from their next sign-in on; its proof goes too.

    Raises `NoSuchTenant`, `NotYoursToGive`.
    """
    row = _tenant(tenant_row_id)
    need_say(row.organization_id, seat=seat)
    facts = {"tenant": str(row.tenant_id)}
    where = row.organization_id
    record(Event.ENTRA_TENANT_REMOVED, by=by, organization_id=where, subject=f"organization:{where}", data=facts)
    RoleMapping.objects.filter(tenant=row).delete()
    row.delete()


@transaction.atomic
def map_role(tenant_row_id: UUID, *, kind: ClaimKind, value: str, role: Role, seat: Seat, by: Actor) -> None:
    """Let an app role (by value) or a group (by id) of a tenant give a role; told again, it gives the other role.

    Raises `NoSuchTenant`, `InvalidTenant` at "value", `NotYoursToGive` at "role".
    """
    row = _tenant(tenant_row_id)
    level = place_to_invite(row.organization_id).kind
    if Role(role) not in gives(seat.organization_kind, seat.role, at=level):
        raise NotYoursToGive(field="role")
    known = {"tenant": row, "kind": ClaimKind(kind).value, "value": _value(ClaimKind(kind), value)}
    mapping = RoleMapping.objects.filter(**known).first() or RoleMapping(
        id=uuid4(), organization_id=row.organization_id, **known
    )
    before, mapping.role = mapping.role, Role(role).value
    if mapping.role == before:
        return
    mapping.save()
    _told(Event.ENTRA_ROLE_MAPPED, mapping, by, before={"role": before or None}, after={"role": mapping.role})


@transaction.atomic
def unmap_role(mapping_id: UUID, *, seat: Seat, by: Actor) -> None:
    """No longer let it give a role, from the next sign-in on. Raises `NoSuchTenant`, `NotYoursToGive`."""
    row = RoleMapping.objects.filter(pk=mapping_id).first()
    if row is None:
        raise NoSuchTenant
    level = place_to_invite(row.organization_id).kind
    if Role(row.role) not in gives(seat.organization_kind, seat.role, at=level):
        raise NotYoursToGive
    _told(Event.ENTRA_ROLE_UNMAPPED, row, by, before={"role": row.role}, after={"role": None})
    row.delete()


def need_say(organization_id: UUID, *, seat: Seat) -> None:
    """Let somebody pass who gives roles in an organization of the scope; raises `NotYoursToGive` for everybody else."""
    if not gives(seat.organization_kind, seat.role, at=place_to_invite(organization_id).kind):
        raise NotYoursToGive


def _tenant(tenant_row_id: UUID) -> EntraTenant:
    row = EntraTenant.objects.filter(pk=tenant_row_id).first()
    if row is None:
        raise NoSuchTenant
    return row


def _uuid(text: str, *, field: str) -> UUID:
    try:
        return UUID(text.strip())
    except ValueError as error:
        raise InvalidTenant(field=field) from error


def _value(kind: ClaimKind, value: str) -> str:
    """Return a group's id in one spelling, an app role's value as it is; Entra allows no blanks in those."""
    if kind is ClaimKind.GROUP:
        return str(_uuid(value, field="value"))
    cleaned = value.strip()
    if not cleaned or len(cleaned) > LONGEST_VALUE or not cleaned.isprintable() or " " in cleaned:
        raise InvalidTenant(field="value")
    return cleaned


def _told(event: Event, row: RoleMapping, by: Actor, *, before: dict[str, Plain], after: dict[str, Plain]) -> None:
    where, facts = row.organization_id, {"kind": row.kind, "value": row.value}
    subject = f"organization:{where}"
    record(event, by=by, organization_id=where, subject=subject, data=facts, before=before, after=after)
