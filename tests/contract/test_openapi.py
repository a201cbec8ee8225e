"""Every Graph call of a full run, request and answer, against Microsoft's own OpenAPI description."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from gangway.microsoft.transport import Transport
from gangway.microsoft.wire import Answer, Asked
from tests.contract.tenant import Tenant
from tests.emulator.graph_contract import Exchange, check
from tests.unit.small_journal import SmallJournal

VERSION = "/v1.0"


@dataclass
class Recorder:
    """A transport that keeps what went to Graph: (method, url, sent, status, body), parts of batches one by one."""

    inner: Transport
    graph: str
    kept: list[tuple[str, str, Any, int, Any]] = field(default_factory=list)

    async def send(self, asked: Asked) -> Answer:
        answer = await self.inner.send(asked)
        if asked.url.startswith(self.graph + VERSION):
            self._keep(asked, answer)
        return answer

    def _keep(self, asked: Asked, answer: Answer) -> None:
        url = asked.url.removeprefix(self.graph + VERSION)
        self.kept.append((asked.method, url, asked.body, answer.status, answer.body))
        parts = {part["id"]: part for part in answer.member("responses") or []}
        for part in asked.body["requests"] if parts else []:
            told = parts[part["id"]]
            self.kept.append((part["method"], part["url"], part.get("body"), told["status"], told.get("body")))


def routes(tenant: Tenant) -> dict[tuple[str, str], str]:
    """The described path of each path that the emulator served."""
    found = {}
    for row in tenant.log():
        for part in [row, *row["subrequests"]]:
            found[part["method"], part["path"].removeprefix(VERSION)] = part["route"].removeprefix(VERSION)
    return found


async def test_every_call_of_a_full_run_is_as_microsoft_describes_it(tenant: Tenant) -> None:
    token = await tenant.start_over()
    recorder = Recorder(await tenant.transport(), tenant.cloud.graph)
    await (await tenant.course(SmallJournal(), token, transport=recorder)).run()
    described = routes(tenant)
    for method, url, sent, status, body in recorder.kept:
        parts = urlsplit(url)
        operation = f"{method} {described[method, parts.path]}"
        check(Exchange(operation, dict(parse_qsl(parts.query)), sent, status, body))
    assert len(recorder.kept) >= 26
