"""Writes `docs/roles.md` from the role table: ``python -m tests.house.roles_page``."""

from __future__ import annotations

from pathlib import Path

from gangway.organizations.roles import GIVES, LETTERS, MATRIX, Kind, roles_at

PAGE = Path(__file__).parents[2] / "docs" / "roles.md"
COLUMNS = [(kind, role) for kind in Kind for role in roles_at(kind)]
HEAD = """\
# Roles

Everybody who signs in has one role in an organization, and may have roles in several: a switcher at the head of the
page leads from one to the other. A role holds in its organization and in all below it (system → provider → channel →
customer). Menus, checks and this page are made from one table, `src/gangway/organizations/roles.py`
(`python -m tests.house.roles_page`), and a test compares them. Where the table comes from, and how its gaps are closed:
[why/operators.md](why/operators.md).

## What each role may do

"""
DECIDES = """
Who suspends a connection, or forbids that tokens of it are handed out, decides: it is undone by people of their level
or of one above. What a customer's Operator paused, the channel and the provider resume as well; what the provider
paused, nobody below it does. Likewise whoever suspends a person, or sets a freeze: a channel's Admin whom the provider
suspended is let in again, or removed, by the provider or somebody above it. To replace the credentials in use by others
that somebody types needs the right to add a service; a customer's Operator asks their own administrator instead, by
*Re-initiate Authentication Flow*.
"""
GIFTS = """
## Who may give which role

To invite somebody, to change, suspend and end a role: always only these, and nobody gives more than they have.

| who | at a system | at a provider | at a channel | at a customer |
|---|---|---|---|---|
"""


def page() -> str:
    """The page as it should be."""
    heads = [f"{kind.value}<br>{_word(role)}" for kind, role in COLUMNS]
    lines = [_line(["", *heads]), _line(["---", *([":-:"] * len(heads))])]
    for given in MATRIX.values():
        marks = ["yes" if _letter(role) in getattr(given, kind.value) else "" for kind, role in COLUMNS]
        lines.append(_line([given.words, *marks]))
    gifts = [
        _line([f"{kind.value} {_word(role)}", *(_names(levels.get(at, "")) for at in Kind)])
        for (kind, role), levels in GIVES.items()
    ]
    return HEAD + "\n".join(lines) + "\n" + DECIDES + GIFTS + "\n".join(gifts) + "\n"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _letter(role: object) -> str:
    return next(letter for letter, known in LETTERS.items() if known is role)


def _word(role: object) -> str:
    return str(role).replace("_", " ")


def _names(letters: str) -> str:
    return ", ".join(_word(LETTERS[letter]) for letter in letters)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
