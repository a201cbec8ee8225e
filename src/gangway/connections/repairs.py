"""What an administrator is asked for when a connection is repaired: what its last looks saw missing. Reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gangway.connections.kept import Looked, whose
from gangway.connections.models import Companion, Connection, Validation
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.mending import Look, Mending, is_known, mending, mending_beside
from gangway.provisioning.queries import registration
from gangway.provisioning.shapes import RegistrationView

SIGNED_IN: Final = "sign_in"
BEFORE: Final = 20


@dataclass(frozen=True, slots=True)
class Repair:
    """What is to be done: of the connection's own registration, and of what the service uses beside it, by profile."""

    own: Mending
    beside: Mapping[str, Mending]

    @property
    def parts(self) -> frozenset[Part]:
        """All parts that whoever signs in has anything to do of."""
        return self.own.parts.union(*(one.parts for one in self.beside.values()))

    @property
    def makes_credential(self) -> bool:
        """Whether any credential is made by it."""
        return bool(self.own.renews) or any(one.renews or one.made for one in self.beside.values())


def repair_of(service_id: UUID, registration_id: UUID, plan: Mapping[str, Any], *, now: datetime) -> Repair | None:
    """Say what a repair of a service's registration has to do. Raises PlanUnknown. Call it inside a scope.

    None when the service doesn't sign in with that one, or we hold no record of it.
    """
    row = Connection.objects.filter(service_id=service_id, registration_id=registration_id).first()
    if row is None or not is_known(registration_id):
        return None
    beside = {one.profile: _seen(one) for one in Companion.objects.filter(service_id=service_id)}
    return Repair(
        mending(registration_id, plan, credential_id=row.credential_id, seen=_seen(row), now=now),
        mending_beside(registration_id, service_id, plan, seen=beside, now=now),
    )


def _seen(row: Looked) -> Look:
    """What the newest look saw that Microsoft answered: one that it refused says nothing of rights.

    While nobody has looked since the registration was proved last, that proof counts.
    """
    about = registration(row.registration_id) if is_known(row.registration_id) else None
    looks = Validation.objects.filter(**whose(row), state="done").order_by("-asked_at")
    if about is not None and about.proved_at is not None:
        looks = looks.filter(ended_at__gte=about.proved_at)
        if not looks.exists():
            return _proved(about)
    for one in looks[:BEFORE]:
        answered = {item["state"] for item in one.items if item["key"] == SIGNED_IN}
        if one.granted is not None:
            return Look(one.granted, one.roles)
        if "error" in answered:
            return Look(refused=True)
    return Look()


def _proved(about: RegistrationView) -> Look:
    permissions = [right for right in about.permissions if right.proof not in {"unknown", "removed"}]
    roles = [right.role_id for right in about.roles if right.proof != "unknown"]
    return Look([right.instead or right.name for right in permissions], roles)
