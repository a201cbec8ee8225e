"""What Graph answers, before it is put on the wire: the same for a single request and for one inside a batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

json_type = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

uncached = "no-cache"
"""The Cache-Control of everything that Graph says."""


@dataclass(slots=True)
class Answer:
    """``body`` is a JSON value, plain text for ``$count``, or None for an answer without a body."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def no_content() -> Answer:
    """204, as after every change."""
    return Answer(204)
