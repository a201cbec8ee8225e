"""A secret that an operator typed into a form that was refused for something else: sealed, and kept for the next try.

The session keeps what only a worker can open. It ends with the page, with the session, and after an hour.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from gangway.foundation.sealed import SealedText
from gangway.onboarding.existing import Aside, set_aside
from gangway.web.desk import DeskRequest

KEY: Final = "typed_secret"
LASTS: Final = timedelta(hours=1)


def keep(request: DeskRequest, customer_id: UUID, secret: SealedText, *, now: datetime) -> None:
    """Keep it for this customer, in place of an earlier one."""
    aside, until = set_aside(customer_id, secret), (now + LASTS).isoformat()
    about = {"customer": str(customer_id), "credential": str(aside.credential_id), "until": until}
    request.session[KEY] = about | {"sealed": aside.sealed}


def kept(request: DeskRequest, customer_id: UUID, *, now: datetime) -> Aside | None:
    """Return what is kept for this customer."""
    held = request.session.get(KEY)
    if held is None or held["customer"] != str(customer_id) or datetime.fromisoformat(held["until"]) < now:
        return None
    return Aside(UUID(held["credential"]), held["sealed"])


def forget(request: DeskRequest) -> None:
    """Let go of it: it is used, or the form begins anew."""
    if KEY in request.session:
        del request.session[KEY]
