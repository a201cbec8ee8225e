"""What each error of Microsoft's means to a person, from `dictionary.toml`: what happened, what to do, who acts next.

The only place of these words: the wizard, the page of a run, a validation and the doctor all say an error alike. The
classes in `errors` say what the *caller* can do next; this says what the *person* is told.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Self

from gangway.foundation.errors import WhoActs

NO_FACTS: Final[Mapping[str, str]] = {"from_addresses": "", "marks": ""}
"""The placeholders, and what stands in their place when nothing is known."""


@dataclass(frozen=True, slots=True)
class Words:
    """One meaning, for a person."""

    what: str
    cure: str
    acts: WhoActs

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> Self:
        """Read a table of the file; raises KeyError or ValueError when a part is missing or not known."""
        return cls(what=str(table["what"]), cure=str(table["cure"]), acts=WhoActs(table["acts"]))

    def with_facts(self, facts: Mapping[str, str]) -> "Words":
        """Put facts in the place of placeholders."""
        known = {**NO_FACTS, **facts}
        return Words(self.what.format_map(known), self.cure.format_map(known), self.acts)


@dataclass(frozen=True, slots=True)
class Entry:
    """One error: its signals, the class it becomes, its words when a person signs in and when an application does."""

    key: str
    signals: tuple[str, ...]
    error: str
    words: Words
    application: Words

    @property
    def numbers(self) -> tuple[int, ...]:
        """Entra's numbers among the signals."""
        return tuple(int(text.removeprefix("AADSTS")) for text in self.signals if text.startswith("AADSTS"))


@cache
def entries() -> tuple[Entry, ...]:
    """Read the whole dictionary, in the order of the file."""
    text = files("gangway.microsoft").joinpath("dictionary.toml").read_text("utf-8")
    return tuple(_entry(key, table) for key, table in tomllib.loads(text).items())


def of_signal(signal: str) -> Entry | None:
    """Return the entry that a signal stands in; None when nobody has written one."""
    return _by_signal().get(signal)


def of_class(code: str) -> Words:
    """Return the words of a class of errors when nothing says it better. Raises KeyError: every class has an entry."""
    return of_signal_or_fail(code).words.with_facts(NO_FACTS)


def of_signal_or_fail(signal: str) -> Entry:
    """Return the entry of a signal that must have one; raises KeyError."""
    return _by_signal()[signal]


def from_addresses(addresses: Iterable[str]) -> str:
    """Say where our requests come from, to be put behind a sentence; empty when that is not set."""
    listed = list(addresses)
    if not listed:
        return ""
    if len(listed) == 1:
        return f", from the address of this platform: {listed[0]}"
    together = f"{', '.join(listed[:-1])} and {listed[-1]}"
    return f", from the addresses of this platform: {together}"


def _entry(key: str, table: Mapping[str, Any]) -> Entry:
    words = Words.read(table)
    application = Words.read(table["application"]) if "application" in table else words
    signals = tuple(str(signal) for signal in table["signals"])
    return Entry(key, signals, str(table.get("error", "")), words, application)


@cache
def _by_signal() -> dict[str, Entry]:
    return {signal: entry for entry in entries() for signal in entry.signals}
