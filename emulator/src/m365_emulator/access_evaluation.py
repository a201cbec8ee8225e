"""Continuous access evaluation: who can take a claims challenge gets long tokens for Graph, which events end at once.

A client says so in the ``claims`` parameter (``xms_cc`` with *cp1*), and its tokens repeat it. Graph answers one whose
person was disabled or got another password, or whose sessions were revoked, with 401 and a challenge that MSAL takes
back to Entra.

Sources: Claims challenges, claims requests, and client capabilities; Continuous access evaluation; How to use
Continuous Access Evaluation enabled APIs in your applications.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from m365_emulator import credentials, data
from m365_emulator.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from m365_emulator.directory import DirectoryObject
    from m365_emulator.world import World

back_dated = 300
"""How many seconds before it was made a token says that it was issued."""

_shortest, _longest = 24 * 3600, 28 * 3600
_authorize = "https://login.microsoftonline.com/common/oauth2/authorize"


def capabilities(form: Mapping[str, str]) -> tuple[str, ...]:
    """What a client says that it can do, in the ``claims`` of its request; nothing where that can't be read."""
    try:
        values = json.loads(form.get("claims") or "{}")["access_token"]["xms_cc"]["values"]
    except (ValueError, LookupError, TypeError):
        return ()
    return tuple(map(str, values)) if isinstance(values, list) else ()


def life(world: World, app_id: str, able: Sequence[str], usual: int) -> int:
    """Seconds that a token for this API lives: a day and more at Graph for who takes challenges."""
    return world.ids.number(_shortest, _longest, "life") if app_id == data.graph_app_id and _takes(able) else usual


def require(world: World, who: DirectoryObject | None, claims: Mapping[str, Any]) -> None:
    """Raise 401 with a claims challenge when something ended the token since it was made."""
    if who is None or not _takes(claims.get("xms_cc", ())) or not _is_over(who, claims["iat"] + back_dated):
        return
    wanted = {"access_token": {"nbf": {"essential": True, "value": str(int(world.clock.seconds()))}}}
    sealed = base64.b64encode(json.dumps(wanted).encode()).decode()
    raise GraphError(
        401,
        "InvalidAuthenticationToken",
        "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "
        "TokenIssuedBeforeRevocationTimestamp",
        headers={
            "WWW-Authenticate": f'Bearer realm="", authorization_uri="{_authorize}", client_id="{data.graph_app_id}", '
            f'error="insufficient_claims", claims="{sealed}"'
        },
    )


def _takes(able: Sequence[str]) -> bool:
    return "cp1" in (one.lower() for one in able)


def _is_over(who: DirectoryObject, made_at: int) -> bool:
    """Whether the account is off, or something ended the token; what happened in the second it was made did not."""
    revoked = who.body.get("signInSessionsValidFromDateTime")
    since = int(credentials.moment(revoked).timestamp()) if revoked else 0
    changed = int(who.hidden.get("password_changed_at", 0))
    return who.body.get("accountEnabled") is False or max(since, changed) > made_at
