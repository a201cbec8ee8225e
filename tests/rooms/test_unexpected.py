"""*I didn't expect this* is an alarm: to all who get alarms, once for each invitation, until somebody has looked."""

import pytest
from django.test import Client

from gangway.alarms.models import Alarm, Notice
from gangway.alarms.wording import for_machines
from gangway.foundation import clock
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.notifications.models import Message
from gangway.onboarding import unexpected
from gangway.organizations import host_proof, hosts
from gangway.organizations.scope import within_everything
from gangway.organizations.states import HostSeen
from tests.rooms.factories_invitations import bring_to, issue, link
from tests.rooms.factories_organizations import SETUP, make_channel, make_customer, make_operator, make_provider
from tests.rooms.factories_web import sit_down, soup

pytestmark = pytest.mark.django_db


def states() -> list[str]:
    with within_everything("a test"):
        rows = Alarm.objects.filter(kind="unexpected").order_by("raised_at")
        return ["cleared" if row.cleared_at else row.severity for row in rows]


@pytest.mark.parametrize("ended_by", ["unfreeze", "revoke"])
def test_who_did_not_expect_an_invitation_alarms_all_who_get_alarms_until_somebody_has_looked(ended_by):
    provider = make_provider(name="Sandbox Telecom", reply_to="help@sp2.example")
    make_operator(provider, name="Otto Operator")
    desk, customer = sit_down(provider), make_customer(provider, name="Contoso")
    invited = issue(customer)
    bring_to(customer, invited, State.SENT)
    holder, address = Client(), f"/i/{link(customer, invited).reveal()}/unexpected/"
    for _twice in range(2):
        holder.post(address)
        run_until_idle()
    assert states() == ["critical"]
    with within_everything("a test"):
        told = set(Notice.objects.filter(alarm__kind="unexpected").values_list("to", flat=True))
        assert len(told) == 2, "whoever sent it, and their colleague"
        assert set(Message.objects.filter(kind="alarm").values_list("to", flat=True)) == told
    listed = desk.get("/alarms/").text
    assert "Invitation not expected" in listed
    assert "Contoso&#x27;s invitation" in listed
    unexpected.clear_answered(now=clock.now())
    assert states() == ["critical"]
    assert desk.post(f"/invitations/{invited}/{ended_by}/").status_code == 302
    unexpected.clear_answered(now=clock.now())
    assert states() == ["cleared"]


def test_an_invitation_that_was_over_alarms_too_until_somebody_clears_it():
    provider = make_provider(reply_to="help@sp2.example")
    desk, customer = sit_down(provider), make_customer(provider, name="Contoso")
    invited = issue(customer)
    bring_to(customer, invited, State.SENT)
    address = f"/i/{link(customer, invited).reveal()}/unexpected/"
    desk.post(f"/invitations/{invited}/revoke/")
    for _twice in range(2):
        Client().post(address)
        run_until_idle()
    unexpected.clear_answered(now=clock.now())
    assert states() == ["critical"]
    with within_everything("a test"):
        alarm = Alarm.objects.get(kind="unexpected")
    desk.post(f"/alarms/{alarm.pk}/clear/")
    Client().post(address)
    run_until_idle()
    assert states() == ["cleared"]


def test_whoever_is_told_is_led_to_a_host_where_they_sign_in():
    """The customer's own pages have the channel's name, under which the provider's people don't sign in."""
    provider = make_provider(reply_to="help@sp2.example")
    channel = make_channel(provider)
    with within_everything("a test"):
        hosts.set_host(channel.id, name="calls.example", by=SETUP)
        host_proof.end(hosts.host_of(channel.id), HostSeen.RIGHT, now=clock.now())
    desk, customer = sit_down(provider), make_customer(channel, name="Contoso")
    invited = issue(customer)
    bring_to(customer, invited, State.SENT)
    Client().post(f"/i/{link(customer, invited).reveal()}/unexpected/")
    run_until_idle()
    with within_everything("a test"):
        (mail,) = Message.objects.filter(kind="alarm")
        alarm = Alarm.objects.get(kind="unexpected")
        assert for_machines(alarm)["page"].startswith("http://localhost:8000/alarms/")
    assert f"http://localhost:8000/invitations/{invited}/" in mail.context["list"]
    assert "calls.example" not in str(mail.context)
    page = soup(desk.get(f"/alarms/{alarm.pk}/"))
    assert page.select_one(f"main a[href='/invitations/{invited}/']").get_text(strip=True) == "Open the invitation"
