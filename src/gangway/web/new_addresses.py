"""How many links to confirm another e-mail address one person may have mailed within a day.

Each goes to an address that somebody typed. What was refused wasn't mailed, so it isn't counted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from allauth.core.internal import ratelimit

from gangway.accounts.errors import EnoughAddressesToday
from gangway.foundation.errors import GangwayError
from gangway.web.desk import DeskRequest

log = structlog.get_logger("gangway.web")

LIMIT: Final = "new_address"
"""Its number stands in `ACCOUNT_RATE_LIMITS`."""


@contextmanager
def one_more(request: DeskRequest) -> Iterator[None]:
    """Count one within the block, unless that is refused; raises `EnoughAddressesToday` at "email"."""
    person = str(request.seat.operator_id)
    counted = ratelimit.consume(request, app="allauth.account", action=LIMIT, key=person, limit_get=True)
    if counted is None:
        log.warning("too often", limit=LIMIT)
        raise EnoughAddressesToday(field="email")
    try:
        yield
    except GangwayError:
        counted.rollback()
        raise
