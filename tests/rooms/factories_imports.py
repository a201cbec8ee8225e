"""Somebody of a provider who brings files of services and connections."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.imports import actions, queries
from gangway.imports.columns import names_of
from gangway.imports.states import ImportState, Kind
from gangway.organizations.scope import within, within_everything
from gangway.services.queries import services
from gangway.vault.models import Sealed
from tests.rooms.factories_organizations import (
    Place,
)

SECRET = "Xy~8Q~abcDEFghiJKLmnoPQRstuVWXyz0123456-_"
TENANT = "c0475050-0000-4000-8000-000000000001"
APP = "5a4db0c1-0000-4000-8000-00000000000a"
NEW = {"customer": "Contoso", "licence": "Hosted Pro", "users": "20", "email": "ada@contoso.example"}
KNOWN = {"customer": "Contoso", "licence": "hosted_pro", "users": "20", "tenant": TENANT, "client_id": APP}


@dataclass
class Desk:
    """A provider and one of its operators, who brings files."""

    provider: Place
    by: Actor

    def bring(self, *rows: dict[str, str], kind: Kind = Kind.NEW, knowingly: bool = True, **more: Any) -> UUID:
        """Bring a file of these rows; gives the import's id. Their addresses are meant, unless a test is about that."""
        with within(self.provider.path):
            return actions.read_file(
                organization_id=self.provider.id,
                kind=kind,
                file_name="many.csv",
                raw=file_of(*rows, kind=kind),
                finish_by_itself=False,
                knowingly=knowingly,
                by=self.by,
                now=clock.now(),
                **more,
            )

    def do(self, action: Callable[..., None], import_id: UUID) -> None:
        with within(self.provider.path):
            action(import_id=import_id, by=self.by, now=clock.now())

    def start(self, import_id: UUID) -> None:
        self.do(actions.start, import_id)

    def states(self, import_id: UUID) -> list[str]:
        with within(self.provider.path):
            return [row.state.value for row in queries.rows_of_import(import_id).rows]

    def state(self, import_id: UUID) -> ImportState:
        with within(self.provider.path):
            return queries.one_import(import_id).row.state

    def names(self) -> list[str]:
        with within(self.provider.path):
            return sorted(row.short_name for row in services().rows)

    def faults(self, import_id: UUID) -> list[dict[str, list[str]]]:
        with within(self.provider.path):
            return [dict(row.faults) for row in queries.rows_of_import(import_id).rows]


def file_of(*rows: dict[str, str], kind: Kind = Kind.NEW) -> bytes:
    lines = [",".join(names_of(kind))]
    lines += [",".join(f'"{row.get(name, "")}"' for name in names_of(kind)) for row in rows]
    return "\n".join(lines).encode()


def new(name: str, **changed: str) -> dict[str, str]:
    return {**NEW, "short_name": name, **changed}


def known(name: str, **changed: str) -> dict[str, str]:
    return {**KNOWN, "short_name": name, "secret": SECRET, **changed}


def secrets_kept() -> int:
    with within_everything("test"):
        return Sealed.objects.filter(place="imports.row.credential", ciphertext__isnull=False).count()
