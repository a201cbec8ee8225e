"""Whose data it is: no query on owned rows outside an organization's scope, and no write that leaves it.

A scope is the path of an organization; it covers everything at and below it. Django-scopes carries it from the entrance
to the query; what that library lets through silently (see its own warnings and our tests) is closed here, because this
manager refuses before a queryset exists: `exists`, `aexists`, `explain`, `bulk_create`, `async for … exclude()`,
`_base_manager`, an empty scope, and writes into somebody else's organization. Joins from outside find no way in, as the
key to the organization has no reverse name.

The database is the second wall: our engine tells it the scope with every statement (`told`), and its policies show and
take only rows below it (`config.database.walls`). For it, "everything" is for workers; web goes through a `Door`.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, ClassVar, Final, NoReturn, Self, TypeVar
from uuid import UUID

import structlog
from django.apps import apps
from django.db import models
from django_scopes import get_scope, scope

from gangway.organizations.errors import OutOfScope, ScopeForbidden, ScopeMissing

DIMENSION: Final = "organization"
EVERYTHING: Final = "*"
DOOR: Final = "door"
_PATH: Final = re.compile(r"(?:[0-9a-f]{32}/)+")
log = structlog.get_logger(__name__)


class Door(StrEnum):
    """Where a web process looks beyond a scope, to read only, in the tables that rooms name for it in `apps.py`.

    A member is added with a reason that holds for every row that can be seen through it.
    """

    SEAT = "seat"
    """A person who signed in: their memberships tell their scope."""
    ANCESTORS = "ancestors"
    """The organizations above a scope: a customer's provider has a name, an address for answers, and settings."""
    LINK = "link"
    """A link, found by its hash, or an offer of a role, found by its address, names its organization."""
    CASE = "case"
    """A wizard session names its case, and that its organization."""
    SIGN_IN = "sign_in"
    """A Microsoft account whose id_token was checked: its tenant names the organizations that let its people in."""
    HOST = "host"
    """The host name that a browser asked for: is it one of ours?"""
    SHORT_NAMES = "short_names"
    """A short name is unique within a whole provider, whoever of its channels asks."""


@contextmanager
def within(path: str) -> Iterator[None]:
    """Let queries see what belongs to the organization at `path` or below; raises `ScopeForbidden` for no path."""
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        raise ScopeForbidden
    with scope(**{DIMENSION: path}):
        yield


@contextmanager
def within_everything(reason: str) -> Iterator[None]:
    """Let queries see everybody's data; for workers and set-up. To a web process the database then shows nothing."""
    if not reason:
        raise ScopeForbidden
    log.debug("scope opened to everything", reason=reason)
    with scope(_enabled=False, **{DOOR: ""}):
        yield


@contextmanager
def through(door: Door) -> Iterator[None]:
    """Let queries read beyond the scope what this door shows; in a worker it shows everything."""
    with scope(_enabled=False, **{DOOR: Door(door).value}):
        yield


def told() -> str:
    """Return the scope as the database is told it: a path, "*", "door:link", or nothing."""
    current = get_scope()  # type: ignore[no-untyped-call]
    if current.get("_enabled", True):
        return current.get(DIMENSION) or ""
    return f"{DOOR}:{current[DOOR]}" if current.get(DOOR) else EVERYTHING


def current_path() -> str | None:
    """Return the path that queries are limited to, None within everything; raises `ScopeMissing` outside a scope."""
    current = get_scope()  # type: ignore[no-untyped-call]
    if not current.get("_enabled", True):
        return None
    path = current.get(DIMENSION)
    if not path or not isinstance(path, str):
        raise ScopeMissing
    return path


def check_writable(organization_ids: Iterable[UUID | None]) -> None:
    """Let writes pass that stay inside the scope; raises `OutOfScope` for all others."""
    path, wanted = current_path(), {key for key in organization_ids if key is not None}
    if path is None or wanted <= {_owner(path)}:
        return
    if _organizations().filter(pk__in=wanted, path__startswith=path).count() != len(wanted):
        raise OutOfScope


def _owner(path: str) -> UUID:
    """Return whose path it is: each ends with the organization's own id, so this one needs no question."""
    return UUID(path.rstrip("/").rpartition("/")[2])


def _organizations() -> models.Manager[models.Model]:
    """Return all organizations; their model can't be imported here, as it needs this module."""
    return apps.get_model("organizations", "Organization")._base_manager


Row = TypeVar("Row", bound=models.Model)

_Lookup: Any = models.Lookup


class Below(_Lookup):  # type: ignore[misc]  # generic in the stubs alone
    """Whether a row's organization lies at or below a path, written out: Django needs longer for it than PostgreSQL.

    It is asked with every statement, and putting a subquery together cost more than all the rest of a short one.
    """

    lookup_name = "below"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the condition and its values; a path has no letters that mean anything to LIKE."""
        owner, values = self.process_lhs(compiler, connection)
        below = "SELECT walled.id FROM organizations_organization walled WHERE walled.path::text LIKE %s"
        return f"{owner} IN ({below})", (*values, f"{self.rhs}%")


class OwnedQuerySet(models.QuerySet[Row]):
    """A queryset whose bulk writes keep to the scope, and which has no raw SQL."""

    def bulk_create(self, objs: Iterable[Row], *args: Any, **kwargs: Any) -> list[Row]:
        """Create rows after checking each one's organization."""
        rows = list(objs)
        check_writable(row.organization_id for row in rows)  # type: ignore[attr-defined]
        return super().bulk_create(rows, *args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        """Change rows; giving them to another organization is checked like any other write."""
        if "organization" in kwargs:
            check_writable([kwargs["organization"].pk])
        if "organization_id" in kwargs:
            check_writable([kwargs["organization_id"]])
        return super().update(**kwargs)

    def raw(self, *_args: object, **_kwargs: object) -> NoReturn:
        """Refuse: raw SQL knows no scope."""
        raise ScopeForbidden


class OwnedManager(models.Manager[Row]):
    """Gives querysets of the rows below the scope's path; raises `ScopeMissing` before one exists outside a scope."""

    def get_queryset(self) -> OwnedQuerySet[Row]:
        """Return what the scope covers."""
        path = current_path()
        rows: OwnedQuerySet[Row] = OwnedQuerySet(self.model, using=self._db)
        return rows if path is None else rows.filter(self.below(path))

    def below(self, path: str) -> models.Q:
        """Return the condition for rows of organizations at or below `path`.

        Not a join: Django would then put the whole condition of an update into a subquery, and PostgreSQL, having
        waited for somebody else's change of the row, doesn't look at a subquery again: compare-and-set were blind.
        """
        return models.Q(Below(models.F("organization_id"), path))


class TreeManager(OwnedManager[Row]):
    """The same for organizations themselves."""

    def below(self, path: str) -> models.Q:
        """Return the condition for organizations at or below `path`."""
        return models.Q(path__startswith=path)


class OwnedModel(models.Model):
    """A row that belongs to one organization. Related rows and updates go through the scope as well."""

    organization = models.ForeignKey("organizations.Organization", on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[OwnedManager[Self]] = OwnedManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row if its organization is inside the scope."""
        check_writable([self.organization_id])
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Remove the row if its organization is inside the scope."""
        check_writable([self.organization_id])
        return super().delete(*args, **kwargs)
