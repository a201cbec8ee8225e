"""Text in the cells of a CSV file, so that no spreadsheet calculates it, and back again as it was.

A file is written with commas, but a spreadsheet may part it at semicolons or tabs, and at every line break: what stands
behind one of these within a text can become a cell of its own, and quotation marks don't hold it together there. So a
mark goes to each place where a cell can begin and a formula would (source: OWASP, CSV injection).
"""

import re
from typing import Final

MARK: Final = "'"
"""What a spreadsheet takes as *this is text*."""
_BLANKS: Final = r"""[ \u00a0'"]*"""
"""What may stand before a formula's first sign. Marks are among it: a text that has one gets another."""
_FORMULA: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20"
"""The first signs of formulas, those of full width included."""
_BEGINS: Final = rf"{_BLANKS}[{_FORMULA}\t\r\n]"
_GOES_ON: Final = rf"{_BLANKS}[{_FORMULA}]"
_FIRST: Final = re.compile(rf"\A(?={_BEGINS})")
_BEHIND: Final = re.compile(rf"(?<=[;\t\r\n])(?={_GOES_ON})")
_FIRST_MARK: Final = re.compile(rf"\A{MARK}(?={_BEGINS})")
_MARK_BEHIND: Final = re.compile(rf"(?<=[;\t\r\n]){MARK}(?={_GOES_ON})")


def marked(text: str) -> str:
    """Return a text as a cell that no spreadsheet calculates, wherever it parts it."""
    return _BEHIND.sub(MARK, _FIRST.sub(MARK, text))


def unmarked(cell: str) -> str:
    """Return the text of a cell that was marked. In one that never was, what looks like our mark goes, too."""
    return _MARK_BEHIND.sub("", _FIRST_MARK.sub("", cell))
