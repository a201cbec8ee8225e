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

WORDS: Final = {
    Part.REGISTRATION: "create the app registration and its secret",
    Part.CONSENT: "consent to the permissions",
    Part.ROLES: "give the registration its directory roles",
}

Verdict = Literal["can", "needs_other", "unknown"]


def verdict(part: Part, roles: Collection[str] | None) -> Verdict:
    """Whether somebody with these active roles (template ids) may do a part; None: their roles could not be read."""
    if roles is None:
        return "unknown"
    return "can" if ENOUGH[part] & set(roles) else "needs_other"


def summary(roles: Collection[str] | None) -> str:
    """One sentence on what this person can't do and who can; empty when they can do everything or nobody knows."""
    missing = [part for part in Part if verdict(part, roles) == "needs_other"]
    if not missing:
        return ""
    who = "a Global Administrator"
    if Part.REGISTRATION not in missing:
        who += " or a Privileged Role Administrator"
    elif missing == [Part.REGISTRATION]:
        who += " or an Application Administrator"
    return f"This account can't {_listed([WORDS[part] for part in missing])}: {who} has to do that."


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
