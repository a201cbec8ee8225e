"""The numbered steps of a page that people follow, as lines of a script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(words: str) -> Iterator[None]:
    """One step, its number first. What fails within says at which step it was."""
    try:
        yield
    except BaseException as problem:
        problem.add_note(f"At step {words}")
        raise
