"""What the demo tells while it works, and the result for programs."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gangway.cli.demo.proof import Made


@dataclass
class Report:
    """The steps with their seconds, and in the end what was made and what it took.

    `answering`: the seconds that Microsoft's answers took which had to wait for one another.
    """

    steps: list[dict[str, Any]] = field(default_factory=list)
    microsoft: dict[str, int] = field(default_factory=dict)
    answering: float = 0.0
    made: Made | None = None

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step; it is told when it begins and when it has ended."""
        if sys.stdout.isatty():
            print(f"  … {name}", end="\r", flush=True)
        began = time.monotonic()
        try:
            yield
        except BaseException:
            print(f"  ✗ {name}", flush=True)
            raise
        seconds = round(time.monotonic() - began, 2)
        self.steps.append({"name": name, "seconds": seconds})
        print(f"  ✓ {name:<72} {seconds:6.2f} s", flush=True)

    def say(self, text: str = "") -> None:
        """Tell something that is no step."""
        print(text, flush=True)

    @property
    def proved(self) -> bool:
        return self.made is not None

    def as_json(self) -> str:
        """The result in one line."""
        made = self.made.as_json() if self.made else None
        return json.dumps({"proved": self.proved, "steps": self.steps, "microsoft": self.microsoft, "made": made})
