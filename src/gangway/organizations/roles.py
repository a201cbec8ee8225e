"""Who may do what: one readable table. Menus, checks and the page `docs/roles.md` are made from it.

Read from the original product's permission tables. The system's and a provider's admins and operators do everything
about services, monitors look; a channel's admin adds and edits but never deletes and has no page of all pending
invitations (only the list inside the Onboarding wizard); a customer's operator looks after their own Microsoft 365
connection and their own people. Gaps in those tables are closed once, in `docs/why/operators.md`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from gangway.organizations.errors import NotAllowed


class Kind(StrEnum):
    """The levels of organizations, from the top of the tree to its leaves."""

    SYSTEM = "system"
    PROVIDER = "provider"
    CHANNEL = "channel"
    CUSTOMER = "customer"


class Role(StrEnum):
    """What a person is in one organization; one role per person and organization."""

    ADMIN = "admin"
    OPERATOR = "operator"
    MONITOR = "monitor"
    OPERATOR_LITE = "operator_lite"


class Capability(StrEnum):
    """One thing a person may be allowed to do, in their organization and in all below it."""

    SEE_SERVICES = "see_services"
    ADD_SERVICE = "add_service"
    """Start a service, send its invitation, press *Add* in the Onboarding wizard, create the service; type credentials
    in, for a new connection or in place of those in use."""
    EDIT_SERVICE = "edit_service"
    DELETE_SERVICE = "delete_service"
    SEE_INVITATIONS = "see_invitations"
    """The page of all Pending Invitations; the list inside the Onboarding wizard comes with ADD_SERVICE."""
    MANAGE_INVITATIONS = "manage_invitations"
    SEE_CONNECTION = "see_connection"
    VALIDATE_CONNECTION = "validate_connection"
    CHANGE_CONNECTION = "change_connection"
    """Have an administrator renew or repair it, rotate, suspend and resume; typing credentials in is ADD_SERVICE."""
    USE_CONNECTION = "use_connection"
    """Be given short-lived tokens of a connection on a worker's host, for what this platform doesn't do by itself."""
    SEE_RUNS = "see_runs"
    SEE_ACTIVITY = "see_activity"
    SEE_CUSTOMERS = "see_customers"
    EDIT_CUSTOMERS = "edit_customers"
    DELETE_CUSTOMERS = "delete_customers"
    SEE_CHANNELS = "see_channels"
    EDIT_CHANNELS = "edit_channels"
    SEE_PROVIDERS = "see_providers"
    EDIT_PROVIDERS = "edit_providers"
    SEE_OPERATORS = "see_operators"
    MANAGE_OPERATORS = "manage_operators"
    """Which roles somebody may give, change and take away stands in GIVES."""
    CHANGE_SIGN_IN = "change_sign_in"
    CHANGE_SETTINGS = "change_settings"


class Given(NamedTuple):
    """One row of the table: what it allows, in words, and the letters of the roles that have it at each level."""

    words: str
    system: str = ""
    provider: str = ""
    channel: str = ""
    customer: str = ""


LETTERS: Final[Mapping[str, Role]] = {
    "A": Role.ADMIN,
    "O": Role.OPERATOR,
    "L": Role.OPERATOR_LITE,
    "M": Role.MONITOR,
}

ROLES: Final[Mapping[Kind, str]] = {
    Kind.SYSTEM: "AOM",
    Kind.PROVIDER: "AOM",
    Kind.CHANNEL: "AM",
    Kind.CUSTOMER: "OLM",
}
"""The roles there are at each level. A pair that is absent (an operator of a channel) doesn't exist and isn't given."""

# fmt: off
MATRIX: Final[Mapping[Capability, Given]] = {
    #                                                                              system provider channel customer
    Capability.SEE_SERVICES: Given("Show services",                                 "AOM", "AOM", "AM", "OLM"),
    Capability.ADD_SERVICE: Given("Add a service; type credentials in",        "AO",  "AO",  "A"),
    Capability.EDIT_SERVICE: Given("Edit a service",                                "AO",  "AO",  "A",  "O"),
    Capability.DELETE_SERVICE: Given("Delete a service",                            "AO",  "AO"),
    Capability.SEE_INVITATIONS: Given("Open the page of all Pending Invitations",   "AOM", "AOM"),
    Capability.MANAGE_INVITATIONS: Given("Change and revoke invitations and links", "AO",  "AO",  "A"),
    Capability.SEE_CONNECTION: Given("Look at the Microsoft 365 configuration",     "AOM", "AOM", "AM", "OM"),
    Capability.VALIDATE_CONNECTION: Given("Validate the authentication",            "AO",  "AO",  "A",  "O"),
    Capability.CHANGE_CONNECTION: Given("Renew, repair or suspend a connection",    "AO",  "AO",  "A",  "O"),
    Capability.USE_CONNECTION: Given("Use a connection: be given its tokens",       "AO",  "AO"),
    Capability.SEE_RUNS: Given("Look at runs of the engine",                        "AOM", "AOM", "AM", "OLM"),
    Capability.SEE_ACTIVITY: Given("Read the activity log",                         "AOM", "AOM", "AM", "OLM"),
    Capability.SEE_CUSTOMERS: Given("Show customers",                               "AOM", "AOM", "AM"),
    Capability.EDIT_CUSTOMERS: Given("Add and edit customers",                      "AO",  "AO",  "A"),
    Capability.DELETE_CUSTOMERS: Given("Delete customers",                          "AO",  "AO"),
    Capability.SEE_CHANNELS: Given("Show channels",                                 "AOM", "AOM"),
    Capability.EDIT_CHANNELS: Given("Add, edit and delete channels",                "AO",  "AO"),
    Capability.SEE_PROVIDERS: Given("Show providers",                               "AOM"),
    Capability.EDIT_PROVIDERS: Given("Add and edit providers",                      "A"),
    Capability.SEE_OPERATORS: Given("Show operators",                               "AO",  "AO",  "A",  "O"),
    Capability.MANAGE_OPERATORS: Given("Invite operators, change and end their roles", "A", "A",  "A",  "O"),
    Capability.CHANGE_SIGN_IN: Given("Set how people sign in to the organization",  "A",   "A",   "A",  "O"),
    Capability.CHANGE_SETTINGS: Given("Change settings",                            "A",   "A"),
}

GIVES: Final[Mapping[tuple[Kind, Role], Mapping[Kind, str]]] = {
    (Kind.SYSTEM, Role.ADMIN): {
        Kind.SYSTEM: "AOM", Kind.PROVIDER: "AOM", Kind.CHANNEL: "AM", Kind.CUSTOMER: "OLM",
    },
    (Kind.PROVIDER, Role.ADMIN): {Kind.PROVIDER: "AOM", Kind.CHANNEL: "AM", Kind.CUSTOMER: "OLM"},
    (Kind.CHANNEL, Role.ADMIN): {Kind.CHANNEL: "A"},
    (Kind.CUSTOMER, Role.OPERATOR): {Kind.CUSTOMER: "OLM"},
}
"""Whoever has MANAGE_OPERATORS: which roles they may give, change and take away, in organizations of which level."""
# fmt: on


def stands_over(one: Kind, other: Kind) -> bool:
    """Return whether people of a level decide over what people of another one did: those of the same level do."""
    levels = tuple(Kind)
    return levels.index(one) <= levels.index(other)


def may_undo(level: Kind, decided_at: Kind | None) -> bool:
    """Return whether people of a level may undo a decision; one whose level nobody kept, whoever else may."""
    return decided_at is None or stands_over(level, decided_at)


def roles_at(kind: Kind) -> tuple[Role, ...]:
    """Return the roles there are at a level, the mightiest first."""
    return tuple(LETTERS[letter] for letter in ROLES[kind])


def _capabilities(kind: Kind, role: Role) -> frozenset[Capability]:
    return frozenset(
        capability
        for capability, given in MATRIX.items()
        if role in {LETTERS[letter] for letter in getattr(given, kind.value)}
    )


ROLE_TABLE: Final[Mapping[tuple[Kind, Role], frozenset[Capability]]] = {
    (kind, role): _capabilities(kind, role) for kind in Kind for role in roles_at(kind)
}
"""The same table by level and role."""

SEES_INVITATIONS: Final = frozenset({Capability.SEE_INVITATIONS, Capability.MANAGE_INVITATIONS})
"""Whoever has one of these may open an invitation's page."""


def gives(kind: Kind, role: Role, *, at: Kind) -> tuple[Role, ...]:
    """Return the roles that somebody in this role may give in an organization of level `at`, the mightiest first."""
    return tuple(LETTERS[letter] for letter in GIVES.get((kind, role), {}).get(at, ""))


class HasCapabilities(Protocol):
    """Whoever carries a set of capabilities, such as a seat."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this person may do here."""


def require(seat: HasCapabilities, capability: Capability) -> None:
    """Let somebody pass who may do this; raises `NotAllowed` for everybody else."""
    if capability not in seat.capabilities:
        raise NotAllowed(capability=capability.value)
