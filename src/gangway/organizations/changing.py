"""Changing organizations: their fields, contacts and bounds, their place in the tree, and taking them out of use."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, Plain, differing, record
from gangway.foundation import clock
from gangway.foundation.clouds import cloud_name
from gangway.jobs.actions import defer
from gangway.organizations.details import (
    Bounds,
    Contact,
    Details,
    Tenant,
    checked_address,
    checked_bounds,
    checked_contacts,
    checked_details,
    checked_name,
    checked_short_name,
    checked_tenants,
)
from gangway.organizations.errors import (
    AlreadyMade,
    CloudInUse,
    NoSuchOrganization,
    NotEmpty,
    QuotaUsedUp,
    ShortNameTaken,
    WrongPlace,
)
from gangway.organizations.hosts import WITH_HOSTS, forget_former_hosts, set_host
from gangway.organizations.models import ContactRow, Organization, TenantRow
from gangway.organizations.roles import Kind
from gangway.organizations.search import LONGEST_KEY, fold, words
from gangway.organizations.signing_out import end_sessions_at
from gangway.organizations.told import CONTACTS_CHANGED

PARENTS = {Kind.CHANNEL: {Kind.PROVIDER}, Kind.CUSTOMER: {Kind.PROVIDER, Kind.CHANNEL}}
"""Below what an organization may stand."""
PERCENTS = ("warning_percent", "grace_percent")


Holds = Callable[[UUID, str], Iterable[str]]
"""(customer, cloud): what lives in another cloud than this one, in words."""

HOLDING: Final[list[Holds]] = []


def on_another_cloud(holds: Holds) -> None:
    """Have something asked before a customer's cloud is changed; call it when the application is ready."""
    if holds not in HOLDING:
        HOLDING.append(holds)


OtherTenants = Callable[[UUID], None]
"""(customer), called within the transaction that changes by which tenants, or in which cloud, it is known."""

HEARING: Final[list[OtherTenants]] = []
KNOWN_BY: Final = ("cloud", "domain", "tenant_id")


def on_other_tenants(hear: OtherTenants) -> None:
    """Have it heard when a customer is known by another domain, tenant or cloud; call it as `on_another_cloud`."""
    if hear not in HEARING:
        HEARING.append(hear)


@transaction.atomic
def change_details(
    *, organization_id: UUID, name: str, details: Details, cloud: str = "", short_name: str = "", by: Actor
) -> None:
    """Change name and fields; an empty `cloud` stays as it is, and so does an empty `short_name`, a channel's only.

    Raises NoSuchOrganization, InvalidOrganizationName at "name", InvalidField and InvalidAddress at their fields,
    CloudUnknown and CloudInUse at "cloud", ShortNameTaken at "short_name".
    """
    row = _locked(organization_id)
    before = _details_of(row)
    if row.kind == Kind.CHANNEL.value:
        row.short_name = checked_short_name(short_name) or row.short_name
    row.cloud = _cloud_for(row, cloud) if cloud else row.cloud
    for field, value in asdict(checked_details(details)).items():
        setattr(row, field, value)
    call(row, name)
    after = _details_of(row)
    if _differ(Event.ORGANIZATION_CHANGED, row, by, before, after):
        save(row)
    if any(before[field] != after[field] for field in KNOWN_BY):
        _let_hear(row)


def _let_hear(row: Organization) -> None:
    for hear in HEARING:
        hear(row.pk)


def _cloud_for(row: Organization, cloud: str) -> str:
    wanted = cloud_name(cloud).value
    if row.kind == Kind.CUSTOMER.value and wanted != row.cloud:
        held = [words for holds in HOLDING for words in holds(row.pk, wanted)]
        if held:
            raise CloudInUse(f"The cloud can't be changed: {'; '.join(held)}.", field="cloud")
    return wanted


def save(row: Organization) -> None:
    """Write the row; of two that are called the same at the same time the database lets one in.

    Raises ShortNameTaken at "short_name", AlreadyMade for a new row whose id there is.
    """
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "organizations_organization_pkey" in str(error):
            raise AlreadyMade from error
        if "_have_their_own_short_name" not in str(error):
            raise
        raise ShortNameTaken(field="short_name") from error


@transaction.atomic
def change_reply_to(*, organization_id: UUID, reply_to: str, by: Actor) -> None:
    """Change where answers to mails go; empty: to the sender. Raises NoSuchOrganization, InvalidAddress."""
    row = _locked(organization_id)
    wanted = checked_address(reply_to, field="reply_to") if reply_to.strip() else ""
    if _differ(Event.ORGANIZATION_CHANGED, row, by, {"reply_to": row.reply_to}, {"reply_to": wanted}):
        row.reply_to = wanted
        row.save(update_fields=["reply_to"])


@transaction.atomic
def change_bounds(*, organization_id: UUID, bounds: Bounds, by: Actor) -> None:
    """Change what may be used at most. Less than is in use takes nothing away; only nothing more can be added.

    Raises NoSuchOrganization, and InvalidField at the field.
    """
    row = _locked(organization_id)
    kept, before = checked_bounds(bounds), _bounds_of(row)
    row.most_customers, row.most_users = kept.customers, kept.users
    row.warning_percent, row.grace_percent = kept.warning_percent, kept.grace_percent
    if _differ(Event.ORGANIZATION_BOUNDS_CHANGED, row, by, before, _bounds_of(row)):
        row.save()


@transaction.atomic
def change_contacts(*, organization_id: UUID, contacts: Sequence[Contact], by: Actor) -> None:
    """Put these contacts in place of the earlier ones. Raises NoSuchOrganization, and at "contacts" what is wrong."""
    row = _locked(organization_id)
    kept, rows = checked_contacts(contacts), ContactRow.objects.filter(organization=row)
    known = [Contact(each.name, each.email, each.phone) for each in rows]
    before, after = {"contacts": _contacts_in_words(known)}, {"contacts": _contacts_in_words(kept)}
    if not _differ(Event.ORGANIZATION_CONTACTS_CHANGED, row, by, before, after):
        return
    rows.delete()
    ContactRow.objects.bulk_create(
        ContactRow(organization=row, place=place, **asdict(contact)) for place, contact in enumerate(kept)
    )
    defer(CONTACTS_CHANGED, queueing_lock=f"{CONTACTS_CHANGED}:{row.pk}", organization_id=str(row.pk))


@transaction.atomic
def change_tenants(*, organization_id: UUID, tenants: Sequence[Tenant], by: Actor) -> None:
    """Put these tenants of a customer beside its first one, in place of the earlier others.

    Raises NoSuchOrganization, WrongPlace for what is no customer, InvalidField at "tenants".
    """
    row = _locked(organization_id)
    if row.kind != Kind.CUSTOMER.value:
        raise WrongPlace(field="tenants")
    kept, rows = checked_tenants(tenants), TenantRow.objects.filter(organization=row)
    known = [Tenant(each.tenant_id, each.domain) for each in rows]
    before, after = {"more_tenants": _tenants_in_words(known)}, {"more_tenants": _tenants_in_words(kept)}
    if not _differ(Event.ORGANIZATION_CHANGED, row, by, before, after):
        return
    rows.delete()
    TenantRow.objects.bulk_create(
        TenantRow(organization=row, place=place, **asdict(tenant)) for place, tenant in enumerate(kept)
    )
    call(row, row.name)
    row.save(update_fields=["search_words"])
    _let_hear(row)


@transaction.atomic
def move_customer(*, customer_id: UUID, to: UUID, by: Actor) -> None:
    """Put a customer, with all that belongs to it, below another channel or directly below its provider.

    Raises NoSuchOrganization, WrongPlace (not within the same provider), QuotaUsedUp at "to".
    """
    row = _locked(customer_id)
    if row.kind != Kind.CUSTOMER.value or row.parent_id is None:
        raise WrongPlace(field="to")
    parent = locked_parent(Kind.CUSTOMER, to, field="to")
    if parent.pk == row.parent_id:
        return
    if _provider_part(parent.path) != _provider_part(row.path):
        raise WrongPlace(field="to")
    before = row.parent.name if row.parent else ""
    row.parent = parent
    row.path = f"{parent.path}{row.pk.hex}/"
    row.moved_at = clock.now()
    row.save(update_fields=["parent", "path", "moved_at"])
    _record(Event.ORGANIZATION_MOVED, row, by, {"name": row.name, "from": before, "to": parent.name})


@transaction.atomic
def take_out_of_use(*, organization_id: UUID, by: Actor) -> None:
    """Remove a channel or customer from all lists; its activity stays. Who calls makes sure that no service lives.

    Nobody comes in by it any more: its roles, its operators' invitations and its Entra tenants count no longer, and its
    host name is free.
    Raises NoSuchOrganization, NotEmpty while organizations stand below it, WrongPlace for a provider or the system.
    """
    row = _locked(organization_id)
    if Kind(row.kind) not in PARENTS:
        raise WrongPlace
    if Organization.objects.filter(parent=row, removed_at__isnull=True).exists():
        raise NotEmpty
    if row.kind in WITH_HOSTS:
        set_host(row.pk, name="", by=by)
        forget_former_hosts(row.pk)
    row.removed_at = clock.now()
    row.save(update_fields=["removed_at"])
    end_sessions_at(row.pk)
    _record(Event.ORGANIZATION_REMOVED, row, by, {"name": row.name, "kind": row.kind})


def hold_in_use(organization_id: UUID) -> None:
    """Keep an organization from being taken out of use until the caller's transaction ends.

    Django checks foreign keys at the commit, so a new row alone wouldn't hold it. Raises NoSuchOrganization.
    """
    rows = Organization.objects.select_for_update(of=("self",), no_key=True)
    if not rows.filter(pk=organization_id, removed_at__isnull=True).exists():
        raise NoSuchOrganization


def call(row: Organization, name: str) -> None:
    """Give the row a name, with what search and order need of it (not saved yet). Raises InvalidOrganizationName."""
    cleaned = checked_name(name)
    row.name, row.name_key = cleaned, fold(cleaned)[:LONGEST_KEY]
    more = TenantRow.objects.filter(organization_id=row.pk).values_list("domain", flat=True)
    row.search_words = words(cleaned, row.short_name, row.domain, *more)


def locked_parent(kind: Kind, parent_id: UUID, *, field: str = "parent_id") -> Organization:
    """Return the organization below which another one comes to stand, locked so that its quota is counted once.

    Raises at `field` NoSuchOrganization (outside the scope, or out of use), WrongPlace, QuotaUsedUp.
    """
    parent = Organization.objects.select_for_update(of=("self",)).filter(pk=parent_id, removed_at__isnull=True).first()
    if parent is None:
        raise NoSuchOrganization(field=field)
    if Kind(parent.kind) not in PARENTS.get(kind, ()):
        raise WrongPlace(field=field)
    if kind is Kind.CUSTOMER and parent.most_customers is not None:
        below = Organization.objects.filter(parent=parent, kind=kind.value, removed_at__isnull=True)
        if below.count() >= parent.most_customers:
            raise QuotaUsedUp(field=field)
    return parent


def _locked(organization_id: UUID) -> Organization:
    rows = Organization.objects.select_for_update(of=("self",)).select_related("parent")
    row = rows.filter(pk=organization_id, removed_at__isnull=True).first()
    if row is None:
        raise NoSuchOrganization
    return row


def _details_of(row: Organization) -> dict[str, Plain]:
    return {field: getattr(row, field) for field in ("name", "short_name", "cloud", *asdict(Details()))}


def _bounds_of(row: Organization) -> dict[str, Plain]:
    return {field: getattr(row, field) for field in ("most_customers", "most_users", *PERCENTS)}


def _contacts_in_words(contacts: Iterable[Contact]) -> str:
    return ", ".join(" ".join(filter(None, (each.name, f"<{each.email}>", each.phone))) for each in contacts)


def _tenants_in_words(tenants: Iterable[Tenant]) -> str:
    return ", ".join(" ".join(filter(None, (each.domain, each.tenant_id))) for each in tenants)


def _provider_part(path: str) -> list[str]:
    return path.split("/")[:2]


def _differ(
    event: Event, row: Organization, by: Actor, before: Mapping[str, Plain], after: Mapping[str, Plain]
) -> bool:
    """Record the fields that become others, as they were and as they are; return whether there are any."""
    was, now_is = differing(before, after)
    if now_is:
        subject, data = f"organization:{row.pk}", {"name": row.name}
        record(event, by=by, organization_id=row.pk, subject=subject, data=data, before=was, after=now_is)
    return bool(now_is)


def _record(event: Event, row: Organization, by: Actor, data: dict[str, Any]) -> None:
    record(event, by=by, organization_id=row.pk, subject=f"organization:{row.pk}", data=data)
