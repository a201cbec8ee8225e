"""One function writes the audit log, inside the transaction of the change it tells of: both happen or neither."""

import functools
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self
from uuid import UUID

from django.db import connection, transaction

from gangway.audit.chain import commitment_of, digest_of
from gangway.audit.errors import DataNotPlain, SecretInAudit
from gangway.audit.events import Event
from gangway.audit.models import Entry
from gangway.foundation import clock
from gangway.foundation.words import words

LONGEST_TEXT: Final = 500
"""Characters of one recorded text."""
LONGEST_FIELD: Final = 6_000
"""Characters of a field that was changed, before and after: room for the longest there is, a customer's ten contacts.

Cut any shorter, two texts that differ behind the cut would stand there as the same one.
"""
_SECRET_WORDS: Final = frozenset({"secret", "password", "passphrase", "token", "cookie", "assertion", "totp", "otp"})
PERSONAL_NAMES: Final = frozenset(
    {
        "contacts",
        "description",
        "email",
        "information",
        "name",
        "phone",
        "recipient",
        "reply_to",
        "search",
        "signer",
        "support_phone",
        "to",
        "upn",
        "who",
    }
)
"""Names of values that tell, or may tell, who a person is; so does every value with an @ in it. They can be erased."""
_SALT_BYTES: Final = 16
_SECRET_NAMES: Final = frozenset(
    {"code", "device_code", "user_code", "authorization_code", "code_verifier", "link", "url"}
)

Plain = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person of ours, an administrator behind a link, or the system itself; and from where."""

    kind: Literal["person", "administrator", "system"]
    id: str
    name: str
    address: str = ""
    request_id: str = ""

    @classmethod
    def system(cls, name: str) -> Self:
        """Return the part of Gangway that acts by itself, such as "mail" or "clock"."""
        return cls(kind="system", id="", name=name)


def record(
    event: Event,
    *,
    by: Actor,
    organization_id: UUID,
    subject: str,
    data: Mapping[str, Plain] | None = None,
    before: Mapping[str, Plain] | None = None,
    after: Mapping[str, Plain] | None = None,
) -> None:
    """Write one entry in the caller's transaction; the database links it to its organization's chain at the commit.

    `subject` is what it happened to, as "service:<id>"; `before` and `after` hold the fields that a change touched.
    Raises `SecretInAudit` and `DataNotPlain`, and Django's `TransactionManagementError` outside a transaction.
    """
    _need_transaction()
    told = entry_of(
        event, by=by, organization_id=organization_id, subject=subject, data=data, before=before, after=after
    )
    statement, fields = _insertion()
    with connection.cursor() as cursor:
        values = [field.get_db_prep_save(getattr(told, field.attname), connection) for field in fields]
        cursor.execute(statement, values)


@functools.cache
def _insertion() -> tuple[str, tuple[Any, ...]]:
    """Return the statement, put together once: it goes with nearly every change, and Django does so each time."""
    fields = tuple(field for field in Entry._meta.local_concrete_fields if not field.primary_key)
    names, places = ", ".join(str(field.column) for field in fields), ", ".join(["%s"] * len(fields))
    return f"INSERT INTO audit_entry ({names}) VALUES ({places})", fields  # noqa: S608  names of the model


def differing(before: Mapping[str, Plain], after: Mapping[str, Plain]) -> tuple[dict[str, Plain], dict[str, Plain]]:
    """Return the fields that a change touched, as they were and as they are, for `record`; empty where none is."""
    changed = [name for name, value in after.items() if before.get(name) != value]
    return {name: before.get(name) for name in changed}, {name: after[name] for name in changed}


def entry_of(
    event: Event,
    *,
    by: Actor,
    organization_id: UUID,
    subject: str,
    data: Mapping[str, Plain] | None = None,
    before: Mapping[str, Plain] | None = None,
    after: Mapping[str, Plain] | None = None,
) -> Entry:
    """Return the entry that `record` writes, with its digests. Raises `SecretInAudit` and `DataNotPlain`."""
    plain, personal = _parted(data or {})
    for moment, fields in (("before", before), ("after", after)):
        if fields is not None:
            plain[moment], personal[moment] = _parted(fields, longest=LONGEST_FIELD)
    entry = Entry(
        at=clock.now(),
        event=event.value,
        organization_id=organization_id,
        subject=subject,
        actor_kind=by.kind,
        actor_id=by.id,
        actor_name=by.name[:200],
        who_words=who_words(by.kind, by.name[:200]),
        actor_address=by.address[:64],
        request_id=by.request_id[:64],
        data=plain,
        personal={name: value for name, value in personal.items() if value != {}},
        salt=secrets.token_bytes(_SALT_BYTES),
    )
    entry.commitment = commitment_of(entry)
    entry.digest = digest_of(entry)
    return entry


def who_words(kind: str, name: str) -> str:
    """Return what an entry is found by when somebody asks who did it; a part of ours is named as Gangway's on pages."""
    return words("Gangway" if kind == "system" else "", name)


def _parted(values: Mapping[str, Plain], *, longest: int = LONGEST_TEXT) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part what may stand for ever from what tells of a person."""
    checked = {name: _plain(name, value, longest) for name, value in values.items()}
    personal = {name for name, value in checked.items() if name in PERSONAL_NAMES or "@" in str(value)}
    return (
        {name: value for name, value in checked.items() if name not in personal},
        {name: value for name, value in checked.items() if name in personal},
    )


def _plain(name: str, value: object, longest: int) -> Plain:
    if name in _SECRET_NAMES or _SECRET_WORDS & set(name.lower().split("_")):
        raise SecretInAudit(name=name)
    if isinstance(value, str):
        return str(value)[:longest]
    if value is None or isinstance(value, (bool, int)):
        return value
    raise DataNotPlain(name=name)


def _need_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        message = "an audit entry belongs into the transaction of the change it tells of"
        raise transaction.TransactionManagementError(message)
