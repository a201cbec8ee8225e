"""The embedded database's folder: whose it is, which format it has, the passwords, and who looks after it now."""

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from gangway.config.database.errors import DatabaseForeign, DatabaseInUse, DatabaseTooNew
from gangway.config.database.user import SystemUser, name_of, running_as_root
from gangway.foundation.sealed import SealedText

FORMAT = 1
"""Of the folder itself: raised when an older Gangway could no longer look after it."""

SYSTEM_FOLDER = Path("/var/lib/gangway")
"""Used when Gangway runs as root and the wished folder lies below one that PostgreSQL's user can't walk through."""

ROLES = ("superuser", "owner", "web", "worker")


@dataclass(frozen=True, slots=True)
class DatabaseFolder:
    """`home` holds everything; `cluster` is PostgreSQL's own; `user` runs PostgreSQL (None: whoever we are)."""

    home: Path
    user: SystemUser | None

    @classmethod
    def under(cls, data_dir: Path, user: SystemUser | None) -> Self:
        """Choose the place for a data folder; it is made if missing. No folder that isn't ours is changed."""
        data_dir = data_dir.absolute()
        if user is None:
            return cls(_made(data_dir / "postgres"), None)
        _made(data_dir.parent)
        if user.can_enter(data_dir if data_dir.exists() else data_dir.parent):
            return cls(_made(data_dir / "postgres"), user)
        digest = hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
        return cls(_made(SYSTEM_FOLDER / digest / "postgres"), user)

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data."""
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        """What PostgreSQL says."""
        return self.home / "postgres.log"

    @property
    def is_new(self) -> bool:
        """Whether there is no database in it yet."""
        return not (self.cluster / "PG_VERSION").exists()

    @contextmanager
    def looked_after(self) -> Iterator[None]:
        """Be the one supervisor. Raises `DatabaseForeign`, `DatabaseInUse` (by name), also `DatabaseTooNew`."""
        self._refuse_foreign()
        lock = os.open(self.home / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._take(lock)
            self._refuse_newer()
            yield
        finally:
            os.close(lock)

    def write_down(self, **facts: Any) -> None:
        """Note who looks after the database and where it answers, for other processes of the same user."""
        _write_private(self.home / "supervisor.json", json.dumps({**_myself(), **facts}))

    def noted(self) -> dict[str, Any] | None:
        """Read that note; None when nobody looks after the database now (stale notes of the dead don't count)."""
        try:
            note: dict[str, Any] = json.loads((self.home / "supervisor.json").read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return note if _lives(note) else None

    def last_note(self) -> dict[str, Any]:
        """Read the note even of a dead supervisor: where its socket folder was."""
        try:
            note: dict[str, Any] = json.loads((self.home / "supervisor.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return note

    def forget(self) -> None:
        """Remove the note: nobody looks after the database any more."""
        (self.home / "supervisor.json").unlink(missing_ok=True)

    def password(self, role: str) -> SealedText:
        """Read a role's password; made at random when it isn't there yet."""
        path = self.home / "passwords" / role
        if not path.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _write_private(path, secrets.token_urlsafe(32))
        return SealedText(path.read_text("ascii"))

    def stamp(self, *, postgres: int) -> None:
        """Write down the format and PostgreSQL's version of a new folder."""
        _write_private(self.home / "format.json", json.dumps({"format": FORMAT, "postgres": postgres}))

    def _refuse_foreign(self) -> None:
        owner = self.home.stat().st_uid
        if owner != os.geteuid():
            raise DatabaseForeign(f"{self.home} belongs to the system user {name_of(owner)}.")
        wanted = self.user.uid if self.user else os.geteuid()
        if self.cluster.exists() and self.cluster.stat().st_uid != wanted:
            person = name_of(self.cluster.stat().st_uid)
            raise DatabaseForeign(f"{self.cluster} belongs to the system user {person}.")

    def _refuse_newer(self) -> None:
        try:
            known: dict[str, int] = json.loads((self.home / "format.json").read_text("utf-8"))
        except FileNotFoundError:
            return
        if known["format"] > FORMAT:
            sentence = f"{self.home} has format {known['format']}; this Gangway knows up to {FORMAT}."
            raise DatabaseTooNew(sentence, cure="install the newer Gangway again, or name another folder")

    def refuse_other_postgres(self, major: int) -> None:
        """Raise `DatabaseTooNew` when the data was made by another PostgreSQL than the installed one."""
        made_by = (self.cluster / "PG_VERSION").read_text("ascii").strip()
        if made_by != str(major):
            raise DatabaseTooNew(f"{self.cluster} was made by PostgreSQL {made_by}; installed is {major}.")

    def _take(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note = self.last_note()
            raise DatabaseInUse(f"{self.home} is looked after by process {note.get('pid', 'unknown')}.") from None


def _myself() -> dict[str, Any]:
    return {"pid": os.getpid(), "started": psutil.Process().create_time()}


def _lives(note: dict[str, Any]) -> bool:
    """Tell whether the process of a note is still the same one: numbers are given out again, start times are not."""
    try:
        return abs(psutil.Process(int(note["pid"])).create_time() - float(note["started"])) < 1
    except (psutil.Error, KeyError, ValueError):
        return False


def _made(folder: Path) -> Path:
    """Make a folder of ours: others may walk through to what is theirs inside, and list nothing."""
    for missing in reversed([folder, *folder.parents]):
        if not missing.exists():
            missing.mkdir(exist_ok=True)
            missing.chmod(0o711 if running_as_root() else 0o700)
    return folder


def _write_private(path: Path, text: str) -> None:
    half = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    half.replace(path)
