"""What no name may hold, whatever it is the name of."""

import re
from typing import Final

import regex

WHAT: Final = "A name can't hold a web address: mail programs would make a link of it."
CURE: Final = "Leave out :// and www., or write the address another way."

LONGEST_GREETING: Final = 60
"""Characters of a person's name that a mail to them says."""

_ADDRESS: Final = re.compile(r"://|\bwww\.", re.IGNORECASE)
_JOINED: Final = re.compile(r"(?<=\w)[.:]+(?=\w)")
_JOINERS: Final = regex.compile(
    r"(?<=[\p{L}\p{M}&&[^\p{Latin}\p{Greek}\p{Cyrillic}\p{Common}]])[\u200C\u200D]"
    r"(?=[\p{L}\p{M}&&[^\p{Latin}\p{Greek}\p{Cyrillic}\p{Common}]])",
    regex.VERSION1,
)
"""Where Persian, Sinhala and others join or part two letters by a sign of no width, as they must."""
_EMPTY: Final = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]")
"""Letters and marks that show nothing, although Python takes them for printable."""
_NOT_OF_NAMES: Final = re.compile(r"[/\\@<>?#=&%]+")


def can_be_seen(text: str) -> bool:
    """Return whether all of a text shows: what hides can't be told apart. Signs that join its letters may be in it."""
    return _JOINERS.sub("", text).isprintable() and not _EMPTY.search(text)


def holds_address(name: str) -> bool:
    """Return whether a mail program would make a link of something in a name."""
    return bool(_ADDRESS.search(name))


def greeted(name: str) -> str:
    """Return a person's name as a mail may greet them: short, and with nothing in it that could become a link.

    Whoever invites types it, and mails go to strangers: as long and as free as it may be, it would be a message.
    """
    plain = " ".join(_NOT_OF_NAMES.sub(" ", _JOINED.sub(". ", name)).split())
    return plain if len(plain) <= LONGEST_GREETING else f"{plain[:LONGEST_GREETING].rstrip()}…"
