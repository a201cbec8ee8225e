"""Looking at a sign-in application from outside, without anybody's tenant: what can be seen, and honestly what can't.

A code that nobody will type shows that the client id is known and public; a sign-in page that may not be shown
(`prompt=none`) sends a browser back only to a listed address; the kept credential proves itself by a token in the home
tenant. Its publisher is seen where somebody signs in; its permissions and property lock show only to people of the home
tenant.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from django.conf import settings

from gangway.foundation.errors import GangwayError
from gangway.foundation.ids import AppId, TenantId
from gangway.foundation.sealed import SealedText
from gangway.languages.times import time_in_words
from gangway.microsoft.cloud import ANY_ORGANIZATION, Cloud
from gangway.microsoft.errors import Busy, MicrosoftError, NotHeard
from gangway.microsoft.reading import entra_error
from gangway.microsoft.signin import client_credentials
from gangway.microsoft.signin.own_credentials import Secret
from gangway.microsoft.transport import Transport, shared
from gangway.microsoft.wire import Asked
from gangway.onboarding import doctor
from gangway.onboarding.shapes import Seen, SignInApplicationView
from gangway.onboarding.states import Verdict

SOON_DAYS: Final = 30
PORTAL: Final = "Entra admin center › App registrations › the application"
UNSEEN: Final = (
    ("permissions", "API permissions", f"Compare the list on this page with {PORTAL} › API permissions."),
    ("property_lock", "App instance property lock", f"Look at {PORTAL} › Authentication › App instance property lock."),
)
"""What only people of the home tenant see, and where they look."""


async def look(
    application: SignInApplicationView,
    *,
    transport: Transport,
    cloud: Cloud,
    redirects: Sequence[str],
    secret: SealedText | GangwayError | None,
    now: datetime,
) -> tuple[Seen, ...]:
    """Return a line for each thing; never raises for what Microsoft says. `secret`: what kept it from being opened."""
    there = _from_finding("cloud", "Sign-in service", await doctor.cloud_answers(transport=transport, cloud=cloud))
    if there.state is not Verdict.OK:
        return (there, _publisher(application), *_unseen())
    client = _from_finding(
        "client", "Client id and public-client flow", await doctor.check_one(application, transport, cloud)
    )
    return (
        there,
        client,
        await _home(application, transport, cloud),
        *[await _redirect(application, address, transport, cloud) for address in redirects],
        *([await _secret(application, secret, transport, cloud)] if secret else []),
        *([_expiry(application, now)] if application.secret_id else []),
        _publisher(application),
        *_unseen(),
    )


async def findings(
    looked_at: Sequence[tuple[SignInApplicationView, Sequence[str], SealedText | GangwayError | None]], *, now: datetime
) -> list[doctor.Finding]:
    """Tell the doctor the same, line by line: application, its redirect addresses, its opened credential."""
    found = await doctor.clouds_answer(about.cloud for about, _redirects, _secret in looked_at)
    for about, redirects, secret in looked_at:
        cloud = Cloud.of(settings.GANGWAY, about.cloud)
        wire = await shared(cloud.extra_ca_file)
        lines = await look(about, transport=wire, cloud=cloud, redirects=redirects, secret=secret, now=now)
        found += [_finding(about.display_name, line) for line in lines if line.key != "cloud"]
    return found


def _finding(application: str, line: Seen) -> doctor.Finding:
    name = application if line.key == "client" else f"{application} › {line.label}"
    known = line.state is not Verdict.UNKNOWN
    return doctor.Finding(name, line.state is not Verdict.WRONG, line.words, line.cure, known=known)


def _from_finding(key: str, label: str, found: doctor.Finding) -> Seen:
    state = Verdict.OK if found.ok else Verdict.WRONG if found.known else Verdict.UNKNOWN
    return Seen(key, label, state, found.words, found.cure)


async def _home(application: SignInApplicationView, wire: Transport, cloud: Cloud) -> Seen:
    label = "Home tenant"
    try:
        answer = await wire.send(Asked("GET", cloud.discovery_url(TenantId(application.home_tenant_id))))
    except MicrosoftError as error:
        return _unheard("home_tenant", label, error)
    if answer.good:
        return Seen("home_tenant", label, Verdict.OK, "Microsoft knows a tenant of this id in this cloud.")
    refusal = entra_error(answer)
    if isinstance(refusal, Busy):
        return _unheard("home_tenant", label, refusal)
    cure = "Compare it with Directory (tenant) ID on the application's Overview page, and with the cloud."
    return Seen("home_tenant", label, Verdict.WRONG, f"{refusal.what}{doctor.marks(refusal)}", cure)


async def _redirect(application: SignInApplicationView, address: str, wire: Transport, cloud: Cloud) -> Seen:
    """Only an address that is listed gets an answer; any other makes Microsoft show a page to the person instead."""
    label = f"Redirect URI {address}"
    asked = {
        "client_id": application.client_id,
        "response_type": "code",
        "response_mode": "query",
        "redirect_uri": address,
        "scope": "openid",
        "prompt": "none",
    }
    try:
        answer = await wire.send(
            Asked("GET", f"{cloud.login}/{ANY_ORGANIZATION}/oauth2/v2.0/authorize?{urlencode(asked)}")
        )
    except MicrosoftError as error:
        return _unheard("redirect", label, error)
    if answer.headers.get("location", "").partition("?")[0] == address:
        return Seen("redirect", label, Verdict.OK, "Microsoft sends browsers back to it.", about=address)
    words = "Microsoft shows a page instead of sending the browser back, so it is probably not listed."
    cure = (
        f"Add it under {PORTAL} › Authentication: as Web when a client secret is kept here, else as Mobile and desktop "
        "applications. Until the next look that finds it, Sign in with Microsoft isn't offered there."
    )
    return Seen("redirect", label, Verdict.WARNING, words, cure, about=address)


async def _secret(
    application: SignInApplicationView, secret: SealedText | GangwayError, wire: Transport, cloud: Cloud
) -> Seen:
    label = "Own credential"
    if isinstance(secret, GangwayError):
        return Seen("secret", label, Verdict.UNKNOWN, secret.what, secret.cure)
    try:
        await client_credentials.fetch(
            wire,
            cloud,
            tenant=TenantId(application.home_tenant_id),
            app_id=AppId(application.client_id),
            credential=Secret(secret),
            scope=cloud.graph_scope,
        )
    except (NotHeard, Busy) as error:
        return _unheard("secret", label, error)
    except MicrosoftError as error:
        cure = "Make a new client secret, press Change, and type its value."
        return Seen("secret", label, Verdict.WRONG, f"{error.what}{doctor.marks(error)}", cure)
    return Seen("secret", label, Verdict.OK, "It got a token in the home tenant just now.")


def _expiry(application: SignInApplicationView, now: datetime) -> Seen:
    label, ends = "End of the credential", application.secret_ends_on
    cure = "Make a new client secret, press Change, and type its value and end."
    if ends is None:
        return Seen("expiry", label, Verdict.UNKNOWN, "Nobody typed when it ends.", "Press Change and type it.")
    days = (ends - now.date()).days
    if days < 0:
        return Seen("expiry", label, Verdict.WRONG, f"By the date that was typed it ended on {ends}.", cure)
    state, told = (Verdict.WARNING, cure) if days < SOON_DAYS else (Verdict.OK, "")
    return Seen("expiry", label, state, f"{days} days left, by the date that was typed ({ends}).", told)


def _publisher(application: SignInApplicationView) -> Seen:
    """What was last seen of it in a tenant where somebody signed in."""
    key, label, seen_at = "publisher", "Publisher verified", application.publisher_seen_at
    cure = f"Look at {PORTAL} › Branding & properties › Publisher verification."
    if seen_at is None:
        return Seen(key, label, Verdict.UNKNOWN, "It is seen as soon as somebody has signed in.", cure)
    if not application.publisher:
        words = f"No. Seen {time_in_words(seen_at)}: Microsoft's pages say “unverified”."
        return Seen(key, label, Verdict.WARNING, words, cure)
    return Seen(key, label, Verdict.OK, f"Yes: {application.publisher}. Seen {time_in_words(seen_at)}.")


def _unseen() -> tuple[Seen, ...]:
    words = "Only people of the home tenant can see it."
    return tuple(Seen(key, label, Verdict.UNKNOWN, words, cure) for key, label, cure in UNSEEN)


def _unheard(key: str, label: str, error: MicrosoftError) -> Seen:
    return Seen(key, label, Verdict.UNKNOWN, error.what, error.cure)
