"""What ``GET /_control/`` tells: every door, every fault that can be set, and who is in the seed."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from m365_emulator.clock import graph_time
from m365_emulator.control import people, ready_faults
from m365_emulator.faults import Effect, Match
from m365_emulator.login import policies

if TYPE_CHECKING:
    from m365_emulator.world import World

_doors = {
    "GET /_control/": "this description",
    "POST /_control/reset": "forget everything and start again from the seed; the clock too",
    "POST /_control/seed": "start again from the seed in the body (schema: seeds/seed.schema.json of the package)",
    "GET /_control/clock": "the emulator's time",
    "POST /_control/clock": 'move it: {"advance": seconds}, {"freeze": true or "2026-01-31T12:00:00Z"}, '
    '{"thaw": true}, {"reset": true}',
    "GET /_control/faults": "faults in force, how many requests each has met and hit",
    "PUT /_control/faults/{name}": 'set or replace one: {"match": {...}, "effect": {...}}; without a body the '
    "ready-made fault of that name",
    "DELETE /_control/faults/{name}": "take one away",
    "DELETE /_control/faults": "take all away",
    "GET /_control/log": "requests, oldest first; ?after=<number> &plane=graph|login|portal|control (repeatable)",
    "GET /_control/log/summary": "of the same: requests, subrequests, sequential_round_trips, sequential_seconds",
    "GET /_control/log/polls": "how punctually device codes are polled: seconds after the time that was told, how many "
    "came early, how many codes wait",
    "DELETE /_control/log": "empty the log",
    "GET /_control/state": "what the directory holds: tenants, objects, grants, roles; never a secret's value",
    "POST /_control/keys/rotate": "sign with a new key; tokens of older keys stay good",
    "GET /_control/tenants/{tenant}/policies": "what the tenant (id or domain) demands of sign-ins",
    "PATCH /_control/tenants/{tenant}/policies": 'change some: {"conditionalAccess": ["requireMfa"], …}; see policies',
    "PATCH /_control/people/{upn}": "change a person: see people",
}
_match_words = {
    "method": "HTTP method, * for any; CONSENT is the moment when somebody's consent is written",
    "path": "path with /v1.0 in front, * stands for anything; sub-requests of a batch match as if sent alone",
    "kind": "for the lag effects instead of method and path: application, servicePrincipal, appRoleAssignment, "
    "oauth2PermissionGrant, roleAssignment, passwordCredential, keyCredential, user, group, administrativeUnit, "
    "telephoneNumberOperation, or *",
    "nth": "the first matching request that is hit (1 = the very next)",
    "times": "how many in a row are hit (0 = for ever)",
}
_effect_words = {
    "status": "answer with this status instead of doing the work",
    "code": "error code of that answer (default: Graph's usual one for the status)",
    "message": "sentence of that answer",
    "body": "whole JSON body of that answer",
    "retry_after": "Retry-After header in seconds",
    "delay_ms": "really wait, in milliseconds, then go on",
    "cut": '"before" or "after" the work: close the connection without an answer',
    "lag_reads": "fresh objects of the kind are hidden from this many reads each",
    "lag_seconds": "fresh objects of the kind are hidden for this long",
    "usable_after_seconds": "fresh secrets are unknown at the token endpoint for this long (kind passwordCredential)",
    "tokens_after_seconds": "fresh grants and roles are missing in new tokens for this long; also how long fresh "
    "keyCredential and federatedIdentityCredential are unknown",
    "claims": "a claims challenge (JSON) in WWW-Authenticate beside status 401: this sign-in isn't strong enough",
    "late": "true: do the work first, then give the answer of status (404 although it was written)",
    "aadsts": "Entra refuses with this number (error name and status from the table); with method CONSENT 650051 is "
    "the race of two consents",
}


def guide(world: World, header: str) -> dict[str, Any]:
    """The description; each field of a fault stands with its default."""
    return {
        "about": f"The control door of the Microsoft 365 emulator. Every request needs the header {header}.",
        "doors": _doors,
        "fault": {"match": _described(Match, _match_words), "effect": _described(Effect, _effect_words)},
        "ready_faults": ready_faults.ready,
        "policies": policies.described(),
        "people": people.described(),
        "clock": {"now": graph_time(world.clock.now()), "frozen": world.clock.frozen_at is not None},
        "addresses": {"clients": world.settings.origin, "people": world.settings.people_origin},
        "seed": world.ids.seed,
        "tenants": [
            {"id": tenant.id, "displayName": tenant.display_name, "domains": tenant.domain_names()}
            for tenant in world.directory.tenants.values()
        ],
    }


def _described(kind: type[Any], words: dict[str, str]) -> dict[str, dict[str, Any]]:
    return {item.name: {"default": item.default, "means": words[item.name]} for item in fields(kind)}
