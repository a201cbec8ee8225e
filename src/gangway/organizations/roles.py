"""Who may do what: one readable table from level and role to capabilities. Menus, checks and pages are made from it.

Read from the original product's permission tables: providers' admins and operators do everything about services,
monitors look; a channel's admin adds and edits but never deletes and has no page of all pending invitations (only the
list inside the Onboarding wizard); a customer's operator looks after their own Microsoft 365 connection. Gaps in those
tables are closed by the narrower reading.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Protocol

from gangway.organizations.errors import NotAllowed


class Kind(StrEnum):
    """The levels of organizations, from the top of the tree to its leaves."""

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
    """One thing a person may be allowed to do."""

    SEE_SERVICES = "see_services"
    ADD_SERVICE = "add_service"
    """Start a service, send its invitation, press *Add* in the Onboarding wizard, create the service."""
    DELETE_SERVICE = "delete_service"
    SEE_INVITATIONS = "see_invitations"
    """The page of all Pending Invitations; the list inside the Onboarding wizard comes with ADD_SERVICE."""
    MANAGE_INVITATIONS = "manage_invitations"
    """Resend, copy a link, revoke."""
    SEE_CONNECTION = "see_connection"
    VALIDATE_CONNECTION = "validate_connection"
    CHANGE_CONNECTION = "change_connection"
    SEE_CUSTOMERS = "see_customers"
    EDIT_CUSTOMERS = "edit_customers"
    SEE_RUNS = "see_runs"
    SEE_ACTIVITY = "see_activity"
    MANAGE_OPERATORS = "manage_operators"
    CHANGE_SETTINGS = "change_settings"


_LOOKS: Final = frozenset({Capability.SEE_SERVICES, Capability.SEE_CONNECTION})
_LOOKS_AROUND: Final = _LOOKS | {
    Capability.SEE_CUSTOMERS,
    Capability.SEE_INVITATIONS,
    Capability.SEE_RUNS,
    Capability.SEE_ACTIVITY,
}
_WORKS: Final = _LOOKS_AROUND | {
    Capability.ADD_SERVICE,
    Capability.DELETE_SERVICE,
    Capability.MANAGE_INVITATIONS,
    Capability.VALIDATE_CONNECTION,
    Capability.CHANGE_CONNECTION,
    Capability.EDIT_CUSTOMERS,
}
_RESELLS: Final = _WORKS - {Capability.DELETE_SERVICE, Capability.SEE_INVITATIONS}

ROLE_TABLE: Final[Mapping[tuple[Kind, Role], frozenset[Capability]]] = {
    (Kind.PROVIDER, Role.ADMIN): _WORKS | {Capability.MANAGE_OPERATORS, Capability.CHANGE_SETTINGS},
    (Kind.PROVIDER, Role.OPERATOR): _WORKS,
    (Kind.PROVIDER, Role.MONITOR): _LOOKS_AROUND,
    (Kind.CHANNEL, Role.ADMIN): _RESELLS | {Capability.MANAGE_OPERATORS},
    (Kind.CHANNEL, Role.MONITOR): _LOOKS_AROUND - {Capability.SEE_INVITATIONS},
    (Kind.CUSTOMER, Role.OPERATOR): _LOOKS
    | {
        Capability.VALIDATE_CONNECTION,
        Capability.CHANGE_CONNECTION,
        Capability.SEE_ACTIVITY,
        Capability.MANAGE_OPERATORS,
    },
    (Kind.CUSTOMER, Role.OPERATOR_LITE): frozenset({Capability.SEE_SERVICES}),
    (Kind.CUSTOMER, Role.MONITOR): _LOOKS | {Capability.SEE_ACTIVITY},
}
"""A pair that is absent (an operator of a channel, an admin of a customer) does not exist and can't be given."""


class HasCapabilities(Protocol):
    """Whoever carries a set of capabilities, such as a seat."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this person may do here."""


def require(seat: HasCapabilities, capability: Capability) -> None:
    """Let somebody pass who may do this; raises `NotAllowed` for everybody else."""
    if capability not in seat.capabilities:
        raise NotAllowed(capability=capability.value)
