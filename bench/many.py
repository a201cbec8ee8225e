"""Fifty registrations at once: how many times as long as one they take together.

Fifty tenants, each with its own administrator who has signed in, are started in one transaction while Microsoft takes
100 ms for every answer. Then several services of one tenant at once, which the tenant's lease lets go one after the
other. What is printed: the seconds from the commit until the last one is proved, as ratios to one alone; and seconds of
processor time, because worker, PostgreSQL and the emulated Microsoft share this machine's cores.

    bin/bench many                  one alone (median of three), fifty in fifty tenants, five in one tenant
    bin/bench many --runs 4 --same 2
    bin/bench many --workers 1      one worker process; as a rule there is one for each core

One line of JSON; exit code 1 when any was not proved, or left anything but exactly one application.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from stage import granted, on_stage, person_of, tenant_of

if TYPE_CHECKING:
    from stage import Stage

LATENCY_MS = 100
SIGNING_IN = 4
"""People who sign in at a time."""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=50, help="tenants at once (default 50)")
    parser.add_argument("--same", type=int, default=5, help="services at once in one tenant (default 5)")
    parser.add_argument(
        "--workers", type=int, default=psutil.cpu_count(), help="processes (default: one for each core)"
    )
    chosen = parser.parse_args()
    tenants = chosen.runs + 4
    with (
        tempfile.TemporaryDirectory(prefix="gangway-bench-") as folder,
        on_stage(Path(folder), latency_ms=LATENCY_MS, tenants=tenants, workers=chosen.workers) as stage,
    ):
        with ThreadPoolExecutor(SIGNING_IN) as people:
            tokens = list(people.map(lambda number: granted(stage.microsoft, number), range(tenants)))
        alone = [_together(stage, tokens, [number])["seconds"] for number in range(3)]
        one = statistics.median(alone)
        many = _together(stage, tokens, list(range(3, 3 + chosen.runs)))
        same = _together(stage, tokens, [tenants - 1] * chosen.same)
    print(
        json.dumps(
            {
                "latency_ms": LATENCY_MS,
                "cores": psutil.cpu_count(),
                "workers": chosen.workers,
                "one": {"seconds": round(one, 2)},
                "many": {"runs": chosen.runs, "times_one": round(many["seconds"] / one, 2), **many},
                "same_tenant": {"runs": chosen.same, "times_one": round(same["seconds"] / one, 2), **same},
            }
        )
    )
    return 0


def _together(stage: Stage, tokens: list[str], numbers: list[int]) -> dict[str, Any]:
    """Start one run for each number's tenant at once; seconds until all are proved, and what the processors did."""
    wanted = [{"tenant": tenant_of(number), "upn": person_of(number), "token": tokens[number]} for number in numbers]
    command = [sys.executable, str(Path(__file__).parent / "driver.py")]
    settings = stage.director.settings("owner", stage.microsoft)
    before = stage.busy()
    done = subprocess.run(
        command, env=settings, input=json.dumps(wanted), stdout=subprocess.PIPE, text=True, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    used = {name: round(seconds - before[name], 2) for name, seconds in stage.busy().items()}
    assert found["states"] == {"proved": len(numbers)}, found
    _judge(stage, found["names"], numbers)
    kept = ("worker", "microsoft", "postgresql")
    return {"seconds": found["seconds"], "processor_seconds": {name: used[name] for name in kept}}


def _judge(stage: Stage, names: list[str], numbers: list[int]) -> None:
    """Exactly one application of each run, in its own tenant, by the emulator's own state."""
    here: Counter[str] = Counter()
    for tenant in stage.witness.state()["tenants"]:
        bodies = [row["body"] for row in tenant["objects"].values() if row["kind"] == "application"]
        here[tenant["id"]] += sum(body.get("uniqueName") in names for body in bodies)
    assert +here == Counter(tenant_of(number) for number in numbers), here


if __name__ == "__main__":
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    sys.exit(main())
