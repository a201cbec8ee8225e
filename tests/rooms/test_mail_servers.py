"""A provider's own mail server: sealed, spoken to encrypted, never gone around, and heard about when it refuses."""

import socket
from base64 import b64encode
from smtplib import SMTPDataError
from uuid import UUID, uuid4

import pytest
from asgiref.sync import async_to_sync
from django.core import mail as outgoing
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from gangway.alarms import mail_servers as alarms_of_servers
from gangway.alarms.models import Alarm
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.jobs.threads import callers_thread
from gangway.notifications import mail_servers, sender_checks, sending
from gangway.notifications.channels import mail as mail_channel
from gangway.notifications.channels.inside import NotPublic
from gangway.notifications.channels.smtp import Server, connection_to
from gangway.notifications.errors import MailRefused
from gangway.notifications.messages.mail import Mail
from gangway.notifications.models import MailServer, Message
from gangway.notifications.states import DeliveryState, Encryption, Finding
from gangway.organizations.scope import within, within_everything
from gangway.vault.models import Sealed
from m365_emulator.tls import prepare
from tests.rooms.factories_notifications import put_invitation
from tests.rooms.factories_organizations import make_customer, make_provider
from tests.rooms.factories_smtp import PASSWORD, USER, mail_server
from tests.rooms.factories_web import error_at, prove, sit_down, soup

pytestmark = pytest.mark.django_db
GIVEN = {
    "host": "localhost",
    "port": "587",
    "encryption": "starttls",
    "user": USER,
    "password": PASSWORD,
    "sender": "connect@sandbox.example",
}


@pytest.fixture
def provider():
    return make_provider(name="Sandbox Telecom", reply_to="help@sandbox.example")


@pytest.fixture
def customer(provider):
    return make_customer(provider)


@pytest.fixture
def admin(provider):
    return prove(sit_down(provider))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """An authority, and a certificate of its for localhost."""
    return prepare(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def allowed(settings, files):
    """Whoever runs this server lets providers name localhost, and trusts the authority of the tests."""
    told = {"mail_inside_hosts": ("localhost",), "extra_ca_file": files.authority, "mail_retry_seconds": (60, 300)}
    settings.GANGWAY = settings.GANGWAY.model_copy(update=told)
    return settings


@pytest.fixture
def inbox(allowed, files, admin, provider):
    """A mail server that the provider uses from now on."""
    with mail_server(files) as (running, port):
        save(admin, provider, port=str(port))
        yield running


def save(admin, provider, **given):
    return admin.post(reverse("web:settings_mail_server", args=[provider.id]), GIVEN | given, follow=True)


def the_row(provider):
    with within(provider.path):
        return MailServer.objects.get()


def put_and_send(customer):
    message_id = put_invitation(customer)
    sending.deliver(message_id)
    with within_everything("test"):
        return Message.objects.get(pk=message_id)


def open_alarms(provider):
    alarms_of_servers.note(provider.id, now=clock.now())
    with within(provider.path):
        return list(Alarm.objects.filter(cleared_at=None).values_list("words", flat=True))


def test_mails_go_through_it_encrypted_signed_in_and_under_its_address(inbox, provider, customer):
    message = put_and_send(customer)
    assert (message.state, outgoing.outbox) == (DeliveryState.SENT, [])
    ((envelope, mail),) = inbox.mails
    assert envelope == "connect@sandbox.example"
    assert mail["From"] == "Sandbox Telecom <connect@sandbox.example>"
    assert mail["Reply-To"] == "help@sandbox.example"


def test_the_password_is_sealed_and_stands_nowhere(inbox, admin, provider):
    row = the_row(provider)
    assert Sealed.objects.filter(pk=row.sealed_id, place="notifications.mail_server.password").exists()
    assert PASSWORD not in str(vars(row))
    for page in ("settings_mail", "settings_mail_server"):
        assert PASSWORD not in admin.get(reverse(f"web:{page}", args=[provider.id])).content.decode()


def test_nothing_is_said_to_a_server_whose_certificate_nobody_vouches_for(allowed, tmp_path, admin, provider, customer):
    with mail_server(prepare(tmp_path)) as (running, port):
        save(admin, provider, port=str(port))
        message = put_and_send(customer)
    assert "certificate can't be trusted" in message.last_error
    assert (message.state, running.mails) == (DeliveryState.RETRYING, [])


def test_tls_from_the_first_byte_on_goes_by_the_same_doors(allowed, files, admin, provider, customer):
    with mail_server(files, implicit=True) as (running, port):
        save(admin, provider, port=str(port), encryption="implicit")
        assert put_and_send(customer).state == DeliveryState.SENT
    assert len(running.mails) == 1


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ({"password": "wrong"}, "refuses our sign-in (answer 535)"),
        ({"answer": "550 5.7.60 not yours"}, "doesn't let us send from our address (answer 550)"),
        ({"answer": "451 later"}, "doesn't let us send from our address (answer 451)"),
        ({"port": "1"}, "can't be reached"),
    ],
)
def test_its_trouble_makes_mails_wait_raises_an_alarm_and_lets_none_go_another_way(
    inbox, admin, provider, trouble, told
):
    customer = make_customer(provider)
    inbox.answer = trouble.get("answer", "")
    if not inbox.answer:
        save(admin, provider, **({"port": str(the_row(provider).port)} | trouble))
    for _ in range(2):
        message = put_and_send(customer)
        assert (message.state, outgoing.outbox, inbox.mails) == (DeliveryState.RETRYING, [], [])
    assert told in message.last_error
    assert "It said" not in message.last_error
    row = the_row(provider)
    assert (row.refused, told in row.trouble, row.trouble_since is not None) == (2, True, True)
    (words,) = open_alarms(provider)
    assert told in words
    page = soup(admin.get(reverse("web:settings_mail", args=[provider.id]))).get_text(" ", strip=True)
    assert "2 attempts since then" in page


def test_when_it_takes_mails_again_the_alarm_is_over(inbox, admin, provider, customer):
    inbox.answer = "451 later"
    put_and_send(customer)
    assert len(open_alarms(provider)) == 1
    inbox.answer = ""
    put_and_send(customer)
    assert open_alarms(provider) == []
    assert the_row(provider).refused == 0


def test_a_recipient_that_it_refuses_is_no_trouble_of_the_server(inbox, provider, customer):
    inbox.to_recipient = "550 5.1.1 no such user"
    assert put_and_send(customer).state == DeliveryState.BOUNCED
    assert open_alarms(provider) == []


def test_a_test_mail_tells_what_the_server_said_but_never_the_password(inbox, admin, provider):
    for said, shown in (("550 5.7.60 not your address", True), (f"550 go away with {PASSWORD}", False)):
        inbox.answer = said
        admin.post(reverse("web:settings_mail_test", args=[provider.id]))
        with within_everything("test"):
            (message_id,) = Message.objects.filter(state="queued").values_list("pk", flat=True)
            sending.deliver(message_id)
            Message.objects.filter(pk=message_id).update(state="failed")
        page = soup(admin.get(reverse("web:settings_mail", args=[provider.id]))).get_text(" ", strip=True)
        assert "(answer 550)" in page
        assert ("It said: 5.7.60 not your address" in page) is shown
        assert PASSWORD not in page


IN_OTHER_DRESS = {
    "bare": PASSWORD,
    "in capitals": PASSWORD.upper(),
    "over two lines": f"{PASSWORD[:9]}\n{PASSWORD[9:]}",
    "as LOGIN sends it": b64encode(PASSWORD.encode()).decode(),
    "as PLAIN sends it": b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode(),
}


@pytest.mark.parametrize("dress", IN_OTHER_DRESS)
def test_the_platforms_password_is_never_quoted_either(settings, customer, dress):
    settings.EMAIL_BACKEND = "tests.rooms.factories_mail_server.RefusingBackend"
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = USER, PASSWORD
    for said, shown in ((IN_OTHER_DRESS[dress], False), ("not your address", True)):
        settings.REFUSING_WITH = SMTPDataError(554, f"go away: {said}".encode())
        with pytest.raises(MailRefused) as refused:
            mail_channel.send(
                Mail("A test", "Text", "<p>Text</p>"),
                to="ada@contoso.example",
                sender="Gangway <gangway@sandbox.example>",
                reply_to="",
                message_id=uuid4(),
                quoting=True,
            )
        assert ("It said: go away" in str(refused.value)) is shown


def change_while_sending(monkeypatch, change):
    """Let something happen between a mail's beginning and its server's opening."""
    opened = mail_servers.opened

    def meanwhile(server):
        monkeypatch.setattr(mail_servers, "opened", opened)
        change()
        return opened(server)

    monkeypatch.setattr(mail_servers, "opened", meanwhile)


def test_a_mail_whose_server_is_removed_meanwhile_waits_and_then_goes_under_our_own_address(
    inbox, admin, provider, customer, monkeypatch
):
    change_while_sending(
        monkeypatch, lambda: admin.post(reverse("web:settings_mail_server_remove", args=[provider.id]))
    )
    message = put_and_send(customer)
    assert (message.state, outgoing.outbox, inbox.mails) == (DeliveryState.RETRYING, [], [])
    assert "changed or removed" in message.last_error
    sending.deliver(message.pk)
    (mail,) = outgoing.outbox
    assert "connect@sandbox.example" not in mail.from_email


def test_the_trouble_of_an_earlier_server_is_not_the_present_ones(inbox, admin, provider, customer):
    with within(provider.path):
        earlier = mail_servers.find(provider.id)
    save(admin, provider, port=str(earlier.port), sender="other@sandbox.example")
    with within_everything("test"):
        mail_servers.note_trouble(earlier, "It refused.", now=clock.now())
    assert the_row(provider).refused == 0


def test_without_it_mails_go_by_the_platforms_server_and_its_password_is_gone(inbox, admin, provider, customer):
    sealed_id = the_row(provider).sealed_id
    admin.post(reverse("web:settings_mail_server_remove", args=[provider.id]))
    assert put_and_send(customer).state == DeliveryState.SENT
    assert len(outgoing.outbox) == 1
    assert Sealed.objects.get(pk=sealed_id).ciphertext is None


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("host", "127.0.0.1", "inside a private network"),
        ("host", "10.1.2.3", "inside a private network"),
        ("host", "mail.internal", "inside a private network"),
        ("host", "localhost", "inside a private network"),
        ("host", "169.254.169.254", "inside a private network"),
        ("host", "smtp example", "isn't a host name"),
        ("port", "0", "from 1 to 65535"),
        ("port", "70000", "from 1 to 65535"),
        ("encryption", "none", "don't go out unencrypted"),
        ("sender", "nobody", "complete e-mail address"),
        ("password", "", "password is missing"),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_nothing_is_kept(admin, provider, field, typed, told):
    answer = save(admin, provider, **({"host": "smtp.sandbox.example"} | {field: typed}))
    assert told in error_at(answer, field)
    with within(provider.path):
        assert not MailServer.objects.exists()


def test_a_kept_password_is_sent_to_no_other_server_and_under_no_other_name(admin, provider):
    save(admin, provider, host="smtp.sandbox.example")
    assert "is missing" not in error_at(save(admin, provider, host="smtp.sandbox.example", password=""), "password")
    here = {"host": "smtp.sandbox.example"}
    for moved in ({"host": "smtp.elsewhere.example"}, here | {"user": "other"}, here | {"port": "2525"}):
        assert "is missing" in error_at(save(admin, provider, password="", **moved), "password")


def test_signs_that_no_sign_in_of_mail_servers_takes_are_refused_at_their_field(admin, provider):
    for field in ("user", "password"):
        answer = save(admin, provider, **({"host": "smtp.sandbox.example"} | {field: "müller"}))
        assert "only signs of ASCII" in error_at(answer, field)


def test_a_kept_password_that_no_sign_in_takes_is_a_trouble_of_the_server_and_the_mail_waits(
    inbox, provider, customer, monkeypatch
):
    """Python's own client breaks over such signs; the mail must not hang on it, and nothing of the password is told."""
    monkeypatch.setattr(mail_servers, "_password", lambda _row, **_why: SealedText("gehöim"))
    message = put_and_send(customer)
    assert message.state == DeliveryState.RETRYING
    assert "not ASCII" in the_row(provider).trouble
    assert "ö" not in the_row(provider).trouble + message.last_error


def test_a_name_that_leads_inside_is_not_connected_to(monkeypatch):
    def leads_inside(host, port, *_more, **_options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("192.0.32.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", leads_inside)
    for encryption in Encryption:
        server = Server("smtp.sandbox.example", 25, encryption, "", SealedText(""), frozenset())
        with pytest.raises(NotPublic):
            connection_to(server).open()


def test_without_encryption_only_where_it_is_allowed(allowed, files, admin, provider, customer):
    with mail_server(files, encrypted=False) as (running, port):
        save(admin, provider, port=str(port), encryption="none")
        assert put_and_send(customer).state == DeliveryState.SENT
    assert len(running.mails) == 1


def test_a_channels_people_see_from_whom_their_mails_come_and_no_more(inbox, provider, customer):
    with within(customer.path):
        found = mail_servers.find(provider.id)
    assert (found.sender, hasattr(found, "sealed_id")) == ("connect@sandbox.example", False)


def check(admin, provider, **given):
    return admin.post(reverse("web:settings_sender_check", args=[provider.id]), given, follow=True)


def looked(provider):
    with within(provider.path):
        return sender_checks.latest(provider.id)


def test_a_worker_asks_the_senders_dns_and_the_page_tells_the_record_to_add(admin, provider, monkeypatch):
    save(admin, provider, host="smtp.sandbox.example")
    check(admin, provider, selector="S1")
    (job,) = ProcrastinateJob.objects.filter(task_name=sender_checks.LOOK)
    asked = []

    async def nothing(name, kind):
        asked.append((name, kind))
        return []

    monkeypatch.setattr(sender_checks, "_ask", nothing)
    with callers_thread():
        async_to_sync(sender_checks.look)(UUID(job.args["check_id"]), now=clock.now())
    assert ("sandbox.example", "TXT") in asked
    assert ("s1._domainkey.sandbox.example", "TXT") in asked
    page = soup(admin.get(reverse("web:settings_mail", args=[provider.id]))).select_one("#sender-live")
    records = [each.get_text() for each in page.select("code")]
    assert "v=spf1 a:smtp.sandbox.example ~all" in records
    assert "v=DMARC1; p=none; rua=mailto:help@sandbox.example" in records
    save(admin, provider, host="smtp.sandbox.example", sender="connect@elsewhere.example")
    page = soup(admin.get(reverse("web:settings_mail", args=[provider.id])))
    assert "The sender is another one now" in page.get_text()


def test_a_sender_that_is_no_domain_is_said_to_be_wrong_without_asking(admin, provider, settings):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"mail_from": "Gangway <gangway@localhost>"})
    check(admin, provider, selector="")
    (job,) = ProcrastinateJob.objects.filter(task_name=sender_checks.LOOK)
    with callers_thread():
        async_to_sync(sender_checks.look)(UUID(job.args["check_id"]), now=clock.now())
    (record,) = looked(provider).records
    assert (record.state, "no domain of the internet" in record.words) == (Finding.WRONG, True)


@pytest.mark.parametrize("typed", ["a b", "../x", "ä", "a..b", "x" * 64])
def test_a_selector_that_cannot_be_is_told_at_its_field(admin, provider, typed):
    assert error_at(check(admin, provider, selector=typed), "selector")
    assert looked(provider) is None
