"""A provider's set-up: its sign-in application told and looked at from outside, and what new services begin with."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from asgiref.sync import async_to_sync

from gangway.audit.queries import activity
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.microsoft.wire import Answer
from gangway.onboarding import applications, defaults, outside, provider_setup
from gangway.onboarding.defaults import Defaults
from gangway.onboarding.errors import NotAGuid, NotASecretValue
from gangway.onboarding.models import ApplicationCheck
from gangway.onboarding.states import CheckState, Verdict
from gangway.organizations.errors import NoSuchOrganization
from gangway.organizations.hosts import set_host
from gangway.organizations.models import HostName
from gangway.organizations.scope import within, within_everything
from gangway.vault.errors import VaultClosed
from gangway.vault.models import Sealed
from tests.rooms.factories_onboarding import CLIENT, CLOUD, HOME, PENDING, Microsoft, refused
from tests.rooms.factories_organizations import SETUP, make_channel, make_customer, make_provider

pytestmark = pytest.mark.django_db
TOKEN = jwt.encode({"tid": HOME, "appid": CLIENT}, "k" * 32)
VALUE = SealedText("abC8Q~a-secret.value_of-the-web-client")
BACK = "http://localhost:8000/wizard/returned/"
OTHER_CLIENT = CLIENT[:-1] + "2"


@pytest.fixture
def provider():
    return make_provider()


def save(provider, **changed):
    given = {"cloud": "public", "client_id": CLIENT, "home_tenant_id": HOME, "secret": SealedText("")}
    given |= {"secret_ends_on": None, **changed}
    with within(provider.path):
        provider_setup.save_application(provider.id, **given, by=SETUP, now=clock.now())
        return applications.for_provider(provider.id, cloud=given["cloud"])


def events(provider):
    with within(provider.path):
        return [row.event.rpartition(":")[2] for row in activity(organization_path=provider.path, limit=30)]


class Entra(Microsoft):
    """Microsoft that answers everything well, but for what a test says otherwise."""

    listed = (BACK,)
    home = Answer(200, {"issuer": "x"})

    async def send(self, asked):
        """Know the home tenant and the listed addresses, and give the application its own token."""
        if "/authorize?" in asked.url:
            (back,) = parse_qs(urlsplit(asked.url).query)["redirect_uri"]
            good = back in self.listed
            return Answer(302, None, {"location": f"{back}?error=login_required"}) if good else Answer(400)
        if f"/{HOME}/v2.0" in asked.url:
            return self.home
        if asked.form and asked.form.get("grant_type") == "client_credentials":
            assert asked.form["client_secret"] == VALUE.reveal()
            return self.own
        return await super().send(asked)

    own = refused("invalid_client", 7000222, 401)


def look(about, script, *, secret=None, now=None, redirects=(BACK,)):
    found = async_to_sync(outside.look)(
        about, transport=script, cloud=CLOUD, redirects=redirects, secret=secret, now=now or clock.now()
    )
    return {item.key: item for item in found}


def test_secret_is_sealed_and_replaced_and_never_in_what_is_written_down(provider):
    first = save(provider, secret=VALUE)
    second = save(provider, secret=SealedText("another.value~of-a-secret"))
    assert first.secret_id != second.secret_id
    with within_everything("test"):
        old, new = (Sealed.objects.get(pk=each.secret_id) for each in (first, second))
        assert (old.ciphertext, VALUE.reveal().encode() in bytes(new.ciphertext)) == (None, False)
        assert provider_setup.opened_secret(second, by=SETUP, purpose="test").reveal() == "another.value~of-a-secret"
    assert events(provider).count("credential_kept") == 2
    with within(provider.path):
        assert VALUE.reveal() not in str(activity(organization_path=provider.path, limit=30))


def test_kept_secret_stays_for_the_same_client_and_goes_with_another(provider):
    kept = save(provider, secret=VALUE)
    assert save(provider).secret_id == kept.secret_id
    assert save(provider, client_id=OTHER_CLIENT).secret_id is None
    assert "credential_forgotten" in events(provider)


@pytest.mark.parametrize("typed", [CLIENT, "two words", "ünicode", "x" * 501, "a\x00b"])
def test_what_can_be_no_secrets_value_is_refused_at_its_field(provider, typed):
    with pytest.raises(NotASecretValue) as wrong:
        save(provider, secret=SealedText(typed))
    assert wrong.value.field == "secret"


def test_nothing_is_kept_of_a_half_wrong_form(provider):
    with pytest.raises(NotAGuid):
        save(provider, client_id="abc", secret=VALUE)
    with within(provider.path):
        assert applications.find(provider.id, cloud="public") is None


def test_nobody_tells_the_application_of_a_stranger(provider):
    foreign = make_provider()
    with within(provider.path), pytest.raises(NoSuchOrganization):
        provider_setup.save_application(
            foreign.id, cloud="public", client_id=CLIENT, home_tenant_id=HOME, secret=VALUE, secret_ends_on=None,
            by=SETUP, now=clock.now(),
        )  # fmt: skip
    with within(provider.path), pytest.raises(NoSuchOrganization):
        provider_setup.ask_check(foreign.id, cloud="public", by=SETUP, now=clock.now())


def test_good_application_is_good_and_what_nobody_sees_is_unknown(provider):
    about = save(provider, secret=VALUE, secret_ends_on=(clock.now() + timedelta(days=90)).date())
    script = Entra(polls=[PENDING])
    script.own = Answer(200, {"access_token": TOKEN, "expires_in": 3600})
    seen = look(about, script, secret=VALUE)
    states = {key: item.state.value for key, item in seen.items()}
    good = dict.fromkeys(("cloud", "client", "home_tenant", "redirect", "secret", "expiry"), "ok")
    assert states == good | dict.fromkeys(("permissions", "publisher", "property_lock"), "unknown")
    assert all(item.cure for item in seen.values() if item.state is Verdict.UNKNOWN)
    assert VALUE.reveal() not in str(seen)


def test_whom_microsoft_verified_is_known_once_somebody_signed_in_until_it_is_another_application(provider):
    about, seen_at = save(provider), clock.now()
    for publisher, state, words in (("", "warning", "unverified"), ("Sailmaker Voice AG", "ok", "Sailmaker Voice AG")):
        with within(provider.path):
            applications.note_publisher(about.client_id, cloud="public", publisher=publisher, now=seen_at)
            about = applications.find(provider.id, cloud="public")
        assert (about.publisher, about.publisher_seen_at) == (publisher, seen_at)
        line = look(about, Entra(polls=[PENDING]))["publisher"]
        assert (line.state.value, words in line.words) == (state, True)
    about = save(provider, client_id=HOME)
    assert (about.publisher, about.publisher_seen_at) == ("", None)


@pytest.mark.parametrize(
    ("changed", "key", "state", "words"),
    [
        ({"polls": [refused("invalid_client", 7000218, 401)]}, "client", "wrong", "public client"),
        ({"home": refused("invalid_request", 90002)}, "home_tenant", "wrong", "90002"),
        ({"listed": ()}, "redirect", "warning", "probably not listed"),
        ({}, "secret", "wrong", "7000222"),
        ({"own": Answer(503, None)}, "secret", "unknown", ""),
        ({"silent": True}, "cloud", "unknown", "does not answer"),
    ],
    ids=["not public", "no such tenant", "not listed", "secret over", "busy", "silent"],
)
def test_what_is_wrong_is_told_with_its_cure_and_what_is_not_heard_is_unknown(provider, changed, key, state, words):
    script = Entra(polls=changed.get("polls", [PENDING]), silent=changed.get("silent", False))
    for name in ("home", "listed", "own"):
        setattr(script, name, changed.get(name, getattr(script, name)))
    seen = look(save(provider, secret=VALUE), script, secret=VALUE)
    assert seen[key].state.value == state
    assert words in seen[key].words
    assert seen[key].cure


@pytest.mark.parametrize(("days", "state"), [(-1, "wrong"), (29, "warning"), (30, "ok"), (None, "unknown")])
def test_end_of_the_credential_is_told_as_it_was_typed(provider, days, state):
    now = clock.now()
    ends = None if days is None else (now + timedelta(days=days)).date()
    seen = look(save(provider, secret=VALUE, secret_ends_on=ends), Entra(polls=[PENDING]), secret=VALUE, now=now)
    assert seen["expiry"].state.value == state


def test_secret_that_can_not_be_opened_is_unknown_with_the_reason(provider):
    seen = look(save(provider, secret=VALUE), Entra(polls=[PENDING]), secret=VaultClosed())
    assert (seen["secret"].state, seen["secret"].words) == (Verdict.UNKNOWN, VaultClosed.what)


def test_redirect_addresses_are_one_for_each_host_name(provider, settings):
    for place, name in ((provider, "a.example"), (make_channel(provider), "b.example"), (make_provider(), "c.example")):
        with within(place.path):
            set_host(place.id, name=name, by=SETUP)
            HostName.objects.filter(organization_id=place.id).update(proved_at=clock.now())
    with within(provider.path):
        found = provider_setup.redirects(provider.id)
        assert found == (BACK,), "Microsoft lists no other address that isn't encrypted"
        settings.GANGWAY = settings.GANGWAY.model_copy(update={"public_url": "https://gangway.example"})
        found = provider_setup.redirects(provider.id)
    hosts = ("a.example", "b.example", "gangway.example")
    assert found == tuple(f"https://{host}/wizard/returned/" for host in hosts)


def test_one_look_at_a_time_is_asked_for_and_kept_with_its_time(provider):
    about = save(provider)
    with within(provider.path):
        for _ in range(2):
            provider_setup.ask_check(provider.id, cloud="public", by=SETUP, now=clock.now())
    with within_everything("test"):
        check_id = ApplicationCheck.objects.get(application_id=about.id).pk
    begun, _redirects, secret = provider_setup.begin(check_id)
    assert (begun.id, secret) == (about.id, None)
    provider_setup.end(check_id, look(about, Entra(polls=[PENDING])).values(), now=clock.now())
    assert provider_setup.begin(check_id) is None
    with within(provider.path):
        (kept,) = provider_setup.checks(provider.id, cloud="public")
    assert (kept.state, kept.is_over, kept.items[0].state) == (CheckState.DONE, True, Verdict.OK)
    assert {"check_asked", "check_ended"} <= set(events(provider))


def test_look_that_lost_its_worker_ends_so_that_another_can_be_asked_for(provider):
    save(provider)
    with within(provider.path):
        provider_setup.ask_check(provider.id, cloud="public", by=SETUP, now=clock.now())
    provider_setup.give_up(now=clock.now() + timedelta(minutes=6))
    with within(provider.path):
        (kept,) = provider_setup.checks(provider.id, cloud="public")
    assert kept.state is CheckState.FAILED


def test_defaults_of_a_provider_reach_its_channels_and_no_other_provider(provider):
    wanted = Defaults(licence_type="hosted_pro", features=(), credential_kind="certificate", credential_days=90)
    with within(provider.path):
        defaults.set_defaults(provider.id, defaults=wanted, by=SETUP, now=clock.now())
    customer = make_customer(make_channel(provider))
    with within(customer.path):
        assert defaults.defaults_for(provider.id) == wanted
        assert defaults.defaults_for(make_provider().id) == Defaults()
        with pytest.raises(NoSuchOrganization):
            defaults.set_defaults(provider.id, defaults=wanted, by=SETUP, now=clock.now())
    assert "changed" in events(provider)
