"""The folder of PostgreSQL's Unix socket: short (the path may have 107 bytes), private, the same each time."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from gangway.config.database.user import SystemUser, running_as_root

LONGEST = 80
"""Bytes of the folder's path that leave room for the socket's own name."""


def socket_folder(home: Path, user: SystemUser | None) -> Path:
    """Make the socket folder of the database in `home`.

    It is 0700 of whoever runs PostgreSQL. Under root PostgreSQL is another user, web and worker may be others again:
    then the folder is 0750 for the one group they share. A folder somebody else put there first is not used.
    """
    digest = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    folder = _base() / f"gangway-{digest}"
    mode = 0o750 if user else 0o700
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not _is_ours(folder, user):
            folder = Path(tempfile.mkdtemp(prefix="gangway-", dir=_base()))
    if user:
        os.chown(folder, user.uid, user.gid)
    folder.chmod(mode)
    return folder


def remove(folder: Path) -> None:
    """Remove a socket folder of a stopped server, with what a killed one left in it."""
    for left in folder.glob(".s.PGSQL.*"):
        left.unlink(missing_ok=True)
    if folder.is_dir():
        folder.rmdir()


def _base() -> Path:
    """Choose where: the user's runtime folder when it has a short name, /run for root, else /tmp."""
    runtime = Path("/run") if running_as_root() else Path(os.environ.get("XDG_RUNTIME_DIR", "/tmp"))  # noqa: S108
    short = len(os.fsencode(runtime)) <= LONGEST - len("/gangway-0123456789ab")
    return runtime if short and os.access(runtime, os.W_OK | os.X_OK) else Path("/tmp")  # noqa: S108


def _is_ours(folder: Path, user: SystemUser | None) -> bool:
    status = folder.lstat()
    wanted = user.uid if user else os.geteuid()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == wanted and not status.st_mode & 0o022
