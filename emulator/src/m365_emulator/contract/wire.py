"""A plain client of Entra and Graph, which notes whatever it makes and takes it away again."""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

GRAPH_SCOPE = "https://graph.microsoft.com/.default"
PATIENCE = (2, 4, 8, 15, 30)  # seconds between looks at what a real directory has not copied everywhere yet
_created = 201
_gone = (204, 404)


class NotSignedIn(Exception):
    """The tenant does not let us in; the sentence is Entra's."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and JSON (None without a body)."""

    status: int
    body: Any

    @property
    def code(self) -> str:
        """Graph's error code, or Entra's numbers."""
        error = (self.body or {}).get("error")
        if isinstance(error, dict):
            return str(error.get("code"))
        return ",".join(map(str, (self.body or {}).get("error_codes", [])))


@dataclass(slots=True)
class Wire:
    """One application's connection to one tenant. ``mark`` begins the name of everything that it makes."""

    tenant: str
    login: str
    graph: str
    mark: str
    ca_file: Path | None = None
    patience: tuple[int, ...] = PATIENCE
    token: str = ""
    made: list[str] = field(default_factory=list)

    def sign_in(self, client_id: str, secret: str) -> None:
        """Raises NotSignedIn."""
        reply = self.ask_token(client_id, secret, GRAPH_SCOPE)
        if reply.status != 200:  # noqa: PLR2004
            raise NotSignedIn(str((reply.body or {}).get("error_description", reply.status)))
        self.token = reply.body["access_token"]

    def ask_token(self, client_id: str, secret: str, scope: str) -> Reply:
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, "scope": scope}
        raw = urlencode(form).encode()
        return self._send("POST", f"{self.login}/{self.tenant}/oauth2/v2.0/token", raw, {})

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """A request to Graph; header names take ``_`` for ``-``."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        raw = None if body is None else json.dumps(body).encode()
        kind = {} if raw is None else {"Content-Type": "application/json"}
        signed = {"Authorization": f"Bearer {self.token}", **kind, **named}
        return self._send(method, f"{self.graph}/v1.0{path}", raw, signed)

    def settled(self, look: Callable[[], Reply], *wanted: int) -> Reply:
        """Look until the status is one of these, as long as a directory may need; the last look otherwise."""
        reply = look()
        for seconds in self.patience:
            if reply.status in wanted:
                break
            time.sleep(seconds)
            reply = look()
        return reply

    def application(self, **wanted: Any) -> Reply:
        """Register an application, to be taken away at the end."""
        reply = self.ask("POST", "/applications", {"displayName": f"{self.mark} application", **wanted})
        self._note("applications", reply)
        return reply

    def principal(self, app_id: str) -> Reply:
        """Make its service principal, to be taken away too."""
        reply = self.settled(lambda: self.ask("POST", "/servicePrincipals", {"appId": app_id}), _created)
        self._note("servicePrincipals", reply)
        return reply

    def clean_up(self) -> list[str]:
        """Delete for good whatever was made, last things first; addresses of what could not be deleted."""
        return [address for address in reversed(self.made) if not self._delete(address)]

    def _note(self, collection: str, reply: Reply) -> None:
        if reply.status == _created:
            address = f"/{collection}/{reply.body['id']}"
            self.made.append(address)
            self.settled(lambda: self.ask("GET", address), 200)

    def _delete(self, address: str) -> bool:
        deleted = self.settled(lambda: self.ask("DELETE", address), *_gone)
        item = f"/directory/deletedItems/{address.rpartition('/')[2]}"
        purged = self.settled(lambda: self.ask("DELETE", item), *_gone)
        return deleted.status in _gone and purged.status in _gone

    def _send(self, method: str, address: str, raw: bytes | None, headers: Mapping[str, str]) -> Reply:
        asked = urllib.request.Request(address, raw, dict(headers), method=method)  # noqa: S310 checked at the start
        trust = ssl.create_default_context(cafile=self.ca_file)
        try:
            with urllib.request.urlopen(asked, context=trust, timeout=60) as answer:  # noqa: S310 likewise
                return Reply(answer.status, _json(answer.read()))
        except urllib.error.HTTPError as refused:
            with refused:
                return Reply(refused.code, _json(refused.read()))
        except OSError as error:
            return Reply(0, {"error": {"code": type(error).__name__, "message": str(error)}})


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw.strip() else None
    except ValueError:
        return None
