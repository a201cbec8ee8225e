"""Profiles: what a registration must have, and why. Read from versioned data files and checked when they are loaded."""

from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Guid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Words = Annotated[str, StringConstraints(min_length=10)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]*$")]
Risk = Annotated[int, Field(ge=1, le=5)]
Kind = Literal["secret", "certificate", "federated"]
"""A kind of credential. `federated`: no secret at all, the platform's own tokens are trusted."""

FOLDER: Final = "gangway.provisioning.engine.profiles"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Feature(_Frozen):
    """What a registration can be used for. `declining`: what an administrator reads before saying no.

    `owner`: the registration owns itself, so that it may change its own credentials and nobody else's. `unit`: roles
    that can be are limited to one administrative unit. `registration`: it gets an app registration of its own, made
    beside this one; the name of that one's profile.
    """

    key: Key
    title: str
    why: Words
    declining: str = ""
    optional: bool = False
    on_by_default: bool = False
    owner: bool = False
    unit: bool = False
    registration: str = ""
    since: int


class Reason(_Frozen):
    """What something is good for besides, when a feature is chosen."""

    feature: Key
    why: Words


class Permission(_Frozen):
    """A permission at one API. `risk`: Microsoft's own grade, 1 to 5. `stage`: only during set-up, or always."""

    id: Guid
    value: str
    resource: Guid
    kind: Literal["application"]
    why: Words
    without: Words
    risk: Risk
    feature: Key
    stage: Literal["setup", "always"]
    since: int
    also: tuple[Reason, ...] = ()


class Role(_Frozen):
    """A directory role, by the id of its template.

    `risk` is our own grade, Microsoft gives none. `in_unit`: Microsoft lets it be limited to an administrative unit.
    """

    template_id: Guid
    name: str
    kind: Literal["directory_role"]
    why: Words
    without: Words
    risk: Risk
    feature: Key
    stage: Literal["always"]
    since: int
    in_unit: bool = False


class RoleChoice(_Frozen):
    """One of the ways to give enough rights; a pinned plan names it by `key`."""

    key: Key
    title: str
    why: Words
    roles: tuple[Role, ...] = Field(min_length=1)


class Service(_Frozen):
    """An API that must be present in the tenant although no permission of it is asked for."""

    app_id: Guid
    name: str
    why: Words
    since: int


class CredentialRule(_Frozen):
    """Which kinds of credential there may be, and for how many days; `days_with` is the default with a feature."""

    kinds: tuple[Kind, ...] = Field(min_length=1)
    default_days: int = Field(ge=1)
    days_with: dict[Key, int] = {}
    longest_days: int = Field(ge=1)


class Profile(_Frozen):
    """One profile with all its versions. Raises ValueError when something in it can't be true."""

    schema_name: Literal["profile.schema.json"] = Field(alias="$schema")
    format: Literal[1]
    name: Key
    title: str
    source: str
    versions: tuple[int, ...] = Field(min_length=1)
    features: tuple[Feature, ...] = Field(min_length=1)
    services: tuple[Service, ...] = ()
    permissions: tuple[Permission, ...]
    roles: tuple[Role, ...] = ()
    role_choices: tuple[RoleChoice, ...] = ()
    default_role_choice: str = ""
    credential: CredentialRule

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if problem := next(self._problems(), ""):
            raise ValueError(problem)
        return self

    def _problems(self) -> Iterator[str]:
        chosen = [role for choice in self.role_choices for role in choice.roles]
        rights: tuple[Permission | Role, ...] = (*self.permissions, *self.roles, *chosen)
        since = {entry.since for entry in rights}
        since |= {entry.since for entry in self.features} | {entry.since for entry in self.services}
        if not since <= set(self.versions):
            yield "an entry is since a version that the profile doesn't have"
        features = {feature.key for feature in self.features}
        named = {entry.feature for entry in rights}
        named |= {reason.feature for entry in self.permissions for reason in entry.also} | set(
            self.credential.days_with
        )
        if not named <= features:
            yield "an entry names a feature that the profile doesn't have"
        if any(feature.optional and not feature.declining for feature in self.features):
            yield "a feature is optional without saying what declining it means"
        if len({permission.value for permission in self.permissions}) < len(self.permissions):
            yield "a permission is listed twice"
        if self.default_role_choice not in ({choice.key for choice in self.role_choices} or {""}):
            yield "the default role choice isn't among the choices"
        if max(self.credential.default_days, *self.credential.days_with.values(), 1) > self.credential.longest_days:
            yield "the default life of a credential is longer than the longest"

    @property
    def newest(self) -> int:
        """The version that new invitations pin."""
        return max(self.versions)

    def features_of(self, version: int) -> tuple[Feature, ...]:
        return tuple(entry for entry in self.features if entry.since <= version)

    def permissions_of(self, version: int) -> tuple[Permission, ...]:
        return tuple(entry for entry in self.permissions if entry.since <= version)

    def roles_of(self, version: int) -> tuple[Role, ...]:
        """Roles that come with a feature, whatever role choice there is."""
        return tuple(entry for entry in self.roles if entry.since <= version)

    def services_of(self, version: int) -> tuple[Service, ...]:
        return tuple(entry for entry in self.services if entry.since <= version)

    def role_choice(self, key: str) -> RoleChoice | None:
        return next((choice for choice in self.role_choices if choice.key == key), None)


@cache
def load(name: str) -> Profile | None:
    """The profile of that name, checked; None when there is none. Raises ValueError when its file is wrong."""
    file = resources.files(FOLDER) / f"{name.replace('-', '_')}.json"
    if not name.replace("-", "").isalnum() or not file.is_file():
        return None
    return Profile.model_validate_json(file.read_text("utf-8"))
