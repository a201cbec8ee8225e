"""What can go wrong in the demo, in words for whoever started it."""

from __future__ import annotations

from gangway.foundation.errors import GangwayError, WhoActs

SHOWN = 600
"""Characters of a page that are quoted; enough to see what it says."""


class DemoFailed(GangwayError):
    """The demo could not go on."""

    code = "demo:failed"
    what = "The demo could not go on."
    cure = "Look into the logs; they lie in the folder demo/logs of the data folder."
    acts = WhoActs.US


class NotOnThePage(DemoFailed):
    """Somebody looked for something on a page and it was not there."""

    code = "demo:page:missing"

    def __init__(self, what: str, who: str, url: str, text: str) -> None:
        super().__init__(f"{who} looked for {what} at {_without_secrets(url)} and read: {text[:SHOWN]}")


class PageFailed(DemoFailed):
    """A page answered with an error."""

    code = "demo:page:failed"

    def __init__(self, status: int, who: str, url: str, text: str) -> None:
        super().__init__(f"{who} got status {status} at {_without_secrets(url)}: {text[:SHOWN]}")


class ChildFailed(DemoFailed):
    """A part of the demo did not start or ended by itself."""

    code = "demo:part:failed"


class NotProved(DemoFailed):
    """The journey went through, but the emulated Microsoft doesn't hold what it should."""

    code = "demo:not_proved"
    what = "The registration is not what it should be."


class AlreadyRunning(DemoFailed):
    """Another demo uses the data folder."""

    code = "demo:running"
    cure = "Stop the other one first, or give this one a folder of its own with --data-dir."
    acts = WhoActs.OPERATOR


class PartsMissing(DemoFailed):
    """The demo's own packages are not installed."""

    code = "demo:parts_missing"
    what = "The demo needs packages that are not installed here."
    cure = "Start it with bin/demo from a checkout, or install what locks/demo.txt names."
    acts = WhoActs.OPERATOR


def _without_secrets(url: str) -> str:
    """An address for a message: links in mails are secrets, so only the first part of the path is shown."""
    origin, _, path = url.partition("://")[2].partition("/")
    path = path.partition("?")[0]
    return f"{origin}/{'i/…' if path.startswith('i/') else path}"
