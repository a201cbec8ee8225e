"""Passwords of people and of applications. Only digests are kept; a client secret's text exists in one answer.

Plain SHA-256 is enough here: the secrets are random, the people's passwords stand in a public seed file, and a
slow digest would make the emulator slow for nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from m365_emulator.clock import graph_time

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject
    from m365_emulator.world import World


_skew = timedelta(minutes=5)


class SecretVerdict(Enum):
    """What the token endpoint thinks of a client secret."""

    GOOD = "good"
    WRONG = "wrong"
    EXPIRED = "expired"


def add_password(
    world: World,
    application: DirectoryObject,
    *,
    display_name: str | None,
    starts: datetime,
    ends: datetime,
) -> dict[str, Any]:
    """Give an application (or service principal) a new secret; the answer alone carries ``secretText``."""
    text = world.ids.secret()
    credential = {
        "customKeyIdentifier": None,
        "displayName": display_name,
        "endDateTime": graph_time(ends),
        "hint": text[:3],
        "keyId": world.ids.uuid("key"),
        "secretText": None,
        "startDateTime": graph_time(starts),
    }
    application.body.setdefault("passwordCredentials", []).append(credential)
    application.hidden.setdefault("secrets", {})[credential["keyId"]] = digest(text)
    world.replica.wrote("passwordCredential", str(credential["keyId"]))
    return {**credential, "secretText": text}


def remove_password(application: DirectoryObject, key_id: str) -> bool:
    """Take a secret away; False when there is none with that key id."""
    kept = [row for row in application.body.get("passwordCredentials", []) if row["keyId"] != key_id]
    found = len(kept) < len(application.body.get("passwordCredentials", []))
    application.body["passwordCredentials"] = kept
    application.hidden.get("secrets", {}).pop(key_id, None)
    return found


def judge_secret(world: World, application: DirectoryObject, text: str) -> SecretVerdict:
    """Whether this text is one of the application's secrets, in its time and already copied everywhere."""
    given = digest(text)
    digests = application.hidden.get("secrets", {})
    for row in application.body.get("passwordCredentials", []):
        known = digests.get(row["keyId"], "")
        if not hmac.compare_digest(known, given) or not world.replica.usable(row["keyId"]):
            continue
        if begins_later(world, row):
            continue
        expired = moment(row["endDateTime"]) <= world.clock.now()
        return SecretVerdict.EXPIRED if expired else SecretVerdict.GOOD
    return SecretVerdict.WRONG


def begins_later(world: World, row: dict[str, Any]) -> bool:
    """Whether a secret's or a certificate's time has not come yet; clocks may differ by five minutes."""
    starts = row.get("startDateTime")
    return starts is not None and moment(starts) > world.clock.now() + _skew


def set_person_password(person: DirectoryObject, password: str) -> None:
    """Keep the digest of a person's password; the person's id salts it."""
    person.hidden["password"] = digest(f"{person.id}:{password}")


def replace_person_password(world: World, person: DirectoryObject, password: str) -> None:
    """Give a person another password: refresh tokens from before are refused from now on (50173)."""
    set_person_password(person, password)
    person.hidden["password_changed_at"] = world.clock.seconds()


def is_persons_password(person: DirectoryObject, password: str) -> bool:
    """Whether this is the person's password; false for a person who has none, such as a guest."""
    return hmac.compare_digest(person.hidden.get("password", ""), digest(f"{person.id}:{password}"))


def moment(text: str) -> datetime:
    """A time as Graph and its clients write it (up to seven decimals, ``Z`` or an offset) as an aware datetime."""
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def digest(text: str) -> str:
    """What is kept instead of a secret: its SHA-256 in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
