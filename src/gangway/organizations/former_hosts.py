"""How long a former host name is answered: as long as links that went out under it are good, or a month. For workers.

Nothing begins with it any more, and whoever proves that it is theirs has it at once: a name is never kept from its
owner.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from gangway.organizations.models import HostName
from gangway.organizations.scope import within_everything

AHEAD: Final = timedelta(days=2)
"""So long before its end it is asked whether a former name is still needed."""
REASON: Final = "former host names of all organizations"

Needed = Callable[[str, datetime], datetime | None]
"""(path, when): until when a link is good that was made before then for somebody at or below the path."""

NEEDED: Final[list[Needed]] = []


def on_former(needed: Needed) -> None:
    """Have something asked before a former name isn't answered any more; call it when the application is ready."""
    if needed not in NEEDED:
        NEEDED.append(needed)


def look(*, now: datetime) -> None:
    """Answer former names longer whose links are good longer, and forget those whose time is over."""
    with within_everything(REASON):
        for row in HostName.objects.filter(answered_until__lt=now + AHEAD).select_related("organization"):
            told = [needed(row.organization.path, row.left_at or now) for needed in NEEDED]
            longest = max((until for until in told if until is not None), default=None)
            if longest is not None and longest > now:
                HostName.objects.filter(pk=row.pk).update(answered_until=longest + AHEAD)
            elif row.answered_until is not None and row.answered_until <= now:
                row.delete()
