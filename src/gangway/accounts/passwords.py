"""Is a password known to thieves? Looked up offline, in a file of hashes that the operator of the server downloads.

The file is Pwned Passwords' own form: SHA-1 in upper case, in order, one a line, perhaps with ":" and a count. It is
searched by halves without being read into memory. Nothing ever leaves the machine.
"""

import hashlib
from typing import TYPE_CHECKING, BinaryIO, Final

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from pathlib import Path

DIGITS: Final = 40
LONGEST_LINE: Final = 128


class BreachedPasswordValidator:
    """Refuses a new password that stands in the file of breached ones, and one made of our own names."""

    OUR_WORDS: Final = ("gangway", "operationcenter")

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raise ValidationError for a password that is known or guessed first."""
        del user
        letters = "".join(sign for sign in password.casefold() if sign.isalpha())
        for word in self.OUR_WORDS:
            letters = letters.replace(word, "")
        if len(set(letters)) < 4 or is_breached(password):  # noqa: PLR2004  "aaaaaaaaaaaaaaa1", "gangwaygangway1"
            raise ValidationError(_("This password is known to thieves or easy to guess. Choose another one."))

    def get_help_text(self) -> str:
        """Say the rule beside the field."""
        return str(_("A sentence of a few words that nobody else uses is best; you may paste it."))


def is_breached(password: str) -> bool:
    """Return whether the file of breached passwords has it; without a file, none is known."""
    path: Path | None = settings.GANGWAY.breached_passwords_file
    if path is None:
        return False
    wanted = hashlib.sha1(password.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest().upper()
    with path.open("rb") as lines:
        return _search(lines, wanted.encode())


def _search(lines: BinaryIO, wanted: bytes) -> bool:
    """Halve the file until the line that begins at or after the middle is the one, or nothing is left."""
    low, high = 0, lines.seek(0, 2)
    while low < high:
        middle = (low + high) // 2
        found, end = _line_from(lines, middle)
        if not found or found > wanted:
            high = middle
        elif found < wanted:
            low = end
        else:
            return True
    return False


def _line_from(lines: BinaryIO, position: int) -> tuple[bytes, int]:
    """Return the hash of the first line that begins at or after `position`, and where that line ends."""
    lines.seek(max(position - 1, 0))
    if position:
        lines.readline(LONGEST_LINE)
    return lines.readline(LONGEST_LINE)[:DIGITS].upper(), lines.tell()
