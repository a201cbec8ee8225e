"""Profiles: what a registration must have, and why. Read from versioned data files and checked when they are loaded."""

from functools import cache
from importlib import resources
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Guid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Words = Annotated[str, StringConstraints(min_length=10)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Permission(_Frozen):
    """A permission at one API. `risk`: Microsoft's own grade, 1 to 5. `stage`: only during set-up, or always."""

    id: Guid
    value: str
    resource: Guid
    kind: Literal["application"]
    why: Words
    without: Words
    risk: int = Field(ge=1, le=5)
    feature: str
    stage: Literal["setup", "always"]
    since: int


class Role(_Frozen):
    """A directory role, by the id of its template."""

    template_id: Guid
    name: str
    why: Words
    without: Words


class RoleChoice(_Frozen):
    """One of the ways to give enough rights; a pinned plan names it by `key`."""

    key: str
    title: str
    roles: tuple[Role, ...] = Field(min_length=1)


class Service(_Frozen):
    """An API that must be present in the tenant although no permission of it is asked for."""

    app_id: Guid
    name: str
    why: Words
    since: int


class CredentialRule(_Frozen):
    """Which kinds of credential there may be, and for how many days."""

    kinds: tuple[Literal["secret"], ...]
    default_days: int = Field(ge=1)
    longest_days: int = Field(ge=1)


class Profile(_Frozen):
    """One profile with all its versions. Raises ValueError when something in it can't be true."""

    name: str
    title: str
    source: str
    versions: tuple[int, ...]
    services: tuple[Service, ...]
    permissions: tuple[Permission, ...]
    role_choices: tuple[RoleChoice, ...]
    default_role_choice: str
    credential: CredentialRule

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        since = {*(entry.since for entry in self.permissions), *(entry.since for entry in self.services)}
        if not since <= set(self.versions):
            raise ValueError("an entry is since a version that the profile doesn't have")
        if len({permission.value for permission in self.permissions}) < len(self.permissions):
            raise ValueError("a permission is listed twice")
        if self.default_role_choice not in {choice.key for choice in self.role_choices}:
            raise ValueError("the default role choice isn't among the choices")
        if self.credential.default_days > self.credential.longest_days:
            raise ValueError("the default life of a credential is longer than the longest")
        return self

    def permissions_of(self, version: int) -> tuple[Permission, ...]:
        return tuple(entry for entry in self.permissions if entry.since <= version)

    def services_of(self, version: int) -> tuple[Service, ...]:
        return tuple(entry for entry in self.services if entry.since <= version)

    def role_choice(self, key: str) -> RoleChoice | None:
        return next((choice for choice in self.role_choices if choice.key == key), None)


@cache
def load(name: str) -> Profile | None:
    """The profile of that name, checked; None when there is none. Raises ValueError when its file is wrong."""
    file = resources.files("gangway.provisioning.engine.profiles") / f"{name.replace('-', '_')}.json"
    if not name.replace("-", "").isalnum() or not file.is_file():
        return None
    return Profile.model_validate_json(file.read_text("utf-8"))
