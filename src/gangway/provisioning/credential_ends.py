"""When a credential ends: read in the tenant by its key id where the registration may look at itself, else our record.

A typed secret has no key id that we know of. Microsoft lists the first three characters of each secret: when they fit
exactly one of them, that one is ours.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.foundation import clock
from gangway.microsoft.errors import Forbidden, Missing
from gangway.microsoft.graph.session import Outcome
from gangway.microsoft.graph.shapes import Application
from gangway.microsoft.signin.own_credentials import OwnCredential, Secret
from gangway.organizations.scope import within
from gangway.provisioning.engine.credential_kinds import KINDS, NAMES, Kind
from gangway.provisioning.models import GIVEN, Credential
from gangway.provisioning.shapes import CheckItem

READS_ITSELF: Final = frozenset(
    {"Application.ReadWrite.OwnedBy", "Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"}
)
"""Permissions with which a registration may read itself; the first one only while it owns itself."""

SOON: Final = 30
"""Days before an end from which on we warn; of what lives less long, the last third."""
OF_ITS_LIFE: Final = 3

COPIED: Final = timedelta(hours=1)
"""What was made so shortly ago, Microsoft may not list everywhere yet."""
UNLISTED: Final = "unlisted"
"""The key of a credential that is gone from the tenant's list: no end of it is warned of, so that is told apart."""

CURE: Final = "Renew it by Re-initiate Authentication Flow."
LABELS: Final[dict[Kind, str]] = {
    "secret": "Client secret",
    "certificate": "Certificate",
    "federated": "Federated credential",
}


@dataclass(frozen=True)
class Watched:
    """The credential whose end is looked for, taken out of its row."""

    id: UUID
    path: str
    kind: Kind
    key_id: str
    typed: bool
    expires_at: datetime | None
    end_typed: bool = False
    """Whether we know `expires_at` from nobody but a person who typed it."""
    made_at: datetime | None = None
    """When we made it; None for one that somebody typed."""


def watched(row: Credential, *, path: str) -> Watched:
    """Take it out of its row; `path` is the scope that it is in."""
    typed = row.origin == GIVEN
    return Watched(
        id=row.pk,
        path=path,
        kind=KINDS[row.kind],
        key_id=row.key_id,
        typed=typed,
        expires_at=row.expires_at,
        end_typed=typed and row.end_read_at is None,
        made_at=None if typed else row.made_at,
    )


def is_soon(days: int, *, life: int | None) -> bool:
    """Whether so many days left are few: a short life isn't a warning from its first day on."""
    return days < (SOON if life is None else min(SOON, life / OF_ITS_LIFE))


@dataclass(frozen=True)
class ReadEnd:
    """What the registration's own list says. `listed`: None when nothing can be said."""

    listed: bool | None = None
    ends_at: datetime | None = None


def found_in(outcome: Outcome[Application] | None, watched: Watched, credential: OwnCredential) -> ReadEnd:
    """Find a credential in what the registration read of itself; nothing is said of what nobody let us read."""
    if outcome is None or outcome.value is None:
        return ReadEnd()
    if watched.kind == "federated" or (watched.kind == "certificate" and not watched.key_id):
        return ReadEnd()
    if watched.typed and isinstance(credential, Secret):
        passwords = outcome.value.passwords
        ends = [one.ends_at for one in passwords if one.hint and credential.text.reveal().startswith(one.hint)]
        unsure = len(ends) > 1 or (not ends and not all(one.hint for one in passwords))
        return ReadEnd() if unsure else ReadEnd(bool(ends), *ends)
    listed = outcome.value.certificates if watched.kind == "certificate" else outcome.value.passwords
    ends = [one.ends_at for one in listed if one.key_id == watched.key_id]
    if not ends and watched.made_at is not None and clock.now() - watched.made_at < COPIED:
        return ReadEnd()
    return ReadEnd(bool(ends), *ends[:1])


def item_of(
    watched: Watched, read: ReadEnd, *, refused: Outcome[Application] | None = None, signs_in: bool = True
) -> CheckItem:
    """Say when it ends, how we know, and what to do. `signs_in`: it got a token just now, whatever was typed."""
    label, name = LABELS[watched.kind], NAMES[watched.kind]
    if watched.kind == "federated":
        return CheckItem("secret", label, "ok", "It needs no renewal: nothing of it ends.")
    if read.listed is False:
        words = f"The {name} still signs in, but isn't listed in the registration any more: it may stop at any moment."
        return CheckItem(UNLISTED, label, "warning", words, CURE)
    ends_at = read.ends_at or watched.expires_at
    if ends_at is None:
        return CheckItem("secret", label, "unknown", f"We don't know when the {name} ends.", _how(refused))
    days = clock.days_until(ends_at, now=clock.now())
    source = "read in the tenant" if read.ends_at else "by our record"
    if days < 0 and signs_in and watched.end_typed and read.ends_at is None:
        words = f"The end that somebody typed for the {name} has passed, yet it signs in."
        return CheckItem("secret", label, "warning", words, "Type its right end under M365 Configuration, or renew it.")
    if days < 0:
        return CheckItem("secret", label, "error", f"The {name} has expired ({source}).", CURE)
    words = f"The {name} ends in {days} days ({source})."
    soon = is_soon(days, life=(ends_at - watched.made_at).days if watched.made_at else None)
    return CheckItem("secret", label, "warning" if soon else "ok", words, CURE if soon else "")


def _how(refused: Outcome[Application] | None) -> str:
    if refused is not None and isinstance(refused.error, (Forbidden, Missing)):
        return "The registration may not read itself. Type its end under M365 Configuration."
    return "Type its end under M365 Configuration."


def keep(watched: Watched, read: ReadEnd, *, now: datetime) -> None:
    """Write down what was read in the tenant: from then on it counts, whoever typed what before."""
    if read.ends_at is None:
        return
    with within(watched.path), transaction.atomic():
        row = Credential.objects.select_for_update(of=("self",)).filter(pk=watched.id).first()
        if row is not None:
            row.expires_at, row.end_read_at = read.ends_at, now
            row.save(update_fields=["expires_at", "end_read_at"])
