"""Writes docs/events.md out of the list of events: `python -m tests.house.events_page`."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from gangway.audit import events

PAGE = Path(__file__).parents[2] / "docs" / "events.md"
HEAD = """# Events

What the activity log records, made from `src/gangway/audit/events.py` by `python -m tests.house.events_page`. Each has
a time, an organization, what it happened to, who did it (a person, an administrator behind a link, or a part of
Gangway), from which address, and the request's id; a change has the fields before and after. Secrets, codes and links
never get in.
"""


def described() -> dict[str, str]:
    """Every event's name with the line that stands below it in the code."""
    (body,) = [node.body for node in ast.parse(inspect.getsource(events)).body if isinstance(node, ast.ClassDef)]
    told = {}
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            is_text = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            told[str(node.value.value)] = " ".join(str(after.value.value).split()) if is_text else ""
    return told


def page() -> str:
    """The whole page: a table for each room."""
    rooms: dict[str, list[str]] = {}
    for event, line in described().items():
        rooms.setdefault(event.split(":")[0], []).append(f"| `{event}` | {line} |")
    parts = [f"## {room}\n\n| event | when |\n|---|---|\n" + "\n".join(rows) + "\n" for room, rows in rooms.items()]
    return "\n".join([HEAD, *parts])


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
