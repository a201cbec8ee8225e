"""The columns of a file: their names, and which of them a row needs.

The first row names them, in any order; upper case, blanks and the words of the pages are fine as well. An export has
the same names, so that it can be imported elsewhere.
"""

from dataclasses import dataclass
from typing import Final

from gangway.imports.states import Kind

SECRET: Final = "secret"  # noqa: S105 - a column's name
"""The one column that is sealed on reading, and neither kept nor shown otherwise."""
ROW: Final = "row"
"""Where faults stand that belong to no column."""
ERROR: Final = "error"
"""What we add to a file of rows that failed; it may come back, and is passed over."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `needed`: an empty cell is an error."""

    name: str
    needed: bool = False


_SERVICE: Final = (
    Column("customer", needed=True),
    Column("channel"),
    Column("short_name", needed=True),
    Column("full_name"),
    Column("licence", needed=True),
    Column("users", needed=True),
    Column("domain"),
    Column("cloud"),
)
COLUMNS: Final[dict[Kind, tuple[Column, ...]]] = {
    Kind.NEW: (*_SERVICE, Column("email", needed=True), Column("phone"), Column("language")),
    Kind.EXISTING: (
        *_SERVICE,
        Column("tenant", needed=True),
        Column("client_id", needed=True),
        Column(SECRET, needed=True),
        Column("expires_on"),
    ),
}
ALSO_CALLED: Final = {
    "license": "licence",
    "license_type": "licence",
    "licence_type": "licence",
    "licensed_users": "users",
    "e_mail": "email",
    "recipient": "email",
    "telephone": "phone",
    "tenant_id": "tenant",
    "application_id": "client_id",
    "client_secret": SECRET,
    "client_secret_expires_on": "expires_on",
}
FIELDS: Final = {
    "name": "customer",
    "parent_id": "channel",
    "licence_type": "licence",
    "licensed_users": "users",
    "recipient": "email",
    "ends_on": "expires_on",
}
"""At which column a fault stands that the rooms name by another field."""


def names_of(kind: Kind) -> tuple[str, ...]:
    """Return the columns of a kind as the template has them."""
    return tuple(column.name for column in COLUMNS[kind])


def shown_of(kind: Kind) -> tuple[str, ...]:
    """Return those that may be shown."""
    return tuple(name for name in names_of(kind) if name != SECRET)


def column_named(text: str) -> str:
    """Return the column that somebody means by the cell of a first row, as far as it can be told."""
    plain = "_".join(text.strip().casefold().replace("-", " ").replace("_", " ").split())
    return ALSO_CALLED.get(plain, plain)
