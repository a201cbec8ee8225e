"""Children that don't outlive us: when this process dies, however it dies, the kernel tells them to stop."""

from __future__ import annotations

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1
"""From Linux's ``sys/prctl.h``."""

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def fasten() -> None:
    """Ask for SIGTERM when the parent ends. Runs in the child, between fork and exec; does nothing outside Linux."""
    _ask_for(signal.SIGTERM)


def fasten_short() -> None:
    """Ask for SIGKILL. For what bears to be killed, and would wait for a database that has ended with us."""
    _ask_for(signal.SIGKILL)


def _ask_for(sign: signal.Signals) -> None:
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, sign)
