"""The table of operations: which function answers which method and path."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from m365_emulator.graph import paths
from m365_emulator.graph.errors import method_not_allowed, no_segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.call import Call

    Handler = Callable[[Call], Answer]

_parameter = re.compile(r"'?\{([\w-]+)\}'?")


@dataclass(frozen=True, slots=True)
class Operation:
    """``name`` is method and path as Microsoft's OpenAPI writes them; it is the key of every table about operations."""

    method: str
    path: str
    handle: Handler

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(slots=True)
class Operations:
    """Those of one resource, filled by decorators on its functions."""

    rows: list[Operation] = field(default_factory=list)

    def on(self, method: str, *where: str) -> Callable[[Handler], Handler]:
        """Answer ``method`` at each of these paths with the decorated function."""

        def keep(handle: Handler) -> Handler:
            self.rows.extend(Operation(method, path, handle) for path in where)
            return handle

        return keep


@dataclass(slots=True)
class _Place:
    """One position in the tree of paths; ``free`` is the branch for an id, whatever it is."""

    named: dict[tuple[str, ...], _Place] = field(default_factory=dict)
    free: _Place | None = None
    operations: dict[str, tuple[Operation, list[str]]] = field(default_factory=dict)


class Finder:
    """Finds the operation of a request."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.operations = list(operations)
        self._root = _Place()
        for operation in self.operations:
            self._add(operation)

    def find(self, method: str, raw_path: str) -> tuple[Operation, dict[str, str]]:
        """The operation and the values of its path parameters.

        Raises GraphError 404 when no operation has such a path, 405 when none of them has this method.
        """
        segments = paths.read(raw_path)
        place, values = _walk(self._root, segments, 0) or (None, [])
        if place is None:
            raise no_segment(self._unknown(segments))
        if method not in place.operations:
            raise method_not_allowed()
        operation, names = place.operations[method]
        return operation, dict(zip(names, values, strict=True))

    def _add(self, operation: Operation) -> None:
        place = self._root
        for segment in paths.read(operation.path):
            if segment.name.startswith("{"):
                place.free = place.free or _Place()
                place = place.free
            else:
                place = place.named.setdefault(segment.shape, _Place())
        place.operations[operation.method] = (operation, _parameter.findall(operation.path))

    def _unknown(self, segments: list[paths.Segment]) -> str:
        """The first segment that leads nowhere, for the error's sentence."""
        for count in range(len(segments), 0, -1):
            if _reach(self._root, segments[: count - 1]):
                return segments[count - 1].name
        return ""


def _walk(place: _Place, segments: list[paths.Segment], at: int) -> tuple[_Place, list[str]] | None:
    if at == len(segments):
        return (place, []) if place.operations else None
    segment = segments[at]
    keys = [value for _, value in segment.keys]
    for shape in _shapes(segment):
        if (branch := place.named.get(shape)) and (found := _walk(branch, segments, at + 1)):
            return found[0], [*keys, *found[1]]
    if place.free and not segment.keys and (found := _walk(place.free, segments, at + 1)):
        return found[0], [segment.name, *found[1]]
    return None


def _shapes(segment: paths.Segment) -> list[tuple[str, ...]]:
    """A bound action may carry its namespace: ``microsoft.graph.addPassword`` is ``addPassword``."""
    name, *keys = segment.shape
    bare = name.removeprefix("microsoft.graph.")
    return [(name, *keys)] if bare == name else [(name, *keys), (bare, *keys)]


def _reach(place: _Place, segments: list[paths.Segment]) -> bool:
    if not segments:
        return True
    first, rest = segments[0], segments[1:]
    if any((branch := place.named.get(shape)) and _reach(branch, rest) for shape in _shapes(first)):
        return True
    return bool(place.free and not first.keys and _reach(place.free, rest))
