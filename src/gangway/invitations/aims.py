"""What an invitation is for, beside connecting a new service for the first time."""

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid4

from django.db.models import TextChoices


class Purpose(TextChoices):
    """What an invitation is for. Only one to connect ends with *Add*, one to upgrade with *Upgrade Customer*."""

    CONNECT = "connect"
    RENEW = "renew"
    """A connected service gets another credential, of the same registration or of another."""
    REPAIR = "repair"
    """What is missing of a registration's permissions and roles is added."""
    MOVE = "move"
    """A registration that was made by an older profile becomes as the newest one wants it."""
    REPLACE = "replace"
    """A connected service gets a new registration of ours in the place of the one that it uses."""
    UPGRADE = "upgrade"
    BESIDE = "beside"
    """An operator types in what a connected service uses beside its connection. Nobody is sent a link for it."""


ENDS_BY_ITSELF: Final = frozenset({Purpose.RENEW, Purpose.REPAIR, Purpose.MOVE, Purpose.REPLACE, Purpose.BESIDE})
"""What is over when the registration is proved: the service goes on with it, and nobody presses anything."""
PARTS: Final = "parts"
"""Where an invitation to repair keeps, in what it wants, the parts of the work that there was anything to do of."""


@dataclass(frozen=True, slots=True)
class Aim:
    """`registration_id`: one that is there already, or the id that a new one will have.

    `wanted`: of an upgrade. `changes`: what will be otherwise, a line each; without any, it is told in general words.
    """

    purpose: Purpose = Purpose.CONNECT
    registration_id: UUID = field(default_factory=uuid4)
    wanted: dict[str, Any] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
