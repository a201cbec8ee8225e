"""From whom the mails of an organization come, as people read it."""

from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from uuid import UUID

from django.conf import settings

from gangway.notifications.mail_servers import MailServerView, find
from gangway.notifications.messages.mail import one_line
from gangway.organizations.queries import provider_of


@dataclass(frozen=True, slots=True)
class Sender:
    """The name that is shown, the address behind it, and where answers go: empty, to that address."""

    name: str
    address: str
    reply_to: str

    def __str__(self) -> str:
        return formataddr((one_line(self.name), self.address))


def sender_of(organization_id: UUID) -> Sender:
    """Return the sender of an organization's mails: its provider, by its own mail server's address or by ours."""
    return sender_by(organization_id, find(provider_of(organization_id).id))


def sender_by(organization_id: UUID, server: MailServerView | None) -> Sender:
    """Return the sender of mails that go by this server, or by the platform's."""
    provider = provider_of(organization_id)
    own_name, address = parseaddr(settings.GANGWAY.mail_from)
    return Sender(provider.name or own_name, server.sender if server else address, provider.reply_to)
