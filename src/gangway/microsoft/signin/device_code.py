"""Sign-in with a device code: start it, and poll once. Who polls again, and when, is for the caller."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gangway.foundation.ids import AppId, TenantId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.cloud import ANY_ORGANIZATION, Cloud
from gangway.microsoft.errors import Busy, MicrosoftError, NotHeard
from gangway.microsoft.reading import entra_error
from gangway.microsoft.signin.grant import Granted, granted_by, sealed_member
from gangway.microsoft.throttling import LONGEST_SLEEP
from gangway.microsoft.transport import Transport
from gangway.microsoft.wire import Answer, Asked

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
DEFAULT_INTERVAL = 5
SLOWER_BY = 5
"""Seconds to add to the interval when asked to slow down (RFC 8628, 3.5)."""


@dataclass(frozen=True)
class Offer:
    """A started sign-in. The device code is for us alone, the user code for the page; `interval` in seconds."""

    device_code: SealedText
    user_code: SealedText
    verification_uri: str
    interval: int
    expires_at: datetime


@dataclass(frozen=True)
class Pending:
    """Nobody has finished yet; poll again after `interval` seconds, which grow when Microsoft asks for it.

    `trouble` is there when Microsoft did not say so itself: no answer came, or it is busy.
    """

    interval: int
    trouble: NotHeard | Busy | None = None


@dataclass(frozen=True)
class Declined:
    """The person said no."""

    error: MicrosoftError


@dataclass(frozen=True)
class Expired:
    """The code's time is over, or Microsoft no longer knows it."""

    error: MicrosoftError


@dataclass(frozen=True)
class Blocked:
    """Microsoft refused for another reason, told by `error`: a policy, missing consent, our own set-up."""

    error: MicrosoftError


Poll = Pending | Granted | Declined | Expired | Blocked

_EXPIRED = frozenset({"expired_token", "bad_verification_code", "code_expired"})
DECLINED_NUMBER = 65004
"""The person said no. The error `access_denied` alone says less: it comes with policies and missing consent, too."""


async def start(
    transport: Transport,
    cloud: Cloud,
    *,
    client_id: AppId,
    scopes: Sequence[str],
    claims: str = "",
    tenant: TenantId | str = ANY_ORGANIZATION,
) -> Offer:
    """Ask Entra for a code; `claims` is what an earlier sign-in lacked.

    Raises SignInRefused's kin (ApplicationUnknown: our client id is wrong), Busy, NotHeard.
    """
    form = {"client_id": client_id, "scope": " ".join(scopes), **({"claims": claims} if claims else {})}
    answer = await transport.send(Asked("POST", cloud.device_code_url(tenant), form=form))
    if not answer.good:
        raise entra_error(answer)
    return Offer(
        device_code=sealed_member(answer, "device_code"),
        user_code=sealed_member(answer, "user_code"),
        verification_uri=str(answer.member("verification_uri") or cloud.addresses.device_page),
        interval=int(answer.member("interval") or DEFAULT_INTERVAL),
        expires_at=answer.at + timedelta(seconds=int(answer.member("expires_in") or 900)),
    )


async def poll_once(
    transport: Transport,
    cloud: Cloud,
    *,
    client_id: AppId,
    device_code: SealedText,
    interval: int,
    claims: str = "",
    tenant: TenantId | str = ANY_ORGANIZATION,
) -> Poll:
    """Ask once whether the person has finished. A lost answer or a busy service is Pending: the next poll tells."""
    form = {"grant_type": GRANT_TYPE, "client_id": client_id, "device_code": device_code.reveal()}
    form |= {"claims": claims} if claims else {}
    try:
        answer = await transport.send(Asked("POST", cloud.token_url(tenant), form=form, routine=True))
    except NotHeard as error:
        return Pending(interval, error)
    return granted_by(answer) if answer.good else _not_granted(answer, interval)


def _not_granted(answer: Answer, interval: int) -> Poll:
    said = str(answer.member("error") or "")
    if said == "slow_down":
        return Pending(interval + SLOWER_BY)
    if said == "authorization_pending":
        return Pending(interval)
    error = entra_error(answer)
    if isinstance(error, Busy):
        wished = min(error.wait or 0, LONGEST_SLEEP)  # a code lives for a quarter of an hour
        return Pending(max(interval, round(wished)), error)
    if said in _EXPIRED:
        return Expired(error)
    declined = said == "authorization_declined" or error.fault.aadsts == DECLINED_NUMBER
    return Declined(error) if declined else Blocked(error)
