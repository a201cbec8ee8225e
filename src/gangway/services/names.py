r"""The naming rules for a service's short name and for an app registration's name, exactly as the product states them.

3 to 15 characters as a person counts them (grapheme clusters), at most 45 code points, in Unicode's composed form
(NFC); none of `\ / : * ? " < > |`, no dot, no blank of any kind, no character that can't be seen; the sequence "audit"
nowhere, in any letter case, because the product's pages list it among what cannot be used. All other letters, digits
and special characters of any script are fine. Two names are the same when their keys are.
"""

import unicodedata
from typing import Final

import regex

from gangway.organizations.search import fold
from gangway.services.errors import InvalidName

MIN_CHARACTERS: Final = 3
MAX_CHARACTERS: Final = 15
MAX_CODE_POINTS: Final = 45
LONGEST_KEY_OF_NAME: Final = 600
"""Characters of a key: one code point may become 18 when its compatibility form is written out."""
FORBIDDEN: Final = '\\/:*?"<>|'
RESERVED: Final = "audit"

_CLUSTER: Final = regex.compile(r"\X")
_BLANK: Final = regex.compile(r"[\s\p{White_Space}\p{Z}\u2800\u115F\u1160\u3164\uFFA0]")
_UNSEEN: Final = regex.compile(r"[\p{Cc}\p{Cf}\p{Cs}--\s]", regex.VERSION1)


def check(text: str, *, field: str) -> str:
    """Return the name in composed form (NFC); raises `InvalidName` at `field`, one sentence for each broken rule."""
    name = unicodedata.normalize("NFC", text)
    if sentences := broken_rules(name):
        raise InvalidName(field=field, sentences=sentences)
    return name


def ending_with(name: str, end: str) -> str:
    """Return the name with something at its end, cut in front of it as far as the rules need."""
    clusters = _CLUSTER.findall(unicodedata.normalize("NFC", name))
    while len(clusters) > 1 and broken_rules("".join(clusters) + end):
        clusters.pop()
    return "".join(clusters) + end


def key(text: str) -> str:
    """Return the key under which names are the same: case folded, compatibility forms written out."""
    return fold(text)


def broken_rules(text: str) -> tuple[str, ...]:
    """Return one sentence for each rule that the name breaks; nothing when it is fine."""
    name = unicodedata.normalize("NFC", text)
    found = (_length(name), _forbidden(name), _dot(name), _blank(name), _unseen(name), _reserved(name))
    return tuple(sentence for sentence in found if sentence)


def _length(name: str) -> str:
    characters = len(_CLUSTER.findall(name))
    if characters < MIN_CHARACTERS:
        return f"Use at least {MIN_CHARACTERS} characters."
    if characters > MAX_CHARACTERS:
        return f"Use at most {MAX_CHARACTERS} characters; these are {characters}."
    if len(name) > MAX_CODE_POINTS:
        return f"This name has too many accents or joined signs: at most {MAX_CODE_POINTS} code points fit."
    return ""


def _forbidden(name: str) -> str:
    found = ", ".join(f"“{sign}”" for sign in FORBIDDEN if sign in name)
    return f"These characters cannot be used: {' '.join(FORBIDDEN)}. This name has {found}." if found else ""


def _dot(name: str) -> str:
    return "A dot cannot be used." if "." in name else ""


def _blank(name: str) -> str:
    return "Blank spaces of any kind cannot be used." if _BLANK.search(name) else ""


def _unseen(name: str) -> str:
    return "There is a hidden character in it: type the name instead of pasting it." if _UNSEEN.search(name) else ""


def _reserved(name: str) -> str:
    if RESERVED not in key(name):
        return ""
    return 'The letters "audit" cannot be used anywhere in a name: the rules list them among what cannot be used.'
