"""A link goes out once it is known whose Microsoft 365 the customer's domain is; who signs in elsewhere is told of."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from gangway.audit.events import Event
from gangway.audit.models import Entry
from gangway.foundation import clock
from gangway.invitations import tenants
from gangway.invitations.queries import InvitationView, history, invitation, pending
from gangway.invitations.states import State
from gangway.onboarding import actions, before_sending, tenant_lookup
from gangway.onboarding.models import Case, SignIn, TenantLookup
from gangway.onboarding.sightings import sightings_of
from gangway.onboarding.states import LookupState, SignInState
from gangway.onboarding.visits import expectation_of
from gangway.organizations.changing import change_details, change_tenants
from gangway.organizations.details import Details, Tenant
from gangway.organizations.place_queries import place
from gangway.organizations.scope import within, within_everything
from gangway.web.views import add_service
from tests.rooms.factories_invitations import OPERATOR
from tests.rooms.factories_onboarding import Microsoft, Walk, facts, walk
from tests.rooms.factories_organizations import Place, make_customer, make_provider
from tests.rooms.factories_web import error_at, put_into_wizard, sit_down, soup
from tests.rooms.test_onboarding_sign_in import follow
from tests.rooms.test_web_links import mailed
from tests.rooms.test_web_services import GOOD

pytestmark = pytest.mark.django_db

CONTOSO = "c0475050-0000-4000-8000-000000000001"
GIVEN = GOOD | {"domain": "contoso.com", "recipient": "ada@contoso.com"}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(add_service, "ANSWER_SECONDS", 0)


@pytest.fixture
def provider() -> Place:
    return make_provider()


@pytest.fixture
def customer(provider: Place) -> Place:
    return make_customer(provider, name="Contoso")


@pytest.fixture
def client(provider: Place) -> Client:
    return sit_down(provider)


def answer(customer: Place, state: LookupState, *, domain: str = "contoso.com", tenant_id: str = CONTOSO) -> UUID:
    """What a worker was told of a domain."""
    with within(customer.path):
        tenant_lookup.ask(customer_id=customer.id, domain=domain, now=clock.now())
        row = TenantLookup.objects.get(domain=domain, cloud=place(customer.id).cloud)
        TenantLookup.objects.filter(pk=row.pk).update(state=LookupState.ASKED.value)
    tenant_lookup.end(row.pk, state, tenant_id if state is LookupState.FOUND else "")
    return row.pk


def the_invitation(customer: Place) -> InvitationView:
    with within(customer.path):
        (row,) = pending().rows
        return invitation(row.id)


def invite(client: Client, customer: Place, **more: str) -> InvitationView:
    assert client.post(reverse("web:new_tenant", args=[customer.id]), GIVEN | more).status_code == 302
    return the_invitation(customer)


def mails() -> list[str]:
    return [subject for _to, subject, _body in mailed()]


def test_a_domain_that_microsoft_does_not_know_is_refused_at_its_field_and_not_kept(client, customer):
    answer(customer, LookupState.NOT_FOUND)
    refused = client.post(reverse("web:new_tenant", args=[customer.id]), GIVEN)
    assert "Microsoft knows no tenant with the domain contoso.com" in error_at(refused, "domain")
    assert "leave it empty" in error_at(refused, "domain")
    with within(customer.path):
        assert place(customer.id).domains == ()
        assert pending().rows == ()


def test_of_a_domain_from_the_customers_page_the_page_is_named(client, provider):
    known = make_customer(provider, name="Contoso", domain="contoso.com")
    answer(known, LookupState.NOT_FOUND)
    refused = client.post(reverse("web:new_tenant", args=[known.id]), GIVEN | {"domain": ""})
    assert "on the customer's page" in error_at(refused, "domain")


def test_where_the_tenant_is_known_the_link_goes_out_and_the_tenant_is_kept_as_long_as_it(client, customer):
    answer(customer, LookupState.FOUND)
    about = invite(client, customer)
    assert (about.state, about.tenant_domain, about.tenant_id) == (State.QUEUED, "contoso.com", CONTOSO)


def test_without_an_answer_it_waits_and_goes_out_by_itself_when_there_is_one(client, customer):
    about = invite(client, customer)
    assert (about.state, about.held_for) == (State.DRAFT, "contoso.com")
    page = client.get(reverse("web:invitation", args=[about.id])).text
    assert "goes out as soon as Microsoft has said whose contoso.com is" in page
    before_sending.answered(answer(customer, LookupState.FAILED), now=clock.now())
    assert the_invitation(customer).state is State.DRAFT, "silence is no answer"
    before_sending.answered(answer(customer, LookupState.FOUND), now=clock.now())
    sent = the_invitation(customer)
    assert (sent.state, sent.held_for, sent.tenant_id) == (State.QUEUED, "", CONTOSO)
    before_sending.answered(answer(customer, LookupState.FOUND), now=clock.now())
    assert the_invitation(customer).state is State.QUEUED


def test_a_silent_microsoft_is_asked_again_for_what_waits(client, customer):
    invite(client, customer)
    answer(customer, LookupState.FAILED)
    before_sending.go_on(now=clock.now() + timedelta(minutes=2))
    with within(customer.path):
        assert TenantLookup.objects.get().state == LookupState.ASKED
    answer(customer, LookupState.FOUND)
    before_sending.go_on(now=clock.now())
    assert the_invitation(customer).state is State.QUEUED


def test_what_waited_for_a_domain_that_nobody_has_stays_unsent_and_its_operator_is_told(client, customer):
    about = invite(client, customer)
    mails()
    before_sending.answered(answer(customer, LookupState.NOT_FOUND), now=clock.now())
    assert [one for one in mails() if "Not sent: its domain isn't known" in one]
    stays = the_invitation(customer)
    assert (stays.state, stays.held_for) == (State.DRAFT, "")
    assert "Microsoft doesn't know the customer's domain" in soup(client.get("/")).get_text(" ", strip=True)
    page = soup(client.get(reverse("web:invitation", args=[about.id]))).get_text(" ", strip=True)
    assert "Microsoft knows no tenant with the customer's domain" in page
    client.post(reverse("web:invitation_send", args=[about.id]))
    assert the_invitation(customer).state is State.DRAFT, "asked once more, it says the same"
    client.post(reverse("web:invitation_send", args=[about.id]), {"anyway": "1"})
    assert (the_invitation(customer).state, the_invitation(customer).doubted_at) == (State.QUEUED, None)


def test_a_draft_that_was_looked_at_first_waits_only_when_it_is_sent(client, customer):
    about = invite(client, customer, draft="1")
    before_sending.answered(answer(customer, LookupState.FAILED), now=clock.now())
    assert about.held_for == ""
    client.post(reverse("web:invitation_send", args=[about.id]))
    assert the_invitation(customer).held_for == "contoso.com"
    client.post(reverse("web:invitation_send", args=[about.id]), {"anyway": "1"})
    assert the_invitation(customer).state is State.QUEUED


def test_the_kept_tenant_is_compared_when_the_lookup_is_forgotten_and_no_more_after_another_domain():
    walked = walk(domain="contoso.com")
    with within(walked.customer.path):
        tenants.expect_tenant(invitation_id=walked.invitation_id, domain="contoso.com", tenant_id=CONTOSO)
        walked.start()
        assert TenantLookup.objects.count() == 0
    sign_in_id = walked.view().sign_in.id
    assert expectation_of(sign_in_id).tenant_id == CONTOSO
    with within(walked.customer.path):
        details = Details(domain="contoso.de")
        change_details(organization_id=walked.customer.id, name="Contoso", details=details, cloud="", by=OPERATOR)
    assert expectation_of(sign_in_id).tenant_id == ""


def correct(customer: Place, *, domain: str, cloud: str = "", tenant_id: str = "") -> None:
    """On the customer's page."""
    details = Details(domain=domain, tenant_id=tenant_id)
    with within(customer.path):
        change_details(organization_id=customer.id, name="Contoso", details=details, cloud=cloud, by=OPERATOR)


@pytest.mark.parametrize("said", [LookupState.FOUND, LookupState.NOT_FOUND])
def test_what_is_held_waits_for_the_answer_of_the_cloud_that_the_customer_is_in_now(client, customer, said):
    about = invite(client, customer, draft="1")
    answer(customer, said)
    correct(customer, domain="contoso.com", cloud="china")
    client.post(reverse("web:invitation_send", args=[about.id]))
    assert the_invitation(customer).held_for == "contoso.com"
    with within(customer.path):
        public = TenantLookup.objects.get(cloud="public")
    before_sending.go_on(now=clock.now())
    before_sending.answered(public.pk, now=clock.now())
    waits = the_invitation(customer)
    assert (waits.state, waits.held_for, waits.doubted_at) == (State.DRAFT, "contoso.com", None)
    there = "c0475050-0000-4000-8000-000000000002"
    before_sending.answered(answer(customer, LookupState.FOUND, tenant_id=there), now=clock.now())
    assert (the_invitation(customer).state, the_invitation(customer).tenant_id) == (State.QUEUED, there)


@pytest.mark.parametrize("said", [LookupState.FOUND, LookupState.NOT_FOUND])
def test_what_is_held_follows_the_domain_that_is_corrected_meanwhile(client, customer, said):
    invite(client, customer)
    correct(customer, domain="contoso.org")
    mails()
    before_sending.answered(answer(customer, said), now=clock.now())
    waits = the_invitation(customer)
    assert (waits.state, waits.held_for, mails()) == (State.DRAFT, "contoso.org", [])
    before_sending.answered(answer(customer, LookupState.FOUND, domain="contoso.org"), now=clock.now())
    sent = the_invitation(customer)
    assert (sent.state, sent.tenant_domain) == (State.QUEUED, "contoso.org")


def test_what_is_held_goes_out_once_the_tenants_id_is_typed_on_the_customers_page(client, customer):
    invite(client, customer)
    correct(customer, domain="contoso.com", tenant_id=CONTOSO)
    before_sending.go_on(now=clock.now())
    sent = the_invitation(customer)
    assert (sent.state, sent.held_for) == (State.QUEUED, "")


def test_a_domain_that_was_added_since_is_looked_up_again_while_one_telephones(client, customer):
    answer(customer, LookupState.NOT_FOUND)
    with within(customer.path):
        TenantLookup.objects.update(asked_at=clock.now() - tenant_lookup.LOST_AFTER)
    assert invite(client, customer).held_for == "contoso.com"
    with within(customer.path):
        assert TenantLookup.objects.get().state == LookupState.ASKED


def test_a_worker_asks_for_nobody_who_telephones(customer):
    answer(customer, LookupState.NOT_FOUND)
    with within(customer.path):
        later = clock.now() + 2 * tenant_lookup.LOST_AFTER
        known = tenant_lookup.ask(customer_id=customer.id, domain="contoso.com", now=later)
    assert known.state is LookupState.NOT_FOUND


def test_a_draft_is_kept_whatever_is_said_of_the_domain_which_is_looked_at_when_it_is_sent(client, customer):
    answer(customer, LookupState.NOT_FOUND)
    about = invite(client, customer, draft="1")
    assert (about.state, about.held_for) == (State.DRAFT, "")
    client.post(reverse("web:invitation_send", args=[about.id]))
    assert the_invitation(customer).state is State.DRAFT


def test_a_draft_that_was_refused_when_it_was_sent_says_why_and_can_be_sent_all_the_same(client, customer):
    about, page = invite(client, customer, draft="1"), reverse("web:invitation", args=[the_invitation(customer).id])
    answer(customer, LookupState.NOT_FOUND)
    assert "A draft: nothing was sent yet." in client.get(page).text
    refused = client.post(reverse("web:invitation_send", args=[about.id]), follow=True)
    assert "Not sent: Microsoft knows no tenant with the customer" in refused.text
    (button,) = soup(client.get(page)).select("button[name=anyway]")
    assert button.get_text() == "Send it all the same"
    client.post(button.find_parent("form")["action"], {"anyway": button["value"]})
    assert (the_invitation(customer).state, the_invitation(customer).doubted_at) == (State.QUEUED, None)


def test_of_a_domain_that_stands_on_the_customers_page_leaving_it_empty_is_no_cure(client, provider):
    known = make_customer(provider, name="Contoso", domain="contoso.com")
    answer(known, LookupState.NOT_FOUND)
    refused = client.post(reverse("web:new_tenant", args=[known.id]), GIVEN)
    assert "on the customer's page" in error_at(refused, "domain")


def refused(walked: Walk) -> None:
    microsoft = Microsoft()
    microsoft.polls = [microsoft.granted()]
    follow(walked, microsoft, rounds=3)
    assert walked.view().sign_in.state is SignInState.WRONG_TENANT


def test_the_operator_is_told_once_of_somebody_who_signed_in_elsewhere():
    walked = walk(domain="fabrikam.com")
    mails()
    refused(walked)
    assert len([one for one in mails() if "Somebody signed in to another Microsoft 365" in one]) == 1
    desk = sit_down(walked.provider)
    assert "Somebody signed in to another Microsoft 365 than" in soup(desk.get("/")).get_text(" ", strip=True)
    page = desk.get(reverse("web:invitation", args=[walked.invitation_id])).text
    assert "If it is the customer&#x27;s, correct the domain" in page or "If it is the customer's" in page
    with within(walked.customer.path):
        assert any(facts().tenant_id in row.note for row in history(walked.invitation_id))


def test_whoever_was_refused_can_say_that_it_is_the_right_one():
    walked, person = walk(domain="fabrikam.com"), Client()
    put_into_wizard(person, walked.case_id)
    assert person.post("/wizard/our-tenant/").status_code == 302
    with within_everything("test"):
        assert not Entry.objects.filter(event=Event.INVITATION_TENANT_CLAIMED.value).exists(), "nothing was refused yet"
    refused(walked)
    page = soup(person.get("/wizard/code/"))
    button = page.find("button", form="ours")
    assert "Tell my provider that this is our Microsoft 365" in button.get_text()
    assert f"Then {walked.view().offer.asker.provider_name} has another domain written down for you." in page.get_text()
    mails()
    for _ in range(3):
        told = person.post(page.select_one("form#ours")["action"], follow=True)
    assert "Your provider has been told" in told.text
    assert len([one for one in mails() if "says that this is their Microsoft 365" in one]) == 1
    with within_everything("test"):
        assert Entry.objects.filter(event=Event.INVITATION_TENANT_CLAIMED.value).count() == 1


def test_nobody_is_named_as_the_doer_by_a_name_that_was_only_typed():
    walked, person = walk(domain="fabrikam.com"), Client()
    put_into_wizard(person, walked.case_id)
    refused(walked)
    with within_everything("test"):
        SignIn.objects.update(upn="ceo@contoso.com")
        Case.objects.update(administrator_upn="ceo@contoso.com")
    person.post("/wizard/our-tenant/", follow=True)
    with within_everything("test"):
        claimed = Entry.objects.get(event=Event.INVITATION_TENANT_CLAIMED.value)
    assert claimed.actor_name == "administrator behind the link"
    with within(walked.customer.path):
        says = [row for row in history(walked.invitation_id) if row.note.startswith("Says that")]
        seen = sightings_of(walked.invitation_id)
        why = SignIn.objects.get().problem["what"]
    assert [row.actor_name for row in says] == ["administrator behind the link"]
    assert [one.who for one in seen if one.what == why] == [facts().upn]


def doubted(walked: Walk) -> bool:
    with within(walked.customer.path):
        return invitation(walked.invitation_id).doubted_at is not None


def see(walked: Walk) -> None:
    desk = sit_down(walked.provider)
    page = soup(desk.get(reverse("web:invitation", args=[walked.invitation_id])))
    assert "Seen" in [button.get_text(strip=True) for button in page.select("form button")]
    desk.post(reverse("web:invitation_seen", args=[walked.invitation_id]))


def test_what_was_seen_is_put_away_until_somebody_is_refused_anew():
    walked = walk(domain="fabrikam.com")
    refused(walked)
    see(walked)
    assert not doubted(walked)
    assert "signed in to another" not in soup(sit_down(walked.provider).get("/")).get_text(" ", strip=True)
    with within_everything("test"):
        assert Entry.objects.filter(event=Event.INVITATION_DOUBT_SEEN.value).count() == 1
    with within(walked.customer.path):
        actions.sign_in_again(case_id=walked.case_id, by=OPERATOR, now=clock.now())
        actions.choose_again(case_id=walked.case_id, by=OPERATOR, now=clock.now())
    assert not doubted(walked), "the same refusal is none anew"
    with within(walked.customer.path):
        tenants.signed_in_elsewhere(invitation_id=walked.invitation_id, where="Adatum", by=OPERATOR, now=clock.now())
        assert any("Adatum" in row.note for row in history(walked.invitation_id))
    assert doubted(walked)


def test_when_somebody_was_refused_stays_told_when_the_case_is_let_go_later():
    walked = walk(domain="fabrikam.com")
    refused(walked)
    with within(walked.customer.path):
        before = invitation(walked.invitation_id).doubted_at
        later = clock.now() + timedelta(hours=2)
        actions.sign_in_again(case_id=walked.case_id, by=OPERATOR, now=later)
        actions.choose_again(case_id=walked.case_id, by=OPERATOR, now=later)
        assert invitation(walked.invitation_id).doubted_at == before


def test_another_domain_on_the_customers_page_ends_what_is_told_of_the_former_one():
    walked = walk(domain="fabrikam.com")
    refused(walked)
    with within(walked.customer.path):
        details = place(walked.customer.id).details
        change_details(organization_id=walked.customer.id, name="Calls", details=details, cloud="", by=OPERATOR)
    assert doubted(walked), "the name is no domain"
    correct(walked.customer, domain="contoso.com")
    assert not doubted(walked)


def test_a_tenant_beside_the_first_one_ends_it_as_well():
    walked = walk(domain="fabrikam.com")
    refused(walked)
    with within(walked.customer.path):
        change_tenants(organization_id=walked.customer.id, tenants=[Tenant("", "contoso.com")], by=OPERATOR)
    assert not doubted(walked)


def test_a_registration_that_was_typed_of_another_tenant_is_told_beside_a_sign_in():
    walked = walk(domain="fabrikam.com")
    refused(walked)
    mails()
    with within(walked.customer.path):
        for tenant in (CONTOSO, CONTOSO, *(f"adatum{number}.com" for number in range(30))):
            tenants.typed_elsewhere(invitation_id=walked.invitation_id, tenant=tenant, by=OPERATOR, now=clock.now())
        notes = [row.note for row in history(walked.invitation_id)]
    assert notes.count(f"Refused: typed the tenant {CONTOSO}") == 1
    assert len([note for note in notes if note.startswith("Refused: ")]) == tenants.MOST_NOTED
    assert len([one for one in mails() if "Somebody typed a registration" in one]) == 1
    desk = sit_down(walked.provider)
    assert "or typed its registration" in soup(desk.get("/")).get_text(" ", strip=True)
    page = soup(desk.get(reverse("web:invitation", args=[walked.invitation_id]))).get_text(" ", strip=True)
    assert "or typed a registration of it" in page
