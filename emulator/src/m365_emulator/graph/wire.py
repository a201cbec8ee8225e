"""Puts answers on the wire. Microsoft Graph's own lists of permissions are spelled once and then reused.

They fill most of a service principal's JSON (some 700 permissions) and never change, so spelling them anew for every
read would be most of its work.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from m365_emulator import data

_long_lists = ("appRoles", "oauth2PermissionScopes")
_kept_annotations = frozenset({"@odata.count", "@odata.nextLink"})


def json_bytes(body: Any) -> bytes:
    """The same bytes as ``json.dumps`` without blanks would give."""
    if not isinstance(body, dict):
        return _plain(body)
    if any(_is_spelled(body.get(name)) for name in _long_lists):
        return _object(body)
    rows = body.get("value")
    if isinstance(rows, list) and any(isinstance(row, dict) and _has_long_list(row) for row in rows):
        inside = b",".join(_object(row) for row in rows)
        head = [_member(key, _plain(value)) for key, value in body.items() if key != "value"]
        return b"{" + b",".join([*head, _member("value", b"[" + inside + b"]")]) + b"}"
    return _plain(body)


def bare(body: Any) -> Any:
    """The same without annotations but the next page's address and the number of rows: ``odata.metadata=none``.

    A reference (``$ref``) keeps its address, which is all that it is.
    """
    if isinstance(body, list):
        return body if _is_spelled(body) else [bare(one) for one in body]
    if not isinstance(body, dict) or body.keys() == {"@odata.id"}:
        return body
    return {key: bare(value) for key, value in body.items() if "@odata." not in key or key in _kept_annotations}


def _has_long_list(row: dict[str, Any]) -> bool:
    return any(_is_spelled(row.get(name)) for name in _long_lists)


def _object(row: dict[str, Any]) -> bytes:
    spelled = _spelled()
    return b"{" + b",".join(_member(key, spelled.get(id(one)) or _plain(one)) for key, one in row.items()) + b"}"


def _member(key: str, value: bytes) -> bytes:
    return _plain(key) + b":" + value


def _plain(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _is_spelled(value: Any) -> bool:
    return isinstance(value, list) and id(value) in _spelled()


@cache
def _spelled() -> dict[int, bytes]:
    """The shared lists of ``data`` by identity: they are never changed in place and live as long as the process."""
    lists = (data.app_roles(data.graph_app_id), data.scopes(data.graph_app_id))
    return {id(one): _plain(one) for one in lists}
