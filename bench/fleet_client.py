"""Checks connections for `fleet.py`, as a process of its own: by the product's validation, or by aiohttp alone.

It is told in the environment (`BENCH_TOLD`, JSON): where Microsoft is, the registration, how many checks, how many at
once, and which kind. Prints one line of JSON. Each check is the same three requests: a token for Graph, one for Teams,
and a `$batch` that reads the tenant, its licences and the roles. Both search for garbage as rarely as a worker does.
"""

# ruff: noqa: PLC0415  Django is needed for one kind only

from __future__ import annotations

import asyncio
import json
import os
import re
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

from gangway.cli.worker import rarely_collect

TOLD = json.loads(os.environ.get("BENCH_TOLD", "{}"))
TEAMS = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"
USERS = 5

Check = Callable[[], Awaitable[bool]]


def main() -> None:
    """Check so many and print what it took."""
    print(json.dumps(asyncio.run(_checked())))


async def _checked() -> dict[str, Any]:
    check = await {"ours": ours, "aiohttp": bare}[TOLD["kind"]]()
    rarely_collect()
    first = await asyncio.gather(*(check() for _ in range(TOLD["at_once"])))  # connections, caches: not counted
    assert all(first), "the first checks failed"
    left, third, sizes = TOLD["checks"], TOLD["checks"] * 2 // 3, {}

    async def go_on() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            if left == third:
                sizes["third"] = megabytes()
            assert await check()

    busy, began = time.process_time(), time.monotonic()
    await asyncio.gather(*(go_on() for _ in range(TOLD["at_once"])))
    used, lasted = time.process_time() - busy, time.monotonic() - began
    return {"checks": TOLD["checks"], "processor_seconds": used, "seconds": lasted, **sizes, "end": megabytes()}


async def ours() -> Check:
    """The product's validation, without the rows that it is asked for and that it writes."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "gangway.config.settings.test"
    django.setup()
    from dataclasses import replace

    from gangway.foundation import clock
    from gangway.foundation.ids import AppId, ObjectId, TenantId
    from gangway.foundation.sealed import SealedText
    from gangway.microsoft.cloud import Cloud
    from gangway.microsoft.signin.own_credentials import Secret
    from gangway.provisioning import checks, clouds, credential_ends
    from gangway.provisioning.engine.pinning import read
    from gangway.provisioning.queries import pin

    url = TOLD["url"]
    cloud = replace(clouds.cloud("public"), login=url, graph=url, extra_ca_file=Path(TOLD["ca_file"]))
    assert isinstance(cloud, Cloud)
    own = await clouds.RegistrationSignIn.at(cloud, TenantId(TOLD["tenant"]), routine=True)
    plan, _ = pin()
    watched = credential_ends.Watched(uuid4(), "", "secret", "", typed=False, expires_at=clock.now())
    subject = checks.Subject(
        tenant=TenantId(TOLD["tenant"]),
        cloud="public",
        app_id=AppId(TOLD["client"]),
        principal=ObjectId(TOLD["principal"]),
        plan=read(plan),
        lacking=(),
        watched=watched,
        credential=Secret(SealedText(TOLD["secret"])),
        roles_end_at=None,
        ours=True,
        registration_id=uuid4(),
    )
    wanted = {"sign_in", "teams", "permissions", "roles", "tenant"}

    async def check() -> bool:
        found = await checks._looked_at(subject, own, USERS, None)  # noqa: SLF001 the part that asks Microsoft
        return wanted <= {item.key for item in found.items if item.state == "ok"}

    return check


async def bare() -> Check:
    """The very same requests by aiohttp, their answers read as JSON and nothing more."""
    trust = ssl.create_default_context(cafile=TOLD["ca_file"])
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trust, limit=300), cookie_jar=aiohttp.DummyCookieJar()
    )
    url = f"{TOLD['url']}/{TOLD['tenant']}/oauth2/v2.0/token"
    form = {"grant_type": "client_credentials", "client_id": TOLD["client"], "client_secret": TOLD["secret"]}
    reads = reads_of(TOLD["principal"])
    batch = {"requests": [{"id": str(place), "method": "GET", "url": path} for place, path in enumerate(reads)]}

    async def post(where: str, **body: Any) -> Any:
        headers = {**body.pop("headers", {}), "client-request-id": str(uuid4()), "return-client-request-id": "true"}
        async with session.post(where, headers=headers, **body) as answer:
            return await answer.json()

    async def check() -> bool:
        scopes = (f"{TOLD['url']}/.default", f"{TEAMS}/.default")
        graph, teams = await asyncio.gather(*(post(url, data=form | {"scope": scope}) for scope in scopes))
        headers = {"Authorization": f"Bearer {graph['access_token']}"}
        found = await post(f"{TOLD['url']}/v1.0/$batch", json=batch, headers=headers)
        return "access_token" in teams and len(found["responses"]) == len(reads)

    return check


def reads_of(principal: str) -> list[str]:
    """What a check reads, as the product asks for it."""
    roles = f"/roleManagement/directory/roleAssignments?$filter=principalId%20eq%20'{principal}'"
    return [
        "/organization?$select=id,displayName,verifiedDomains",
        "/subscribedSkus?$select=skuId,skuPartNumber,prepaidUnits,consumedUnits,servicePlans,capabilityStatus",
        f"{roles}&$select=id,roleDefinitionId,directoryScopeId",
    ]


def megabytes() -> float:
    """What the process has in memory now."""
    status = Path("/proc/self/status").read_text("utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return round(int(found[1]) / 1024, 1)


if __name__ == "__main__":
    sys.exit(main())
