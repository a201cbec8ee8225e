"""The browser of the tests: Debian's chromium without windows, or else the one with windows, not shown."""

import shutil

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
"""Command line: what a test's browser has no use for."""


def path_of_chromium() -> str:
    """Where it lies; :class:`AssertionError` with the line to type where there is none."""
    found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert found, "This needs chromium. Type: sudo apt-get install chromium-headless-shell"
    return found
