"""Is the sign-in application set up as it must be? Asked of Microsoft itself, by a code that nobody will ever type.

Two harmless requests for each application: one for a device code, which only a known client id gets, and one poll,
which only a public client may make. What else can be seen from outside stands in `outside`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from gangway.foundation.ids import AppId
from gangway.microsoft.cloud import ANY_ORGANIZATION, Cloud
from gangway.microsoft.errors import ApplicationUnknown, ClientSetUpWrong, MicrosoftError
from gangway.microsoft.signin import device_code
from gangway.microsoft.signin.grant import Granted
from gangway.microsoft.transport import Transport, shared
from gangway.microsoft.wire import Asked
from gangway.onboarding.shapes import SignInApplicationView

HARMLESS = ("openid", "profile")
SETTINGS = "GANGWAY_CLOUD_LOGIN_URL and GANGWAY_CLOUDS"
HOW_TO = "docs/how-to/sign-in-application.md shows how."


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one thing; `cure` is empty when all is well.

    `known` is false where nobody could see it; then `ok` says only that nothing wrong was seen.
    """

    name: str
    ok: bool
    words: str
    cure: str = ""
    known: bool = True


async def clouds_answer(names: Iterable[str]) -> list[Finding]:
    """Fetch what each cloud says of its own sign-in service; the worldwide one is always asked."""
    return [await cloud_answers(cloud=Cloud.of(settings.GANGWAY, name)) for name in dict.fromkeys(["public", *names])]


async def cloud_answers(*, transport: Transport | None = None, cloud: Cloud | None = None) -> Finding:
    """Fetch what a cloud says of its own sign-in service, as every worker does; never raises for what it says."""
    where = cloud or Cloud.of(settings.GANGWAY)
    wire = transport or await shared(where.extra_ca_file)
    try:
        answer = await wire.send(Asked("GET", where.discovery_url(ANY_ORGANIZATION)))
    except MicrosoftError as error:
        return _silent(where.login, error)
    if not answer.good:
        cure = f"Check {SETTINGS}: they name another service."
        return Finding(where.login, ok=False, words=f"It answers {answer.status} when asked about sign-in.", cure=cure)
    return Finding(where.login, ok=True, words="Microsoft answers from here.")


async def check_one(application: SignInApplicationView, wire: Transport, cloud: Cloud) -> Finding:
    """Ask for a code and poll it once; never raises for what Microsoft says."""
    name, client_id = application.display_name, AppId(application.client_id)
    try:
        offer = await device_code.start(wire, cloud, client_id=client_id, scopes=HARMLESS)
        polled = await device_code.poll_once(
            wire, cloud, client_id=client_id, device_code=offer.device_code, interval=offer.interval
        )
    except MicrosoftError as error:
        return _refused(name, application.client_id, error)
    if isinstance(polled, device_code.Pending):
        if polled.trouble:
            return _silent(name, polled.trouble)
        return Finding(name, ok=True, words="Microsoft gives codes for it.")
    if isinstance(polled, Granted):
        return Finding(name, ok=False, words="Microsoft granted a sign-in that nobody made.", cure="Tell us at once.")
    return _refused(name, application.client_id, polled.error)


def _refused(name: str, client_id: str, error: MicrosoftError) -> Finding:
    if error.fault.status == 0:
        return _silent(name, error)
    cure = error.cure
    if isinstance(error, ApplicationUnknown):
        cure = f"Check the client id {client_id}, and make the application as {HOW_TO}"
    elif isinstance(error, ClientSetUpWrong):
        cure = f'"Allow public client flows" must be on, for accounts in any organizational directory; {HOW_TO}'
    return Finding(name, ok=False, words=f"{error.what}{marks(error)}", cure=cure)


def _silent(name: str, error: MicrosoftError) -> Finding:
    cure = f"Check {SETTINGS}, GANGWAY_EXTRA_CA_FILE and the way out of this machine."
    return Finding(name, ok=False, words=error.what, cure=cure, known=False)


def marks(error: MicrosoftError) -> str:
    """Microsoft's own code and id behind the words, for its support."""
    fault = error.fault
    told = [f"AADSTS{fault.aadsts}" if fault.aadsts else fault.code, fault.correlation_id or fault.request_id]
    return f" [{' '.join(filter(None, told))}]"
