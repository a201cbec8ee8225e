"""What another administrator is told: the rest of somebody else's work."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Rest:
    """What the mail to another administrator tells: what was done by whom, what remains, who may do it, until when."""

    done_by: str
    done: tuple[str, ...]
    remaining: tuple[str, ...]
    roles: str
    deadline_at: datetime
    waits_for: date | None = None
    """A day that somebody named first: an approval, or when what remains is planned for."""
