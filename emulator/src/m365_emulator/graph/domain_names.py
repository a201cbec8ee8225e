"""Rules about domain names: their form, which name is below which, who is named after one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from m365_emulator.graph.errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Iterable

_name = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")
_longest = 48
_named_after = ("userPrincipalName", "mail")


def read(given: Any) -> str:
    """The name in small letters. Raises 400 for what is none, is too long, or is Microsoft's to give."""
    name = str(given).lower()
    if not _name.fullmatch(name) or len(name) > _longest:
        raise bad_request(f"The domain name '{given}' is invalid or longer than {_longest} characters.", target="id")
    if name.endswith(".onmicrosoft.com") or name == "onmicrosoft.com":
        raise bad_request(f"The domain name '{given}' cannot be added: it is Microsoft's.", target="id")
    return name


def root_among(name: str, verified: Iterable[str]) -> str | None:
    """The verified domain that this name is below, if there is one."""
    return next((one for one in verified if name.endswith(f".{one.lower()}")), None)


def uses(body: dict[str, Any], name: str) -> bool:
    """Whether an object's names end in this domain."""
    end = f"@{name.lower()}"
    addresses = [str(body.get(key) or "").lower() for key in _named_after]
    uris = [str(uri).lower() for uri in body.get("identifierUris") or []]
    return any(one.endswith(end) for one in addresses) or any(f"://{name.lower()}" in uri for uri in uris)


def rename(body: dict[str, Any], name: str, other: str) -> None:
    """Name an object after another domain."""
    end = f"@{name.lower()}"
    for key in _named_after:
        text = str(body.get(key) or "")
        if text.lower().endswith(end):
            body[key] = f"{text[: -len(end)]}@{other}"
    if body.get("identifierUris"):
        body["identifierUris"] = [uri for uri in body["identifierUris"] if f"://{name.lower()}" not in uri.lower()]
