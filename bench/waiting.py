"""Ten thousand sign-ins that wait at once on one worker, beside MSAL's loop; a thousand open pages on one web process.

The emulated Microsoft hands out the codes and notes how punctually each is polled: seconds after the time that it told.
The cases are written into the database by `seeding.py`; one worker finds them there. Then MSAL's unmodified
`acquire_token_by_device_flow` waits in threads. *per_core* is how many sign-ins one core can keep waiting: their number
times the seconds, over the processor seconds that were used. Last, so many pages ask as browsers do; when all sign-ins
end at once, it is measured when each page has seen it.

    bin/bench waiting                   10,000 sign-ins for 40 seconds, 1,000 pages, MSAL in 200 threads
    bin/bench waiting --few 300         the same small: 300 sign-ins, 30 pages
    bin/bench waiting --few 40 --alone  ours alone

One line of JSON. Exit code 1 when a sign-in was polled too early or not at all, or a page didn't see the change.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import time
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import psutil
import requests
from stage import SIGN_IN, on_stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stage import Stage

ROOT = Path(__file__).parent
PYTHON = ROOT.parent / ".venvs" / "bench" / "bin" / "python"
PAGE_INTERVALS = 2
"""A page that nobody sees, or on which nothing has happened for five minutes, asks every ten seconds (`gangway.js`): in
twice the time in which Microsoft may be asked."""
OPENING_SECONDS = 0.12
"""Between one page and the next when they are opened: their first answers are whole ones, and take several times as
long."""
KEPT_SECONDS = 4
"""A browser's connection is kept for less than our server keeps it, so that none is used in the moment of its end."""
SCOPES = "openid profile Application.ReadWrite.All AppRoleAssignment.ReadWrite.All"
LONGEST_START = 600
LONGEST_CHANGE = 90
SEEN = re.compile(rb'name="seen" value="([0-9a-f.]+)"')


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=10_000, help="sign-ins (default 10000); a tenth as many pages")
    parser.add_argument("--seconds", type=float, default=40, help="how long each part is watched (default 40)")
    parser.add_argument(
        "--interval",
        type=int,
        default=5,
        help="seconds between two polls of a code (default 5); pages ask half as often",
    )
    parser.add_argument("--threads", type=int, default=200, help="MSAL's threads (default 200)")
    parser.add_argument("--alone", action="store_true", help="without MSAL")
    chosen = parser.parse_args()
    if not chosen.alone and not PYTHON.exists():
        print("MSAL isn't installed. Start this as: bin/bench waiting", file=sys.stderr)
        return 1
    with (
        tempfile.TemporaryDirectory(prefix="gangway-bench-") as folder,
        on_stage(Path(folder), latency_ms=0, device_interval=chosen.interval) as stage,
        _seeding(stage) as seeding,
    ):
        codes = asyncio.run(_codes(stage, chosen.few))
        cookies = seeding(codes=codes, pages=max(1, chosen.few // 10))["cookies"]
        told = {"cores": psutil.cpu_count(), "gangway": _waiting(stage, len(codes), chosen)}
        stage.child("worker").stop()
        if not chosen.alone:
            told["msal"] = _msal(stage, chosen)
            told["times_msal"] = round(told["gangway"]["per_core"] / told["msal"]["per_core"], 1)
        every = PAGE_INTERVALS * chosen.interval
        told["pages"] = asyncio.run(_pages(stage, cookies, seeding, every=every, seconds=chosen.seconds / 2))
        told["load"] = [round(each, 1) for each in os.getloadavg()]
    print(json.dumps(told))
    return 0 if _held(told) else 1


def _held(told: dict[str, Any]) -> bool:
    ours, pages = told["gangway"], told["pages"]
    return not ours["early"] and not ours["never_polled"] and pages["saw_it"] == pages["open"]


@contextlib.contextmanager
def _seeding(stage: Stage) -> Iterator[Any]:
    """The process that writes into the database; call it with what it shall do."""
    settings = stage.director.settings("owner", stage.microsoft)
    command = [sys.executable, str(ROOT / "seeding.py")]
    with subprocess.Popen(command, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def do(**what: Any) -> Any:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(what) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield do
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=60)


async def _codes(stage: Stage, number: int) -> list[dict[str, Any]]:
    """So many device codes, by the door that everybody uses."""
    trust = ssl.create_default_context(cafile=stage.microsoft["ca_file"])
    url = f"{stage.microsoft['login_url']}/organizations/oauth2/v2.0/devicecode"
    form = {"client_id": SIGN_IN, "scope": SCOPES}
    connector = aiohttp.TCPConnector(ssl=trust, limit=16)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def one() -> dict[str, Any]:
            async with session.post(url, data=form) as answer:
                answer.raise_for_status()
                found: dict[str, Any] = await answer.json()
                return found

        return await asyncio.gather(*(one() for _ in range(number)))


def _waiting(stage: Stage, number: int, chosen: argparse.Namespace) -> dict[str, Any]:
    """Watch the worker once each code has been polled."""
    began = time.monotonic()
    while _control(stage, "GET", "log/polls")["never_polled"] and time.monotonic() < began + LONGEST_START:
        time.sleep(0.5)
    started = time.monotonic() - began
    time.sleep(2 * chosen.interval)
    _control(stage, "DELETE", "log")
    before, watched = stage.busy(), time.monotonic()
    time.sleep(chosen.seconds)
    used = {name: each - before[name] for name, each in stage.busy().items()}
    lasted = time.monotonic() - watched
    found = _control(stage, "GET", "log/polls")
    return {
        "waiting": found["waiting"],
        **{name: found[name] for name in ("polls", "early", "late_seconds", "never_polled")},
        "longest_overdue_seconds": found["longest_overdue_seconds"],
        "first_polls_seconds": round(started, 1),
        "megabytes": stage.megabytes("worker"),
        "processor_seconds": {name: round(used[name], 2) for name in ("worker", "postgresql", "microsoft")},
        "seconds": round(lasted, 1),
        "per_core": round(number * lasted / used["worker"]),
        "polls_per_processor_second": round(found["polls"] / used["worker"]),
    }


def _msal(stage: Stage, chosen: argparse.Namespace) -> dict[str, Any]:
    """MSAL's own loop in so many threads of a process of its own."""
    threads = chosen.threads
    told = {"threads": threads, "seconds": chosen.seconds, "warm_up": 2 * chosen.interval, "client": SIGN_IN}
    told |= {name: stage.microsoft[name] for name in ("login_url", "graph_url", "ca_file")}
    environment = {"PATH": os.environ["PATH"], "BENCH_TOLD": json.dumps(told)}
    command = [str(PYTHON), "-W", "ignore", str(ROOT / "others" / "with_msal.py")]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"begun": True}
        _control(stage, "DELETE", "log")
        found = json.loads(process.stdout.readline())
        polls = _control(stage, "GET", "log/polls")
    return {
        "waiting": threads,
        **{name: polls[name] for name in ("polls", "early", "late_seconds")},
        "processor_seconds": round(found["processor_seconds"], 2),
        "seconds": round(found["seconds"], 1),
        "per_core": round(threads * found["seconds"] / found["processor_seconds"]),
        "polls_per_processor_second": round(polls["polls"] / found["processor_seconds"]),
    }


async def _pages(stage: Stage, cookies: list[str], seeding: Any, *, every: float, seconds: float) -> dict[str, Any]:
    """Open pages that ask as those do whose people are on Microsoft's page; when the sign-ins end, each must see it."""
    url, connector = (
        f"{stage.director.web}/wizard/code/state",
        aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_SECONDS),
    )
    timeout = aiohttp.ClientTimeout(total=LONGEST_CHANGE)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        pages = [Page(session, url, cookie, every) for cookie in cookies]
        tasks = [asyncio.create_task(page.stay_open(number * OPENING_SECONDS)) for number, page in enumerate(pages)]
        await asyncio.sleep(len(pages) * OPENING_SECONDS + 2 * every)
        for page in pages:
            page.waits.clear()
        before, watched = stage.busy(), time.monotonic()
        await asyncio.sleep(seconds)
        used = {name: each - before[name] for name, each in stage.busy().items()}
        lasted, waits = time.monotonic() - watched, sorted(wait for page in pages for wait in page.waits)
        for page in pages:
            page.ends = True
        ended_at = (await asyncio.to_thread(seeding, end=True))["ended_at"]
        await asyncio.wait(tasks, timeout=LONGEST_CHANGE)
        for task in tasks:
            task.cancel()
        told = await asyncio.gather(*tasks, return_exceptions=True)
    if faults := [each for each in told if isinstance(each, Exception)]:
        raise faults[0]
    saw = sorted(page.changed_at - ended_at for page in pages if page.changed_at)
    return {
        "open": len(pages),
        "saw_it": len(saw),
        "told_to_come_again": sum(page.refused for page in pages),
        "seconds_until_seen": _spread(saw),
        "answers": len(waits),
        "asked_every_seconds": round(len(pages) * lasted / max(1, len(waits)), 2),
        "seconds_of_an_answer": _spread(waits),
        "megabytes": stage.megabytes("web"),
        "processor_seconds": {name: round(used[name], 2) for name in ("web", "postgresql")},
        "seconds": round(lasted, 1),
        "milliseconds_of_processor_each": round(used["web"] / max(1, len(waits)) * 1000, 2),
    }


class Page:
    """One open wizard page: asks with the digest of what it shows, until it is told that its sign-in has ended.

    `ends`: what is told from now on is that; before, that it takes long.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, cookie: str, every: float) -> None:
        self.session, self.url, self.headers = session, url, {"Cookie": cookie, "HX-Request": "true"}
        self.every = every
        self.seen, self.changed_at, self.refused, self.ends = "", 0.0, 0, False
        self.waits: list[float] = []

    async def stay_open(self, first: float) -> None:
        """Ask until it was told."""
        due = time.monotonic() + first
        while not self.changed_at:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = time.monotonic() + self.every
            await self._ask()

    async def _ask(self) -> None:
        began = time.monotonic()
        async with self.session.get(self.url, params={"seen": self.seen}, headers=self.headers) as answer:
            body = await answer.read()
        self.waits.append(time.monotonic() - began)
        if answer.status == HTTPStatus.NO_CONTENT:
            return
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            self.refused += 1
            return
        mark = SEEN.search(body)
        assert mark, f"a page was answered {answer.status}"
        if self.seen and self.ends:
            self.changed_at = time.time()
        self.seen = mark[1].decode()


def _spread(ordered: list[float]) -> dict[str, float]:
    at = {"median": 0.5, "p99": 0.99, "longest": 1.0} if ordered else {}
    return {name: round(ordered[int((len(ordered) - 1) * part)], 2) for name, part in at.items()}


def _control(stage: Stage, method: str, path: str) -> Any:
    door = stage.microsoft["control"]
    with requests.Session() as session:
        session.trust_env = False
        headers = {door["header"]: door["token"]}
        answer = session.request(
            method, door["url"] + path, headers=headers, verify=stage.microsoft["ca_file"], timeout=60
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None


if __name__ == "__main__":
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    sys.exit(main())
