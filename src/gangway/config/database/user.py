"""System users by number, for processes that must not run as root or must not read each other's files.

PostgreSQL refuses to run as root. Nothing is added to the system's list of users: numbers need no entry there.
"""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIRST = 61950
"""Numbers from here on; neither Debian nor systemd gives one of 61184-65519 to a person or a package for good."""


@dataclass(frozen=True, slots=True)
class SystemUser:
    """A user number and a group number."""

    uid: int
    gid: int

    def popen(self) -> dict[str, Any]:
        """Give the keywords with which `subprocess` runs something as this user, without other groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_run(self, command: Sequence[str], *, cwd: Path = Path("/"), seconds: float = 30) -> bool:
        """Tell whether a command succeeds as this user: the honest test of every permission on its way."""
        try:
            done = subprocess.run(command, capture_output=True, check=False, cwd=cwd, timeout=seconds, **self.popen())
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0

    def can_enter(self, folder: Path) -> bool:
        """Tell whether this user can walk into a folder."""
        return self.can_run(["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)])


def running_as_root() -> bool:
    """Tell whether this process may become other users."""
    return os.geteuid() == 0


def own_user(offset: int) -> SystemUser:
    """Give the database (0), web (1) or worker (2) a number nobody has a name for; all share one group.

    The group lets web and worker reach the database's socket folder, nothing else.
    """
    return SystemUser(FIRST + offset, FIRST)


def name_of(uid: int) -> str:
    """Name a user for a sentence: its name, or its number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"number {uid}"
