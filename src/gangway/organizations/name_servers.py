"""Asking DNS: the servers that the settings name, else those of the machine."""

import dns.asyncresolver
import dns.exception
import dns.resolver
from django.conf import settings


def resolver(*, seconds: float) -> dns.asyncresolver.Resolver:
    """Return what asks, for at most so many seconds each time."""
    made = dns.asyncresolver.Resolver(configure=not settings.GANGWAY.name_servers)
    if settings.GANGWAY.name_servers:
        places = [server.rpartition(":") for server in settings.GANGWAY.name_servers]
        made.nameservers = [place or port for place, _colon, port in places]
        made.nameserver_ports = {place: int(port) for place, _colon, port in places if place}
    made.lifetime = seconds
    return made
