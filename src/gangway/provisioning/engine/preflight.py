"""Pre-flight: what this person can do of a plan in this tenant, told before anything is written. A pure function.

What could not be read is `unknown`, a normal result: Microsoft will tell when we try.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from gangway.microsoft.directory_roles import GLOBAL, NAMES
from gangway.microsoft.graph.shapes import Namesake, SecretRule
from gangway.provisioning.engine.credential_kinds import NAMES as NAMES_OF_KINDS
from gangway.provisioning.engine.credential_kinds import Kind, Terms, by_rule
from gangway.provisioning.engine.rights import ENOUGH, Part, verdict

Result = Literal["can", "activate", "needs_other", "forbidden", "unknown"]
"""`activate`: possible after activating a role (PIM). `forbidden`: nobody can as it is; `cure` says the way on."""

CREDENTIAL: Final = "credential"

LABELS: Final = {
    Part.REGISTRATION.value: "Create the app registration",
    CREDENTIAL: "Create its secret",
    Part.CONSENT.value: "Consent to the permissions",
    Part.ROLES.value: "Give the registration its directory roles",
}

_WHO: Final = {
    Part.REGISTRATION: "an Application Administrator or a Global Administrator",
    Part.CONSENT: "a Privileged Role Administrator or a Global Administrator",
    Part.ROLES: "a Privileged Role Administrator or a Global Administrator",
}
LEFT: Final = "You leave this to the other administrator whom you named; your sign-in didn't ask for it."
_ROLES_UNREAD: Final = "The roles of this account could not be read; Microsoft will tell when we try."
_POLICY_UNREAD: Final = (
    "The roles suffice. Whether a policy of the tenant forbids it can't be read with what we ask for; "
    "if so, another kind or a shorter life is made, and we say which and why."
)
_PIM_UNREAD: Final = (
    "The account's own roles suffice. The plan gives the registration its roles through PIM, and whether the tenant "
    "has that could not be read; Microsoft will tell when we try."
)
_PREMIUM_UNSEEN: Final = (
    "That takes Microsoft Entra ID P1, and no subscription with it was seen; Microsoft will tell when we try."
)
_GO_ROUND: Final = "Ask whoever looks after that policy to lift it while the connection is made, then sign in again."


@dataclass(frozen=True)
class Seen:
    """What was read. None: could not be read. Roles are template ids; `eligible` are those that may be activated.

    `pim`: whether the tenant has Privileged Identity Management; `premium`: whether Microsoft Entra ID P1 was seen.
    """

    active: Mapping[str, str] | None
    eligible: frozenset[str] | None
    secrets: SecretRule | None
    ours: tuple[Namesake, ...] | None
    deleted: tuple[Namesake, ...] | None
    phone_licences_left: int | None
    pim: bool | None = None
    premium: bool = False


@dataclass(frozen=True)
class Wanted:
    """What is to be made: under which unique name, for how many days its credential and roles are good (0: no end).

    `others`: kinds of credential that may stand in where the tenant forbids the planned one. `unit`: the administrative
    unit that the directory role is limited to, if any.
    """

    unique_name: str
    credential_days: int
    role_days: int = 0
    kind: Kind = "secret"
    others: tuple[Kind, ...] = ()
    unit: str = ""


@dataclass(frozen=True)
class StepResult:
    """One step, with words for a person; `cure` is the way on or round, empty when none is needed."""

    key: str
    label: str
    result: Result
    words: str = ""
    cure: str = ""


@dataclass(frozen=True)
class Preflight:
    """All steps in their order, and what else is good to know.

    `tenant`: what stands in the tenant already, for its own administrator only: it may belong to another customer of
    this installation, whose existence no operator is told.
    """

    steps: tuple[StepResult, ...] = ()
    notes: tuple[str, ...] = ()
    tenant: tuple[str, ...] = ()

    def leaving(self, left: Collection[Part]) -> "Preflight":
        """The same, with these parts left to somebody else on purpose."""
        return replace(self, steps=tuple(_left(step) if step.key in left else step for step in self.steps))

    def sparing(self, spared: Collection[str]) -> "Preflight":
        """The same without the steps of which there is nothing to do."""
        return replace(self, steps=tuple(step for step in self.steps if step.key not in spared))


def _left(step: StepResult) -> StepResult:
    return replace(step, result="needs_other", words=LEFT, cure="")


def preflight(seen: Seen, wanted: Wanted) -> Preflight:
    """Compare what is to be made with what was read."""
    steps = (
        _registration(seen, wanted),
        _credential(seen, wanted),
        _by_role(Part.CONSENT, Part.CONSENT.value, seen),
        _roles(seen, wanted),
    )
    return Preflight(steps, (*_mine(seen, wanted), *_licences(seen)), _namesakes(seen, wanted))


def _registration(seen: Seen, wanted: Wanted) -> StepResult:
    """A deleted registration of ours keeps its unique name for thirty days: it makes room before a new one is made."""
    by_role = _by_role(Part.REGISTRATION, Part.REGISTRATION.value, seen)
    same = next((row for row in seen.deleted or () if row.unique_name == wanted.unique_name), None)
    if same is None or by_role.result != "can":
        return by_role
    words = (
        f"An earlier registration of this invitation, “{same.display_name}”, was deleted, and Microsoft makes no "
        "second one while it keeps the first. We remove the deleted one for good, then make the new one."
    )
    return StepResult(by_role.key, by_role.label, "can", words)


def _credential(seen: Seen, wanted: Wanted) -> StepResult:
    """What a policy forbids is gone round where that asks for nothing more, and is told before anything is written."""
    by_role = _by_role(Part.REGISTRATION, CREDENTIAL, seen)
    label, planned = f"Create its {NAMES_OF_KINDS[wanted.kind]}", Terms(wanted.kind, wanted.credential_days)
    terms = by_rule(planned, seen.secrets, wanted.others)
    if terms is None:
        words = "A policy of the tenant forbids every credential that could be made here on new app registrations."
        return StepResult(CREDENTIAL, label, "forbidden", words, _GO_ROUND)
    if by_role.result == "can" and seen.secrets is None and wanted.kind != "federated":
        return StepResult(CREDENTIAL, label, "unknown", _POLICY_UNREAD)
    return replace(by_role, label=label, words=by_role.words or terms.why)


def _roles(seen: Seen, wanted: Wanted) -> StepResult:
    """With an end, roles are given through PIM; inside a unit, by its rules: each takes a licence of its own."""
    by_role = _by_role(Part.ROLES, Part.ROLES.value, seen)
    if wanted.unit and by_role.result == "can" and not seen.premium:
        words = f"The plan limits the role to the administrative unit {wanted.unit}. {_PREMIUM_UNSEEN}"
        return replace(by_role, result="unknown", words=words)
    if not wanted.role_days or by_role.result != "can" or seen.pim:
        return by_role
    if seen.pim is None:
        return StepResult(by_role.key, by_role.label, "unknown", _PIM_UNREAD)
    words = f"The plan gives the roles for {wanted.role_days} days through PIM, and the tenant has no licence for it."
    cure = "Ask your provider for a plan that gives the roles without an end, or get Microsoft Entra ID P2."
    return StepResult(by_role.key, by_role.label, "forbidden", words, cure)


def _by_role(part: Part, key: str, seen: Seen) -> StepResult:
    found = verdict(part, seen.active)
    if found == "can":
        return StepResult(key, LABELS[key], "can")
    if role := _to_activate(part, seen):
        words = f"This account may take the role {role}, but it is not active now."
        cure = "Activate it in Privileged Identity Management (PIM), then sign in again."
        return StepResult(key, LABELS[key], "activate", words, cure)
    if found == "unknown":
        return StepResult(key, LABELS[key], "unknown", _ROLES_UNREAD)
    return StepResult(key, LABELS[key], "needs_other", cure=f"It takes {_WHO[part]}.")


def _to_activate(part: Part, seen: Seen) -> str:
    """The name of an eligible role that would be enough; the one with fewer rights when there are several."""
    enough = sorted(ENOUGH[part] & (seen.eligible or frozenset()), key=lambda role: (role == GLOBAL, role))
    return NAMES[enough[0]] if enough else ""


def _mine(seen: Seen, wanted: Wanted) -> tuple[str, ...]:
    if seen.ours is None:
        return ("Whether we made app registrations here before could not be read.",)
    mine = any(row.unique_name == wanted.unique_name for row in seen.ours)
    return ("The app registration of this invitation is here already: we go on with it.",) if mine else ()


def _namesakes(seen: Seen, wanted: Wanted) -> tuple[str, ...]:
    others = sorted(row.display_name for row in seen.ours or () if row.unique_name != wanted.unique_name)
    deleted = sorted(row.display_name for row in seen.deleted or () if row.unique_name != wanted.unique_name)
    return (
        *((f"App registrations that were made like this before stay untouched: {_listed(others)}.",) if others else ()),
        *((f"Deleted, but kept by Microsoft for 30 days: {_listed(deleted)}.",) if deleted else ()),
    )


def _listed(names: list[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def _licences(seen: Seen) -> tuple[str, ...]:
    left = seen.phone_licences_left
    if left is None:
        return ("How many Teams Phone licences are left could not be read.",)
    if left == 0:
        return ("No Teams Phone licence is left. The connection can be made; users need one each before calling.",)
    return (f"Teams Phone licences left: {left}.",)
