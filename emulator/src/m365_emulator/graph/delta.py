"""``…/delta``: what changed since the last round, told from a token that remembers what the client has seen.

The token holds the query, the time, and of each object a digest (of groups their members too), so a later round needs
nothing but the directory as it is now.

Sources: Use delta query to track changes in Microsoft Graph data; Get incremental changes for users, for groups.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from m365_emulator.errors import GraphError
from m365_emulator.graph import applications, groups, permission_grants, service_principals, users
from m365_emulator.graph.odata import options, pages
from m365_emulator.graph.odata.match import matches
from m365_emulator.graph.odata.syntax import parse
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.owners import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeGuard

    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.call import Call
    from m365_emulator.graph.odata.options import Options
    from m365_emulator.graph.odata.shape import Shape

    Seen = dict[str, list[Any]]

operations = Operations()
_shapes = {
    f"/{shape.set}/delta": replace(shape, filterable={"id": "eq"}, sortable=frozenset(), expandable={}, paged=False)
    for shape in (applications.shape, service_principals.shape, users.shape, groups.shape, permission_grants.shape)
}
_group, _members, _latest = "/groups/delta", "members", "latest"
_life = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class _Round:
    """What is asked for, and what the client has seen of it; None in a first round."""

    query: str
    options: Options
    seen: Seen | None


@operations.on("GET", *_shapes)
def changes(call: Call) -> Answer:
    """Everything in a first round, later what is new, changed or gone; in one answer, with the link of the next."""
    shape, this = _shapes[call.operation.path], _read(call)
    now = {oid: row for oid, row in _rows(call, shape).items() if _is_tracked(this, oid)}
    seen = {oid: _noted(call, this, row) for oid, row in now.items()}
    known = seen if call.options.deltatoken.lower() == _latest else this.seen
    changed = [row for oid, row in now.items() if known is None or known.get(oid) != seen[oid]]
    answer = pages.collection(replace(call, options=_plain(this.options)), shape, changed)
    value = answer.body.pop("value")
    if _follows_members(call, this):
        value = [{**row, f"{_members}@delta": _moves(call, row["id"], known, seen)} for row in value]
    answer.body["@odata.deltaLink"] = f"{call.base}{call.path}?$deltatoken={_sealed(call, this, seen)}"
    answer.body["value"] = [*value, *(_removed(call, oid) for oid in known or {} if oid not in now)]
    return answer


def _rows(call: Call, shape: Shape) -> dict[str, Mapping[str, Any]]:
    if shape.type == "oAuth2PermissionGrant":
        return {row["id"]: row for row in permission_grants.visible(call)}
    return {item.id: item.body for item in call.tenant.of_kind(shape.type) if call.sees(item)}


def _is_tracked(this: _Round, oid: str) -> bool:
    return not this.options.filter or matches(parse(this.options.filter), {"id": oid})


def _follows_members(call: Call, this: _Round) -> bool:
    """Members of groups are told unless other properties are selected."""
    return call.operation.path == _group and (not this.options.select or _members in this.options.select)


def _noted(call: Call, this: _Round, row: Mapping[str, Any]) -> list[Any]:
    """What the token keeps of an object: a digest of the tracked properties, and who is in it."""
    names = this.options.select
    tracked = {name: row.get(name) for name in names} if names else dict(row)
    digest = blake2b(json.dumps(tracked, sort_keys=True).encode(), digest_size=6).hexdigest()
    return [digest, *(call.tenant.memberships.get(row["id"], []) if _follows_members(call, this) else [])]


def _moves(call: Call, oid: str, known: Seen | None, seen: Seen) -> list[dict[str, Any]]:
    """Who came into a group since the last round, and who went."""
    before, after = (known or {}).get(oid, [""])[1:], seen[oid][1:]
    come = [{"@odata.type": one["@odata.type"], "id": one["id"]} for one in shown(call.tenant, after)]
    gone = [{"id": one, "@removed": {"reason": "deleted"}} for one in before if one not in after]
    return [*(one for one in come if one["id"] not in before), *gone]


def _removed(call: Call, oid: str) -> dict[str, Any]:
    """``changed``: it can still be restored; ``deleted``: it can not."""
    return {"id": oid, "@removed": {"reason": "changed" if oid in call.tenant.deleted else "deleted"}}


def _plain(asked: Options) -> Options:
    """The options for the answer itself: the id is always in it, relations and the filter are dealt with here."""
    names = tuple(name for name in dict.fromkeys((*asked.select, "id")) if name != _members)
    return replace(asked, select=names if asked.select else (), deltatoken="")


def _read(call: Call) -> _Round:
    """A first round's own options, or those of the round that gave the token. Raises 400 syncStateNotFound."""
    token = call.options.deltatoken
    if not token or token.lower() == _latest:
        asked = "&".join(f"{name}={quote(value)}" for name, value in call.options.pairs if "token" not in name.lower())
        return _Round(asked, replace(call.options, deltatoken=""), None)
    try:
        kept = json.loads(zlib.decompress(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))))
        if _is_kept(kept, call):
            return _Round(kept["query"], options.read(kept["query"]), kept["seen"])
    except (ValueError, zlib.error):
        pass
    raise GraphError(400, "syncStateNotFound", "The sync state generation is not found. Start a full synchronization.")


def _is_kept(kept: Any, call: Call) -> TypeGuard[dict[str, Any]]:
    """Whether this is a token of ours, of this collection, and not older than a week."""
    return (
        isinstance(kept, dict)
        and kept.keys() == {"of", "query", "at", "seen"}
        and kept["of"] == call.operation.path
        and call.world.clock.seconds() - kept["at"] <= _life
    )


def _sealed(call: Call, this: _Round, seen: Seen) -> str:
    kept = {"of": call.operation.path, "query": this.query, "at": int(call.world.clock.seconds()), "seen": seen}
    packed = zlib.compress(json.dumps(kept, separators=(",", ":")).encode(), 9)
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()
