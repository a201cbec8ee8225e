"""A file's bytes as rows: CSV in UTF-8, with commas, semicolons or tabs. Nothing is written, and no cell is told.

A wrong file may have secrets anywhere, so an error names a column only where its name is plainly a name.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gangway.foundation.sealed import SealedText
from gangway.foundation.sheets import unmarked
from gangway.imports.columns import COLUMNS, ERROR, SECRET, column_named, names_of
from gangway.imports.errors import (
    ColumnMissing,
    ColumnTwice,
    FileEmpty,
    FileIsSpreadsheet,
    FileNotTable,
    FileNotText,
    FileTooLarge,
    NoHeader,
    TooManyRows,
    UnknownColumn,
)
from gangway.imports.states import Kind

MOST_BYTES: Final = 2 * 1024 * 1024
MOST_ROWS: Final = 2000
LONGEST_CELL: Final = 1000
"""Characters that are kept of a cell; every column's own bound is lower, so a longer one is refused by that."""
csv.field_size_limit(MOST_BYTES)  # its own bound would refuse a long cell as what isn't a table at all
SPREADSHEETS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How .xlsx and .ods begin, and .xls."""
PLAIN_NAME: Final = re.compile(r"[A-Za-z][A-Za-z _-]{0,29}")
_SEP_LINE: Final = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_QUOTED: Final = re.compile(r'"[^"]*"')


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it stands in the file, by column; the secret apart, where nothing shows it.

    `number`: the line on which it begins. `too_long`: it has more cells than there are columns.
    """

    number: int
    cells: dict[str, str]
    secret: SealedText = field(default_factory=lambda: SealedText(""))
    too_long: bool = False


def rows_of(raw: bytes, kind: Kind) -> list[RawRow]:
    """Return the rows of a file. Raises `FileRefused` for what can't be read as a whole."""
    if len(raw) > MOST_BYTES:
        raise FileTooLarge
    text = _text(raw)
    mark = _SEP_LINE.match(text)
    body = text[mark.end() :] if mark else text
    try:
        lines = list(_records(body, mark[1] if mark else _delimiter(body), first=2 if mark else 1))
    except csv.Error:
        raise FileNotTable from None
    if not lines:
        raise FileEmpty
    header = _header(lines[0][1], kind)
    rows = [_row(number, header, cells) for number, cells in lines[1:]]
    if not rows:
        raise FileEmpty
    return rows


def _text(raw: bytes) -> str:
    if raw.startswith(SPREADSHEETS):
        raise FileIsSpreadsheet
    if b"\x00" in raw:
        raise FileNotText
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileNotText from None


def _delimiter(body: str) -> str:
    """Return what parts the names of the first row."""
    first = _QUOTED.sub("", body.lstrip("\r\n").split("\n", 1)[0])
    return max(",;\t", key=first.count)


def _records(body: str, delimiter: str, *, first: int) -> Iterator[tuple[int, list[str]]]:
    """Give the rows that have something in them, each with the number of its line in the file."""
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True)
    begins, given = first, 0
    for cells in reader:
        if any(cell.strip() for cell in cells):
            given += 1
            if given > MOST_ROWS + 1:
                raise TooManyRows
            yield begins, cells
        begins = first + reader.line_num


def _header(cells: list[str], kind: Kind) -> list[str]:
    """Return the column of each cell. Raises the errors of the first row."""
    named, known = [column_named(cell) for cell in cells], {*names_of(kind), ERROR}
    while named and not named[-1]:
        named.pop()
    if not known & set(named):
        raise NoHeader
    for place, name in enumerate(named):
        if name not in known:
            raise UnknownColumn(f"We don't know {_called(cells[place], place)}.", field="table")
        if name in named[:place]:
            raise ColumnTwice(f"The column {name} is there twice.", field="table")
    missing = [column.name for column in COLUMNS[kind] if column.needed and column.name not in named]
    if missing:
        raise ColumnMissing(f"These columns are missing: {', '.join(missing)}.", field="table")
    return named


def _called(cell: str, place: int) -> str:
    plain = cell.strip()
    return f"the column “{plain}”" if PLAIN_NAME.fullmatch(plain) else f"the name of column {place + 1}"


def _row(number: int, header: list[str], cells: list[str]) -> RawRow:
    pairs = zip(header, cells, strict=False)  # cells at the end may be left out
    typed = {name: cell.strip() for name, cell in pairs}
    secret = SealedText(typed.pop(SECRET, "")[:LONGEST_CELL])
    given = {name: unmarked(cell)[:LONGEST_CELL] for name, cell in typed.items()}
    given.pop(ERROR, None)
    return RawRow(number, given, secret, too_long=any(cell.strip() for cell in cells[len(header) :]))
