"""What the others are told and tell: one JSON object in, one out."""

import json
import os
import sys
import time

told = json.loads(os.environ["BENCH_TOLD"])
"""Of the emulator: login_url, graph_url, ca_file. Of the work: tenant, client, secret, name, permissions, roles."""

graph_app = "00000003-0000-0000-c000-000000000000"


class Watch:
    """The seconds since it was made."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def seconds(self):
        return round(time.monotonic() - self.began, 3)


def ready() -> None:
    """Signed in; from the answer on it counts."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


def say(what) -> None:
    """The result, in one line."""
    sys.stdout.write(json.dumps(what) + "\n")
