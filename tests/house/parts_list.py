"""Writes the list of parts (CycloneDX 1.6, JSON) of what is installed: `python -m tests.house.parts_list > parts.json`.

Made of the lock file alone, so it is the same wherever it is made: each package with its version and the hashes of its
files.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "locks" / "runtime.txt"
PACKAGE = re.compile(r"^(?P<name>[\w.-]+)(?:\[[^]]*\])?==(?P<version>[^\s;\\]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def parts(lock: str) -> list[dict[str, Any]]:
    """Each package of a lock file."""
    found: list[dict[str, Any]] = []
    for line in lock.splitlines():
        if package := PACKAGE.match(line):
            name, version = package["name"].lower(), package["version"]
            place = f"pkg:pypi/{name}@{version}"
            found.append({"type": "library", "bom-ref": place, "purl": place, "name": name, "version": version})
        for digest in HASH.findall(line):
            found[-1].setdefault("hashes", []).append({"alg": "SHA-256", "content": digest})
    return found


def bill() -> dict[str, Any]:
    """The whole list."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    about = {"type": "application", "name": project["name"], "version": project["version"]}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": about},
        "components": parts(LOCK.read_text("utf-8")),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(bill(), indent=1) + "\n")
