"""A task for tests of real workers: the first attempt never ends, the next one does. It notes both in a file."""

import asyncio
import os
from pathlib import Path

from gangway.cli import worker
from gangway.cli.start import prepared
from gangway.config.settings.typed import Role


def main() -> None:
    """Run a worker as `gangway worker` does, knowing one task more."""
    with prepared(Role.WORKER, serves=True) as settings:
        from gangway.jobs import registry  # noqa: PLC0415
        from gangway.jobs import worker as work  # noqa: PLC0415

        registry.task(name="ground:second_time_lucky", deadline_seconds=60)(second_time_lucky)
        asyncio.run(work.run(worker._pace(settings)))


async def second_time_lucky(number: int) -> None:
    if note(f"begun {number}"):
        await asyncio.Event().wait()
    note(f"done {number}")


def note(line: str) -> bool:
    """Add a line to the notes; tells whether it is new."""
    notes = Path(os.environ["GROUND_NOTES"])
    before = notes.read_text() if notes.exists() else ""
    notes.write_text(f"{before}{line}\n")
    return line not in before


if __name__ == "__main__":
    main()
