"""An app-only token with a registration's own credential, of any kind."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from gangway.foundation import clock
from gangway.foundation.ids import AppId, TenantId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.errors import SignInRefused, Unreadable
from gangway.microsoft.reading import entra_error
from gangway.microsoft.signin.own_credentials import OwnCredential, form_of
from gangway.microsoft.signin.tokens import AppClaims, read_app_claims
from gangway.microsoft.transport import Transport
from gangway.microsoft.wire import Asked

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class AppToken:
    """A fresh token and what it says. A token without roles proves the secret, not the consent."""

    text: SealedText
    expires_at: datetime
    claims: AppClaims
    request_id: str
    seconds: float


async def fetch(
    transport: Transport,
    cloud: Cloud,
    *,
    tenant: TenantId,
    app_id: AppId,
    credential: OwnCredential,
    scope: str,
    routine: bool = False,
) -> AppToken:
    """A new token for one resource (`scope` ends with /.default). Raises SignInRefused's kin, Busy, NotHeard.

    Signing an assertion takes about a millisecond, so it needs no thread. Raises KeyUnusable for a key that is none.
    """
    url = cloud.token_url(tenant)
    form = {"grant_type": "client_credentials", "client_id": app_id, "scope": scope}
    form |= form_of(credential, app_id=app_id, token_url=url, now=clock.now())
    answer = await transport.send(Asked("POST", url, form=form, routine=routine))
    if not answer.good:
        error = entra_error(answer, workers=cloud.egress_addresses)
        if isinstance(error, SignInRefused):
            log_refusal(error, app_id=app_id, tenant=tenant)
        raise error
    text = answer.member("access_token")
    if not isinstance(text, str):
        raise Unreadable
    token = SealedText(text)
    life = timedelta(seconds=int(answer.member("expires_in") or 0))
    return AppToken(token, answer.at + life, read_app_claims(token), answer.request_id, answer.seconds)


def log_refusal(error: SignInRefused, *, app_id: AppId, tenant: str) -> None:
    """Say in the log that Entra refused a credential of ours, by the marks that find the request at Microsoft.

    Nothing of the credential, and nothing of Microsoft's own words, which name what was sent.
    """
    log.warning(
        "sign_in_refused",
        error=error.code,
        app_id=app_id,
        tenant=tenant,
        aadsts=error.fault.aadsts,
        oauth_error=error.fault.code,
        microsoft_request_id=error.fault.request_id,
        correlation_id=error.fault.correlation_id,
    )
