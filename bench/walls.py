"""What the second wall costs: the plans and times of the Services page's queries, with row-level security and without.

Makes 100,000 services in 10,000 customers, asks as the database's owner (whom no policy binds) and as the role web, and
prints for each query the scan that PostgreSQL chose and the median of its times.

    python bench/walls.py [--services 100000] [--rounds 15]
"""

# ruff: noqa: PLC0415, SLF001  Django has to be awake first; the other bench's parts are used as they are

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
from pathlib import Path
from typing import Any

import lists

SEARCHES = {
    "first page": {},
    "by customer": {"sort": "customer"},
    "filtered": {"status": "error"},
    "words": {"search": "contoso bak"},
    "prefix": {"search": "samp"},
    "found nowhere": {"search": "zzzz"},
}


def main() -> None:
    """Measure and print."""
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("--services", type=int, default=100_000)
    wanted.add_argument("--rounds", type=int, default=15)
    given = wanted.parse_args()
    with tempfile.TemporaryDirectory(prefix="gangway-bench-") as folder, lists._database(Path(folder)):
        lists._filled(1000)
        person = lists._filled(given.services)
        lists._analyse()
        from gangway.organizations.queries import seat

        path = seat(person).path
        print(f"{'query':<16}{'without ms':>12}{'with ms':>10}  scan with the wall")
        results = {name: {} for name in SEARCHES}
        for role, become in (("without", lists._as_owner), ("with", lists._as_web)):
            become()
            for name, asked in SEARCHES.items():
                results[name][role] = _measured(asked, path, given.rounds)
        for name, both in results.items():
            (before, _), (after, scans) = both["without"], both["with"]
            print(f"{name:<16}{before:>12.2f}{after:>10.2f}  {scans}")


def _measured(asked: dict[str, str], path: str, rounds: int) -> tuple[float, str]:
    from gangway.organizations.pages import PAGE_SIZE
    from gangway.organizations.scope import within
    from gangway.services.queries import _found

    with within(path):
        rows = _found(asked.get("search", ""), asked.get("status", ""), "", asked.get("sort", ""))[: PAGE_SIZE + 1]
        plans: list[str] = [rows.explain(analyze=True) for _ in range(rounds)]
    times = [float(re.findall(r"Execution Time: ([\d.]+)", plan)[0]) for plan in plans]
    return statistics.median(times), _scans(plans[-1])


def _scans(plan: str) -> str:
    found: list[Any] = re.findall(r"((?:Bitmap |Seq |Index |Index Only )[\w ]*Scan(?: using (\w+))? on (\w+))", plan)
    return ", ".join(dict.fromkeys(f"{index or kind.split(' on ')[0]}" for kind, index, _ in found))


if __name__ == "__main__":
    main()
