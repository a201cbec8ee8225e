"""The states of an import and of its rows, and the only moves between them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What the rows of a file are."""

    NEW = "new"
    """New services: each ends in an invitation to its administrator."""
    EXISTING = "existing"
    """Connections that are there: each row's credential is proved as one that an operator types."""


class ImportState(StrEnum):
    """How far a whole file is."""

    CHECKED = "checked"
    """The dry run is done; nothing was made yet."""
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    """Somebody stopped it, or its operator may not add services any more."""
    DISCARDED = "discarded"
    """It was never started, and somebody doesn't want it."""
    EXPIRED = "expired"


class RowState(StrEnum):
    """How far one row is."""

    WRONG = "wrong"
    """The dry run found something that can't be right; it is left alone."""
    READY = "ready"
    INVITED = "invited"
    PROVING = "proving"
    PROVED = "proved"
    FAILED = "failed"
    LEFT_OUT = "left_out"
    """The import ended before its turn came."""


class Wait(StrEnum):
    """What a running import waits for."""

    PACE = "pace"
    """Only so many rows of a provider are done in a minute."""
    LINKS = "links"
    """Its operator has made as many links as one person may within an hour."""


MOVES: Final[Mapping[ImportState, frozenset[ImportState]]] = {
    ImportState.CHECKED: frozenset({ImportState.RUNNING, ImportState.DISCARDED, ImportState.EXPIRED}),
    ImportState.RUNNING: frozenset({ImportState.DONE, ImportState.STOPPED, ImportState.EXPIRED}),
    ImportState.DONE: frozenset(),
    ImportState.STOPPED: frozenset(),
    ImportState.DISCARDED: frozenset(),
    ImportState.EXPIRED: frozenset(),
}

ALIVE: Final = frozenset({ImportState.CHECKED, ImportState.RUNNING})
"""In these the rows' secrets are kept, sealed."""

DOWNLOADED: Final = frozenset({RowState.WRONG, RowState.FAILED, RowState.LEFT_OUT})
"""What may be mended in a spreadsheet and imported once more, where nothing was planned for it yet."""
