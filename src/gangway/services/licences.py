"""What a service may be licensed as, and for how many users."""

from enum import StrEnum
from typing import Final

from gangway.services.errors import InvalidLicence, InvalidUsers

MIN_USERS: Final = 1
MAX_USERS: Final = 500
"""The most users of one service."""


class LicenceType(StrEnum):
    """The two licence types that have a connection to Microsoft 365."""

    HOSTED_ESSENTIALS_PLUS = "hosted_essentials_plus"
    HOSTED_PRO = "hosted_pro"

    @property
    def label(self) -> str:
        """The name that contracts use."""
        return _LABELS[self]


_LABELS: Final = {
    LicenceType.HOSTED_ESSENTIALS_PLUS: "Hosted Essentials+",
    LicenceType.HOSTED_PRO: "Hosted Pro",
}


def check_type(value: str, *, field: str = "licence_type") -> LicenceType:
    """Return the licence type of this name; raises `InvalidLicence` at `field`."""
    try:
        return LicenceType(value)
    except ValueError as error:
        raise InvalidLicence(field=field) from error


def check_users(count: int, *, field: str = "licensed_users") -> int:
    """Return the number of licensed users if a service may have so many; raises `InvalidUsers` at `field`."""
    if isinstance(count, bool) or not isinstance(count, int) or not MIN_USERS <= count <= MAX_USERS:
        raise InvalidUsers(field=field)
    return count
