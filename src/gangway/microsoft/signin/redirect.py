"""Signing in by redirect: authorization code with PKCE (S256), state and nonce.

The caller keeps what `begin` returns, bound to the person's own browser session, and gives it back once. The tenant is
known only afterwards, from the id_token, whose signature, issuer (that very tenant's), audience and times are checked.

Which proof is due says the platform under which the application lists the return address: as *Web* its own credential
(else AADSTS7000218), as *Mobile and desktop* none (else AADSTS700025).
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from gangway.foundation import clock
from gangway.foundation.ids import AppId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.cloud import ANY_ORGANIZATION, Cloud
from gangway.microsoft.errors import (
    ClientSetUpWrong,
    CredentialNotAccepted,
    IdentityRefused,
    MicrosoftError,
    Unreadable,
)
from gangway.microsoft.reading import entra_error
from gangway.microsoft.signin.client_credentials import log_refusal
from gangway.microsoft.signin.grant import Granted, granted_by
from gangway.microsoft.signin.own_credentials import OwnCredential, form_of
from gangway.microsoft.signin.tokens import Identity, check_id_token
from gangway.microsoft.transport import Transport
from gangway.microsoft.wire import Answer, Asked

SCOPES: Final = "openid profile"
"""Who somebody is, and nothing of what they have."""

NO_PROOF_WANTED: Final = 700025
"""The return address is listed for a public client: a credential must not come along."""
DECLINED_NUMBER: Final = 65004
BAD_REQUEST: Final = 400


@dataclass(frozen=True)
class Begun:
    """One sign-in that was begun: the address to send the browser to, and what its answer must fit."""

    address: str
    state: str
    nonce: SealedText
    verifier: SealedText


def begin(
    cloud: Cloud,
    *,
    client_id: AppId,
    redirect_uri: str,
    prompt: str = "",
    login_hint: str = "",
    scopes: Sequence[str] = (SCOPES,),
    claims: str = "",
    anew: bool = False,
) -> Begun:
    """Make state, nonce and verifier, 256 random bits each, and the address of Microsoft's page.

    `anew`: the person proves who they are again, whoever the browser knows already. A browser may leave that out of the
    address, so what comes back must be looked at, too.
    """
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    asked = {
        "client_id": client_id,
        "response_type": "code",
        "response_mode": "query",
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
        **({"prompt": "login", "max_age": "0"} if anew else {"prompt": prompt} if prompt else {}),
        **({"login_hint": login_hint} if login_hint else {}),
        **({"claims": claims} if claims else {}),
    }
    address = f"{cloud.pages}/{ANY_ORGANIZATION}/oauth2/v2.0/authorize?{urlencode(asked)}"
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
    form = _form(client_id, redirect_uri, code, verifier, (SCOPES,))
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


async def trade(
    transport: Transport,
    cloud: Cloud,
    *,
    client_id: AppId,
    redirect_uri: str,
    code: SealedText,
    verifier: SealedText,
    scopes: Sequence[str],
    credential: OwnCredential | None,
) -> Granted:
    """Trade a code for the tokens of whoever signed in; the id_token isn't checked yet, nor its nonce.

    `credential`: the application's own, if it has one here; left out when Microsoft says that none is wanted, which
    uses no code up. Raises SignInRefused's kin, Busy, NotHeard, Unreadable, KeyUnusable.
    """
    url = cloud.token_url(ANY_ORGANIZATION)
    form = _form(client_id, redirect_uri, code, verifier, scopes)
    proof = form_of(credential, app_id=client_id, token_url=url, now=clock.now()) if credential else {}
    try:
        return await _traded(transport, url, {**form, **proof})
    except CredentialNotAccepted as error:
        log_refusal(error, app_id=client_id, tenant=ANY_ORGANIZATION)
        raise
    except ClientSetUpWrong as error:
        if not proof or error.fault.aadsts != NO_PROOF_WANTED:
            raise
        return await _traded(transport, url, form)


async def _traded(transport: Transport, url: str, form: Mapping[str, str]) -> Granted:
    answer = await transport.send(Asked("POST", url, form=form))
    if not answer.good:
        raise entra_error(answer)
    return granted_by(answer)


def _form(
    client_id: AppId, redirect_uri: str, code: SealedText, verifier: SealedText, scopes: Sequence[str]
) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "code": code.reveal(),
        "code_verifier": verifier.reveal(),
    }


def refusal_of(returned: Mapping[str, str]) -> MicrosoftError:
    """What a browser brings back instead of a code. It is read as an answer of Microsoft's own, and proves nothing."""
    return entra_error(Answer(BAD_REQUEST, dict(returned)))


def is_no(error: MicrosoftError, returned: Mapping[str, str]) -> bool:
    """Whether the person said no. `access_denied` alone doesn't tell: it comes with policies and consent, too."""
    return error.fault.aadsts == DECLINED_NUMBER or (
        returned.get("error_subcode") == "cancel" and error.fault.aadsts is None
    )


def consent_address(cloud: Cloud, *, client_id: AppId, redirect_uri: str, state: str, tenant: str) -> str:
    """Where an administrator of a tenant agrees, for all of its people, to the Operation Center's application."""
    asked = {"client_id": client_id, "scope": SCOPES, "redirect_uri": redirect_uri, "state": state}
    return f"{cloud.pages}/{tenant}/v2.0/adminconsent?{urlencode(asked)}"
