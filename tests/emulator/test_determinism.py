"""Same seed and same requests: same bytes, ids, secrets, codes and tokens included."""

import os
import subprocess
import sys
from pathlib import Path

here = Path(__file__).parent


def walk(hash_seed):
    """Digests of all answers of a long walk in a process of its own, whose sets and dictionaries are shuffled anew."""
    done = subprocess.run(
        [sys.executable, here / "determinism.py"],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_long_walk_gives_the_same_bytes_in_two_processes():
    first, second = walk("1"), walk("2")
    assert len(first) > 120
    assert [number for number, pair in enumerate(zip(first, second, strict=True)) if pair[0] != pair[1]] == []
