"""A migrated database, kept from one run of tests to the next: migrating an empty one takes longer than most files.

What is kept was made by the product's own migrations, as the database's owner, and only for exactly these migrations.
The rights of web and workers are not in it: everybody grants them anew. Whoever needs a database of their own gets a
copy of its files and migrates it once more, with nothing left to do. That an empty one can be migrated is asked without
a copy, in ``tests/ground/test_commands.py`` and, by the demo, in ``tests/ground/test_demo.py``.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gangway.config.database.folder import DatabaseFolder
from gangway.config.database.server import supervised
from gangway.config.database.user import own_user, running_as_root

ROOT: Final = Path(__file__).parents[1]
PRODUCT: Final = ROOT / "src" / "gangway"
USED: Final = re.compile(r"^(?:from|import) gangway\.(\S+)", re.MULTILINE)
KEPT: Final = ROOT / ".pytest_cache" / "migrated"
MIGRATE: Final = """
import gc
from django.core.management import execute_from_command_line
gc.disable()
execute_from_command_line(["", "migrate", "--verbosity=0"])
"""


def lay(data_dir: Path) -> None:
    """Put the database's files into a data folder, before :func:`supervised` starts it there."""
    with _made() as kept:
        _copy(kept, home_of(data_dir))


@contextmanager
def _made() -> Iterator[Path]:
    """Give the folder of what is kept, after making it if need be. Nobody else makes or copies it meanwhile."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("a") as lock:  # the processes of a run need it at the same moment: one makes it
        fcntl.flock(lock, fcntl.LOCK_EX)
        while not (kept := KEPT / _sources()).exists():
            _keep(kept)
        yield kept


def _sources() -> str:
    """Name everything that decides what a migrated database holds, and whose its files are."""
    digest = hashlib.sha256(f"{sys.version} {os.geteuid()}".encode())
    for path in (ROOT / "locks" / "test.txt", Path(__file__), *_migrations()):
        digest.update(f"\n{path} {path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _migrations() -> list[Path]:
    """Find the migrations, and what of the product they use."""
    found = sorted(PRODUCT.glob("*/migrations/*.py"))
    used = {name for path in found for name in USED.findall(path.read_text("utf-8"))}
    return [*found, *sorted(PRODUCT.joinpath(*name.split(".")).with_suffix(".py") for name in used)]


def _keep(kept: Path) -> None:
    """Migrate an empty database and keep it under this name alone, unless the sources have changed meanwhile."""
    with tempfile.TemporaryDirectory(prefix="gangway-migrated-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with supervised(folder / "data", durable=False) as database:
            environment = {
                "PATH": os.environ["PATH"],
                "DJANGO_SETTINGS_MODULE": "gangway.config.settings.django",
                "GANGWAY_ROLE": "owner",
                "GANGWAY_SECRET_KEY": "of nobody, as nothing is signed while an empty database is migrated",
                "GANGWAY_DATA_DIR": str(folder / "data"),
                "DATABASE_URL": database.owner.url().reveal(),
            }
            done = subprocess.run(
                [sys.executable, "-c", MIGRATE], env=environment, capture_output=True, text=True, cwd="/", check=False
            )
        assert done.returncode == 0, done.stderr
        for old in KEPT.iterdir():
            if old.is_dir():
                shutil.rmtree(old)
        half = KEPT / "half"
        _copy(home_of(folder / "data"), half)
        if _sources() == kept.name:
            half.rename(kept)


def home_of(data_dir: Path) -> Path:
    """Where in a data folder, or for it, the database's files are."""
    return DatabaseFolder.under(data_dir, own_user(0) if running_as_root() else None).home


def _copy(source: Path, target: Path) -> None:
    """Copy all of it, with owners and rights: PostgreSQL starts only on files of its own user."""
    subprocess.run(["/bin/cp", "-a", f"{source}/.", str(target)], check=True)


if __name__ == "__main__":
    with _made():
        pass
