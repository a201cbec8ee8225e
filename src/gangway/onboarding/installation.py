"""Facts of this installation for those who set it up: nothing can be changed from a page, and nothing is secret."""

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from platform import python_version

from django.conf import settings
from django.db import connection

from gangway.federation import turns
from gangway.federation.queries import KEYS, all_keys, issuer
from gangway.microsoft.cloud import Cloud
from gangway.vault import keys


@dataclass(frozen=True, slots=True)
class KeyFact:
    """A key by what it is called, and since when it is there; `use` says what it does now."""

    name: str
    made_at: datetime
    use: str


@dataclass(frozen=True, slots=True)
class Installation:
    """What whoever runs this server has set. `egress`: what Microsoft sees workers come from, if anybody said."""

    server_name: str
    public_url: str
    hosts: tuple[str, ...]
    egress: tuple[str, ...]
    issuer: str
    jwks_url: str
    issuer_keys: tuple[KeyFact, ...]
    sealing_keys: tuple[KeyFact, ...]
    versions: tuple[tuple[str, str], ...]


def installation(*, now: datetime) -> Installation:
    """Return the facts as this web process sees them."""
    known = settings.GANGWAY
    return Installation(
        server_name=known.server_name,
        public_url=known.public_url,
        hosts=tuple(known.hosts),
        egress=tuple(known.egress_addresses),
        issuer=issuer(),
        jwks_url=f"{issuer()}{KEYS}" if issuer() else "",
        issuer_keys=_issuer_keys(now) if issuer() else (),
        sealing_keys=_sealing_keys(),
        versions=_versions(),
    )


def admin_center(cloud: str) -> str:
    """Return where people of a cloud look after App registrations."""
    return Cloud.of(settings.GANGWAY, cloud).addresses.entra


def _issuer_keys(now: datetime) -> tuple[KeyFact, ...]:
    every = all_keys()
    signs, shown = turns.signing(every, now), {key.id for key in turns.published(every, now)}
    uses = {key.id: "published" for key in every if key.id in shown} | ({signs.id: "signs"} if signs else {})
    return tuple(KeyFact(str(key.id), key.made_at, uses.get(key.id, "over")) for key in reversed(every))


def _sealing_keys() -> tuple[KeyFact, ...]:
    folder = settings.GANGWAY.sealing_public_keys_dir
    if folder is None:
        return ()
    numbers = keys.numbers(folder, "public")
    return tuple(
        KeyFact(
            str(number),
            datetime.fromtimestamp((folder / f"{number}.public").stat().st_mtime, UTC),
            "seals" if number == numbers[-1] else "opens",
        )
        for number in reversed(numbers)
    )


def _versions() -> tuple[tuple[str, str], ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        (database,) = cursor.fetchone()
    return (
        ("Gangway", version("gangway")),
        ("Django", version("django")),
        ("Python", python_version()),
        ("PostgreSQL", database),
    )
