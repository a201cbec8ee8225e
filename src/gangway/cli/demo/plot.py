"""What the walk is about: names that are new each time, and the people of the emulator's documented default seed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def new_name(begin: str) -> str:
    """A short name that nobody has: four letters and digits that are hard to mix up, after a readable beginning."""
    return f"{begin}-" + "".join(secrets.choice(ALPHABET) for _ in range(4))


@dataclass(frozen=True)
class Setting:
    """Where the demo plays and how fast its Microsoft answers. A port of 0 means: choose one."""

    data_dir: Path
    ports: dict[str, int]
    latency_ms: int = 0


@dataclass(frozen=True)
class SignIn:
    """How an operator signs in. The password and the key live in the data folder, readable by its owner only."""

    email: str
    password: str = field(repr=False)
    totp_key: str = field(repr=False)


@dataclass(frozen=True)
class Plot:
    """One walk."""

    customer: str = "Contoso"
    full_name: str = "Contoso calling"
    short_name: str = field(default_factory=lambda: new_name("contoso"))
    registration_name: str = field(default_factory=lambda: new_name("voice"))
    licensed_users: int = 20
    domain: str = "contoso.onmicrosoft.com"
    administrator_email: str = "grace.global@contoso.com"
    administrator_upn: str = "grace.global@contoso.com"
    administrator_password: str = field(default="Contoso-Grace-1", repr=False)
