"""The embedded PostgreSQL: one supervisor starts and stops it; roles with passwords reach it over a private socket."""

import ctypes
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from gangway.config.database import sockets
from gangway.config.database.address import Address
from gangway.config.database.binaries import Binaries
from gangway.config.database.cluster import make_cluster
from gangway.config.database.errors import DatabaseDidNotStart
from gangway.config.database.folder import ROLES, SYSTEM_FOLDER, DatabaseFolder
from gangway.config.database.user import own_user, running_as_root

NAME = "gangway"
START_SECONDS = 60.0
"""Longest wait for the server to answer; after a crash it first replays its log."""

STOP_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1

INDEXED_SEARCH = (
    "pg_catalog.textlike(text, text)",
    "pg_catalog.ts_match_vq(tsvector, tsquery)",
    "pg_catalog.string_to_array(text, text)",
    "pg_catalog.array_to_tsvector(text[])",
)
"""What search compares with. PostgreSQL uses an index before a policy only for functions that are marked LEAKPROOF, as
these are by their nature (they tell nothing of their arguments but the result); a superuser marks them once."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running embedded database: an address for each role."""

    superuser: Address
    owner: Address
    web: Address
    worker: Address


@contextmanager
def supervised(data_dir: Path, *, durable: bool = True) -> Iterator[Embedded]:
    """Look after the database of a data folder: make it if it is new, start it, hand out its addresses, stop it.

    `durable=False` trades the safety of the data for speed (tests). Raises the errors of this room, by name.
    """
    user = own_user(0) if running_as_root() else None
    folder = DatabaseFolder.under(data_dir, user)
    with folder.looked_after():
        binaries = Binaries.installed().runnable_by(user, copies=SYSTEM_FOLDER)
        if folder.is_new:
            make_cluster(binaries, folder, durable=durable)
        folder.refuse_other_postgres(binaries.major)
        _stop_orphan(folder)
        socket = sockets.socket_folder(folder.home, user)
        with _running(binaries, folder, socket, durable=durable):
            handed = _addresses(folder, socket)
            _have_roles(handed)
            folder.write_down(socket=str(socket))
            try:
                yield handed
            finally:
                folder.forget()


def borrowed(data_dir: Path, role: str) -> Address | None:
    """Give one role's address of a database that another process of this user looks after; None when nobody does."""
    folder = DatabaseFolder.under(data_dir, own_user(0) if running_as_root() else None)
    note = folder.noted()
    return _address(folder, Path(note["socket"]), role) if note else None


@contextmanager
def _running(binaries: Binaries, folder: DatabaseFolder, socket: Path, *, durable: bool) -> Iterator[None]:
    process = _start(binaries, folder, socket, durable=durable)
    try:
        _wait_until_it_answers(process, _addresses(folder, socket).superuser, folder.log)
        yield
    finally:
        _stop(process)
        sockets.remove(socket)


def _start(binaries: Binaries, folder: DatabaseFolder, socket: Path, *, durable: bool) -> subprocess.Popen[bytes]:
    """Start the server in a session of its own, so that Ctrl-C reaches us and not it."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": _quoted(socket),
        "unix_socket_permissions": "0770",
        "max_connections": "100",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    with folder.log.open("ab") as log:
        return subprocess.Popen(
            [binaries.program("postgres"), "-D", str(folder.cluster), *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            preexec_fn=_end_with_parent(),  # noqa: PLW1509  one call of the C library, looked up beforehand
            **(folder.user.popen() if folder.user else {}),
        )


def _quoted(folder: Path) -> str:
    """Write a folder for a setting that is a list: in quotes, for a blank or a comma may be in it."""
    return '"' + str(folder).replace('"', '""') + '"'


def _end_with_parent() -> Callable[[], None] | None:
    """Have the kernel stop the server when its supervisor dies, even by kill -9 (Linux). SIGINT means: fast."""
    try:
        prctl = ctypes.CDLL(None).prctl
    except AttributeError:
        return None
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)


def _wait_until_it_answers(process: subprocess.Popen[bytes], address: Address, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DatabaseDidNotStart("PostgreSQL ended while starting.", cure=f"read {log}; last: {_last_line(log)}")
        try:
            psycopg.connect(**address.named("postgres").psycopg(), connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise DatabaseDidNotStart(f"PostgreSQL did not answer within {START_SECONDS:.0f} s.", cure=f"read {log}")


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", errors="replace").splitlines()
    return lines[-1] if lines else "nothing"


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop fast: connections are cut, data is safe. If that hangs, at once: the next start replays the log."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue


def _stop_orphan(folder: DatabaseFolder) -> None:
    """Stop a server that a killed supervisor left behind; a stale pid file of a dead one is PostgreSQL's own affair."""
    try:
        orphan = psutil.Process(int((folder.cluster / "postmaster.pid").read_text("ascii").split()[0]))
        if orphan.name() != "postgres" or str(folder.cluster) not in orphan.cmdline():
            return
        orphan.send_signal(signal.SIGINT)
        deadline = time.monotonic() + STOP_SECONDS
        while orphan.is_running() and orphan.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                raise DatabaseDidNotStart(f"An older PostgreSQL, process {orphan.pid}, does not stop.", cure="stop it")
            time.sleep(0.02)
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        return


def _addresses(folder: DatabaseFolder, socket: Path) -> Embedded:
    return Embedded(**{role: _address(folder, socket, role) for role in ROLES})


def _address(folder: DatabaseFolder, socket: Path, role: str) -> Address:
    user = "postgres" if role == "superuser" else f"{NAME}_{role}"
    return Address(NAME, user, folder.password(role), str(socket))


def _have_roles(handed: Embedded) -> None:
    """Make the three roles and the database if they aren't there, and let each sign in with its password."""
    with psycopg.connect(**handed.superuser.named("postgres").psycopg(), autocommit=True) as connection:
        for address in (handed.owner, handed.web, handed.worker):
            _have_role(connection, address)
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone()
        if not known:
            owner = sql.Identifier(handed.owner.user)
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(NAME), owner))
        _close_to_strangers(connection, handed)
    with psycopg.connect(**handed.superuser.psycopg(), autocommit=True) as connection:
        for function in INDEXED_SEARCH:
            connection.execute(sql.SQL("ALTER FUNCTION {} LEAKPROOF").format(sql.SQL(function)))


def _close_to_strangers(connection: psycopg.Connection[tuple[object, ...]], handed: Embedded) -> None:
    """Let web and worker connect and nobody else; what they may do inside is granted after each migration."""
    database = sql.Identifier(NAME)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    roles = sql.SQL(", ").join(sql.Identifier(address.user) for address in (handed.web, handed.worker))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, roles))


def _have_role(connection: psycopg.Connection[tuple[object, ...]], address: Address) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [address.user]).fetchone()
    verb = "ALTER" if known else "CREATE"
    statement = sql.SQL(verb + " ROLE {} LOGIN PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(address.user), sql.Literal(address.password.reveal())))
