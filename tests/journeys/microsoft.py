"""The emulated cloud as tests use it: its own state as the witness, its control door for faults, clock and log only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import requests

CONTOSO = "c0475050-0000-4000-8000-000000000001"
FABRIKAM = "fab41ca0-0000-4000-8000-000000000001"
SIGN_IN_APPLICATION = "Sandbox1-sp2-token"


@dataclass
class Made:
    """All that a tenant holds of one kind of thing, counted before and after."""

    applications: dict[str, dict[str, Any]] = field(default_factory=dict)
    principals: dict[str, dict[str, Any]] = field(default_factory=dict)


class Microsoft:
    """One running emulator."""

    def __init__(self, announcement: dict[str, Any]) -> None:
        self.announcement = announcement
        self.session = requests.Session()
        self.session.trust_env = False

    def control(self, method: str, door: str, body: dict[str, Any] | None = None) -> Any:
        """Use the control door; the answer's JSON, or None."""
        control, authority = self.announcement["control"], self.announcement["ca_file"]
        answer = self.session.request(
            method,
            control["url"] + door,
            json=body,
            headers={control["header"]: control["token"]},
            verify=authority,
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    @contextmanager
    def fault(self, match: dict[str, Any], effect: dict[str, Any]) -> Iterator[Fault]:
        """A fault that is in force within the block."""
        name = uuid4().hex
        self.control("PUT", f"faults/{name}", {"match": match, "effect": effect})
        try:
            yield Fault(self, name)
        finally:
            self.control("DELETE", f"faults/{name}")

    @contextmanager
    def later(self, seconds: float) -> Iterator[None]:
        """The cloud's clock is ahead within the block."""
        self.control("POST", "clock", {"advance": seconds})
        try:
            yield
        finally:
            self.control("POST", "clock", {"reset": True})

    def tenant(self, tenant_id: str) -> dict[str, Any]:
        """Everything the directory holds of a tenant."""
        tenants: list[dict[str, Any]] = self.control("GET", "state")["tenants"]
        return next(tenant for tenant in tenants if tenant["id"] == tenant_id)

    def made(self, tenant_id: str) -> Made:
        """All applications and service principals of a tenant by id."""
        objects = self.tenant(tenant_id)["objects"]
        return Made(
            {key: row["body"] for key, row in objects.items() if row["kind"] == "application"},
            {key: row["body"] for key, row in objects.items() if row["kind"] == "servicePrincipal"},
        )

    @property
    def seed(self) -> str:
        """From which all of the emulator's ids and secrets follow."""
        return str(self.control("GET", "")["seed"])

    def token(self, tenant: str, **form: str) -> dict[str, Any]:
        """What the token endpoint answers, good or bad."""
        address = f"{self.announcement['login_url']}/{tenant}/oauth2/v2.0/token"
        answer = self.session.post(address, data=form, verify=self.announcement["ca_file"], timeout=30)
        found: dict[str, Any] = answer.json()
        return found

    def requests(self, *, after: int = 0) -> list[dict[str, Any]]:
        """The log of what programs and people asked."""
        found: list[dict[str, Any]] = self.control("GET", f"log?after={after}")["requests"]
        return found

    def last_request(self) -> int:
        return max((entry["number"] for entry in self.requests()), default=0)


@dataclass
class Fault:
    """A fault in force."""

    microsoft: Microsoft
    name: str

    @property
    def hits(self) -> int:
        """How many requests it has struck."""
        faults: list[dict[str, Any]] = self.microsoft.control("GET", "faults")["faults"]
        return next(int(fault["hit"]) for fault in faults if fault["name"] == self.name)
