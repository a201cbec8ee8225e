"""A provider's own mail server: its mails go through it, and by no other way while it is set.

The password is sealed as soon as it is typed, never shown again, and opened by the worker that sends. When the server
can't be reached or refuses us, mails wait and are tried again, and an alarm is raised: nothing falls back silently to
the platform's own server, under whose name a mail would look forged.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from gangway.audit.events import Event
from gangway.audit.record import Actor, Plain, differing, record
from gangway.foundation.sealed import SealedText
from gangway.jobs.actions import defer
from gangway.notifications.channels.smtp import Server, is_refused
from gangway.notifications.errors import MailDelayed, MailServerUnfit
from gangway.notifications.models import MailServer
from gangway.notifications.outbox import check_address
from gangway.notifications.states import Encryption
from gangway.organizations.details import is_host_name
from gangway.organizations.scope import Door, through
from gangway.vault import actions as vault
from gangway.vault.errors import SealBroken, SecretDestroyed, SecretMissing, VaultClosed
from gangway.vault.places import Place

POSTMAN: Final = Actor.system("outbox")
TO_SEND: Final = "sign in to the mail server"
TROUBLE_CHANGED: Final = "alarms:note_mail_server"
"""The task that is told when a mail server begins to refuse us, or takes our mails again."""
LONGEST_NAME: Final = 200
HIGHEST_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class MailServerView:
    """A provider's own mail server. The password is never shown. `refused`: attempts since it began to refuse us."""

    provider_id: UUID
    host: str
    port: int
    encryption: Encryption
    user: str
    sender: str
    set_at: datetime
    trouble: str
    trouble_since: datetime | None
    refused: int


@dataclass(frozen=True, slots=True)
class NamedServer:
    """A mail server with whose it is, for whoever looks at all of them; `path` is its provider's scope."""

    provider_name: str
    path: str
    server: MailServerView


def inside_hosts() -> frozenset[str]:
    """Return the hosts of one's own network that mails may go to."""
    return frozenset(host.lower() for host in settings.GANGWAY.mail_inside_hosts)


def find(provider_id: UUID) -> MailServerView | None:
    """Return a provider's own mail server; None when its mails go by the platform's."""
    with through(Door.ANCESTORS):
        row = MailServer.objects.filter(organization_id=provider_id).first()
    return None if row is None else _view(row)


@transaction.atomic
def set_mail_server(
    provider_id: UUID,
    *,
    host: str,
    port: int,
    encryption: str,
    user: str,
    password: SealedText,
    sender: str,
    by: Actor,
    now: datetime,
) -> None:
    """Let a provider's mails go through this server; without a new `password` the kept one stays with its user.

    Raises `MailServerUnfit` at its field, `InvalidRecipient` at "sender".
    """
    row = MailServer.objects.select_for_update(of=("self",)).filter(organization_id=provider_id).first()
    row = row or MailServer(organization_id=provider_id)
    wanted: dict[str, Plain] = {
        "host": _checked_host(host),
        "port": port,
        "encryption": _checked_encryption(encryption, host=host.strip().lower()).value,
        "user": _checked_name(user),
        "sender": check_address(sender, field="sender"),
    }
    if not 1 <= port <= HIGHEST_PORT:
        raise MailServerUnfit("There is no such port.", cure="Type a number from 1 to 65535.", field="port")
    if not password.reveal().isascii() or not str(wanted["user"]).isascii():
        at = "user" if password.reveal().isascii() else "password"
        raise MailServerUnfit("Mail servers take only signs of ASCII here.", cure="Type it in those.", field=at)
    moved = any(getattr(row, name) != wanted[name] for name in ("host", "port", "encryption", "user"))
    if wanted["user"] and not password and (moved or row.sealed_id is None):
        raise MailServerUnfit(
            "The password is missing.",
            cure="Type it: one that was kept is not sent to another server or under another name.",
            field="password",
        )
    before, after = differing({name: getattr(row, name) for name in wanted}, wanted)
    for name, value in wanted.items():
        setattr(row, name, value)
    if password or not wanted["user"]:
        vault.destroy(sealed_id=row.sealed_id, by=by)
        row.sealed_id = vault.seal(place=password_place(row), text=password) if wanted["user"] else None
    row.set_at, row.trouble, row.trouble_since, row.refused = now, "", None, 0
    row.save()
    defer(TROUBLE_CHANGED, provider_id=str(provider_id))
    record(
        Event.MAIL_SERVER_SET,
        by=by,
        organization_id=provider_id,
        subject=f"organization:{provider_id}",
        data={"host": row.host, "new_key": bool(password)},
        before=before,
        after=after,
    )


@transaction.atomic
def remove_mail_server(provider_id: UUID, *, by: Actor) -> None:
    """Send by the platform's server again and destroy the password; there is none: fine."""
    for row in MailServer.objects.select_for_update(of=("self",)).filter(organization_id=provider_id):
        vault.destroy(sealed_id=row.sealed_id, by=by)
        row.delete()
        defer(TROUBLE_CHANGED, provider_id=str(provider_id))
        subject = f"organization:{provider_id}"
        facts = {"host": row.host}
        record(Event.MAIL_SERVER_REMOVED, by=by, organization_id=provider_id, subject=subject, data=facts)


def every(*, most: int) -> tuple[int, tuple[NamedServer, ...]]:
    """Return how many providers of the scope have a server of their own, and the first of them by name."""
    rows = MailServer.objects.select_related("organization").order_by("organization__name_key", "pk")
    return rows.count(), tuple(
        NamedServer(row.organization.name, row.organization.path, _view(row)) for row in rows[:most]
    )


def opened(server: MailServerView, *, purpose: str = TO_SEND, by: Actor = POSTMAN) -> Server:
    """Return what a worker needs to send by a provider's own server, as it was when the mail was begun.

    Raises `MailDelayed` when the password can't be opened, or the server was changed or removed since.
    """
    row = _as_seen(server).first()
    if row is None:
        raise MailDelayed("The mail server was changed or removed while this mail was on its way.")
    password = _password(row, purpose=purpose, by=by)
    return Server(
        host=row.host,
        port=row.port,
        encryption=Encryption(row.encryption),
        user=row.user,
        password=password,
        inside=inside_hosts(),
        extra_ca_file=settings.GANGWAY.extra_ca_file,
    )


@transaction.atomic
def note_trouble(server: MailServerView, error: str, *, now: datetime) -> None:
    """Count an attempt that the server refused; whoever looks after it is told at the first one."""
    rows = _as_seen(server)
    rows.update(refused=F("refused") + 1, trouble=error[:300])
    if rows.filter(trouble_since=None).update(trouble_since=now):
        defer(TROUBLE_CHANGED, provider_id=str(server.provider_id))


@transaction.atomic
def note_taken(server: MailServerView) -> None:
    """Note that the server takes our mails; after a trouble, whoever was told is told that it is over."""
    if _as_seen(server).filter(trouble_since__isnull=False).update(refused=0, trouble="", trouble_since=None):
        defer(TROUBLE_CHANGED, provider_id=str(server.provider_id))


def _as_seen(server: MailServerView) -> QuerySet[MailServer]:
    """Find the row while it is as it was seen: another server's trouble is not this one's."""
    return MailServer.objects.filter(organization_id=server.provider_id, set_at=server.set_at)


def password_place(row: MailServer) -> Place:
    """Where a mail server's password is sealed."""
    return Place(row.organization_id, "notifications.mail_server.password", row.pk)


def _password(row: MailServer, *, purpose: str, by: Actor) -> SealedText:
    if row.sealed_id is None:
        return SealedText("")
    place = password_place(row)
    try:
        return vault.reveal(sealed_id=row.sealed_id, place=place, purpose=purpose, by=by)
    except VaultClosed as error:
        raise MailDelayed("This worker has no key to open the mail server's password with.") from error
    except (SealBroken, SecretDestroyed, SecretMissing) as error:
        raise MailDelayed("The mail server's password can't be opened any more; type it anew.") from error


def _checked_host(typed: str) -> str:
    host = typed.strip().lower()
    if is_refused(host, inside=inside_hosts()):
        raise MailServerUnfit(
            "This host lies inside a private network.",
            cure="Whoever runs this server can allow it by GANGWAY_MAIL_INSIDE_HOSTS.",
            field="host",
        )
    if not is_host_name(host) and host not in inside_hosts():
        raise MailServerUnfit(field="host")
    return host


def _checked_encryption(typed: str, *, host: str) -> Encryption:
    try:
        encryption = Encryption(typed)
    except ValueError:
        raise MailServerUnfit(_NO_TLS, cure=_CHOOSE_TLS, field="encryption") from None
    if encryption is Encryption.NONE and host not in inside_hosts():
        raise MailServerUnfit(_NO_TLS, cure=_CHOOSE_TLS, field="encryption")
    return encryption


def _checked_name(typed: str) -> str:
    name = typed.strip()
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise MailServerUnfit(
            "This can't be a user's name.", cure="Type it as your mail server knows it.", field="user"
        )
    return name


def _view(row: MailServer) -> MailServerView:
    return MailServerView(
        provider_id=row.organization_id,
        host=row.host,
        port=row.port,
        encryption=Encryption(row.encryption),
        user=row.user,
        sender=row.sender,
        set_at=row.set_at,
        trouble=row.trouble,
        trouble_since=row.trouble_since,
        refused=row.refused,
    )


_NO_TLS: Final = "Mails and passwords don't go out unencrypted."
_CHOOSE_TLS: Final = "Choose STARTTLS or TLS. Only to a host of GANGWAY_MAIL_INSIDE_HOSTS is none possible."
