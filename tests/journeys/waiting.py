"""Waiting for a fact outside the browser, with a limit and never longer than needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 30.0
"""A bound for failure."""

LOOK_AGAIN_SECONDS = 0.1


def eventually(fact: Callable[[], T | None], what: str, *, seconds: float = PATIENCE_SECONDS) -> T:
    """Look until there is something, and return it; fail after the limit with the words for what was awaited."""
    deadline = time.monotonic() + seconds
    while True:
        if found := fact():
            return found
        assert time.monotonic() < deadline, f"{what} did not come within {seconds:.0f} s"
        time.sleep(LOOK_AGAIN_SECONDS)
