"""Whose service a row's will be: a customer of the scope with that name, or a new one below its channel."""

from dataclasses import dataclass
from uuid import UUID

from gangway.audit.record import Actor
from gangway.foundation.clouds import CloudName
from gangway.imports.cells import cloud_of
from gangway.imports.errors import AnotherCloud, NoSuchChannel, SeveralCustomers
from gangway.organizations.actions import create_organization
from gangway.organizations.by_name import Named, key_of, named
from gangway.organizations.changing import hold_in_use
from gangway.organizations.roles import Kind


@dataclass(frozen=True, slots=True)
class Known:
    """The customers and channels that the rows of a file name, by the keys of their names."""

    customers: dict[str, list[Named]]
    channels: dict[str, list[Named]]


def known_to(rows: list[dict[str, str]]) -> Known:
    """Look up what rows name; within the scope of their import."""
    return Known(
        named(Kind.CUSTOMER, (row.get("customer", "") for row in rows)),
        named(Kind.CHANNEL, {row["channel"] for row in rows if row.get("channel")}),
    )


def customer_of(row: dict[str, str], known: Known) -> Named | None:
    """Return the customer that a row means, None for a new one. Raises `SeveralCustomers`, `NoSuchChannel`."""
    found = known.customers.get(key_of(row.get("customer", "")), [])
    if row.get("channel"):
        above = {channel.id for channel in _channels(row, known)}
        found = [one for one in found if one.parent_id in above]
    if len(found) > 1:
        raise SeveralCustomers(field="customer")
    return found[0] if found else None


def parent_of(row: dict[str, str], known: Known, *, home_id: UUID) -> UUID:
    """Return below which organization a new customer stands. Raises `NoSuchChannel`."""
    return _channels(row, known)[0].id if row.get("channel") else home_id


def found_or_made(row: dict[str, str], *, home_id: UUID, by: Actor) -> UUID:
    """Return a row's customer, made on the spot if need be; of two at the same moment one makes it.

    Call it in a transaction. Raises as above, and what `create_organization` raises.
    """
    known = known_to([row])
    found = customer_of(row, known)
    if found is not None:
        check_cloud(row, found.cloud)
        return found.id
    parent_id = parent_of(row, known, home_id=home_id)
    hold_in_use(parent_id)
    found = customer_of(row, known_to([row]))
    if found is not None:
        check_cloud(row, found.cloud)
        return found.id
    return create_organization(
        kind=Kind.CUSTOMER,
        name=row["customer"],
        short_name="",
        parent_id=parent_id,
        domain=row.get("domain", ""),
        cloud=cloud_of(row.get("cloud", "")) or CloudName.PUBLIC.value,
        by=by,
    )


def check_cloud(row: dict[str, str], known: str) -> None:
    """Let a row name no other cloud than its customer's; an empty `known` isn't known. Raises `AnotherCloud`."""
    wanted = cloud_of(row.get("cloud", ""))
    if wanted and known and wanted != known:
        raise AnotherCloud(field="cloud")


def _channels(row: dict[str, str], known: Known) -> list[Named]:
    found = known.channels.get(key_of(row["channel"]), [])
    if len(found) != 1:
        raise NoSuchChannel(field="channel")
    return found
