"""`gangway web`: the pages. It holds no private key, can read none, and refuses to start if it could."""

from collections.abc import Iterator
from pathlib import Path

import uvicorn

from gangway.cli.errors import WebCanOpenSecrets
from gangway.cli.start import prepared
from gangway.config import confinement
from gangway.config.database.address import Address
from gangway.config.settings.typed import Role, Settings

DEPTH = 3
"""Folders below a suspicious one that are searched for private keys."""


def web() -> None:
    """Serve the pages until SIGTERM or Ctrl-C; refuses to start with anything of the workers within reach."""
    with prepared(Role.WEB, serves=True) as settings:
        give_up_reach(settings)
        uvicorn.run(
            "gangway.web.asgi:application",
            host=settings.web_host,
            port=settings.web_port,
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=True,
            lifespan="off",
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
        )


def give_up_reach(settings: Settings) -> None:
    """Confine this process to the files it needs, then look whether a private key can be read all the same.

    Raises `WebCanOpenSecrets` with the file's name: better no page than a page that can open secrets.
    """
    if settings.web_confined:
        temporary = confinement.use_private_temporary_folder()
        confinement.confine(readable=needed(settings), writable=[temporary])
    found = next(readable_private_keys(settings), None)
    if found is not None:
        raise WebCanOpenSecrets(f"The web process could read the private key {found}, so it does not start.")


def needed(settings: Settings) -> list[Path]:
    """List what the web process reads beside Python and Gangway: public keys, authorities, the database's socket."""
    address = Address.parse(settings.database_url)
    options = [Path(value) for _, value in address.options if value.startswith("/")]
    given = [settings.sealing_public_keys_dir, settings.extra_ca_file, settings.breached_passwords_file]
    socket = [Path(address.host)] if address.host.startswith("/") else []
    return [*(path for path in given if path), *socket, *options]


def readable_private_keys(settings: Settings) -> Iterator[Path]:
    """Name every private key file this process can open, looking where keys usually lie and around the public ones."""
    public = settings.sealing_public_keys_dir
    suspicious = {
        settings.data_dir.absolute() / "keys",
        *({public.absolute(), public.absolute().parent} if public else ()),
    }
    for folder in suspicious:
        for level in range(DEPTH):
            yield from filter(_can_read, _matching(folder, "/".join([*["*"] * level, "*.private"])))


def _matching(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


def _can_read(path: Path) -> bool:
    try:
        path.open("rb").close()
    except OSError:
        return False
    return True
