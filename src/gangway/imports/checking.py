"""The dry run: each row by the very rules of the forms, and all rows of a file taken together. Nothing is written."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from gangway.foundation.clock import earliest_today
from gangway.foundation.clouds import CloudName
from gangway.foundation.errors import GangwayError
from gangway.foundation.sealed import SealedText
from gangway.imports.cells import cloud_of, column_of, date_of, language_of, licence_of, typed_of, users_of, words_of
from gangway.imports.columns import COLUMNS, ROW, SECRET, Column
from gangway.imports.customers import Known, check_cloud, customer_of, known_to, parent_of
from gangway.imports.errors import (
    AddressElsewhere,
    AnotherDomainAbove,
    CellMissing,
    LooksLikeSecret,
    NoMoreCustomers,
    NotADate,
    TooManyCells,
    TwiceInFile,
)
from gangway.imports.reading import RawRow
from gangway.imports.states import Kind
from gangway.notifications.outbox import check_address
from gangway.onboarding.applications import own_clients, own_tenants
from gangway.onboarding.beginning import refuse_another
from gangway.onboarding.expected import domain_of, outside
from gangway.onboarding.tenant_lookup import checked_domain
from gangway.onboarding.typed import SHORTEST, Around, looked_at
from gangway.organizations.by_name import Named, key_of, room_below
from gangway.organizations.details import LONGEST_PHONE, checked_name, text
from gangway.organizations.queries import provider_of
from gangway.services import names
from gangway.services.actions import check_full_name
from gangway.services.errors import NameTaken
from gangway.services.pool import pool, used_up
from gangway.services.queries import names_taken

PUBLIC: Final = CloudName.PUBLIC.value
LOOKS_SECRET: Final = re.compile(r"[\w.~-]{1,5}\dQ~[\w.~-]{20,}")
"""How Microsoft's client secrets look, without the blanks that a copied one may have."""
RULES: Final[dict[str, Callable[[str], object]]] = {
    "customer": checked_name,
    "short_name": lambda cell: names.check(cell, field="short_name"),
    "full_name": check_full_name,
    "licence": licence_of,
    "users": users_of,
    "domain": checked_domain,
    "cloud": cloud_of,
    "email": lambda cell: check_address(cell, field="recipient"),
    "phone": lambda cell: text(cell, field="phone", longest=LONGEST_PHONE),
    "language": language_of,
    "expires_on": date_of,
}
"""What looks at a cell of a column by itself."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One row after the dry run; `faults` has words by column, and a row without any can be imported."""

    number: int
    values: dict[str, str]
    faults: dict[str, list[str]]
    makes_customer: bool
    secret: SealedText


@dataclass(slots=True)
class World:
    """What the database says about all rows of a file at once, and what the rows above have taken of it."""

    home_id: UUID
    known: Known
    names_taken: frozenset[str]
    users_left: int | None
    own_tenants: frozenset[str]
    own_clients: frozenset[str]
    today: date
    knowingly: bool = False
    names_above: set[str] = field(default_factory=set)
    customers_above: set[tuple[UUID, str]] = field(default_factory=set)
    domains_above: dict[tuple[UUID, str], str] = field(default_factory=dict)
    clouds_above: dict[tuple[UUID, str], str] = field(default_factory=dict)
    room: dict[UUID, int | None] = field(default_factory=dict)


def check_all(
    rows: list[RawRow], kind: Kind, *, organization_id: UUID, knowingly: bool = False, now: datetime
) -> Iterator[Checked]:
    """Look at the rows of a file, one after the other; within the scope of the organization that imports it.

    `knowingly`: addresses at domains that nobody knows of their customers are meant.
    """
    cells, provider_id = [row.cells for row in rows], provider_of(organization_id).id
    world = World(
        home_id=organization_id,
        known=known_to(cells),
        names_taken=names_taken(provider_id, [row.get("short_name", "") for row in cells]),
        users_left=pool(provider_id).left,
        own_tenants=own_tenants(provider_id),
        own_clients=own_clients(provider_id),
        today=earliest_today(now),
        knowingly=knowingly,
    )
    return (_check(row, kind, world) for row in rows)


def _check(row: RawRow, kind: Kind, world: World) -> Checked:
    values, faults = _without_secrets(row), Faults()
    if row.too_long:
        faults[ROW] = words_of(TooManyCells())
    for name in row.cells.keys() - values.keys():
        faults[name] = words_of(LooksLikeSecret())
    for column in COLUMNS[kind]:
        with faults.at(column.name):
            _look_at_cell(column, values.get(column.name, ""), has_secret=bool(row.secret))
    with faults.at("short_name"):
        _name_is_free(values.get("short_name", ""), world)
    customer = None
    with faults.at("customer"):
        customer = customer_of(values, world.known)
        with faults.at("domain"):
            _domain_is_theirs(values, customer, world)
        with faults.at("cloud"):
            above = world.clouds_above.get(_whose(values, customer, world), "")
            check_cloud(values, customer.cloud if customer else above)
        with faults.at("email"):
            _address_is_theirs(values, customer, world)
    if kind is Kind.EXISTING:
        _look_at_typed(row.secret, values, customer, faults, world)
    if not faults:
        with faults.at(ROW):
            _take(values, customer, world)
    return Checked(row.number, values, dict(faults), not faults and customer is None, row.secret)


class Faults(dict[str, list[str]]):
    """Words by column. The first fault of a column stays: what follows may only follow from it."""

    @contextmanager
    def at(self, column: str) -> Iterator[None]:
        """Keep an error of this block, at the column that it names, else at this one."""
        try:
            yield
        except GangwayError as error:
            self.setdefault(column_of(error, column), words_of(error))


def _without_secrets(row: RawRow) -> dict[str, str]:
    """Return the cells without those that hold a secret: somebody's columns have slipped, and it must not be shown."""
    secret = row.secret.reveal()
    own = secret if len(secret) >= SHORTEST else ""
    return {
        name: cell
        for name, cell in row.cells.items()
        if not LOOKS_SECRET.search("".join(cell.split())) and not (own and own in cell)
    }


def _look_at_cell(column: Column, cell: str, *, has_secret: bool) -> None:
    """Ask the rule of a column by itself."""
    if not cell and column.needed and not (column.name == SECRET and has_secret):
        raise CellMissing
    if cell and column.name in RULES:
        RULES[column.name](cell)


def _name_is_free(name: str, world: World) -> None:
    """Let a short name count once, in the file and among all services of the provider."""
    key = names.key(name)
    if key in world.names_taken:
        raise NameTaken
    if name and key in world.names_above:
        raise TwiceInFile
    world.names_above.add(key)


def _domain_is_theirs(values: dict[str, str], customer: Named | None, world: World) -> None:
    """Let a customer have only the domain that it is known by, here or by a row above. Raises `AnotherDomain` too."""
    domain = checked_domain(values["domain"]) if values.get("domain") else ""
    refuse_another(domain, known=customer.domains if customer else ())
    is_known = customer is not None and bool(customer.domains)
    if domain and not is_known and world.domains_above.get(_whose(values, customer, world), domain) != domain:
        raise AnotherDomainAbove


def _address_is_theirs(values: dict[str, str], customer: Named | None, world: World) -> None:
    """Ask about an address as the forms do: for the whole file, by a box beside it. Raises `AddressElsewhere`."""
    address = values.get("email", "")
    if not address or world.knowingly:
        return
    domain = values.get("domain") or world.domains_above.get(_whose(values, customer, world), "")
    theirs = (domain, *(customer.domains if customer else ()))
    known = outside(address, known=[one for one in theirs if one], customer_id=customer.id if customer else None)
    if known:
        raise AddressElsewhere(f"{domain_of(address)} is none of the domains of this customer: {', '.join(known)}.")


def _whose(values: dict[str, str], customer: Named | None, world: World) -> tuple[UUID, str]:
    """Tell the customers of a file apart, those too that aren't there yet."""
    above = customer.parent_id if customer else parent_of(values, world.known, home_id=world.home_id)
    return above, key_of(values.get("customer", ""))


def _look_at_typed(
    secret: SealedText, values: dict[str, str], customer: Named | None, faults: Faults, world: World
) -> None:
    """Ask what the form of *Use known App registration* asks before anybody is asked."""
    around = Around(
        theirs=customer.tenants if customer else (),
        own_tenants=world.own_tenants,
        own_clients=world.own_clients,
        has_secret=False,
        today=world.today,
    )
    try:
        typed = typed_of(values, secret)
    except NotADate:
        return
    for fault in looked_at(typed, around)[1]:
        faults.setdefault(column_of(fault, ROW), words_of(fault))


def _take(values: dict[str, str], customer: Named | None, world: World) -> None:
    """Take what a row without a fault would use: licensed users of the pool, and room for a new customer.

    Raises `PoolUsedUp`, `NoMoreCustomers`.
    """
    users = users_of(values["users"])
    if world.users_left is not None and users > world.users_left:
        raise used_up(world.users_left, field="licensed_users")
    if customer is None:
        _take_room(values, world)
        world.clouds_above.setdefault(_whose(values, None, world), cloud_of(values.get("cloud", "")) or PUBLIC)
    if world.users_left is not None:
        world.users_left -= users
    if values.get("domain"):
        world.domains_above.setdefault(_whose(values, customer, world), checked_domain(values["domain"]))


def _take_room(values: dict[str, str], world: World) -> None:
    parent_id, _name = one = _whose(values, None, world)
    if one in world.customers_above:
        return
    if parent_id not in world.room:
        world.room[parent_id] = room_below(parent_id)
    left = world.room[parent_id]
    if left == 0:
        raise NoMoreCustomers(field="customer")
    world.room[parent_id] = None if left is None else left - 1
    world.customers_above.add(one)
