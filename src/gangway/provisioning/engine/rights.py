"""Which directory role of the person a step needs. Source: Microsoft's pages on roles and on granting admin consent."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final, Literal

from gangway.microsoft.directory_roles import APPLICATION, CLOUD_APPLICATION, GLOBAL, PRIVILEGED_ROLE


class Part(StrEnum):
    """The parts of the work, as far as different people may do them."""

    REGISTRATION = "registration"
    CONSENT = "consent"
    ROLES = "roles"


ENOUGH: Final = {
    Part.REGISTRATION: frozenset({GLOBAL, APPLICATION, CLOUD_APPLICATION}),
    Part.CONSENT: frozenset({GLOBAL, PRIVILEGED_ROLE}),
    Part.ROLES: frozenset({GLOBAL, PRIVILEGED_ROLE}),
}
"""One is enough for the part. An Application Administrator can't consent to Graph's application permissions."""

LACKS: Final = {
    frozenset({Part.REGISTRATION}): (
        "This account can't create the app registration and its secret: "
        "a Global Administrator or an Application Administrator has to do that."
    ),
    frozenset({Part.CONSENT}): (
        "This account can't consent to the permissions: "
        "a Global Administrator or a Privileged Role Administrator has to do that."
    ),
    frozenset({Part.ROLES}): (
        "This account can't give the registration its directory roles: "
        "a Global Administrator or a Privileged Role Administrator has to do that."
    ),
    frozenset({Part.REGISTRATION, Part.CONSENT}): (
        "This account can't change the app registration or consent to the permissions: "
        "a Global Administrator has to do that."
    ),
    frozenset({Part.REGISTRATION, Part.ROLES}): (
        "This account can't change the app registration or give it its directory roles: "
        "a Global Administrator has to do that."
    ),
    frozenset({Part.CONSENT, Part.ROLES}): (
        "This account can't consent to the permissions or give the registration its directory roles: "
        "a Global Administrator or a Privileged Role Administrator has to do that."
    ),
    frozenset(Part): (
        "This account can't create the app registration and its secret, consent to the permissions or give the "
        "registration its directory roles: a Global Administrator has to do that."
    ),
}
"""What is said of an account that may not do these parts; consent and roles need the same."""

Verdict = Literal["can", "needs_other", "unknown"]


def verdict(part: Part, roles: Collection[str] | None) -> Verdict:
    """Whether somebody with these active roles (template ids) may do a part; None: their roles could not be read."""
    if roles is None:
        return "unknown"
    return "can" if ENOUGH[part] & set(roles) else "needs_other"


def summary(roles: Collection[str] | None, *, spared: Collection[Part] = ()) -> str:
    """One sentence on what this person can't do and who can; empty when they can do everything or nobody knows.

    `spared`: parts of which there is nothing to do.
    """
    wanted = (part for part in Part if part not in spared)
    return LACKS.get(frozenset(part for part in wanted if verdict(part, roles) == "needs_other"), "")
