"""No cell of an exported file is calculated, at whatever sign a spreadsheet parts it; and it is read back as it was."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gangway.foundation.sheets import marked, unmarked
from gangway.imports.reading import rows_of
from gangway.imports.states import Kind
from gangway.web.downloads import csv_lines

HARMLESS = (
    "Contoso",
    "A; B",
    "Müller & Söhne; Zürich",
    "O'Brien",
    "'quoted'",
    "Rock-n-roll",
    "a@b.example",
    "1+1=2",
    'The "Anchor"',
    "two\nlines",
)
CALCULATED = (
    "=1+1",
    "x;=1+1",
    "x; =1+1",
    'x;"=1+1',
    "x;'=1+1",
    "x\t=1+1",
    "x\n=1+1",
    "x\r\n-1",
    "x;\t@SUM(1)",
    "\t=1+1",
    "\uff1d1+1",
    "x;\uff0b1",
    '"=1+1',
)
FORMULA = re.compile('["\u00a0 ]*[=+\\-@\uff1d\uff0b\uff0d\uff20]')


@pytest.mark.parametrize("text", HARMLESS)
def test_what_no_spreadsheet_calculates_stays_as_it_is(text):
    assert marked(text) == text
    assert unmarked(text) == text


@pytest.mark.parametrize("text", CALCULATED)
@pytest.mark.parametrize("beside", ["plain", 'with "marks"'])
def test_nothing_is_calculated_wherever_a_spreadsheet_parts_the_line(text, beside):
    line = csv_lines([[beside, text, beside]])
    for cell in re.split(r"[;\t\r\n]", line):
        assert not FORMULA.match(cell)
    for delimiter in (",", ";", "\t"):
        for row in csv.reader(io.StringIO(line, newline=""), delimiter=delimiter):
            assert not any(FORMULA.match(cell) for cell in row)


@pytest.mark.parametrize("text", [*HARMLESS, *CALCULATED])
def test_an_import_reads_what_an_export_wrote(text):
    (row,) = rows_of(
        csv_lines([["customer", "short_name", "licence", "users", "email"], [text] * 5]).encode(), Kind.NEW
    )
    assert set(row.cells.values()) == {text}


@given(st.text(alphabet="'\"=-@;\t\r\n a\u00a0\uff1d"))
def test_taking_the_marks_away_gives_back_every_text(text):
    assert unmarked(marked(text)) == text
