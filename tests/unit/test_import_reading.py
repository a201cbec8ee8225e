"""A file's bytes as rows: what spreadsheet programs write is read; what isn't ours is refused, and no cell is told."""

import pytest

from gangway.imports import errors
from gangway.imports.columns import names_of
from gangway.imports.reading import LONGEST_CELL, MOST_BYTES, MOST_ROWS, rows_of
from gangway.imports.states import Kind

HEAD = "customer,short_name,licence,users,email"
ROW = "Contoso,contoso-1,Hosted Pro,20,ada@contoso.example"
READ = {
    "customer": "Contoso",
    "short_name": "contoso-1",
    "licence": "Hosted Pro",
    "users": "20",
    "email": "ada@contoso.example",
}
SECRET = "Xy~8Q~abcDEFghiJKLmnoPQRstuVWXyz0123456-_"

FINE = {
    "plain": f"{HEAD}\n{ROW}\n",
    "with a mark": f"\ufeff{HEAD}\n{ROW}",
    "Windows": f"{HEAD}\r\n{ROW}\r\n",
    "semicolons": f"{HEAD}\n{ROW}".replace(",", ";"),
    "tabs": f"{HEAD}\n{ROW}".replace(",", "\t"),
    "told by a spreadsheet": f"sep=;\r\n{HEAD}\r\n{ROW}\r\n".replace(",", ";"),
    "quotes": f'{HEAD}\n"Contoso","contoso-1","Hosted Pro","20","ada@contoso.example"',
    "empty lines": f"{HEAD}\n\n,,,,\n{ROW}\n\n",
    "other words": f"Customer,Short name,License Type,Licensed users,E-mail\n{ROW}",
    "what failed before": f"{HEAD},error\n{ROW},Another service already has this short name.",
    "blanks around": f"{HEAD}\n Contoso , contoso-1 ,Hosted Pro, 20 ,ada@contoso.example ",
    "a column left empty at the end": f"{HEAD},,\n{ROW},,",
}


@pytest.mark.parametrize("name", FINE)
def test_what_spreadsheet_programs_write_is_read(name):
    (row,) = rows_of(FINE[name].encode(), Kind.NEW)
    assert row.cells == READ
    assert not row.too_long


WRONG = {
    "nothing": (b"", errors.FileEmpty),
    "only the names": (HEAD.encode(), errors.FileEmpty),
    "xlsx": (b"PK\x03\x04 and so on", errors.FileIsSpreadsheet),
    "xls": (b"\xd0\xcf\x11\xe0 and so on", errors.FileIsSpreadsheet),
    "binary": (b"\x89PNG\x00", errors.FileNotText),
    "UTF-16": (HEAD.encode("utf-16"), errors.FileNotText),
    "Latin-1": (f"{HEAD}\nMüller,m-1,Hosted Pro,20,a@b.example".encode("latin-1"), errors.FileNotText),
    "open quotes": (f'{HEAD}\n"Contoso,contoso-1'.encode(), errors.FileNotTable),
    "open quotes before much": (f'{HEAD}\n"Contoso,{"x" * 1_500_000}'.encode(), errors.FileNotTable),
    "no names": (ROW.encode(), errors.NoHeader),
    "unknown": (f"{HEAD},colour\n{ROW},red".encode(), errors.UnknownColumn),
    "twice": (f"{HEAD},E-mail\n{ROW},x".encode(), errors.ColumnTwice),
    "missing": (b"customer,short_name\nContoso,contoso-1", errors.ColumnMissing),
    "large": (b"x" * (MOST_BYTES + 1), errors.FileTooLarge),
    "long": ((HEAD + f"\n{ROW}" * (MOST_ROWS + 1)).encode(), errors.TooManyRows),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_as_what_it_is(name):
    raw, error = WRONG[name]
    with pytest.raises(error):
        rows_of(raw, Kind.NEW)


def test_as_many_rows_as_promised_are_read():
    assert len(rows_of((HEAD + f"\n{ROW}" * MOST_ROWS).encode(), Kind.NEW)) == MOST_ROWS


def test_a_cell_without_end_is_left_to_the_bound_of_its_column():
    (row,) = rows_of(f"{HEAD}\n{ROW}".replace("contoso-1", "x" * 1_500_000).encode(), Kind.NEW)
    assert row.cells == READ | {"short_name": "x" * LONGEST_CELL}


def test_the_columns_of_the_other_kind_are_unknown():
    with pytest.raises(errors.UnknownColumn, match="tenant"):
        rows_of(",".join(names_of(Kind.EXISTING)).encode() + b"\nx", Kind.NEW)


@pytest.mark.parametrize("head", [SECRET, f"customer,{SECRET}"])
def test_a_secret_in_the_first_row_is_not_told(head):
    with pytest.raises(errors.FileRefused) as told:
        rows_of(f"{head}\nx,y".encode(), Kind.EXISTING)
    assert SECRET not in f"{told.value} {told.value.cure} {told.value.details}"


def test_a_secret_stands_apart_from_the_cells_and_shows_nowhere():
    names = names_of(Kind.EXISTING)
    cells = {"customer": "a", "short_name": "b", "licence": "c", "users": "1", names[-2]: SECRET}
    raw = f"{','.join(names)}\n{','.join(cells.get(name, '') for name in names)}".encode()
    (row,) = rows_of(raw, Kind.EXISTING)
    assert row.secret.reveal() == SECRET
    assert SECRET not in repr(row)


def test_what_an_export_escaped_comes_back_as_it_was():
    (row,) = rows_of(f"{HEAD}\n'=Contoso,''-c,'plain,20,'@x".encode(), Kind.NEW)
    cells = (row.cells["customer"], row.cells["short_name"], row.cells["licence"], row.cells["email"])
    assert cells == ("=Contoso", "'-c", "'plain", "@x")


def test_a_row_knows_its_line_even_after_a_cell_with_several_lines():
    raw = f'{HEAD}\n"Con\ntoso",a,b,1,c\n\n{ROW},more'
    first, second = rows_of(raw.encode(), Kind.NEW)
    assert (first.number, second.number) == (2, 5)
    assert second.too_long


def test_only_a_mark_at_the_beginning_is_an_exports_and_a_secret_has_none():
    text = f"{','.join(names_of(Kind.EXISTING))}\n"
    head = text.strip().split(",")
    cells = {"customer": "O'-Brien", "full_name": "x '@home", "secret": "'=ab'=c"}
    (row,) = rows_of((text + ",".join(cells.get(name, "") for name in head)).encode(), Kind.EXISTING)
    assert (row.cells["customer"], row.cells["full_name"], row.secret.reveal()) == ("O'-Brien", "x '@home", "'=ab'=c")
