"""A provider's terms: the life of links, copying, own words by placeholders; and bounces."""

import json
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from bs4 import BeautifulSoup
from django.core import mail as outgoing
from django.test import Client
from django.urls import reverse

from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations import actions, tasks
from gangway.invitations import queries as invitations
from gangway.invitations.errors import CopyingForbidden
from gangway.invitations.states import State
from gangway.invitations.terms import fill
from gangway.notifications import bounces, outbox, sending
from gangway.notifications.channels.webhook import signed
from gangway.notifications.models import Message, Returned
from gangway.notifications.states import DeliveryState
from gangway.onboarding import actions as journey
from gangway.organizations.hosts import public_url
from gangway.organizations.models import HostName
from gangway.organizations.scope import within, within_everything
from gangway.organizations.told import answerable
from tests.rooms import factories_onboarding, factories_services
from tests.rooms.factories_invitations import OPERATOR, bring_to, issue
from tests.rooms.factories_organizations import make_channel, make_customer, make_operator, make_provider
from tests.rooms.factories_web import error_at, prove, put_into_wizard, sit_down, soup

pytestmark = pytest.mark.django_db

KEY = SealedText("whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ=")
GOOD = {"life_days": "", "may_copy": "on", "subject": "", "opening": "", "closing": ""}


@pytest.fixture
def provider():
    return make_provider(name="Sandbox Telecom", reply_to="help@sp2.example")


@pytest.fixture
def customer(provider):
    return make_customer(provider, name="Contoso {operator}")


@pytest.fixture
def admin(provider):
    return prove(sit_down(provider))


def save(admin, provider, **given):
    return admin.post(reverse("web:settings_invitations", args=[provider.id]), GOOD | given, follow=True)


def view(customer, invitation_id):
    with within(customer.path):
        return invitations.invitation(invitation_id)


def history(customer, invitation_id):
    with within(customer.path):
        return invitations.history(invitation_id)


def notices():
    with within_everything("test"):
        return Message.objects.filter(kind="operator_notice", context__news__icontains="was refused").count()


def refused(kind):
    """Let the recipient's server refuse for good what waits to be sent."""
    with within_everything("test"):
        message = Message.objects.filter(kind=kind, state="queued").latest("created_at")
        outbox.end(message, DeliveryState.BOUNCED, "no such user", by=OPERATOR)


def the_mail():
    outgoing.outbox.clear()
    with within_everything("test"):
        (message_id,) = Message.objects.filter(state="queued", kind="invitation").values_list("pk", flat=True)
    sending.deliver(message_id)
    return message_id, outgoing.outbox[-1]


def test_a_provider_sets_how_long_its_links_last(admin, provider, customer):
    save(admin, provider, life_days="21")
    about = view(customer, issue(customer))
    assert about.expires_at - about.created_at == timedelta(days=21)
    other = make_customer()
    assert view(other, issue(other)).expires_at < clock.now() + timedelta(days=8)


def test_a_provider_can_forbid_that_links_are_copied(admin, provider, customer):
    save(admin, provider, may_copy="")
    invitation_id = issue(customer, service_id=factories_services.plan(customer, short_name="kept"))
    with within(customer.path), pytest.raises(CopyingForbidden):
        actions.copy_link(invitation_id=invitation_id, by=OPERATOR, now=clock.now())
    for address in ("/invitations/", reverse("web:invitation", args=[invitation_id])):
        assert "Copy link" not in soup(admin.get(address)).get_text()
    assert "doesn't let links be copied" in soup(
        admin.post(reverse("web:invitation_copy", args=[invitation_id]))
    ).get_text(" ", strip=True)


def test_own_words_stand_in_the_mail_beside_ours_with_what_their_placeholders_mean(admin, provider, customer):
    save(admin, provider, subject="{provider} for {customer}", opening="Dear {customer},\n<b>hello</b>")
    issue(customer)
    _message, sent = the_mail()
    assert sent.subject == "Sandbox Telecom for Contoso {operator}"
    assert "Dear Contoso {operator},\n<b>hello</b>" in sent.body
    assert "Olga Operator of Sandbox Telecom asks you" in " ".join(sent.body.split())
    page = BeautifulSoup(sent.alternatives[0][0], "html.parser")
    assert not page.find_all("b")


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("opening", "Hello {customer.name}", "{customer.name} isn't on the list of placeholders"),
        ("opening", "{% include 'x' %}", "{% include 'x' %} isn't on the list"),
        ("closing", "a { b", "A brace stands alone"),
        ("subject", "{0} for {customer} of {us}", "{0}, {us} isn't on the list of placeholders"),
        ("life_days", "0", "from 1 to 90"),
        ("life_days", "91", "from 1 to 90"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(admin, provider, field, typed, told):
    answer = save(admin, provider, **{field: typed})
    assert told in error_at(answer, field)


def test_what_comes_in_for_a_placeholder_is_not_looked_at_again():
    assert fill("{customer}", {"customer": "{provider}", "provider": "x"}) == "{provider}"


def call(body, *, at=None, key=KEY, **changes):
    raw = json.dumps(body).encode()
    headers = signed(raw, message_id="msg_1", at=at or clock.now(), secret=key) | changes
    return Client().post("/hooks/mail/", raw, content_type="application/json", headers=headers)


LONG_REASON = (
    "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's"
    " email address for typos or unnecessary spaces."
)
"""As long as servers' sentences are."""


def bounce(message_id, **more):
    data = {"message_id": f"<{message_id}@localhost>", "reason": LONG_REASON} | more
    return {"type": "email.bounced", "data": data}


@pytest.fixture
def signing(settings):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"mail_webhook_secret": KEY})


def queued_notes():
    from procrastinate.contrib.django.models import ProcrastinateJob  # noqa: PLC0415

    return [job.args for job in ProcrastinateJob.objects.filter(task_name=bounces.NOTE)]


def test_a_mail_that_comes_back_later_bounces_its_invitation_and_the_operator_is_told(signing, customer):
    invitation_id = issue(customer)
    message_id, _sent = the_mail()
    tasks.note_delivery(f"invitation:{invitation_id}")
    assert call(bounce(message_id)).status_code == 202
    (told,) = queued_notes()
    assert told.keys() == {"returned_id"}
    for _ in range(2):
        bounces.note(UUID(told["returned_id"]))
        tasks.note_delivery(f"invitation:{invitation_id}")
    about = view(customer, invitation_id)
    with within(customer.path):
        delivery = invitations.posting(about).delivery
    assert (about.state, delivery.state) == (State.BOUNCED, DeliveryState.BOUNCED)
    assert delivery.last_error == f"The recipient's mail server refused it: {LONG_REASON}"
    with within_everything("test"):
        assert Message.objects.filter(kind="operator_notice").count() == 1
        actions.resend(invitation_id=invitation_id, by=OPERATOR, now=clock.now())
    assert view(customer, invitation_id).state is State.QUEUED


def test_a_mail_that_comes_back_of_what_was_opened_is_told_once_for_each_and_moves_nothing(customer):
    invitation_id = issue(customer)
    the_mail()
    bring_to(customer, invitation_id, State.OPENED)
    for told in (1, 2):
        with within_everything("test"):
            actions.resend(invitation_id=invitation_id, by=OPERATOR, now=clock.now())
        refused("invitation")
        for _ in range(2):
            tasks.note_delivery(f"invitation:{invitation_id}")
        assert notices() == told
    assert view(customer, invitation_id).state is State.OPENED
    assert any("was refused" in row.note for row in history(customer, invitation_id))


def test_a_colleagues_mail_that_comes_back_is_told_to_the_operator_and_shown_to_who_asked():
    walked = factories_onboarding.walk()
    by, now = factories_onboarding.ADMINISTRATOR, clock.now()
    journey.hand_off(case_id=walked.case_id, colleague="riley@contoso.com", by=by, now=now)
    refused("handoff")
    with within(walked.customer.path):
        (held,) = invitations.handoffs(walked.invitation_id)
    for _ in range(2):
        tasks.note_delivery(f"handoff:{held.id}")
    assert notices() == 1
    client = Client()
    put_into_wizard(client, walked.case_id)
    assert "The mail was refused" in client.get("/wizard/colleague/").content.decode()


def test_nobody_else_can_tell_of_bounces(signing, settings):
    old, other = clock.now() - timedelta(minutes=6), SealedText("whsec_" + "QUJD" * 10)
    body = bounce(uuid4())
    assert call(body, at=old).status_code == 403
    assert call(body, key=other).status_code == 403
    assert call(body, **{"webhook-signature": "v1,AAAA"}).status_code == 403
    assert call(body, **{"webhook-timestamp": "x" * 4000}).status_code == 403
    assert Client().post("/hooks/mail/", "{}", content_type="application/json").status_code == 403
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"mail_webhook_secret": SealedText("")})
    assert call(body).status_code == 403
    assert queued_notes() == []


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"type": "email.bounced"},
        {"type": "email.opened", "data": {}},
        bounce("x"),
        bounce(uuid4(), permanent=False),
    ],
)
def test_what_is_no_bounce_is_taken_and_changes_nothing(signing, body):
    assert call(body).status_code == 202
    assert queued_notes() == []


def test_who_stands_in_for_an_issuer_who_left_is_told_and_led_to_a_host_where_they_can_sign_in(provider):
    reseller = make_channel(provider, name="Reseller")
    nora = make_operator(reseller, name="Nora Next")
    below = make_customer(reseller, name="Fabrikam")
    for place, host in ((provider, "voice.sp2.example"), (reseller, "voice.reseller.example")):
        with within_everything("test set-up"):
            HostName.objects.create(organization_id=place.id, name=host, set_at=clock.now(), proved_at=clock.now())
    boss = make_operator(provider, name="Bo Boss")
    for issuer, host in ((str(boss), "voice.sp2.example"), (str(uuid4()), "voice.reseller.example")):
        with within(below.path):
            (told,) = answerable(issuer, below.id)
        assert urlsplit(public_url(told.organization_id)).hostname == host
    assert told.operator_id == str(nora)


def test_what_no_job_could_write_down_of_a_bounce_is_tried_anew_and_then_forgotten(signing, customer):
    invitation_id = issue(customer)
    message_id, _sent = the_mail()
    assert call(bounce(message_id)).status_code == 202
    assert bounces.note_what_is_left(now=clock.now()) == 0
    assert len(queued_notes()) == 1, "its own job has its turns first"
    later = clock.now() + timedelta(hours=2)
    for _ in range(2):
        assert bounces.note_what_is_left(now=later) == 0
    first, again = queued_notes()
    assert first == again
    assert bounces.note_what_is_left(now=clock.now() + timedelta(days=4)) == 1
    assert not Returned.objects.exists()
    bounces.note(UUID(again["returned_id"]))
    assert view(customer, invitation_id).state is not State.BOUNCED
