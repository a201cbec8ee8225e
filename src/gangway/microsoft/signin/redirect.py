"""Signing in by redirect as a public client: authorization code with PKCE (S256), state and nonce; no secret anywhere.

The caller keeps what `begin` returns in the person's own browser session and gives it back once. The tenant is known
only afterwards, from the id_token, whose signature, issuer (that very tenant's), audience and times are checked.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from gangway.foundation.ids import AppId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.cloud import ANY_ORGANIZATION, Cloud
from gangway.microsoft.errors import IdentityRefused, Unreadable
from gangway.microsoft.reading import entra_error
from gangway.microsoft.signin.tokens import Identity, check_id_token
from gangway.microsoft.transport import Transport
from gangway.microsoft.wire import Asked

if TYPE_CHECKING:
    from collections.abc import Mapping

SCOPES: Final = "openid profile"
"""Who somebody is, and nothing of what they have."""


@dataclass(frozen=True)
class Begun:
    """One sign-in that was begun: the address to send the browser to, and what its answer must fit."""

    address: str
    state: str
    nonce: SealedText
    verifier: SealedText


def begin(cloud: Cloud, *, client_id: AppId, redirect_uri: str, prompt: str = "", login_hint: str = "") -> Begun:
    """Make state, nonce and verifier, 256 random bits each, and the address of Microsoft's page."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    asked = {
        "client_id": client_id,
        "response_type": "code",
        "response_mode": "query",
        "redirect_uri": redirect_uri,
        "scope": SCOPES,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
        **({"prompt": prompt} if prompt else {}),
        **({"login_hint": login_hint} if login_hint else {}),
    }
    address = f"{cloud.login}/{ANY_ORGANIZATION}/oauth2/v2.0/authorize?{urlencode(asked)}"
    return Begun(address, state, SealedText(nonce), SealedText(verifier))


def challenge_of(verifier: str) -> str:
    """The S256 challenge of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


async def redeem(
    transport: Transport,
    cloud: Cloud,
    *,
    client_id: AppId,
    redirect_uri: str,
    code: SealedText,
    verifier: SealedText,
    nonce: SealedText,
) -> Identity:
    """Who signed in. The access token that comes along is dropped: nothing is asked of Graph.

    Raises SignInRefused's kin, Busy, NotHeard, Unreadable, and IdentityRefused when the id_token doesn't hold or is not
    the answer to this nonce.
    """
    form: Mapping[str, str] = {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": SCOPES,
        "code": code.reveal(),
        "code_verifier": verifier.reveal(),
    }
    answer = await transport.send(Asked("POST", cloud.token_url(ANY_ORGANIZATION), form=form))
    if not answer.good:
        raise entra_error(answer)
    token = answer.member("id_token")
    if not isinstance(token, str):
        raise Unreadable
    identity = await check_id_token(transport, cloud, SealedText(token), client_id=client_id)
    if not identity.nonce or SealedText(identity.nonce) != nonce:
        raise IdentityRefused
    return identity


def consent_address(cloud: Cloud, *, client_id: AppId, redirect_uri: str, state: str, tenant: str) -> str:
    """Where an administrator of a tenant agrees, for all of its people, to the Operation Center's application."""
    asked = {"client_id": client_id, "scope": SCOPES, "redirect_uri": redirect_uri, "state": state}
    return f"{cloud.login}/{tenant}/v2.0/adminconsent?{urlencode(asked)}"
