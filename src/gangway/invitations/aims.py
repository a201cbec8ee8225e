"""What an invitation is for, beside connecting a new service for the first time."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.db.models import TextChoices


class Purpose(TextChoices):
    """What an invitation is for. Only one to connect ends with *Add*; the others end by themselves, when proved."""

    CONNECT = "connect"
    RENEW = "renew"
    UPGRADE = "upgrade"


@dataclass(frozen=True, slots=True)
class Aim:
    """`registration_id`: one that is there already, or the id that a new one will have. `wanted`: of an upgrade."""

    purpose: Purpose = Purpose.CONNECT
    registration_id: UUID = field(default_factory=uuid4)
    wanted: dict[str, Any] = field(default_factory=dict)
