"""Which authorities a call out of the worker trusts."""

import ssl
from pathlib import Path


def trusted(extra_ca_file: Path | None) -> ssl.SSLContext:
    """The system's authorities and, when named, those in a PEM file."""
    context = ssl.create_default_context()
    if extra_ca_file is not None:
        context.load_verify_locations(cafile=extra_ca_file)
    return context
