"""How much longer a registration takes than Microsoft's answers alone, and how long others need for the same one.

All in one run against one emulated Microsoft that takes 100 ms for every answer. The critical path is the longest chain
of requests of which none overlaps the next, each 100 ms; less is not possible with the same requests. "answering" is
what the answers of that chain really took, by the emulated Microsoft's own log, which is a little more. "run" is from
the moment when *Start Provisioning* is accepted until everything is proved and the goodbye is said; "person" is what
somebody waits, from pressing the button until the page says so, which asks as often as the wizard's own page does.
Ratios tell of us, hardly of the machine.

    bin/bench registration                 ours: the median of five; then msgraph-sdk and azure-cli, once each
    bin/bench registration --runs 9        more of ours
    bin/bench registration --once          one of ours and no others: whether the bench still works

One line of JSON; exit code 1 when a registration was not proved.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stage import CONTOSO, DAEMON, on_stage

from gangway.cli.demo.journey import walk
from gangway.cli.demo.report import Report
from gangway.provisioning.engine.pinning import pin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stage import Stage

ROOT = Path(__file__).parents[1]
OTHERS = ROOT / "bench" / "others"
PYTHON = ROOT / ".venvs" / "bench" / "bin" / "python"
LATENCY_MS = 100
PAGE_ASKS_EVERY = 1.0
"""Seconds, as the wizard's page of a run."""
STEP = "Start Provisioning → made and proved"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="registrations of ours (default 5)")
    parser.add_argument("--once", action="store_true", help="one of ours, without the others")
    chosen = parser.parse_args()
    if not chosen.once and not PYTHON.exists():
        raise SystemExit(
            f"{PYTHON} is missing: the others are not installed. Start with bin/bench, which installs them."
        )
    with (
        tempfile.TemporaryDirectory(prefix="gangway-bench-") as folder,
        on_stage(Path(folder), latency_ms=LATENCY_MS) as stage,
    ):
        ours = [_ours(stage) for _ in range(1 if chosen.once else chosen.runs)]
        told: dict[str, Any] = {"latency_ms": LATENCY_MS, "gangway": _medians(ours)}
        if not chosen.once:
            told |= {name: _other(stage, name, ours=told["gangway"]) for name in ("msgraph_sdk", "azure_cli")}
    print(json.dumps(told))
    return 0


def _ours(stage: Stage) -> dict[str, float]:
    """One walk through the pages; raises DemoFailed when it isn't proved."""
    report = Report()
    before = stage.log("worker").count("run_ended")
    with contextlib.redirect_stdout(sys.stderr):
        walk(
            web=stage.director.web,
            inbox=stage.inbox,
            who=stage.walker,
            witness=stage.witness,
            report=report,
            every=PAGE_ASKS_EVERY,
        )
    found = re.findall(r"run_ended .*\bmilliseconds=(\d+)", stage.log("worker"))
    assert len(found) == before + 1, "the worker's log doesn't tell of a run that ended"
    path = report.microsoft["sequential_round_trips"] * LATENCY_MS / 1000
    wall = next(step["seconds"] for step in report.steps if step["name"] == STEP)
    run = int(found[-1]) / 1000
    return {
        "sequential_round_trips": report.microsoft["sequential_round_trips"],
        "requests": report.microsoft["requests"],
        "subrequests": report.microsoft["subrequests"],
        "answering_seconds": report.answering,
        "run_seconds": run,
        "run_ratio": run / path,
        "run_ratio_of_answering": run / report.answering,
        "person_seconds": wall,
        "person_ratio": wall / path,
    }


def _medians(rows: list[dict[str, float]]) -> dict[str, float]:
    """The median of each figure, and how many it is of."""
    return {"runs": len(rows)} | {name: round(statistics.median(row[name] for row in rows), 2) for name in rows[0]}


def _other(stage: Stage, name: str, *, ours: dict[str, float]) -> dict[str, Any]:
    """The same registration by somebody else's client."""
    script, plan = f"with_{name}.py", pin(profile="teams-voice", version=2)
    told = {
        **{key: stage.microsoft[key] for key in ("login_url", "graph_url", "ca_file")},
        "tenant": CONTOSO,
        "client": DAEMON["appId"],
        "secret": DAEMON["secret"],
        "name": f"bench-{name}",
        **{key: plan[key] for key in ("permissions", "roles")},
    }
    with _talking(script, told) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n", f"{script} did not get ready"
        before = stage.witness.last_request()
        process.stdin.write("go\n")
        process.stdin.flush()
        found = json.loads(process.stdout.readline())
    assert found["proved"], f"{script} made something else"
    counts = stage.witness.counts(after=before)
    return {
        **{key: counts[key] for key in ("sequential_round_trips", "requests", "subrequests")},
        "seconds": round(found["seconds"], 2),
        "times_ours": round(found["seconds"] / ours["run_seconds"], 2),
    }


@contextlib.contextmanager
def _talking(script: str, told: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    trust = dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"), told["ca_file"])
    environment = {"PATH": os.environ["PATH"], "BENCH_TOLD": json.dumps(told), **trust}
    command = [str(PYTHON), "-W", "ignore", str(OTHERS / script)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
    with subprocess.Popen(command, **pipes) as process:  # type: ignore[call-overload]
        yield process
        process.stdin.close()
        assert process.wait(timeout=60) == 0


if __name__ == "__main__":
    sys.exit(main())
