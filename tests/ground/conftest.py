"""A place for data folders; what only root can test is collected only where root runs the tests."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gangway.config.database import server
from tests import migrated
from tests.ground.installation import Installation, prepare

collect_ignore = [] if os.geteuid() == 0 else ["test_embedded_database_as_root.py", "test_separate_users.py"]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that other users can walk to, as a checkout usually is; removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="gangway-ground-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    """A migrated installation with a running database, for the tests of one file."""
    folder = Path(tempfile.mkdtemp(prefix="gangway-ground-"))
    folder.chmod(0o755)
    migrated.lay(folder / "data")
    with server.supervised(folder / "data", durable=False) as database:
        yield prepare(folder, database)
    shutil.rmtree(folder)
