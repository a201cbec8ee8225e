"""Finding secrets where they must not be: in every spelling that programs use, with proof that they would be found."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

JWT = re.compile(rb"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.")
"""Any token that Entra signs, also one that nobody has seen yet."""


@dataclass(frozen=True)
class Canary:
    """A secret value of this run; ``name`` may be told, ``value`` only searched for."""

    name: str
    value: str = field(repr=False)

    def spellings(self) -> set[bytes]:
        """The value as it may stand in a log, a page, a row: plain, escaped, quoted, in hexadecimal, in base64."""
        raw = self.value.encode()
        plain = {self.value, quote(self.value, safe=""), html.escape(self.value), raw.hex(), self.value[::-1]}
        return {text.encode() for text in plain} | set(_in_base64(raw))

    def is_in(self, place: bytes) -> bool:
        return any(spelling in place for spelling in self.spellings())


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """The part of a base64 text that is the same whatever stands before and after; it depends on the offset only."""
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + raw)
        begin, end = (0, 2, 3)[offset], -4 if (offset + len(raw)) % 3 else None
        yield whole[begin:end]
        yield base64.urlsafe_b64encode(b"\0" * offset + raw)[begin:end]


def rows(address: dict[str, Any]) -> bytes:
    """Every row of every table of a database, as text; bytes as hexadecimal and as they are."""
    found: list[bytes] = []
    with psycopg.connect(**address) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for table in tables:
            for row in connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(*table))):
                found += [bytes(value) if isinstance(value, bytes) else str(value).encode() for value in row]
        connection.execute("SELECT pg_switch_wal()")
    return b"\n".join(found)


def files(folder: Path) -> bytes:
    """Everything in the files of a folder: for a database also what was deleted since."""
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
