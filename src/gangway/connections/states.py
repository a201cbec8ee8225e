"""How a connection came about, and why one isn't used."""

from enum import StrEnum


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
