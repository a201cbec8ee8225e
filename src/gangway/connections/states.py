"""How a connection came about, and why one isn't used."""

from enum import StrEnum
from typing import Final

from gangway.services.states import Lifecycle

STILL: Final = (Lifecycle.CREATED.value, Lifecycle.LEAVING.value, Lifecycle.DELETING.value)
"""While a service lives so, its credential may be in the tenant."""
SUSPENDED: Final = "suspended"
"""How a connection stands that isn't used for a while; nothing else is said of it then."""
LOOKED_AT: Final = "looked_at"
"""How a rotation stands of which a worker is about to say whether, and when, it comes by itself. Kept nowhere."""


class AuthenticatedBy(StrEnum):
    """Whose credentials they are: somebody signed in at Microsoft, or typed in those of a known registration."""

    SIGN_IN = "sign_in"
    OPERATOR = "operator"
    """An operator typed them in; nobody signed in."""
    LINK = "link"
    """Somebody who held a link typed them in; nobody signed in, so we know of no name."""


class SuspendedWhy(StrEnum):
    """Why a connection isn't used for a while."""

    PAUSED = "paused"
    LEAVING = "leaving"


class Rotation(StrEnum):
    """How the rotation of a connection's credential stands."""

    NONE = "none"
    """Nothing of it ends, or it is rotated by hand."""
    PLANNED = "planned"
    UNDER_WAY = "under_way"
    NEEDS_CUSTOMER = "needs_customer"
    """The registration may not renew itself, or the customer made it: an administrator has to sign in."""
    FROZEN = "frozen"
    """The customer's freeze lasts until the credential ends: a person must decide."""
    FAILED = "failed"
    """The last try failed; the old credential works on, and another try follows."""


class Deed(StrEnum):
    """What is done with everything in an emergency."""

    ROTATE = "rotate"
    SUSPEND = "suspend"
    RESUME = "resume"
    """What an emergency suspended is used again."""


class ItemState(StrEnum):
    """How far one connection of an emergency is."""

    WAITING = "waiting"
    UNDER_WAY = "under_way"
    DONE = "done"
    NEEDS_CUSTOMER = "needs_customer"
    FAILED = "failed"
    UNTOUCHED = "untouched"
    """It isn't in use, so nothing was done to it; it may sign in all the same."""
