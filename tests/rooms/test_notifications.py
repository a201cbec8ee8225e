"""The outbox: with the caller's transaction, sealed until it is out, patient with a mail server that is down."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused

import pytest
import time_machine
from django.core import mail as outgoing
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from gangway.audit.queries import activity
from gangway.foundation import clock
from gangway.notifications import outbox, queries, sending
from gangway.notifications.errors import ContextIncomplete, InvalidRecipient
from gangway.notifications.messages import MESSAGES
from gangway.notifications.models import Message
from gangway.notifications.states import WITHDRAWN, DeliveryState, MessageKind
from gangway.organizations.scope import within, within_everything
from gangway.vault.models import Sealed
from tests.rooms.factories_notifications import INVITATION, LINK, put_invitation
from tests.rooms.factories_organizations import SETUP, make_customer, make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mail_server(settings):
    """A mail server that takes everything until a test sets `REFUSING_WITH`."""
    settings.EMAIL_BACKEND = "tests.rooms.factories_mail_server.RefusingBackend"
    settings.REFUSING_WITH = None
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"mail_retry_seconds": (60, 300, 1800, 7200)})
    return settings


@pytest.fixture
def customer():
    return make_customer(make_provider(name="Sandbox Telecom", reply_to="help@sp2.example"))


def delivery(customer, subject_ref="test:1"):
    with within(customer.path):
        return queries.delivery(subject_ref)


def jobs(task=outbox.SEND):
    return list(ProcrastinateJob.objects.filter(task_name=task).order_by("id"))


def sealed_links():
    return Sealed.objects.filter(place="notifications.message.link", ciphertext__isnull=False).count()


def test_a_message_waits_sealed_and_a_job_with_its_id_alone_is_queued(customer):
    message_id = put_invitation(customer)
    assert delivery(customer).state is DeliveryState.QUEUED
    assert [job.args for job in jobs()] == [{"message_id": str(message_id)}]
    with within_everything("test"):
        row = Message.objects.values().get()
    assert "the-secret-token" not in str(row)
    assert sealed_links() == 1


def test_a_rolled_back_change_leaves_neither_message_nor_job(customer):
    with transaction.atomic():
        put_invitation(customer)
        transaction.set_rollback(True)
    assert (delivery(customer), jobs(), sealed_links()) == (None, [], 0)


def test_sent_message_carries_the_link_and_its_seal_is_destroyed(customer):
    sending.deliver(put_invitation(customer))
    (sent,) = outgoing.outbox
    assert sent.to == ["ada@contoso.example"]
    assert sent.from_email.startswith("Sandbox Telecom <")
    assert sent.reply_to == ["help@sp2.example"]
    assert LINK.reveal() in sent.body
    assert (delivery(customer).state, delivery(customer).attempts, sealed_links()) == (DeliveryState.SENT, 1, 0)


def test_a_repeated_job_sends_nothing_twice(customer):
    message_id = put_invitation(customer)
    sending.deliver(message_id)
    sending.deliver(message_id)
    assert len(outgoing.outbox) == 1


def test_mail_server_down_is_visible_and_tried_again_later_each_time(customer, mail_server):
    message_id = put_invitation(customer)
    mail_server.REFUSING_WITH = ConnectionRefusedError()
    before = clock.now()
    for attempt, wait in [(1, 60), (2, 300), (3, 1800), (4, 7200), (5, 7200)]:
        sending.deliver(message_id)
        seen = delivery(customer)
        assert (seen.state, seen.attempts) == (DeliveryState.RETRYING, attempt)
        assert seen.last_error == "The mail server can't be reached."
        assert abs(seen.next_attempt_at - before - timedelta(seconds=wait)) < timedelta(seconds=30)
    assert len(jobs()) == 6
    assert sealed_links() == 1


def test_mail_server_back_up_gets_the_same_link(customer, mail_server):
    message_id = put_invitation(customer)
    mail_server.REFUSING_WITH = TimeoutError()
    sending.deliver(message_id)
    mail_server.REFUSING_WITH = None
    sending.deliver(message_id)
    assert LINK.reveal() in outgoing.outbox[0].body
    assert (delivery(customer).state, delivery(customer).attempts, delivery(customer).last_error) == (
        DeliveryState.SENT,
        2,
        "",
    )


def test_a_refused_address_is_given_up_at_once_and_the_link_destroyed(customer, mail_server):
    mail_server.REFUSING_WITH = SMTPRecipientsRefused({"ada@contoso.example": (550, b"no such user")})
    sending.deliver(put_invitation(customer))
    assert delivery(customer).state is DeliveryState.BOUNCED
    assert delivery(customer).last_error == "The mail server doesn't accept this address (answer 550)."
    assert sealed_links() == 0
    assert len(jobs()) == 1


def test_patience_ends_when_the_message_is_of_no_use_any_more(customer, mail_server):
    message_id = put_invitation(customer, give_up_at=clock.now() + timedelta(seconds=50))
    mail_server.REFUSING_WITH = TimeoutError()
    sending.deliver(message_id)
    assert delivery(customer).state is DeliveryState.FAILED
    assert sealed_links() == 0


def test_a_worker_that_died_after_the_mail_was_out_sends_it_again_with_the_same_id(customer, monkeypatch):
    message_id = put_invitation(customer)
    with monkeypatch.context() as patched:
        patched.setattr(sending, "_end", _die)
        with pytest.raises(SystemExit):
            sending.deliver(message_id)
    sending.deliver(message_id)
    first, second = (sent.message()["Message-ID"] for sent in outgoing.outbox)
    assert first == second
    assert delivery(customer).attempts == 2


def test_withdrawn_message_is_not_sent(customer):
    message_id = put_invitation(customer)
    with within(customer.path):
        outbox.withdraw(subject_ref="test:1", by=SETUP)
    sending.deliver(message_id)
    assert outgoing.outbox == []
    assert delivery(customer).last_error == WITHDRAWN
    assert sealed_links() == 0


def test_a_link_that_opens_no_more_fails_the_message_in_plain_words(customer):
    message_id = put_invitation(customer)
    Sealed.objects.update(ciphertext=None, destroyed_at=clock.now())
    sending.deliver(message_id)
    assert delivery(customer).last_error == "The link in this mail can't be opened any more."


def test_who_waits_for_a_message_is_told_when_it_is_sent(customer):
    message_id = put_invitation(customer, on_change="invitations:note_delivery")
    assert jobs("invitations:note_delivery") == []
    sending.deliver(message_id)
    assert [job.args for job in jobs("invitations:note_delivery")] == [{"subject_ref": "test:1"}]


def test_deliveries_of_several_messages_add_up(customer):
    sending.deliver(put_invitation(customer))
    with time_machine.travel(clock.now() + timedelta(hours=1)):
        put_invitation(customer)
    seen = delivery(customer)
    assert (seen.state, seen.attempts, seen.sent) == (DeliveryState.QUEUED, 1, 1)
    assert seen.sent_at is not None


@pytest.mark.parametrize(
    "to", ["", "nobody", "a@b.example\nBcc: x@y.example", "a@b.example, c@d.example", "a b@c.example"]
)
def test_a_wrong_address_is_told_at_its_field(customer, to):
    with pytest.raises(InvalidRecipient) as caught:
        put_invitation(customer, to=to)
    assert caught.value.field == "to"


@pytest.mark.parametrize("missing", sorted(INVITATION))
def test_nothing_incomplete_is_put_into_the_outbox(customer, missing):
    context = {name: text for name, text in INVITATION.items() if name != missing}
    assert MESSAGES[MessageKind.INVITATION].missing(context) == (missing,)
    with within(customer.path), pytest.raises(ContextIncomplete):
        outbox.put(
            organization_id=customer.id,
            kind=MessageKind.INVITATION,
            to="ada@contoso.example",
            language="en",
            context=context,
            link=LINK,
            subject_ref="test:1",
            by=SETUP,
        )


def test_an_invitation_without_its_link_is_refused(customer):
    with within(customer.path), pytest.raises(ContextIncomplete):
        outbox.put(
            organization_id=customer.id,
            kind=MessageKind.INVITATION,
            to="ada@contoso.example",
            language="en",
            context=INVITATION,
            link=None,
            subject_ref="test:1",
            by=SETUP,
        )


def test_the_activity_tells_of_each_message_but_not_its_link(customer):
    sending.deliver(put_invitation(customer))
    rows = activity(organization_path=customer.path, subject="test:1")
    assert [row.event for row in rows] == ["notifications:message:sent", "notifications:message:queued"]
    assert "the-secret-token" not in str(activity(organization_path=customer.path))


def _die(*_args, **_kwargs):
    raise SystemExit
