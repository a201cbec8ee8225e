"""Is a password known to thieves? Looked up offline, on this machine only.

What comes along is Django's list of the 20,000 most common passwords. Hardly one of them has the fifteen characters
that we ask for, so what is put together of them is refused as well: one again and again, or two after each other, with
figures and signs around, and letters written as figures. The large list of breached passwords is a file that the
operator of the server downloads, in Pwned Passwords' own form: SHA-1 in upper case, in order, one a line, perhaps with
":" and a count. It is searched by halves without being read into memory.
"""

import hashlib
from functools import cache
from typing import TYPE_CHECKING, BinaryIO, Final

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from pathlib import Path

DIGITS: Final = 40
LONGEST_LINE: Final = 128
SHORTEST_PART: Final = 3
"""Letters of a common password that count as a part of a longer one."""
LETTERS_FOR: Final = str.maketrans("013457@$!", "oieastasi")
"""What people write for letters when they are asked for figures and signs."""


class BreachedPasswordValidator:
    """Refuses a new password that stands in the file of breached ones, and one made of our own names."""

    OUR_WORDS: Final = ("gangway", "operationcenter")

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raise ValidationError for a password that is known or guessed first."""
        del user
        letters = "".join(sign for sign in password.casefold() if sign.isalpha())
        for word in self.OUR_WORDS:
            letters = letters.replace(word, "")
        if len(set(letters)) < 4 or is_put_together(password) or is_breached(password):  # noqa: PLR2004  "aaaaaaaaaaaaaaa1", "gangwaygangway1"
            raise ValidationError(_("This password is known to thieves or easy to guess. Choose another one."))

    def get_help_text(self) -> str:
        """Say the rule beside the field."""
        return str(_("A sentence of a few words that nobody else uses is best; you may paste it."))


def is_put_together(password: str) -> bool:
    """Return whether nothing but one or two common passwords is left without figures and signs at the ends."""
    plain = password.casefold()
    spellings = {plain, plain.translate(LETTERS_FOR)}
    return any(_is_common("".join(sign for sign in each if sign.isalpha())) for each in spellings)


def _is_common(letters: str) -> bool:
    known = _common()
    sizes = range(SHORTEST_PART, len(letters) + 1)
    again = any(letters == letters[:size] * (len(letters) // size) for size in sizes if letters[:size] in known)
    return again or any(letters[:size] in known and letters[size:] in known for size in sizes)


@cache
def _common() -> frozenset[str]:
    """Return Django's list, as letters alone."""
    listed = CommonPasswordValidator().passwords
    return frozenset(each for each in listed if each.isalpha() and len(each) >= SHORTEST_PART)


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
