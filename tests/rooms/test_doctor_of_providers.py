"""The doctor looks at what each provider set: mail server, host names and default plan; and at our own addresses."""

import asyncio
import socket
from datetime import timedelta

import pytest

from gangway.audit.events import Event
from gangway.audit.queries import activity
from gangway.cli import findings, provider_findings
from gangway.config.settings.typed import Role
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.notifications import mail_servers
from gangway.onboarding import defaults
from gangway.onboarding.models import ServiceDefaults
from gangway.organizations import host_proof, hosts
from gangway.organizations.models import HostName
from gangway.organizations.scope import within, within_everything
from gangway.organizations.states import HostSeen
from m365_emulator.tls import prepare
from tests.rooms import factories_onboarding
from tests.rooms.factories_organizations import SETUP, make_channel, make_provider
from tests.rooms.factories_smtp import PASSWORD, USER, mail_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider():
    return make_provider(name="Sandbox Telecom")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return prepare(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def allowed(settings, files):
    told = {"mail_inside_hosts": ("localhost",), "extra_ca_file": files.authority}
    settings.GANGWAY = settings.GANGWAY.model_copy(update=told)
    return settings


def use(provider, *, port, password=PASSWORD):
    with within(provider.path):
        mail_servers.set_mail_server(
            provider.id,
            host="localhost",
            port=port,
            encryption="starttls",
            user=USER,
            password=SealedText(password),
            sender="connect@sandbox.example",
            by=SETUP,
            now=clock.now(),
        )


def told(look, settings):
    """What the doctor prints: mark, name, words and cure of each."""
    return [(one.ok, one.known, one.name, one.words, one.cure) for one in look(settings.GANGWAY)]


def name(place, host):
    with within(place.path):
        hosts.set_host(place.id, name=host, by=SETUP)
        return hosts.host_of(place.id)


def test_each_provider_s_own_mail_server_is_signed_in_to_and_its_password_told_to_nobody(allowed, files, provider):
    other = make_provider(name="Another Telecom")
    with mail_server(files) as (inbox, port):
        use(provider, port=port)
        use(other, port=port, password="not-the-password")
        (wrong, well) = told(provider_findings.own_mail, allowed)
    assert (well[0], well[2], well[3]) == (
        True,
        f"mail of Sandbox Telecom (localhost:{port})",
        "The mail server takes us.",
    )
    assert (wrong[0], wrong[2]) == (False, f"mail of Another Telecom (localhost:{port})")
    assert "refuses our sign-in" in wrong[3]
    assert wrong[4]
    assert inbox.mails == []
    assert PASSWORD not in str((wrong, well))
    assert "not-the-password" not in str((wrong, well))
    with within(provider.path):
        rows = activity(organization_path=provider.path)
    opened = [row for row in rows if row.event == Event.SECRET_REVEALED]
    assert [row.actor_name for row in opened] == ["doctor"]


def test_a_mail_server_that_answers_nobody_or_whose_password_is_closed_is_told(allowed, provider, settings, tmp_path):
    with socket.create_server(("localhost", 0)) as taken:
        port = taken.getsockname()[1]
    use(provider, port=port)
    ((ok, _known, _name, words, _cure),) = told(provider_findings.own_mail, allowed)
    assert (ok, words) == (False, "The mail server can't be reached.")
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"sealing_private_keys_dir": tmp_path})
    ((ok, _known, _name, words, _cure),) = told(provider_findings.own_mail, allowed)
    assert (ok, "no key to open" in words) == (False, True)


def test_only_so_many_are_looked_at_and_that_is_said(allowed, monkeypatch, provider):
    monkeypatch.setattr(provider_findings, "MOST_HOSTS", 1)
    monkeypatch.setattr(host_proof, "look", sees(HostSeen.NOTHING))
    host_proof.end(name(provider, "calls.sandbox.example"), HostSeen.RIGHT, now=clock.now())
    name(make_channel(provider, name="Harbour"), "calls.harbour.example")
    first, more = told(provider_findings.host_names, allowed)
    assert first[2] == "host name calls.harbour.example (Harbour)"
    assert more[2:4] == ("host names", "1 of 2 were looked at.")


def sees(seen):
    async def look(_host):
        await asyncio.sleep(0)
        return seen

    return look


SEEN = {
    HostSeen.NOTHING: ((True, True), "there is no record"),
    HostSeen.OTHER: ((False, True), "another record than ours"),
    HostSeen.SILENCE: ((True, False), "name server doesn't answer"),
    HostSeen.RIGHT: ((True, True), "the record is there"),
}


@pytest.mark.parametrize("seen", SEEN)
def test_a_host_name_that_nobody_proved_is_looked_for_now_and_nothing_is_changed(allowed, monkeypatch, provider, seen):
    mark, words = SEEN[seen]
    monkeypatch.setattr(host_proof, "look", sees(seen))
    host = name(provider, "calls.sandbox.example")
    host_proof.end(host, HostSeen.NOTHING, now=clock.now() - timedelta(days=1))
    ((ok, known, _name, said, cure),) = told(provider_findings.host_names, allowed)
    assert (ok, known) == mark
    assert words in said.partition("workers looked last")[0]
    assert "workers looked last on " in said
    assert cure
    assert host.token not in said + cure
    with within_everything("test"):
        assert HostName.objects.get().proved_at is None


def test_a_proved_host_name_is_told_without_asking_anybody(allowed, monkeypatch, provider):
    monkeypatch.setattr(host_proof, "look", None)
    host_proof.end(name(provider, "calls.sandbox.example"), HostSeen.RIGHT, now=clock.now())
    ((ok, _known, called, said, cure),) = told(provider_findings.host_names, allowed)
    assert (ok, called, cure) == (True, "host name calls.sandbox.example (Sandbox Telecom)", "")
    assert said.startswith("Proved on ")


def test_a_default_plan_that_does_not_pin_is_told_with_why(allowed, provider):
    with within(provider.path):
        defaults.set_defaults(provider.id, defaults=defaults.Defaults(role_days=30), by=SETUP, now=clock.now())
    assert told(provider_findings.default_plans, allowed)[0][:4] == (
        True,
        True,
        "default plan (Sandbox Telecom)",
        "This release makes a plan of it.",
    )
    with within_everything("test"):
        ServiceDefaults.objects.update(features=["gone"], role_choice="no-such-roles", credential_kind="stamp")
    ((ok, _known, _name, words, cure),) = told(provider_findings.default_plans, allowed)
    assert ok
    assert "no longer offers the directory roles “no-such-roles”, the feature “gone”, the credential “stamp”." in words
    assert cure
    with within_everything("test"):
        ServiceDefaults.objects.update(credential_days=99_999)
    ((ok, _known, _name, words, _cure),) = told(provider_findings.default_plans, allowed)
    assert not ok
    assert "It makes no plan: " in words


def test_addresses_that_nobody_named_are_a_note_and_no_fault(settings):
    ((ok, known, _name, _words, cure),) = told(provider_findings.egress, settings)
    assert (ok, known, "GANGWAY_EGRESS_ADDRESSES" in cure) == (True, True, True)
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"egress_addresses": ("203.0.113.7",)})
    ((ok, _known, _name, words, cure),) = told(provider_findings.egress, settings)
    assert (ok, cure, "203.0.113.7" in words) == (True, "", True)


@pytest.mark.parametrize(("role", "looked"), [(Role.WORKER, True), (Role.WEB, False)])
def test_only_a_worker_looks_at_what_providers_set(settings, monkeypatch, role, looked):
    """Web can open no password, and asks nobody."""
    names = []
    monkeypatch.setattr(findings, "_without_raising", lambda name, _look, _settings: names.append(name) or [])
    findings.all_of(settings.GANGWAY.model_copy(update={"role": role}))
    wanted = {"providers' mail servers", "host names", "default plans", "workers' addresses"}
    assert (wanted <= set(names), bool(wanted & set(names))) == (looked, looked)


def test_a_provider_without_a_sign_in_application_is_named_where_others_have_one(provider, settings):
    def found():
        return list(provider_findings.without_application(settings.GANGWAY))

    assert found() == [], "where nobody has one, that alone is told"
    factories_onboarding.register(make_provider(name="Another Telecom"))
    (told,) = found()
    assert "Sandbox Telecom" in told.name
    assert (told.ok, told.known, bool(told.cure)) == (True, True, True)
    factories_onboarding.register(provider)
    assert found() == []
