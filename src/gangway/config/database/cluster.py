"""Making a new database cluster: our own `initdb`, passwords from the first moment, a fixed locale."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from gangway.config.database.binaries import Binaries
from gangway.config.database.errors import DatabaseDidNotStart
from gangway.config.database.folder import DatabaseFolder
from gangway.config.database.user import SystemUser, running_as_root
from gangway.foundation.sealed import SealedText


def make_cluster(binaries: Binaries, folder: DatabaseFolder, *, durable: bool) -> None:
    """Make the cluster beside its final place and move it there when it is whole: a crash leaves no half one."""
    making = folder.home / "cluster.making"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    maker = _named_user() if folder.user else None
    with tempfile.TemporaryDirectory(prefix="gangway-initdb-") as private:
        password = _handed_over(Path(private), folder.password("superuser"), maker)
        _give(making, maker)
        _initdb(binaries, making, password, maker, durable=durable)
    _give(making, folder.user)
    folder.stamp(postgres=binaries.major)
    making.rename(folder.cluster)


def _initdb(binaries: Binaries, cluster: Path, password: Path, maker: SystemUser | None, *, durable: bool) -> None:
    """Run `initdb`: every connection needs a password; encoding UTF-8 and locale C, the same on every machine."""
    command = [
        binaries.program("initdb"),
        f"--pgdata={cluster}",
        "--username=postgres",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--no-locale",
        "--no-instructions",
        *([] if durable else ["--no-sync"]),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd="/", env=_plain(), **(maker.popen() if maker else {})
    )
    if done.returncode:
        raise DatabaseDidNotStart("PostgreSQL's initdb failed.", cure=f"it says: {done.stderr.strip()[-500:]}")


def _named_user() -> SystemUser:
    """Give "nobody": unlike the server, `initdb` wants a user that has a name."""
    entry = pwd.getpwnam("nobody")
    return SystemUser(entry.pw_uid, entry.pw_gid)


def _handed_over(private: Path, password: SealedText, maker: SystemUser | None) -> Path:
    path = private / "password"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(password.reveal())
    _give(private, maker)
    return path


def _give(folder: Path, user: SystemUser | None) -> None:
    """Hand a folder of ours with all in it to another user; only root can, and only root needs to."""
    if user is None or not running_as_root():
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.uid, user.gid, follow_symlinks=False)


def _plain() -> dict[str, str]:
    """Give an environment without anything of ours, and without PG* variables that would change what `initdb` makes."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
