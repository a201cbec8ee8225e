"""No answer came: which part of the way was broken, so that a person is told what to look at."""

import ssl
from datetime import datetime

import aiohttp

from gangway.foundation.errors import MicrosoftFault
from gangway.microsoft import dictionary
from gangway.microsoft.errors import NotHeard

Broken = aiohttp.ClientError | TimeoutError | ssl.SSLError

_WAYS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((TimeoutError,), "network:timeout"),
    ((aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError, ssl.SSLError), "network:tls"),
    ((aiohttp.ClientConnectorDNSError,), "network:dns"),
    ((aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError), "network:proxy"),
    ((aiohttp.ClientConnectorError,), "network:unreachable"),
)
"""From the exact to the general: aiohttp's errors are each other's subclasses."""


def unheard(error: Broken, *, correlation_id: str, at: datetime) -> NotHeard:
    """The error that a broken exchange means; `correlation_id` is our own mark of the request."""
    signal = next((name for kinds, name in _WAYS if isinstance(error, kinds)), "network:cut")
    fault = MicrosoftFault(0, signal, "", "", correlation_id, at, None)
    return NotHeard(fault=fault, meaning=dictionary.of_signal_or_fail(signal).words.with_facts(dictionary.NO_FACTS))
