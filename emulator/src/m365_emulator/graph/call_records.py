"""The log of Direct Routing calls. Calls are set through the control door; nobody telephones here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator import credentials
from m365_emulator.graph.errors import bad_request
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.call import Call

operations = Operations()
shape = Shape(
    type="callRecords.directRoutingLogRow", set="communications/callRecords/directRoutingLogRows", directory=False
)
calls = "directRoutingCalls"
_longest_days = 90


@operations.on(
    "GET", "/communications/callRecords/getDirectRoutingCalls(fromDateTime={fromDateTime},toDateTime={toDateTime})"
)
def list_calls(call: Call) -> Answer:
    """Calls that began in the span; 90 days are the most, 1,000 calls a page."""
    try:
        starts, ends = (credentials.moment(_time(call.keys[name])) for name in ("fromDateTime", "toDateTime"))
    except ValueError as error:
        raise bad_request("fromDateTime and toDateTime must be times such as 2026-11-20T00:00:00Z.") from error
    if ends < starts or (ends - starts).days > _longest_days:
        raise bad_request(f"The range between fromDateTime and toDateTime must not exceed {_longest_days} days.")
    rows = call.tenant.settings.get(calls, [])
    return pages.collection(
        call, shape, [row for row in rows if starts <= credentials.moment(row["startDateTime"]) < ends]
    )


def _time(text: str) -> str:
    """A day alone means its beginning."""
    return text if "T" in text else f"{text}T00:00:00Z"
