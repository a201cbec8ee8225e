"""Keeps the world in files, durable before an answer leaves and cheap however many tenants there are.

The state file is a snapshot of everything. What changes afterwards is appended to a journal beside it, one line for all
requests that were waiting together: only the parts that those requests can have changed, and of these only what differs
from what was kept last. A journal that has grown long becomes a new snapshot. Both files are for their owner only.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
from typing import TYPE_CHECKING, Any, TextIO

from m365_emulator import state
from m365_emulator.state import StateError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from m365_emulator.settings import Settings
    from m365_emulator.world import World

_longest_journal = 8_000_000  # bytes; a snapshot of the default seed takes a hundredth of that


class Keeper:
    """Of one world and its state file; does nothing when there is none."""

    def __init__(self, world: World) -> None:
        self.world, self.path = world, world.settings.state_file
        self._kept: dict[str, bytes] = {}
        self._changed: set[str] = set()
        self._writing: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None
        self._journal: TextIO | None = None

    async def keep(self, tenants: Iterable[str]) -> None:
        """Return when everything up to now is on disk. ``tenants`` are those that the request can have changed.

        Who comes while a write is under way shares the next one.
        """
        if self.path is None:
            return
        self._changed.update(tenants)
        if self._next is None:
            self._next = asyncio.create_task(self._write_after(self._writing))
        await asyncio.shield(self._next)

    def remember(self, tenants: Iterable[str]) -> None:
        """A request that nobody waits for may have changed these; the next write has them."""
        if self.path is not None:
            self._changed.update(tenants)

    def snapshot(self) -> None:
        """Write everything anew, and begin an empty journal."""
        if self.path is None:
            return
        whole, stamp = state.dump(self.world), secrets.token_hex(8)
        self._kept = {name: _digest(_text(part)) for name, part in whole["sections"].items()}
        self._changed.clear()
        _replace(self.path, _text({**whole, "stamp": stamp}))
        if self._journal is not None:
            self._journal.close()
        handle = os.open(journal_of(self.path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._journal = os.fdopen(handle, "w", encoding="utf-8")
        _append(self._journal, _text({"after": stamp}))

    def close(self) -> None:
        """A last snapshot; nothing is kept afterwards."""
        self.snapshot()
        if self._journal is not None:
            self._journal.close()

    async def _write_after(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        self._writing, self._next = self._next, None
        if self._journal is None or self._journal.tell() > _longest_journal:
            self.snapshot()
        elif line := self._line():
            await asyncio.to_thread(_append, self._journal, line)

    def _line(self) -> str:
        """What differs from what was kept, as one line; empty when nothing does."""
        changed, self._changed = self._changed, set()
        texts = {name: _text(part) for name, part in state.sections(self.world, changed)}
        fresh = {name: text for name, text in texts.items() if self._kept.get(name) != _digest(text)}
        self._kept.update({name: _digest(text) for name, text in fresh.items()})
        return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in fresh.items()) + "}" if fresh else ""


def load(settings: Settings, path: Path) -> World:
    """The world that a state file and its journal hold. Raises StateError."""
    try:
        kept = json.loads(path.read_text("utf-8"))
        for change in _changes(journal_of(path), kept.get("stamp", "")):
            kept["sections"].update(change)
        return state.restore(settings, kept)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{path} is not a state file of this emulator: {error}"
        raise StateError(message) from error
    except StateError as error:
        message = f"{path}: {error}"
        raise StateError(message) from error


def journal_of(path: Path) -> Path:
    """The journal stands beside the state file."""
    return path.with_name(f"{path.name}.journal")


def _changes(journal: Path, stamp: str) -> list[dict[str, Any]]:
    """What came after the snapshot. A journal of an older snapshot counts for nothing, nor does a line cut short."""
    if not journal.exists():
        return []
    head, *lines = journal.read_text("utf-8").split("\n")[:-1] or [""]
    if not head or json.loads(head) != {"after": stamp}:
        return []
    return [json.loads(line) for line in lines]


def _append(journal: TextIO, line: str) -> None:
    journal.write(f"{line}\n")
    journal.flush()
    os.fsync(journal.fileno())


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        _append(file, text)
    fresh.replace(path)


def _text(part: Any) -> str:
    return json.dumps(part, separators=(",", ":"))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
