"""Is the sign-in application set up as it must be? Asked of Microsoft itself, by a code that nobody will ever type.

Two harmless requests for each application: one for a device code, which only a known client id gets, and one poll,
which only a public client may make. Its name and the permissions it asks for, only a sign-in shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from gangway.foundation.ids import AppId
from gangway.microsoft.cloud import ANY_ORGANIZATION, Cloud
from gangway.microsoft.errors import ApplicationUnknown, ClientSetUpWrong, MicrosoftError
from gangway.microsoft.signin import device_code
from gangway.microsoft.transport import Transport, shared
from gangway.microsoft.wire import Asked
from gangway.onboarding.shapes import SignInApplicationView

HARMLESS = ("openid", "profile")
HOW_TO = "docs/how-to/sign-in-application.md shows how."


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one sign-in application; `cure` is empty when all is well."""

    name: str
    ok: bool
    words: str
    cure: str = ""


async def check(
    applications: Sequence[SignInApplicationView], *, transport: Transport | None = None, cloud: Cloud | None = None
) -> list[Finding]:
    """Try each application at Microsoft; never raises for what Microsoft says."""
    where = cloud or Cloud.of(settings.GANGWAY)
    wire = transport or await shared(where.extra_ca_file)
    return [await _check_one(application, wire, where) for application in applications]


async def cloud_answers(*, transport: Transport | None = None, cloud: Cloud | None = None) -> Finding:
    """Fetch what the cloud says of its own sign-in service, as every worker does; never raises for what it says."""
    where = cloud or Cloud.of(settings.GANGWAY)
    wire = transport or await shared(where.extra_ca_file)
    try:
        answer = await wire.send(Asked("GET", where.discovery_url(ANY_ORGANIZATION)))
    except MicrosoftError:
        return _silent(where.login)
    if not answer.good:
        cure = "Check GANGWAY_CLOUD_LOGIN_URL: it names another service."
        return Finding(where.login, ok=False, words=f"It answers {answer.status} when asked about sign-in.", cure=cure)
    return Finding(where.login, ok=True, words="Microsoft answers from here.")


async def _check_one(application: SignInApplicationView, wire: Transport, cloud: Cloud) -> Finding:
    name, client_id = application.display_name, AppId(application.client_id)
    try:
        offer = await device_code.start(wire, cloud, client_id=client_id, scopes=HARMLESS)
        polled = await device_code.poll_once(
            wire, cloud, client_id=client_id, device_code=offer.device_code, interval=offer.interval
        )
    except MicrosoftError as error:
        return _refused(name, application.client_id, error)
    if isinstance(polled, device_code.Pending):
        return _silent(name) if polled.trouble else Finding(name, ok=True, words="Microsoft gives codes for it.")
    if isinstance(polled, device_code.Granted):
        return Finding(name, ok=False, words="Microsoft granted a sign-in that nobody made.", cure="Tell us at once.")
    return _refused(name, application.client_id, polled.error)


def _refused(name: str, client_id: str, error: MicrosoftError) -> Finding:
    if isinstance(error, ApplicationUnknown):
        words = f"Microsoft does not know the client id {client_id}, or it is not multi-tenant."
        return Finding(name, ok=False, words=words, cure=f"Check the id, and make the application as {HOW_TO}")
    if isinstance(error, ClientSetUpWrong):
        words = "It is not a public client: Microsoft asks it for a secret."
        return Finding(name, ok=False, words=words, cure=f'Set "Allow public client flows" to Yes; {HOW_TO}')
    if error.fault.status == 0:
        return _silent(name)
    return Finding(name, ok=False, words=str(error), cure=error.cure)


def _silent(name: str) -> Finding:
    cure = "Check GANGWAY_CLOUD_LOGIN_URL, GANGWAY_EXTRA_CA_FILE and the way out of this machine."
    return Finding(name, ok=False, words="Microsoft does not answer from here.", cure=cure)
