"""Writes `docs/how-to/settings.md` from the settings themselves: ``python -m tests.house.settings_page``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import get_args

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from gangway.config.settings.typed import OTHER_NAMES, PREFIX, Settings

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "settings.md"
WORKER_ONLY = ", ".join(f"`{PREFIX}{name.upper()}`" for name in Settings.WORKER_ONLY)
NOTHING = "nothing"
HEAD = f"""\
# Settings

Every process reads its settings once, when it starts, from its environment (`{PREFIX}…`) or from a TOML file that
`{PREFIX}SETTINGS_FILE` names (there the names are in lower case and without `{PREFIX}`); the environment wins. What is
missing or wrong is told all at once, each with its cure; `gangway doctor` tells it without starting anything. The
product starts with no default key.

The web process is refused what only workers may hold: {WORKER_ONLY}.

This page is written from the code (`python -m tests.house.settings_page`), and a test compares them.

| setting | what it is | when nothing is said |
|---|---|---|
"""
OTHERS = {
    "SETTINGS_FILE": "TOML file with settings",
    "CLOCK_OFFSET_SECONDS": "seconds added to the time, for tests that must not wait; never in production",
    "OWNER_DATABASE_URL": "address of the database for the owner role (migrations, set-up); `DATABASE_URL` does, too",
    "WEB_DATABASE_URL": "address of the database for the web process's role",
    "WORKER_DATABASE_URL": "address of the database for the workers' role",
    "TEST_DATABASE_URL": "a PostgreSQL for `bin/test` to use instead of its own",
}


def page() -> str:
    """The page as it should be."""
    fields = Settings.model_fields.items()
    rows = [_row(name, _said(field), _default(field.default)) for name, field in fields]
    others = [_row(name, OTHERS[name], NOTHING) for name in OTHER_NAMES]
    return HEAD + "\n".join([*rows, *others]) + "\n"


def _said(field: FieldInfo) -> str:
    """What it is; and every word that may be said, where only some may."""
    kind = field.annotation
    words = [each.value for each in kind] if isinstance(kind, type) and issubclass(kind, Enum) else get_args(kind)
    words = [word for word in words if isinstance(word, str)]
    return f"{field.description}: " + ", ".join(f"`{word}`" for word in words) if words else field.description or ""


def _row(name: str, description: str, default: str) -> str:
    return f"| `{PREFIX}{name.upper()}` | {description.replace('<', '&lt;')} | {default} |"


def _default(value: object) -> str:
    if value is PydanticUndefined:
        return "set by the command"
    if value is None or value in ("", (), {}):
        return NOTHING
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"`{text}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
