"""What nobody below the provider is told after a move: which person of the reseller before did what.

The activity log is cut at the move in the same way. The provider's own people read all of it.
"""

from datetime import datetime
from typing import Final

from gangway.organizations.scope import current_path

BEFORE: Final = "Before the customer was moved"
_PROVIDERS_LEVEL: Final = 2
"""Ids in the path of a provider: the system's and its own."""


def named(name: str, *, at: datetime | None, moved_at: datetime | None) -> str:
    """Return who did something at `at`, as far as the reader may know it. Call it inside the reader's scope.

    What was done at a time that nobody wrote down counts as before the move.
    """
    if not name or moved_at is None or (at is not None and at >= moved_at) or _reads_from_above():
        return name
    return BEFORE


def _reads_from_above() -> bool:
    path = current_path()
    return path is None or path.count("/") <= _PROVIDERS_LEVEL
