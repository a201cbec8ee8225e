"""Writes `docs/errors.md` from the dictionary of Microsoft's errors: ``python -m tests.house.errors_page``."""

from __future__ import annotations

from pathlib import Path

from gangway.foundation.errors import WhoActs
from gangway.microsoft.dictionary import Entry, Words, entries

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"
ACTS = {
    WhoActs.NOBODY: "nobody",
    WhoActs.RETRY_LATER: "nobody: we try again",
    WhoActs.ADMINISTRATOR: "the administrator",
    WhoActs.OPERATOR: "the operator",
    WhoActs.US: "whoever runs this server",
}
HEAD = """\
# What Microsoft's errors mean

Every error of Microsoft's is told in the same words wherever it is met: in the wizard, on the page of a run, in a
validation, by `gangway doctor`. The words stand in one file, `src/gangway/microsoft/dictionary.toml`; the classes in
`microsoft/errors.py` say what the *code* can do next, the file what a *person* is told.

Each is shown with Microsoft's own code, request id, correlation id and time behind *details*. An error that isn't
listed here is shown with its number or code and the same marks, never with Microsoft's free text, which may name
anything.

*When an application signs in* gives the words for a registration's own sign-in where they differ. A policy for workload
identities (53003 without a person) names the addresses that `GANGWAY_EGRESS_ADDRESSES` lists, so that an administrator
can let them in; without the setting it is told without addresses.

Signals: `AADSTS…` is Entra's number; `oauth:` the error of its token endpoint; `graph:` Microsoft Graph's code;
`network:` where the way to Microsoft is broken; the others are our own classes, for what has no better entry.

This page is written from the file (`python -m tests.house.errors_page`), and a test compares them.

| signals | what happened | what to do | who acts next |
|---|---|---|---|
"""


def page() -> str:
    """The page as it should be."""
    return HEAD + "".join(_rows(entry) for entry in entries())


def _rows(entry: Entry) -> str:
    signals = " ".join(f"`{signal}`" for signal in entry.signals)
    rows = _row(signals, entry.words)
    if entry.application != entry.words:
        rows += _row("…when an application signs in", entry.application)
    return rows


def _row(signals: str, words: Words) -> str:
    told = words.with_facts({"from_addresses": ", from the addresses of this platform: …", "marks": " (…)"})
    return f"| {signals} | {told.what} | {told.cure} | {ACTS[told.acts]} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
