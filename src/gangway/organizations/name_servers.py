"""Asking DNS: the servers that the settings name, else those of the machine."""

from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

import dns.asyncresolver
import dns.exception
import dns.resolver
from django.conf import settings


def resolver(*, seconds: float) -> dns.asyncresolver.Resolver:
    """Return what asks, for at most so many seconds each time."""
    made = dns.asyncresolver.Resolver(configure=not settings.GANGWAY.name_servers)
    if settings.GANGWAY.name_servers:
        places = [_place(server) for server in settings.GANGWAY.name_servers]
        made.nameservers = [address for address, _port in places]
        made.nameserver_ports = {address: port for address, port in places if port}
    made.lifetime = seconds
    return made


def _place(server: str) -> tuple[str, int | None]:
    """Tell address and port apart; an address of IPv6 has colons of its own."""
    with suppress(ValueError):
        return str(ip_address(server)), None
    parts = urlsplit(f"//{server}")
    return parts.hostname or server, parts.port
