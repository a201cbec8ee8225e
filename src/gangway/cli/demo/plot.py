"""What the walk is about: names that are new each time, and the people of the emulator's documented default seed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


PEOPLE: Final = {
    "Contoso (contoso.com)": (
        ("grace.global@contoso.com", "Contoso-Grace-1", "Global Administrator"),
        ("avery.apps@contoso.com", "Contoso-Avery-1", "Application Administrator"),
        ("riley.roles@contoso.com", "Contoso-Riley-1", "Privileged Role Administrator"),
    ),
    "Fabrikam (fabrikam.com)": (("gray.global@fabrikam.com", "Fabrikam-Gray-1", "Global Administrator"),),
    "Northwind (northwind.example): blocks device codes, wants a second factor": (
        ("nora.global@northwind.example", "Northwind-Nora-1", "Global Administrator; her number: 314159"),
    ),
    "Tailspin (tailspin.example): people may ask for consent, not give it": (
        ("tara.global@tailspin.example", "Tailspin-Tara-1", "Global Administrator"),
        ("toby.member@tailspin.example", "Tailspin-Toby-1", "no role"),
    ),
    "Wingtip (wingtip.example): lets in known devices only": (
        ("wes.global@wingtip.example", "Wingtip-Wes-1", "Global Administrator; on a known device"),
        ("wyn.global@wingtip.example", "Wingtip-Wyn-1", "Global Administrator; on an unknown one"),
    ),
}
"""Whom one can be at Microsoft, by tenant; all of them are in that seed."""


FEATURES: Final = ("self-rotation",)
"""What the demo's new services begin with, so that somebody can try *Rotate now*."""


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
