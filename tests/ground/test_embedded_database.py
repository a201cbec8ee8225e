"""The embedded PostgreSQL: odd paths, crashes, strangers; and every role gets in with its own password."""

import json
import os
import signal
from pathlib import Path

import psycopg
import pytest

from gangway.config.database import server
from gangway.config.database.errors import DatabaseInUse, DatabaseTooNew
from gangway.config.database.folder import DatabaseFolder
from gangway.config.database.user import own_user, running_as_root
from gangway.foundation.sealed import SealedText
from tests.ground.databases import SUPERVISOR, ask, has_ended, postmaster_of, supervisor_process


@pytest.mark.parametrize("name", ["a blank and ünï", "x" * 120, 'comma,"quote'], ids=["blank", "long", "quote"])
def test_odd_path_starts_and_all_three_roles_get_in(place: Path, name: str) -> None:
    with server.supervised(place / name, durable=False) as database:
        for address in (database.owner, database.web, database.worker):
            assert ask(address, "SELECT current_user") == address.user
        locale = "SELECT datcollate || ' ' || pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'gangway'"
        assert ask(database.owner, locale) == "C UTF8"


def test_socket_folder_and_passwords_are_private(place: Path) -> None:
    with server.supervised(place / "data", durable=False) as database:
        assert Path(database.owner.host).stat().st_mode & 0o007 == 0
        assert len(os.fsencode(database.owner.host)) < 80
        folder = DatabaseFolder.under(place / "data", own_user(0) if running_as_root() else None)
        modes = {path.stat().st_mode & 0o777 for path in (folder.home / "passwords").iterdir()}
        assert modes == {0o600}
        assert database.owner.password.reveal() not in (folder.log.read_text() + repr(database))
    assert not Path(database.owner.host).exists()


def test_wrong_or_no_password_does_not_get_in(place: Path) -> None:
    with server.supervised(place / "data", durable=False) as database:
        for password in ("", "wrong"):
            with pytest.raises(psycopg.OperationalError):
                ask(database.web.signed_in_as("gangway_web", SealedText(password)), "SELECT 1")


def test_data_and_addresses_survive_a_restart(place: Path) -> None:
    with server.supervised(place / "data", durable=False) as first, psycopg.connect(**first.owner.psycopg()) as owner:
        owner.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with server.supervised(place / "data", durable=False) as second:
        assert ask(second.owner, "SELECT answer FROM kept") == 42
        assert second == first


def test_second_supervisor_is_refused_by_name_and_a_borrower_gets_the_address(place: Path) -> None:
    assert server.borrowed(place / "data", "web") is None
    with server.supervised(place / "data", durable=False) as database:
        with pytest.raises(DatabaseInUse, match=str(os.getpid())), server.supervised(place / "data"):
            pass
        assert server.borrowed(place / "data", "web") == database.web
    assert server.borrowed(place / "data", "web") is None


def test_killed_supervisor_takes_the_server_along_and_the_next_one_starts(place: Path) -> None:
    process = supervisor_process(place / "data")
    postmaster = postmaster_of(place / "data")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert server.borrowed(place / "data", "web") is None
    with server.supervised(place / "data", durable=False) as database:
        assert ask(database.web, "SELECT 1") == 1
        assert has_ended(postmaster)


def test_server_that_outlived_its_supervisor_is_stopped_first(place: Path) -> None:
    """As where the kernel can't end it with its parent."""
    process = supervisor_process(
        place / "data",
        script="import gangway.config.database.server as server\nserver._end_with_parent = lambda: None\n" + SUPERVISOR,
    )
    postmaster = postmaster_of(place / "data")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not has_ended(postmaster)
    with server.supervised(place / "data", durable=False) as database:
        assert ask(database.web, "SELECT 1") == 1
        assert has_ended(postmaster)


def test_newer_format_and_other_postgres_are_refused_by_name(place: Path) -> None:
    with server.supervised(place / "data", durable=False):
        pass
    home = place / "data" / "postgres"
    (home / "cluster" / "PG_VERSION").write_text("99\n")
    with pytest.raises(DatabaseTooNew, match="99"), server.supervised(place / "data"):
        pass
    (home / "format.json").write_text(json.dumps({"format": 7, "postgres": 18}))
    with pytest.raises(DatabaseTooNew, match="7"), server.supervised(place / "data"):
        pass
