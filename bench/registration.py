"""How much longer a registration takes than Microsoft's answers alone: wall time over critical path.

Runs the demo with a Microsoft that takes 100 ms for every answer. The critical path is the longest chain of requests of
which none overlaps the next, each 100 ms; less is not possible with the same requests. The wall time is what a person
waits, from pressing *Start Provisioning* to the confirmation on the page.

    python bench/registration.py          prints one JSON line; exit code 1 when the registration was not proved

A ratio in one run, not a timed test: it tells of us, hardly of the machine.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LATENCY_MS = 100
STEP = "Start Provisioning → made and proved"


def main() -> int:
    """Measure once and print."""
    with tempfile.TemporaryDirectory(prefix="gangway-bench-") as folder:
        command = [sys.executable, "-m", "gangway.cli.main", "demo", "--once", "--json"]
        command += ["--data-dir", folder, "--latency-ms", str(LATENCY_MS)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        result = json.loads(done.stdout.splitlines()[-1])
        if not result["proved"]:
            return 1
        print(json.dumps(_ratios(result, run=_run_seconds(Path(folder)))))
    return 0


def _run_seconds(folder: Path) -> float:
    """What the worker's log says of the run: seconds from the queue to its end."""
    told = (folder / "demo" / "logs" / "worker.log").read_text("utf-8")
    found = re.search(r"run_ended .*\bmilliseconds=(\d+)", told)
    if found is None:
        raise SystemExit("The worker's log doesn't tell of a run that ended.")
    return int(found.group(1)) / 1000


def _ratios(result: dict, *, run: float) -> dict[str, object]:
    trips = result["microsoft"]["sequential_round_trips"]
    path = trips * LATENCY_MS / 1000
    wall = next(step["seconds"] for step in result["steps"] if step["name"] == STEP)
    return {
        "latency_ms": LATENCY_MS,
        "sequential_round_trips": trips,
        "requests": result["microsoft"]["requests"],
        "critical_path_seconds": round(path, 3),
        "run_seconds": run,
        "run_ratio": round(run / path, 2),
        "person_seconds": wall,
        "person_ratio": round(wall / path, 2),
    }


if __name__ == "__main__":
    sys.exit(main())
