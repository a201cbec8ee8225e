"""The states of an operator's invitation, and the words of the rules of sign-in."""

from enum import StrEnum


class InvitationState(StrEnum):
    """How far an invitation has come. One that is over its time may still be *pending* in the table."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    EXPIRED = "expired"


class SecondFactor(StrEnum):
    """Whether people need a second factor. *Required* holds for all organizations below, too."""

    INHERIT = "inherit"
    REQUIRED = "required"
    OPTIONAL = "optional"


class ClaimKind(StrEnum):
    """What of an id_token gives a role."""

    APP_ROLE = "app_role"
    GROUP = "group"
