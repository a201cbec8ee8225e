"""A domain that nobody knows of the customer is asked about at its field, wherever an address or a name is typed."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from gangway.foundation import clock
from gangway.invitations.queries import invitation, pending
from gangway.onboarding import beginning, queries, relinking, renewal, sharing
from gangway.onboarding.beginning import Wanted
from gangway.onboarding.errors import AddressUnexpected, NotShared
from gangway.onboarding.expected import is_odd_name, outside
from gangway.onboarding.shapes import Step
from gangway.organizations.queries import operator
from gangway.organizations.roles import Kind
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.models import Registration
from gangway.provisioning.queries import pin
from gangway.web.forms.new_tenant import NewTenant
from tests.rooms import factories_invitations, factories_services
from tests.rooms.factories_connections import connected
from tests.rooms.factories_onboarding import UPN, walk
from tests.rooms.factories_organizations import (
    Place,
    add_tenant,
    make_channel,
    make_customer,
    make_operator,
    make_provider,
)
from tests.rooms.factories_web import error_at, put_into_wizard, sit_down, soup
from tests.rooms.test_web_plans import otherwise, sent
from tests.rooms.test_web_services import GOOD

pytestmark = pytest.mark.django_db
NONE_OF_THEM = "none of the domains that we know of this customer (contoso.com)"


@pytest.fixture
def provider() -> Place:
    return make_provider()


@pytest.fixture
def customer(provider: Place) -> Place:
    return make_customer(provider, name="Contoso", domain="contoso.com")


@pytest.fixture
def client(provider: Place) -> Client:
    return sit_down(provider)


def sent_to(customer: Place) -> list[str]:
    with within(customer.path):
        return [row.recipient for row in pending().rows]


def asked_then_answered(client: Client, customer: Place, address: str, given: dict[str, str]) -> None:
    """Post it: the field asks. Answer for another address there: it asks still. Answer for this one: it goes out."""
    given = {**given, "recipient": "ada@fabrikam.example"}
    before = sent_to(customer)
    answer = client.post(address, given)
    assert NONE_OF_THEM in error_at(answer, "recipient")
    box = soup(answer).select_one("#id_knowingly")
    assert (box["value"], box.has_attr("checked")) == ("ada@fabrikam.example", False)
    assert "Send it to ada@fabrikam.example" in soup(answer).get_text()
    assert NONE_OF_THEM in error_at(client.post(address, given | {"knowingly": "bob@fabrikam.example"}), "recipient")
    assert sent_to(customer) == before
    assert client.post(address, given | {"knowingly": box["value"]}).status_code == 302
    assert "ada@fabrikam.example" in sent_to(customer)


def test_add_new_tenant_asks_about_an_address_outside_the_customers_domains(client, customer):
    asked_then_answered(client, customer, reverse("web:new_tenant", args=[customer.id]), GOOD)


def test_the_answer_stays_when_something_else_is_wrong(client, customer):
    wrong = GOOD | {"recipient": "Ada@fabrikam.example", "knowingly": "ada@fabrikam.example", "licensed_users": "0"}
    page = soup(client.post(reverse("web:new_tenant", args=[customer.id]), wrong))
    assert page.select_one("#id_knowingly").has_attr("checked")
    assert page.select_one("#id_recipient_error") is None


def test_the_domain_that_is_typed_beside_it_counts_and_whatever_stands_below_a_known_one(client, provider, customer):
    assert client.post(reverse("web:new_tenant", args=[customer.id]), GOOD | {"recipient": "it@hq.contoso.com"})
    other = make_customer(provider, name="Fabrikam")
    given = GOOD | {"short_name": "fabrikam", "domain": "fabrikam.com", "recipient": "it@contoso.com"}
    answer = client.post(reverse("web:new_tenant", args=[other.id]), given)
    assert "(fabrikam.com)" in error_at(answer, "recipient")


def test_the_address_is_asked_about_once_the_domain_beside_it_is_right(client, customer):
    """Else the one says that Fabrikam's domain can't be, and the other that it can, by a tick."""
    address = reverse("web:new_tenant", args=[customer.id])
    given = GOOD | {"domain": "fabrikam.com", "recipient": "it@fabrikam.com"}
    answer = client.post(address, given)
    assert "domain is contoso.com" in error_at(answer, "domain")
    assert soup(answer).select_one("#id_knowingly") is None
    assert NONE_OF_THEM in error_at(client.post(address, given | {"domain": ""}), "recipient")


@pytest.mark.parametrize("domain", ["", "fabrikam.onmicrosoft.com"])
def test_where_nothing_is_known_of_the_customer_that_tells_nothing_is_asked(client, provider, domain):
    other = make_customer(provider, name="Fabrikam", domain=domain)
    assert client.post(reverse("web:new_tenant", args=[other.id]), GOOD).status_code == 302


@pytest.mark.parametrize("level", ["provider", "channel"])
def test_whoever_looks_after_the_customer_is_expected(level):
    above = make_provider()
    channel = make_channel(above)
    customer = make_customer(channel, name="Contoso", domain="contoso.com")
    operator_id = make_operator(above if level == "provider" else channel)
    with within(customer.path):
        address = operator(operator_id).email
        assert outside(address, known=(), customer_id=customer.id) == ()
        assert outside("x@sp2.example", known=(), customer_id=customer.id) == ("contoso.com",)


@pytest.mark.parametrize("change", ["reinitiate", "repair", "upgrade"])
def test_who_connects_once_more_is_asked_about_too(client, customer, change):
    service_id = connected(customer)
    given = {"way": "mail"}
    if change == "upgrade":
        given = {"licence_type": "hosted_essentials_plus", "licensed_users": "20", "send_link": "on"}
    asked_then_answered(client, customer, reverse(f"web:service_{change}", args=[service_id]), given)


def test_the_tenant_that_the_service_is_connected_with_counts(client, provider):
    customer = make_customer(provider, name="Contoso")
    service_id = connected(customer)
    with within_everything("a test"):
        Registration.objects.update(domains=["Contoso.com", "contoso.onmicrosoft.com"])
    address = reverse("web:service_reinitiate", args=[service_id])
    answer = client.post(address, {"recipient": "ada@fabrikam.example", "way": "mail"})
    assert "know of this customer (contoso.com)." in error_at(answer, "recipient")
    assert client.post(address, {"recipient": "ada@contoso.com", "way": "mail"}).status_code == 302


def test_another_recipient_is_asked_about_too(client, customer):
    invitation_id = factories_invitations.issue(customer, recipient="ada@contoso.com")
    asked_then_answered(client, customer, reverse("web:invitation_readdress", args=[invitation_id]), {})
    with within(customer.path):
        assert invitation(invitation_id).recipient == "ada@fabrikam.example"


OUTSIDE = "ada@fabrikam.example"


@pytest.mark.parametrize("action", ["invite", "readdress", "reinitiate", "share"])
def test_whoever_sends_a_link_passes_the_question_not_only_the_forms(provider, customer, action):
    by, at = factories_invitations.OPERATOR, clock.now()
    plan, fingerprint = pin()
    wanted = Wanted(customer.id, "Contoso", "contoso-1", "hosted_pro", 5, "", plan, fingerprint)
    out = factories_invitations.issue(customer, recipient="ada@contoso.com")
    service_id, planned = connected(customer), factories_services.plan(customer, short_name="further")
    with within(customer.path):
        registration_id = Registration.objects.values_list("pk", flat=True).first()
    again: dict[str, Any] = {"service_id": service_id, "level": Kind.PROVIDER}
    further: dict[str, Any] = {"service_id": planned, "registration_id": registration_id}
    do: Callable[..., object] = {
        "invite": partial(beginning.invite, wanted),
        "readdress": partial(relinking.readdress, invitation_id=out),
        "reinitiate": partial(renewal.reinitiate, **again),
        "share": partial(sharing.share, **further),
    }[action]
    for answer in ("", "bob@fabrikam.example"):
        with within(customer.path), pytest.raises(AddressUnexpected) as refused:
            do(recipient=OUTSIDE, knowingly=answer, by=by, now=at)
        assert (refused.value.field, refused.value.details) == ("recipient", {"address": OUTSIDE})
    assert OUTSIDE not in sent_to(customer)
    with within(customer.path), suppress(NotShared):
        do(recipient=OUTSIDE, knowingly=OUTSIDE.upper(), by=by, now=at)


def test_what_the_room_finds_out_only_then_is_asked_at_the_field_as_well(client, customer, monkeypatch):
    monkeypatch.setattr(NewTenant, "ask_about_recipient", lambda *_about, **_domains: None)
    address, given = reverse("web:new_tenant", args=[customer.id]), GOOD | {"recipient": OUTSIDE}
    answer = client.post(address, given)
    assert NONE_OF_THEM in error_at(answer, "recipient")
    box = soup(answer).select_one("#id_knowingly")
    assert client.post(address, given | {"knowingly": box["value"]}).status_code == 302
    assert OUTSIDE in sent_to(customer)


# The name of whoever signs in


def who(case_id: UUID, **given: str) -> tuple[Client, object]:
    client = Client()
    put_into_wizard(client, case_id)
    seen = soup(client.get("/wizard/new/")).select_one("#id_seen")["value"]
    return client, client.post("/wizard/new/", {"seen": seen, **given})


def test_a_name_at_another_domain_is_asked_about_before_anybody_signs_in():
    walked = walk(domain="contoso.com")
    client, answer = who(walked.case_id, upn="gray@fabrikam.com")
    assert "the one of contoso.com" in error_at(answer, "upn")
    assert soup(answer).select_one("#id_upn")["value"] == "gray@fabrikam.com"
    page = soup(answer)
    assert page.select_one("#id_knowingly")["value"] == "fabrikam.com"
    assert "fabrikam.com belongs to the same Microsoft 365" in page.get_text()
    given = {"seen": page.select_one("#id_seen")["value"], "upn": "gray@fabrikam.com", "knowingly": "fabrikam.com"}
    assert client.post("/wizard/new/", given)["Location"] == "/wizard/code/"
    client.post("/wizard/again/")
    assert client.post("/wizard/new/", given | {"knowingly": ""})["Location"] == "/wizard/code/", "it was answered for"


def test_the_answer_stays_when_what_is_asked_for_has_changed_meanwhile():
    walked = walk(domain="contoso.com", features=["self-rotation"])
    client = Client()
    put_into_wizard(client, walked.case_id)
    shown = client.get("/wizard/new/")
    otherwise(walked, features=["self-rotation", "teams-reading"])
    answer = client.post("/wizard/new/", sent(shown, upn="gray@fabrikam.com", knowingly="fabrikam.com"))
    assert "has changed since you looked" in soup(answer).get_text()
    assert soup(answer).select_one("#id_knowingly").has_attr("checked")
    assert client.post("/wizard/new/", sent(answer))["Location"] == "/wizard/code/"


@pytest.mark.parametrize("upn", [UPN, "admin@contoso.onmicrosoft.com", "admin@voice.contoso.com"])
def test_names_that_may_be_of_the_tenant_are_not_asked_about(upn):
    _client, answer = who(walk(domain="contoso.com").case_id, upn=upn)
    assert answer["Location"] == "/wizard/code/"


@pytest.mark.parametrize("domain", ["", "contoso.onmicrosoft.com"])
def test_without_a_known_domain_that_tells_every_name_will_do(domain):
    walked = walk(domain=domain)
    assert who(walked.case_id, upn="gray@fabrikam.com")[1]["Location"] == "/wizard/code/"


def test_each_tenant_of_the_customer_counts_and_one_known_by_its_id_alone_makes_all_of_them_possible():
    walked = walk(domain="contoso.com")
    add_tenant(walked.customer, domain="fabrikam.com")
    assert queries.case(walked.case_id).expected == ("contoso.com", "fabrikam.com")
    add_tenant(walked.customer, tenant_id="c0475050-0000-4000-8000-00000000000f")
    assert queries.case(walked.case_id).expected == ()


def test_looking_at_the_plan_asks_nothing_about_the_name():
    walked = walk(domain="contoso.com")
    _client, answer = who(walked.case_id, upn="gray@fabrikam.com", choose="1")
    assert answer["Location"] == "/wizard/new/"
    assert queries.case(walked.case_id, now=clock.now() + timedelta(seconds=1)).step is Step.WHO


@pytest.mark.parametrize(
    ("upn", "is_odd"),
    [
        ("a@contoso.com", False),
        ("a@CONTOSO.com", False),
        ("a@xcontoso.com", True),
        ("a b@other.com", False),
        ("a@b", False),
        ("", False),
    ],
)
def test_only_whole_labels_of_a_domain_count(upn, is_odd):
    assert is_odd_name(upn, known=("contoso.com",)) is is_odd
