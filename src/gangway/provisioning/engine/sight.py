"""What was seen in a tenant of what we may have made there, before anybody says whose it is. Pure values.

A list that nobody let us read is None: of what it would show nothing is known.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from gangway.foundation.ids import AppId
from gangway.microsoft.graph.shapes import (
    Application,
    CertificateKey,
    FederatedKey,
    Listed,
    Namesake,
    Password,
    ServicePrincipal,
)


class Source(StrEnum):
    """By whose right we looked. `itself`: a registration only signed in, and read nothing of what is there."""

    SIGNED_IN = "signed_in"
    OWN_RIGHT = "own_right"
    ITSELF = "itself"


class Standing(StrEnum):
    """How a registration stands in its tenant. `deleted`: Microsoft keeps it for thirty days."""

    THERE = "there"
    DELETED = "deleted"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class TenantSight:
    """One look. `applications` have a unique name of ours, `principals` our tag; `itself` was read by its own right.

    `unknown`: the application ids that Entra told us it doesn't know there; `signs_in`: those that got a token.
    """

    tenant_id: str
    cloud: str
    source: Source
    applications: Listed[Application] | None = None
    principals: Listed[ServicePrincipal] | None = None
    deleted: Listed[Namesake] | None = None
    itself: Application | None = None
    unknown: frozenset[str] = frozenset()
    signs_in: frozenset[str] = frozenset()

    def application(self, *, unique_name: str, app_id: str) -> Application | None:
        """The registration as it was seen, by either of its names."""
        return next((one for one in self._all() if one.unique_name == unique_name or one.app_id == app_id), None)

    def principal(self, app_id: AppId | str) -> ServicePrincipal | None:
        """The enterprise application as it was seen."""
        rows = self.principals.rows if self.principals else ()
        return next((one for one in rows if one.app_id == app_id), None)

    def standing(self, *, unique_name: str, app_id: str, is_ours: bool = True) -> Standing | None:
        """How a registration stands; None when this look doesn't tell. Only a whole list shows that one is gone.

        `is_ours`: we made it, and so it has a unique name by which lists would show it.
        """
        if app_id in self.signs_in or self.application(unique_name=unique_name, app_id=app_id) is not None:
            return Standing.THERE
        if is_ours and any(one.unique_name == unique_name for one in self._deleted()):
            return Standing.DELETED
        missed = is_ours and self.applications is not None and self.applications.whole
        return Standing.GONE if missed or app_id in self.unknown else None

    def shows_gone(self, *, unique_name: str) -> bool:
        """Whether whole lists show one of ours neither among what is there nor among what Microsoft keeps."""
        if self.applications is None or not self.applications.whole or not self.tells_deleted:
            return False
        kept = {one.unique_name for one in self._deleted()}
        return unique_name not in kept | {one.unique_name for one in self.applications.rows}

    @property
    def tells_deleted(self) -> bool:
        """Whether what Microsoft doesn't list among the deleted ones isn't there."""
        return self.deleted is not None and self.deleted.whole

    def _deleted(self) -> tuple[Namesake, ...]:
        return self.deleted.rows if self.deleted else ()

    def _all(self) -> Iterator[Application]:
        if self.applications is not None:
            yield from self.applications.rows
        if self.itself is not None:
            yield self.itself


def keys_of(application: Application) -> tuple[Password | CertificateKey | FederatedKey, ...]:
    """The credentials of a registration; federated ones as far as they were asked for: `tells_trust` says so."""
    return (*application.passwords, *application.certificates, *application.federated)
