"""The web process takes its own reach away: then it opens only files it needs, whatever its user may do (Landlock).

Linux ≥ 5.13; elsewhere `confine` says that it could not, and `gangway web` refuses to run if it can read a private key.
The rules hold for this process and everything it starts, can't be lifted, and also close /proc of other processes.
"""

import ctypes
import os
import struct
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _RULE_PATH_BENEATH = 1, 1
_PR_SET_NO_NEW_PRIVS = 38

# linux/landlock.h: access rights of files, in the order of their bits.
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_ALL_BY_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}
_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | (1 << 14)
READ = EXECUTE | READ_FILE | READ_DIR
_REMOVE_FILE, _MAKE_FILE, _TRUNCATE = 1 << 5, 1 << 8, 1 << 14
CHANGE = READ_FILE | WRITE_FILE | READ_DIR | _REMOVE_FILE | _MAKE_FILE | _TRUNCATE
"""Plain files only: root could make a device in a folder where it may make anything, and read the disk by it."""

SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/localtime", "/dev/urandom")
NAMES = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/ld.so.cache")
PEOPLE = ("/etc/passwd", "/etc/group", "/etc/mime.types")


def confine(*, readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Allow reading below `readable` and Python's own folders, changing below `writable`; nothing else from now on.

    Call it in the main thread before there are others. Returns False, and changes nothing, where there is no Landlock.
    """
    version = _version()
    if version < 1:
        return False
    everything = _ALL_BY_VERSION[min(version, max(_ALL_BY_VERSION))]
    ruleset = _call(_CREATE_RULESET, ctypes.byref(ctypes.c_uint64(everything)), ctypes.c_size_t(8), 0)
    try:
        for path in (*_own_folders(), *map(Path, (*SYSTEM, *NAMES, *PEOPLE)), *readable):
            _allow(ruleset, path, READ)
        for path in writable:
            _allow(ruleset, path, everything & CHANGE)
        _allow(ruleset, Path("/dev/null"), READ_FILE | WRITE_FILE)
        _restrict(ruleset)
    finally:
        os.close(ruleset)
    return True


def use_private_temporary_folder() -> Path:
    """Make the one folder the confined process may write to; nothing that anybody sends is put there."""
    folder = Path(tempfile.gettempdir()) / f"gangway-web-{os.geteuid()}"
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        status = folder.lstat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o077 or folder.is_symlink():
            folder = Path(tempfile.mkdtemp(prefix="gangway-web-"))
    tempfile.tempdir = str(folder)
    return folder


def _own_folders() -> list[Path]:
    """List where Python and this product are read from; never the working folder, for data may lie below it."""
    paths = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values(), *sys.path}
    product = Path(__file__).resolve().parents[1]
    working = Path.cwd()
    return [
        product,
        *(Path(path) for path in paths if path and Path(path).resolve() not in {working, *working.parents}),
    ]


def _version() -> int:
    if sys.platform != "linux":
        return 0
    try:
        return _call(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
    except OSError:
        return 0


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = rights if path.is_dir() else rights & _OF_FILES
        rule = ctypes.create_string_buffer(struct.pack("=Qi", allowed, opened))
        _call(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(opened)


def _restrict(ruleset: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    _call(_RESTRICT_SELF, ruleset, 0)


def _call(number: int, *arguments: object) -> int:
    """Make a system call that the C library has no function for. Raises `OSError`."""
    result = int(ctypes.CDLL(None, use_errno=True).syscall(number, *arguments))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
