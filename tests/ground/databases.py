"""Asking a database, and supervisors as processes of their own."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import psycopg

from gangway.config.database.address import Address
from gangway.config.database.folder import DatabaseFolder
from gangway.config.database.user import own_user, running_as_root


def ask(address: Address, query: str) -> object:
    with psycopg.connect(**address.psycopg()) as connection:
        row = connection.execute(query).fetchone()
    return row[0] if row else None


SUPERVISOR = """
import sys, pathlib, signal
from gangway.config.database import server
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with server.supervised(pathlib.Path(sys.argv[1]), durable=False) as database:
    print(database.owner.host, flush=True)
    signal.pause()
"""


def supervisor_process(folder: Path, *, script: str = SUPERVISOR, **as_user: Any) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True, cwd="/", **as_user
    )
    assert process.stdout
    assert process.stdout.readline().startswith("/")
    return process


def postmaster_of(data_dir: Path) -> psutil.Process:
    folder = DatabaseFolder.under(data_dir, own_user(0) if running_as_root() else None)
    return psutil.Process(int((folder.cluster / "postmaster.pid").read_text().split()[0]))


def has_ended(process: psutil.Process) -> bool:
    """Where nobody collects orphans, the dead stay on the list as zombies."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
