"""An operator opens the wizard together with the customer: marked on both sides, without a code to read out."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client

from gangway.audit import queries as audit
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.errors import StillADraft
from gangway.invitations.queries import history
from gangway.invitations.states import State
from gangway.notifications.models import Message
from gangway.onboarding import queries
from gangway.onboarding.errors import LinkClosed
from gangway.onboarding.states import CaseState
from gangway.onboarding.together import begin_together
from gangway.organizations import people_queries
from gangway.organizations.roles import Role
from gangway.organizations.scope import within
from gangway.provisioning import queries as provisioning
from gangway.provisioning.engine.preflight import Preflight
from gangway.web import staying
from tests.rooms import factories_invitations, factories_organizations, factories_services
from tests.rooms.factories_invitations import OPERATOR
from tests.rooms.factories_onboarding import (
    ADMINISTRATOR,
    PENDING,
    USER_CODE,
    Microsoft,
    Walk,
    facts,
    issue,
    loop,
    make_due,
    register,
    round_trip,
    signed_in,
    walk,
)
from tests.rooms.factories_organizations import Place
from tests.rooms.factories_web import put_into_wizard, sit_down, soup

pytestmark = pytest.mark.django_db


def together(walked: Walk, client: Client | None = None) -> Client:
    """*Open together with the customer*, in the operator's own browser."""
    desk = client or sit_down(walked.provider)
    answer = desk.post(f"/invitations/{walked.invitation_id}/together/")
    assert answer.headers["Location"] == "/wizard/", answer.content.decode()
    return desk


def customers_browser(walked: Walk) -> Client:
    client = Client()
    put_into_wizard(client, walked.case_id)
    return client


def events(walked: Walk, event: str) -> list[audit.ActivityRow]:
    sought = audit.Sought(event=event)
    with within(walked.provider.path):
        return audit.activity(organization_path=walked.provider.path, sought=sought)


def with_code(walked: Walk) -> None:
    """A code waits to be typed."""
    sign_in_id, rows = walked.start(), loop(Microsoft(polls=[PENDING]))
    make_due(sign_in_id)
    round_trip(rows)


def text(client: Client, path: str = "/wizard/") -> str:
    return soup(client.get(path, follow=True)).get_text(" ", strip=True)


def test_both_sides_see_that_it_is_assisted_and_by_whom():
    walked = walk()
    desk = together(walked)
    assert "this case is marked as assisted" in text(desk)
    told = text(customers_browser(walked))
    assert "Olga Operator of" in told
    assert "opened this together with you" in told
    assert "Assisted: Olga Operator opened the wizard" in text(desk, f"/invitations/{walked.invitation_id}/")


def test_where_links_may_not_be_copied_none_is_offered_and_the_way_on_is_said():
    walked = walk()
    desk = together(walked)
    offered = "Make a link for the customer's own browser"
    assert offered in text(desk)
    words = dict.fromkeys(("subject", "opening", "closing"), "")
    with within(walked.provider.path):
        invitations.set_terms(walked.provider.id, life_days=None, may_copy=False, by=OPERATOR, **words)
    told = text(desk)
    assert offered not in told
    assert "your provider doesn't let links be copied" in told
    refused = desk.post(f"/invitations/{walked.invitation_id}/copy/")
    assert (refused.status_code, "/i/" in refused.content.decode()) == (409, False)


def test_what_others_have_in_the_tenant_is_told_to_its_administrator_and_to_no_operator():
    walked = walk()
    desk = together(walked)
    other = "App registrations that were made like this before stay untouched: “gw-contoso”."
    seen = facts(preflight=Preflight((), ("Teams Phone licences left: 5.",), (other,)))
    signed_in(walked, Microsoft(signer=seen))
    pages = text(desk), text(desk, f"/invitations/{walked.invitation_id}/")
    for told in pages:
        assert "Teams Phone licences left: 5." in told
        assert "gw-contoso" not in told
    assert other in text(customers_browser(walked))


def test_it_is_audited_and_stands_on_the_timeline():
    walked = walk()
    together(walked)
    with within(walked.customer.path):
        assert "Opened together with the customer" in [row.note for row in history(walked.invitation_id)]
    assert [row.actor_name for row in events(walked, "onboarding:case:assisted")] == ["Olga Operator"]


def test_the_operators_browser_never_shows_a_code_and_the_customers_does():
    walked = walk()
    desk = together(walked)
    with_code(walked)
    assert queries.user_code(walked.case_id) == USER_CODE
    for path in ("/wizard/code/", "/wizard/code/state"):
        told = soup(desk.get(path)).get_text()
        assert "The code is shown in the customer's own browser, not here." in told
        assert USER_CODE not in "".join(told.split())
    assert USER_CODE in "".join(text(customers_browser(walked)).split())


def test_nothing_on_the_operators_pages_asks_for_a_code_by_telephone():
    walked = walk()
    desk = together(walked)
    with_code(walked)
    page = soup(desk.get("/wizard/code/"))
    assert "Never have a code read out to you" in page.get_text()
    assert not page.select("input[name=code], input[name=otc]")


def test_a_link_for_the_customers_own_browser_is_offered():
    walked = walk()
    page = soup(together(walked).get("/wizard/", follow=True))
    form = page.select_one(f"form[action='/invitations/{walked.invitation_id}/copy/']")
    assert "Make a link for the customer's own browser" in form.get_text()


def test_what_the_operator_does_is_written_down_as_theirs():
    walked = walk(choose=False)
    desk = together(walked)
    desk.post("/wizard/")
    (row,) = events(walked, "onboarding:case:identifying")
    assert (row.actor_kind, row.actor_name) == ("person", "Olga Operator")


def test_before_anybody_opened_the_link_the_case_is_begun_here():
    provider = factories_organizations.make_provider()
    customer = factories_organizations.make_customer(provider)
    register(provider)
    invitation_id = issue(customer, factories_organizations.make_operator(provider))
    with within(provider.path):
        case_id = begin_together(invitation_id=invitation_id, by=ADMINISTRATOR, now=clock.now()).case_id
        assert begin_together(invitation_id=invitation_id, by=ADMINISTRATOR, now=clock.now()).case_id == case_id
    assert queries.case(case_id).state is CaseState.BEGUN


def test_who_was_away_from_the_desk_for_too_long_assists_no_longer():
    desk = together(walk())
    session = desk.session
    session[staying.BEGAN] = session[staying.SEEN] = (clock.now() - staying.IDLE - timedelta(minutes=1)).timestamp()
    session.save()
    assert desk.get("/wizard/").status_code == 404
    assert desk.post("/wizard/").status_code == 404


def test_a_draft_is_sent_before_it_is_opened_with_anybody():
    provider = factories_organizations.make_provider()
    customer = factories_organizations.make_customer(provider)
    with within(provider.path):
        draft = invitations.issue_invitation(
            service_id=factories_services.plan(customer, short_name="drafted"),
            recipient="ada@contoso.example",
            plan={},
            plan_fingerprint="sha256:1",
            by=ADMINISTRATOR,
            now=clock.now(),
            draft=True,
        ).invitation_id
        with pytest.raises(StillADraft):
            begin_together(invitation_id=draft, by=ADMINISTRATOR, now=clock.now())
        assert invited.state_of(draft) is State.DRAFT


def test_a_withdrawn_invitation_is_not_opened():
    walked = walk()
    with within(walked.provider.path):
        invitations.revoke(invitation_id=walked.invitation_id, by=ADMINISTRATOR, now=clock.now())
        with pytest.raises(LinkClosed):
            begin_together(invitation_id=walked.invitation_id, by=ADMINISTRATOR, now=clock.now())


def test_it_ends_with_the_operators_own_session_and_rights():
    walked = walk()
    desk = together(walked)
    desk.logout()
    assert desk.get("/wizard/").status_code == 404, "the session went with the sign-out"
    other = sit_down(walked.provider, role=Role.MONITOR)
    session = other.session
    session["wizard"] = {
        "case": str(walked.case_id),
        "until": (clock.now() + timedelta(hours=1)).isoformat(),
        "assistant": str(other.session["_auth_user_id"]),
    }
    session.save()
    assert other.get("/wizard/", follow=True).status_code == 403


def test_an_operator_of_another_provider_gets_nowhere():
    walked = walk()
    stranger = sit_down(factories_organizations.make_provider())
    assert stranger.post(f"/invitations/{walked.invitation_id}/together/").status_code == 404


def invited_person(of_provider: bool) -> tuple[Place, SealedText]:
    """A link that went to somebody of the provider, or to the customer's own people."""
    provider = factories_organizations.make_provider()
    customer = factories_organizations.make_customer(provider)
    register(provider)
    where, role = (provider, Role.ADMIN) if of_provider else (customer, Role.OPERATOR)
    person = place_of_person(factories_organizations.make_operator(where, role=role), where)
    service_id = factories_services.plan(customer)
    plan, fingerprint = provisioning.pin()
    with within(provider.path):
        issued = invitations.issue_invitation(
            service_id=service_id,
            recipient=person,
            plan=plan,
            plan_fingerprint=fingerprint,
            by=ADMINISTRATOR,
            now=clock.now(),
        )
    return customer, factories_invitations.link(customer, issued.invitation_id)


def place_of_person(operator_id: UUID, where: Place) -> str:
    with within(where.path):
        found = people_queries.place_of_person(operator_id, where.id)
    assert found
    return found.email


@pytest.mark.parametrize("of_provider", [True, False])
def test_mail_and_page_say_when_the_link_went_to_the_providers_own_administrator(of_provider):
    customer, token = invited_person(of_provider)
    page = soup(Client().get(f"/i/{token.reveal()}")).get_text(" ", strip=True)
    assert ("own administrator" in page) is of_provider
    with within(customer.path):
        mail = Message.objects.get(kind="invitation")
    assert ("for_own" in mail.context) is of_provider
