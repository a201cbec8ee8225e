"""What every command does first: read its settings, find or start its database, wake Django up."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import django.conf

from gangway.cli.errors import DatabaseUnavailable
from gangway.config.database import server
from gangway.config.database.address import Address
from gangway.config.settings.typed import Role, Settings

READY_SECONDS = 90.0
"""Longest wait for an embedded database: it may have to replay its log after a crash."""


@contextmanager
def prepared(role: Role, *, serves: bool = False) -> Iterator[Settings]:
    """Run a command with this role: settings checked (all faults at once), database at hand, Django ready.

    `serves`: it stays and its log is its voice. Others talk to a person, and log warnings only where nothing is set.

    Raises `SettingsFaulty`, the errors of `gangway.config.database`, `DatabaseUnavailable`.
    """
    settings = Settings.load(role)
    with _database(role, settings) as address:
        if address:
            os.environ[f"GANGWAY_{role.upper()}_DATABASE_URL"] = address.url().reveal()
        if not serves and "log_level" not in settings.model_fields_set:
            os.environ["GANGWAY_LOG_LEVEL"] = "WARNING"
        os.environ["GANGWAY_ROLE"] = role.value
        os.environ["DJANGO_SETTINGS_MODULE"] = "gangway.config.settings.django"
        django.setup()
        yield django.conf.settings.GANGWAY


@contextmanager
def _database(role: Role, settings: Settings) -> Iterator[Address | None]:
    """Give the embedded database's address for a role; None when the settings name a database.

    Short commands look after it themselves when nobody does; web and worker leave that to a process of its own, which
    they stop when they end.
    """
    if settings.database_url:
        yield None
    elif running := server.borrowed(settings.data_dir, role.value):
        yield running
    elif role is Role.OWNER:
        with server.supervised(settings.data_dir) as embedded:
            yield embedded.owner
    else:
        with _companion(settings.data_dir):
            yield _awaited(settings.data_dir, role)


@contextmanager
def _companion(data_dir: Path) -> Iterator[None]:
    """Run `gangway database` beside us. Where another was quicker it refuses, and that is fine: we borrow that one."""
    environment = {"PATH": os.environ.get("PATH", ""), "GANGWAY_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "gangway.cli.main", "database"]
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _awaited(data_dir: Path, role: Role) -> Address:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if found := server.borrowed(data_dir, role.value):
            return found
        time.sleep(0.05)
    raise DatabaseUnavailable
