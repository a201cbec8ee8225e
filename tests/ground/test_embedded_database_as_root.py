"""The embedded PostgreSQL under root: the server becomes another user. Collected only where root runs the tests."""

import os
import shutil
from pathlib import Path

import pytest

from gangway.config.database import server
from gangway.config.database.binaries import Binaries
from gangway.config.database.errors import DatabaseForeign
from gangway.config.database.folder import SYSTEM_FOLDER, DatabaseFolder
from gangway.config.database.user import SystemUser, own_user
from tests.ground.databases import SUPERVISOR, ask, supervisor_process


def test_foreign_folder_is_refused_by_name(place: Path) -> None:
    home = place / "data" / "postgres"
    home.mkdir(parents=True)
    os.chown(home, 65534, 65534)
    with pytest.raises(DatabaseForeign, match="nobody"), server.supervised(place / "data"):
        pass


BECOME_NOBODY = """
import os, psycopg, encodings.ascii, encodings.idna, gangway.config.database.server
os.setgroups([]), os.setgid(65534), os.setuid(65534)
"""
"""After the imports: Python itself may live where only root can read it."""


def test_runs_as_an_ordinary_user_too(place: Path) -> None:
    os.chown(place, 65534, 65534)
    process = supervisor_process(place / "data", script=BECOME_NOBODY + SUPERVISOR)
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert (place / "data" / "postgres" / "cluster").stat().st_uid == 65534


def test_root_below_a_closed_folder_uses_the_system_folder_and_changes_no_mode(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    folder = DatabaseFolder.under(closed / "data", own_user(0))
    assert folder.home.is_relative_to(SYSTEM_FOLDER)
    try:
        with server.supervised(closed / "data", durable=False) as database:
            assert ask(database.worker, "SELECT 1") == 1
        assert closed.stat().st_mode & 0o777 == 0o700
        assert list(closed.iterdir()) == []
    finally:
        shutil.rmtree(folder.home.parent)


def test_only_the_shared_group_gets_to_the_socket(place: Path) -> None:
    """So web and worker may be two users of their own; strangers don't even get to the password."""
    psql = Binaries.installed().runnable_by(own_user(1), copies=SYSTEM_FOLDER).program("psql")
    with server.supervised(place / "data", durable=False) as database:
        ask_as_web = [psql, database.web.url().reveal(), "-c", "SELECT 1"]
        assert own_user(1).can_run(ask_as_web)
        assert not SystemUser(65534, 65534).can_run(ask_as_web)
