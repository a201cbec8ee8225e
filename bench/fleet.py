"""How fast a fleet of connections is checked, beside aiohttp alone and msgraph-sdk with the same requests.

A check is what *Validate Authentication* asks of Microsoft: a token for Graph, one for Teams, and a batch that reads
the tenant, its licences and the roles. The answers are the emulator's own, kept and given again by a server that does
nothing else, on the other core: so it is the client that is measured, by its own processor time.

    bin/bench fleet                   10,000 checks of each kind (msgraph-sdk: a twentieth), in turns
    bin/bench fleet --few 300         the same small
    bin/bench fleet --few 60 --alone  ours and aiohttp only

*of_aiohttp* is aiohttp's processor time for a check over ours: 1 would be no cost of our own. One line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import psutil
from fleet_client import TEAMS, reads_of
from stage import CONTOSO, DAEMON, script

from emulator import Running, emulator, start
from gangway.provisioning.engine.pinning import pin

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent
PYTHON = ROOT.parent / ".venvs" / "bench" / "bin" / "python"
AT_ONCE = 64
TURNS = 2
GLOBAL = "https://graph.microsoft.com/.default"
CLIENT = "be4c0000-0000-4000-8000-000000000002"
SECRET = "Be48Q~bench-fleet-secret-000000000000001"  # noqa: S105 of an application that doesn't exist
GROWTH = 1.10
"""How much larger than after a third of the checks the process may be at their end."""

CANNED = """
import json, sys
from pathlib import Path
import uvloop
from m365_emulator import tls
from m365_emulator.server import bind, run

kept = {name: text.encode() for name, text in json.loads(Path(sys.argv[2]).read_text()).items()}

async def canned(scope, receive, send):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    path = scope["path"].removeprefix("/v1.0")
    answer = kept[path] if path in kept else kept["teams" if b"48ac35b8-" in body else "graph"]
    headers = [(b"content-length", str(len(answer)).encode()), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})

files, secure, plain = tls.prepare(Path(sys.argv[1])), bind("127.0.0.1", 0), bind("127.0.0.1", 0)
ready = f'{{"url": "https://localhost:{secure.getsockname()[1]}", "ca_file": "{files.authority.resolve()}"}}'
uvloop.run(run(canned, tls=secure, files=files, plain=plain, ready=lambda: print(ready, flush=True)))
"""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=10_000, help="checks of each kind (default 10000)")
    parser.add_argument("--alone", action="store_true", help="ours and aiohttp only")
    chosen = parser.parse_args()
    if not chosen.alone and not PYTHON.exists():
        print("msgraph-sdk isn't installed. Start this as: bin/bench fleet", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="gangway-bench-") as folder, _servers(Path(folder)) as (told, real):
        found = _in_turns(told, chosen.few, 1 if chosen.alone else TURNS)
        ours, bare = found["ours"], found["aiohttp"]
        found["of_aiohttp"] = round(bare["processor_ms"] / ours["processor_ms"], 2)
        if not chosen.alone:
            found["two_workers"] = _two(told, chosen.few, one=ours)
            found["against_the_emulator"] = _summed([_client(told | real, "ours", max(AT_ONCE, chosen.few // 10))])
            others = found["msgraph_sdk"] = _sdk(told, max(AT_ONCE, chosen.few // 20))
            others["times_ours"] = round(others["processor_ms"] / ours["processor_ms"], 1)
    print(json.dumps({"cores": psutil.cpu_count(), **found, "load": [round(each, 1) for each in os.getloadavg()]}))
    return 0 if ours["megabytes"]["end"] <= ours["megabytes"]["third"] * GROWTH else 1


@contextlib.contextmanager
def _servers(folder: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The emulator and the server of its answers: what clients are told, and what else for the emulator itself."""
    told = script(0)
    plan = pin(profile="teams-voice", version=2)
    application = {"name": "bench-fleet", "displayName": "Bench fleet", "appId": CLIENT, "secret": SECRET}
    rights = {"application": list(plan["permissions"]), "granted": True}
    next(row for row in told["tenants"] if row["id"] == CONTOSO)["applications"].append(application | rights)
    (folder / "seed.json").write_text(json.dumps(told))
    (folder / "canned.py").write_text(CANNED)
    with contextlib.ExitStack() as stack:
        microsoft = emulator(folder, "--seed", str(folder / "seed.json"))
        stack.callback(microsoft.stop)
        principal, answers = asyncio.run(_answers(microsoft, list(plan["roles"].values())))
        (folder / "answers.json").write_text(json.dumps(answers))
        canned = start([str(folder / "canned.py"), str(folder / "tls"), str(folder / "answers.json")])
        stack.callback(canned.stop)
        who = {"tenant": CONTOSO, "client": CLIENT, "secret": SECRET, "principal": principal}
        yield {**who, **canned.ready}, {"url": microsoft.ready["url"]}


async def _answers(microsoft: Running, roles: list[str]) -> tuple[str, dict[str, str]]:
    """Give the registration its roles, then keep what the emulator answers to each request of a check."""
    url, trust = microsoft.ready["url"], ssl.create_default_context(cafile=microsoft.ready["ca_file"])
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as session:

        async def token(client: str, secret: str, scope: str) -> str:
            form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret, "scope": scope}
            async with session.post(f"{url}/{CONTOSO}/oauth2/v2.0/token", data=form) as answer:
                answer.raise_for_status()
                return await answer.text()

        async def graph(method: str, path: str, bearer: str, body: Any = None) -> str:
            headers = {"Authorization": f"Bearer {json.loads(bearer)['access_token']}"}
            async with session.request(method, f"{url}/v1.0{path}", headers=headers, json=body) as answer:
                answer.raise_for_status()
                return await answer.text()

        daemon = await token(DAEMON["appId"], DAEMON["secret"], GLOBAL)
        principal = json.loads(await graph("GET", f"/servicePrincipals(appId='{CLIENT}')", daemon))["id"]
        for role in roles:
            body = {"principalId": principal, "roleDefinitionId": role, "directoryScopeId": "/"}
            await graph("POST", "/roleManagement/directory/roleAssignments", daemon, body)
        own = await token(CLIENT, SECRET, GLOBAL)
        reads = {path.partition("?")[0]: await graph("GET", path, own) for path in reads_of(principal)}
        batch = {
            "requests": [{"id": str(n), "method": "GET", "url": path} for n, path in enumerate(reads_of(principal))]
        }
        return principal, {
            "graph": own,
            "teams": await token(CLIENT, SECRET, f"{TEAMS}/.default"),
            "/$batch": await graph("POST", "/$batch", own, batch),
            **reads,
        }


def _in_turns(told: dict[str, Any], checks: int, turns: int) -> dict[str, Any]:
    """Ours and aiohttp alone, one after the other and again, so that whatever else the machine does hits both."""
    rows: dict[str, list[dict[str, Any]]] = {"ours": [], "aiohttp": []}
    for _ in range(turns):
        for kind, each in rows.items():
            each.append(_client(told, kind, checks // turns))
    return {kind: _summed(each) for kind, each in rows.items()}


def _client(told: dict[str, Any], kind: str, checks: int) -> dict[str, Any]:
    with _started(told, kind, checks) as process:
        return _result(process)


def _two(told: dict[str, Any], checks: int, *, one: dict[str, Any]) -> dict[str, Any]:
    """Two processes share the work, on whatever cores are free beside the server's."""
    with _started(told, "ours", checks // 2) as first, _started(told, "ours", checks // 2) as second:
        found = [_result(each) for each in (first, second)]
    together = checks / max(each["seconds"] for each in found)
    return {
        "processor_ms": _summed(found)["processor_ms"],
        "checks_a_second": round(together, 1),
        "times_one": round(together / one["checks_a_second"], 2),
    }


def _started(told: dict[str, Any], kind: str, checks: int) -> subprocess.Popen[str]:
    given = told | {"kind": kind, "checks": checks, "at_once": AT_ONCE}
    settings = {**os.environ, "BENCH_TOLD": json.dumps(given)}
    command = [sys.executable, str(ROOT / "fleet_client.py")]
    return subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def _result(process: subprocess.Popen[str]) -> dict[str, Any]:
    said, _ = process.communicate()
    assert process.returncode == 0, "a client failed; start bench/fleet_client.py by hand to see why"
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def _sdk(told: dict[str, Any], checks: int) -> dict[str, Any]:
    given = told | {"checks": checks, "at_once": AT_ONCE}
    trust = dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), told["ca_file"])
    settings = {"PATH": os.environ["PATH"], "BENCH_TOLD": json.dumps(given), **trust}
    command = [str(PYTHON), "-W", "ignore", str(ROOT / "others" / "fleet_with_msgraph_sdk.py")]
    done = subprocess.run(command, env=settings, stdout=subprocess.PIPE, text=True, check=True)
    return _summed([json.loads(done.stdout.splitlines()[-1])])


def _summed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Several runs of a kind as one: processor time for a check, rate by the clock, the largest sizes."""
    checks = sum(row["checks"] for row in rows)
    told = {
        "checks": checks,
        "processor_ms": round(sum(row["processor_seconds"] for row in rows) / checks * 1000, 3),
        "checks_a_second": round(checks / sum(row["seconds"] for row in rows), 1),
    }
    if "third" in rows[0]:
        told["megabytes"] = {name: max(row[name] for row in rows) for name in ("third", "end")}
    return told


if __name__ == "__main__":
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    sys.exit(main())
