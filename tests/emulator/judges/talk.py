"""How a judge talks with its test: what the emulator said when ready comes in, JSON lines go out and in."""

import json
import os
import sys

ready = json.loads(os.environ["EMULATOR_READY"])
contoso = "c0475050-0000-4000-8000-000000000001"
sign_in_app = "5a4db0c1-0000-4000-8000-000000000001"
daemon_app = "e8a391e0-0000-4000-8000-000000000002"
daemon_secret = "Ex48Q~default-seed-daemon-secret-000001"


def say(what):
    """One JSON line for the test."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def hear():
    """One JSON line from the test."""
    return json.loads(sys.stdin.readline())
