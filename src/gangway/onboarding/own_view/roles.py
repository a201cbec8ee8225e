"""Which directory roles fit the customer's own view, as one table. They come in the id_token's `wids`.

Whoever may change or delete any application of their tenant could end our connection at Microsoft anyway: these may
disconnect it here, where it is done in order and can be taken back. A Global Reader may see everything there: so here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gangway.microsoft.directory_roles import APPLICATION, CLOUD_APPLICATION, GLOBAL, NAMES, PRIVILEGED_ROLE

GLOBAL_READER: Final = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
EVERY_MEMBER: Final = "b79fbf4d-3ef9-4689-8143-76b194e85509"
"""The role that every member of a tenant has: its presence shows that roles are told at all."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """One role that fits. `may_change`: contacts, and *Disconnect*."""

    template_id: str
    name: str
    may_change: bool


ROLES: Final = (
    Fitting(GLOBAL, NAMES[GLOBAL], may_change=True),
    Fitting(PRIVILEGED_ROLE, NAMES[PRIVILEGED_ROLE], may_change=True),
    Fitting(APPLICATION, NAMES[APPLICATION], may_change=True),
    Fitting(CLOUD_APPLICATION, NAMES[CLOUD_APPLICATION], may_change=True),
    Fitting(GLOBAL_READER, "Global Reader", may_change=False),
)


def fitting(held: Iterable[str]) -> tuple[Fitting, ...]:
    """Return those of somebody's roles that fit, the mightiest first."""
    known = frozenset(held)
    return tuple(role for role in ROLES if role.template_id in known)
