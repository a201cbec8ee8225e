"""How this emulator runs: addresses, the control door's token, waits. Fixed while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """``origin`` is the address for clients (``https://localhost:8443``), ``people_origin`` the one for browsers.

    ``control_token`` None closes the control door. ``device_interval`` is the poll interval of device codes and
    ``latency_seconds`` what every answer waits, both in seconds. ``trust_ca`` is a file with certificate authorities
    that the emulator trusts, beside the machine's own, when it asks a federated credential's issuer for its keys.
    """

    origin: str = "https://localhost:8443"
    people_origin: str = "http://localhost:8080"
    control_token: str | None = None
    control_hosts: frozenset[str] = frozenset({"localhost", "127.0.0.1", "[::1]"})
    latency_seconds: float = 0.0
    device_interval: int = 5
    state_file: Path | None = None
    seed_file: Path | None = None
    trust_ca: Path | None = None
