"""What a struck request goes through: waits, refusals, cut connections. For whole requests and for those of a batch."""

from __future__ import annotations

import asyncio
import base64
from http import HTTPStatus
from typing import TYPE_CHECKING

from m365_emulator import data
from m365_emulator.errors import ConnectionCut, EmulatorError, EntraError, FaultAnswer

if TYPE_CHECKING:
    from m365_emulator.faults import Strike

_usual_codes = {
    400: "Request_BadRequest",
    401: "InvalidAuthenticationToken",
    403: "Authorization_RequestDenied",
    404: "Request_ResourceNotFound",
    409: "Request_MultipleObjectsWithSameKeyValue",
    429: "TooManyRequests",
    500: "InternalServerError",
    502: "BadGateway",
    503: "serviceNotAvailable",
    504: "GatewayTimeout",
}


async def before(strike: Strike | None) -> None:
    """Call before the work. Raises ConnectionCut or FaultAnswer when the fault says that the work must not be done."""
    if strike is None:
        return
    if strike.effect.delay_ms:
        await asyncio.sleep(strike.effect.delay_ms / 1000)
    if strike.effect.cut == "before":
        raise ConnectionCut(strike.name)
    if strike.effect.answers and not strike.effect.late:
        raise answer(strike)


def after(strike: Strike | None) -> None:
    """Call after the work, before its answer leaves. Raises ConnectionCut when nobody may hear of it.

    A late fault answers here, in place of what the work said.
    """
    if strike is not None and strike.effect.cut == "after":
        raise ConnectionCut(strike.name)
    if strike is not None and strike.effect.answers and strike.effect.late:
        raise answer(strike)


def answer(strike: Strike) -> EmulatorError:
    """The fault's own answer: Entra's by number, else in Graph's shape where the fault gives no body."""
    effect = strike.effect
    if effect.aadsts:
        known = data.errors().get(effect.aadsts, {"meaning": "A fault was asked to refuse with this number."})
        return EntraError(effect.aadsts, effect.message or known["meaning"], status=effect.status or None)
    headers = {} if effect.retry_after is None else {"Retry-After": str(effect.retry_after)}
    if effect.claims:
        asked = base64.b64encode(effect.claims.encode()).decode()
        headers["WWW-Authenticate"] = f'Bearer realm="", error="insufficient_claims", claims="{asked}"'
    phrase = next((item.phrase for item in HTTPStatus if item == effect.status), "Refused")
    return FaultAnswer(
        effect.status,
        effect.code or _usual_codes.get(effect.status, "UnknownError"),
        effect.message or f"{phrase}.",
        headers=headers,
        given_body=effect.body,
    )
