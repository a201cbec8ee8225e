"""Addresses that somebody else wrote, in their parts."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def split(address: str) -> SplitResult:
    """The parts of an address; one that cannot be read (``http://[x``) has none."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")
