"""Entra's own endpoints without a network: forms and pages in this process, and people who have signed in already."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from m365_emulator import principals
from m365_emulator.directory import DirectoryObject
from m365_emulator.login import consent
from m365_emulator.login.memory import AuthorizeRequest
from tests.emulator.graph_door import Door, Reply, contoso

if TYPE_CHECKING:
    from m365_emulator.directory import Tenant

home = "https://client.example/back"
verifier = "v" * 43
challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class TokenDoor(Door):
    """A door whose people stand behind the sign-in pages already, with a code in their hands."""

    def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **form: str) -> Reply:
        """Any address of Entra; ``form`` is the body, or the query of a GET. Header names take ``_`` for ``-``."""
        parts, sent = urlsplit(path), dict(headers or {})
        text = urlencode({key: value for key, value in form.items() if value})
        if method == "POST":
            sent.setdefault("content-type", "application/x-www-form-urlencoded")
        query, raw = (text or parts.query, b"") if method != "POST" else (parts.query, text.encode())
        return asyncio.run(self._ask(method, parts.path, query, raw, {k.replace("_", "-"): v for k, v in sent.items()}))

    def redeem(self, grant_type: str, *, tenant: str = "organizations", origin: str = "", **form: str) -> Reply:
        """The token endpoint."""
        headers = {"origin": origin} if origin else {}
        return self.ask("POST", f"/{tenant}/oauth2/v2.0/token", headers=headers, grant_type=grant_type, **form)

    def register(self, name: str = "Client", **body: Any) -> DirectoryObject:
        """An application of Contoso with its service principal; ``body`` in Graph's shape."""
        oid, app_id = self.world.ids.uuid("test"), self.world.ids.uuid("test")
        shown = {"id": oid, "appId": app_id, "displayName": name, "signInAudience": "AzureADMultipleOrgs", **body}
        self.tenant.objects[oid] = DirectoryObject("application", oid, shown)
        principals.create(self.world, self.tenant, app_id)
        return self.tenant.objects[oid]

    def consent(self, app_id: str, resource_app_id: str, *values: str, tenant: Tenant | None = None) -> None:
        """The tenant's administrator agreed, for everybody."""
        where = tenant or self.tenant
        client = where.principal(app_id) or principals.create(self.world, where, app_id)
        resource = where.principal(resource_app_id) or principals.create(self.world, where, resource_app_id)
        consent.extend(self.world, where, (client.id, resource.id, None), list(values))

    def code(self, app_id: str, person: str = "grace.global", *, scope: str, back: str = home) -> str:
        """The code that this person's browser brings back."""
        made = AuthorizeRequest(
            id=self.world.ids.opaque(18, "authorize"),
            client_id=app_id,
            segment="organizations",
            scope=scope,
            redirect_uri=back,
            response_mode="query",
            client_state="",
            nonce="",
            challenge=challenge,
            expires_at=self.world.clock.seconds() + 600,
            state="approved",
            tenant_id=contoso,
            user_id=self.user(person).id,
            methods=["pwd"],
        )
        made.code = f"{made.id}.code"
        self.world.login.requests[made.id] = made
        return made.code

    def tokens(self, app_id: str, *, scope: str, back: str = home, origin: str = "", **form: str) -> Reply:
        """Sign in and redeem the code."""
        given = {"client_id": app_id, "code": self.code(app_id, scope=scope, back=back), "redirect_uri": back}
        return self.redeem("authorization_code", origin=origin, code_verifier=verifier, **{**given, **form})


def sent_back(reply: Reply) -> dict[str, str]:
    """What stands in the address that a redirect leads to."""
    return dict(parse_qsl(urlsplit(reply.headers["location"]).query))
