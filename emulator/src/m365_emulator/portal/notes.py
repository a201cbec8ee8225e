"""What one page has to tell the next: done, refused, or a secret's value. Each note is read once and by one browser."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

_at_most = 200


@dataclass(frozen=True, slots=True)
class Note:
    """``kind`` is good or bad; ``secret`` a value that is never shown again; ``code`` Graph's, with a refusal."""

    kind: str
    words: str
    code: str = ""
    secret: str = field(default="", repr=False)


@dataclass(slots=True)
class Notes:
    """Notes by key; a key is worth something only in the browser that it was made for."""

    _kept: OrderedDict[tuple[str, str], Note] = field(default_factory=OrderedDict)

    def leave(self, browser: str, key: str, note: Note) -> None:
        self._kept[browser, key] = note
        if len(self._kept) > _at_most:
            self._kept.popitem(last=False)

    def take(self, browser: str, key: str) -> Note | None:
        return self._kept.pop((browser, key), None)
