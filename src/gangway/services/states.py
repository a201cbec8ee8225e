"""The three separate things one can say about a service: its life, its connection, its deployment."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Lifecycle(StrEnum):
    """How far a service has come: its name is reserved while planned, in use when created, free when abandoned.

    One that leaves is suspended and can still be kept. One that is being deleted keeps its name until nothing of ours
    is known to be left in the customer's tenant.
    """

    PLANNED = "planned"
    CREATED = "created"
    ABANDONED = "abandoned"
    LEAVING = "leaving"
    DELETING = "deleting"
    DELETED = "deleted"


class Connection(StrEnum):
    """Whether the service's credentials work, as last read; one that is suspended isn't looked at."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    UNKNOWN = "unknown"
    SUSPENDED = "suspended"

    @property
    def label(self) -> str:
        """The word that pages show."""
        return "OK" if self is Connection.OK else self.value.capitalize()


class Deployment(StrEnum):
    """Whether voice routing stands in the customer's tenant: ready means it may be deployed."""

    READY = "ready"
    DEPLOYED = "deployed"
    FAILED = "failed"
    NONE = "none"

    @property
    def label(self) -> str:
        """The word that pages show."""
        return "Not started" if self is Deployment.NONE else self.value.capitalize()


MOVES: Final[Mapping[Lifecycle, frozenset[Lifecycle]]] = {
    Lifecycle.PLANNED: frozenset({Lifecycle.CREATED, Lifecycle.ABANDONED}),
    Lifecycle.CREATED: frozenset({Lifecycle.LEAVING}),
    Lifecycle.LEAVING: frozenset({Lifecycle.CREATED, Lifecycle.DELETING}),
    Lifecycle.DELETING: frozenset({Lifecycle.DELETED}),
    Lifecycle.ABANDONED: frozenset(),
    Lifecycle.DELETED: frozenset(),
}
"""Where a service may go from each state of its life."""

HOLDS_ITS_NAME: Final = (Lifecycle.PLANNED, Lifecycle.CREATED, Lifecycle.LEAVING, Lifecycle.DELETING)
"""While it lives, nobody else at this provider can have its short name."""

LIVES: Final = frozenset({Lifecycle.PLANNED, Lifecycle.CREATED})
"""It can still be changed."""

NEEDS_ITS_REGISTRATION: Final = LIVES | {Lifecycle.LEAVING}
"""While it lives, or may still be kept, nothing that it signs in with is taken away for another one's sake."""
