"""Looking whether the mail servers take us, the platform's and those of providers, without sending anything."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from django.conf import settings
from django.core.mail import get_connection

from gangway.notifications.channels.mail import open_and_close
from gangway.notifications.channels.smtp import Server
from gangway.notifications.errors import NotificationsError

SECONDS: Final = 10
OWN_SECONDS: Final = 5
AT_ONCE: Final = 10
CURE: Final = "check GANGWAY_SMTP_HOST, _PORT, _TLS, _USER and _PASSWORD"


def server() -> str:
    """Return the mail server as settings name it."""
    return f"{settings.GANGWAY.smtp_host}:{settings.GANGWAY.smtp_port}"


def mail_trouble() -> str:
    """Open a connection to the mail server and say in words why that fails; empty when it takes us."""
    door = get_connection(timeout=SECONDS)
    try:
        door.open()
    except OSError as error:
        return f"The mail server {server()} does not take us ({type(error).__name__})."
    door.close()
    return ""


def own_troubles(servers: Iterable[Server]) -> list[str]:
    """Sign in to providers' own servers, several at once, and say in words why one fails; empty where it takes us."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(_own_trouble, servers))


def _own_trouble(server: Server) -> str:
    try:
        open_and_close(server, seconds=OWN_SECONDS)
    except NotificationsError as error:
        return error.what
    return ""
