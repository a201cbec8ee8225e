"""What lies inside: addresses that somebody's wish must not lead our workers to, as they stand inside our network."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

LOCAL: Final = frozenset({"localhost", "127.0.0.1"})
_ENDINGS: Final = (".localhost", ".local", ".internal")
TUNNELS: Final = tuple(ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""IPv6 addresses that lead to an IPv4 one, which may be a private one."""
HOUSES: Final = tuple(ip_network(each) for each in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "fec0::/10"))
"""What Python takes for public, and hosts of clouds use for their own machines and networks."""


class NotPublic(OSError):
    """A name leads to an address that we don't call."""


def lies_inside(host: str) -> bool:
    """Whether a host, as it is written, is one of a private network; what a name leads to is looked at when called."""
    address = _literal(host)
    return host in LOCAL or host.endswith(_ENDINGS) or (address is not None and not is_public(address))


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Return whether an address is one of the open internet, whatever it is dressed as."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in tunnel for tunnel in TUNNELS):
            return False
    if any(address in house for house in HOUSES):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a host is written as; the old short and octal spellings count as one as well."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None
