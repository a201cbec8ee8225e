"""Looking whether the mail server takes us, without sending anything."""

from typing import Final

from django.conf import settings
from django.core.mail import get_connection

SECONDS: Final = 10
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
