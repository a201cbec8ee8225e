"""Declining on the wizard's page, choosing at *Add New Tenant*, changing afterwards: what both people see and get."""

import pytest
from django.test import Client
from django.urls import reverse

from gangway.audit.events import Event
from gangway.audit.models import Entry
from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.errors import PlanIsFixed
from gangway.invitations.states import State
from gangway.onboarding import actions, plans
from gangway.onboarding.shapes import Step
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.queries import PlanChanged, explain, pin, scopes_for
from gangway.web.templatetags.gangway import fours
from tests.rooms.factories_onboarding import ADMINISTRATOR, UPN, Walk, signed_in, walk
from tests.rooms.factories_organizations import SETUP, make_customer, make_provider
from tests.rooms.factories_web import error_at, put_into_wizard, sit_down, soup
from tests.rooms.test_web_services import GOOD

pytestmark = pytest.mark.django_db

ASKED = ["self-rotation", "teams-reading"]


@pytest.fixture
def asked():
    """An invitation that asks for two optional features."""
    return walk(features=ASKED)


@pytest.fixture
def page(asked):
    client = Client()
    put_into_wizard(client, asked.case_id)
    return client


def plan_of(walked: Walk):
    with within(walked.customer.path):
        return invited.invitation(walked.invitation_id)


def events(event: Event):
    with within_everything("test"):
        return list(Entry.objects.filter(event=event.value))


def sent(shown, **changed):
    """What the form posts as it was shown, but for what is changed; a switch that is None is off."""
    fields = {
        tag["name"]: tag.get("value", "on" if tag.get("type") == "checkbox" else "")
        for tag in soup(shown).select("form#grant input")
        if tag.get("type") != "checkbox" or tag.has_attr("checked")
    }
    return {name: value for name, value in (fields | changed).items() if value is not None}


def otherwise(walked: Walk, **wanted) -> None:
    """The operator asks for something else."""
    with within(walked.customer.path):
        seen = plan_of(walked).plan_fingerprint
        plan, _fingerprint = pin(**wanted)
        plans.ask_otherwise(invitation_id=walked.invitation_id, seen=seen, plan=plan, by=SETUP, now=clock.now())


def test_each_optional_feature_has_a_switch_with_what_declining_means(page):
    shown = soup(page.get("/wizard/new/"))
    assert [label.get_text() for label in shown.select(".gw-feature .gw-check label")] == [
        "Renews its own secret",
        "Reads people's Teams settings",
    ]
    assert "An administrator has to sign in here again" in shown.get_text()
    assert all(box.has_attr("checked") for box in shown.select(".gw-feature input[type=checkbox]"))


def test_what_is_declined_makes_another_plan_which_is_shown_and_audited(page, asked):
    before = plan_of(asked)
    answer = page.post("/wizard/new/", sent(page.get("/wizard/new/"), use_self_rotation=None, choose="1"), follow=True)
    after = plan_of(asked)
    text = soup(answer).get_text(" ", strip=True)
    assert after.plan_fingerprint != before.plan_fingerprint
    assert fours(after.plan_fingerprint) in text
    assert "Application.ReadWrite.OwnedBy" not in text.replace(". ", ".")
    assert "Declined: Renews its own secret." in text
    (event,) = events(Event.CASE_FEATURES_CHOSEN)
    assert event.data["declined"] == "self-rotation"
    assert asked.view().step is Step.WHO


def test_showing_the_plan_loses_nothing_that_was_typed_and_what_is_gone_on_with_counts_afterwards(page, asked):
    typed, later = {"upn": "avery@contoso.com", "colleague": "riley@contoso.com"}, {"upn": UPN, "colleague": ""}

    def stands() -> dict[str, str]:
        form = soup(page.get("/wizard/new/")).select_one("form#grant")
        return {name: form.select_one(f"[name={name}]").get("value", "") for name in typed}

    page.post("/wizard/new/", sent(page.get("/wizard/new/"), **typed, use_self_rotation=None, choose="1"))
    assert stands() == typed
    assert stands() == typed, "a reload shows it, too"
    page.post("/wizard/new/", sent(page.get("/wizard/new/"), **later))
    actions.sign_in_again(case_id=asked.case_id, by=ADMINISTRATOR, now=clock.now())
    assert stands() == later


def test_declining_can_be_taken_back(page, asked):
    before = plan_of(asked).plan_fingerprint
    page.post("/wizard/new/", sent(page.get("/wizard/new/"), use_self_rotation=None, choose="1"))
    page.post("/wizard/new/", sent(page.get("/wizard/new/"), use_self_rotation="on", choose="1"))
    assert plan_of(asked).plan_fingerprint == before


def test_start_authentication_keeps_the_choice_and_agrees_to_its_plan(page, asked):
    answer = page.post("/wizard/new/", sent(page.get("/wizard/new/"), upn=UPN, use_teams_reading=None))
    after = plan_of(asked)
    assert answer.headers["Location"] == "/wizard/code/"
    assert explain(after.plan).declined[0].key == "teams-reading"
    assert after.agreed_fingerprint == after.plan_fingerprint


def test_a_wrong_name_loses_no_choice_and_keeps_nothing(page, asked):
    before = plan_of(asked).plan_fingerprint
    answer = page.post("/wizard/new/", sent(page.get("/wizard/new/"), upn="nobody", use_self_rotation=None))
    assert "user principal name" in error_at(answer, "upn")
    assert not soup(answer).select_one("#id_use_self_rotation").has_attr("checked")
    assert plan_of(asked).plan_fingerprint == before


def test_a_plan_that_changed_since_the_page_was_shown_is_told_and_not_agreed_to(page, asked):
    shown = page.get("/wizard/new/")
    otherwise(asked, features=["self-rotation", "automatic-domain"], role_choice="teams")
    answer = page.post("/wizard/new/", sent(shown, upn=UPN, use_self_rotation=None))
    text = soup(answer).get_text(" ", strip=True)
    assert "has changed since you looked" in text
    for line in ("Added: Sets up the calling domain", "Added: Role Teams Administrator", "No longer asked for: Reads"):
        assert line in text
    assert asked.view().step is Step.WHO
    assert soup(answer).select_one("#id_upn")["value"] == UPN
    assert not soup(answer).select_one("#id_use_self_rotation").has_attr("checked")
    assert soup(answer).select_one("#id_use_automatic_domain").has_attr("checked")

    again = page.post("/wizard/new/", sent(answer))
    assert again.headers["Location"] == "/wizard/code/"
    assert [feature.key for feature in explain(plan_of(asked).plan).declined] == ["self-rotation"]


def test_a_plan_that_changed_after_the_sign_in_is_agreed_to_again_before_anything_is_made(asked, page):
    signed_in(asked)
    actions.confirm_signed_in(case_id=asked.case_id, by=ADMINISTRATOR, now=clock.now())
    otherwise(asked, features=[])
    with pytest.raises(PlanChanged):
        actions.start_provisioning(case_id=asked.case_id, name="voice", by=ADMINISTRATOR, now=clock.now())
    assert (asked.view().step, asked.view().run) == (Step.WHO, None)
    assert "No longer asked for: Renews its own secret" in soup(page.get("/wizard/new/")).get_text(" ", strip=True)


def test_what_was_declined_stays_declined_when_the_operator_asks_otherwise(asked):
    seen = plan_of(asked).plan_fingerprint
    actions.choose_features(
        case_id=asked.case_id, declined=["teams-reading"], seen=seen, by=ADMINISTRATOR, now=clock.now()
    )
    otherwise(asked, features=["teams-reading", "automatic-domain"])
    told = explain(plan_of(asked).plan)
    assert [(feature.key, feature.on) for feature in told.features] == [
        ("voice", True),
        ("teams-reading", False),
        ("automatic-domain", True),
    ]
    (event,) = events(Event.INVITATION_PLAN_CHANGED)
    assert "added: Sets up the calling domain" in event.data["changes"]


def test_nothing_is_changed_once_it_is_being_made(asked):
    with within(asked.customer.path):
        by = Actor(kind="administrator", id="", name=UPN)
        for state in (State.SIGNED_IN, State.PROVISIONING):
            invitations.move(invitation_id=asked.invitation_id, to=state, by=by)
    with pytest.raises(PlanIsFixed):
        otherwise(asked, features=[])


def test_the_administrator_names_the_unit_before_signing_in():
    walked, client = walk(features=["administrative-unit"], role_choice="teams"), Client()
    put_into_wizard(client, walked.case_id)
    answer = client.post("/wizard/new/", sent(client.get("/wizard/new/"), upn=UPN))
    assert "not named yet" in error_at(answer, "unit")
    answer = client.post("/wizard/new/", sent(answer, upn=UPN, unit="Berlin"))
    assert answer.headers["Location"] == "/wizard/code/"
    assert explain(plan_of(walked).plan).unit == "Berlin"
    assert "AdministrativeUnit.Read.All" in scopes_for(plan_of(walked).plan)


def test_at_add_new_tenant_the_choice_is_quiet_and_pinned_with_the_invitation():
    provider = make_provider()
    customer, client = make_customer(provider), sit_down(provider)
    address = reverse("web:new_tenant", args=[customer.id])
    section = soup(client.get(address)).find("summary", string=lambda text: text and "registration may do" in text)
    assert not section.parent.has_attr("open")
    chosen = {"use_self_rotation": "on", "role_choice": "teams", "credential_days": "90", "role_days": "180"}
    answer = client.post(address, GOOD | chosen)
    assert answer.status_code == 302
    with within(customer.path):
        plan = invited.pending(customer_id=customer.id).rows[0]
        told = explain(invited.invitation(plan.id).plan)
    assert ([feature.key for feature in told.features], told.role_choice) == (["voice", "self-rotation"], "teams")
    assert (told.credential_days, told.role_days) == (90, 180)


def test_what_the_administrator_will_be_asked_follows_what_is_ticked():
    provider = make_provider()
    customer, client = make_customer(provider), sit_down(provider)
    address = reverse("web:new_tenant", args=[customer.id])
    first = soup(client.get(address)).select_one("aside[aria-labelledby=asked]")
    assert "good for 365 days" in first.get_text()
    assert first.select_one("[hx-get]")["hx-get"] == reverse("web:asked_for_state", args=[customer.id])
    assert not first.select("[aria-live]")
    assert first.select_one("[role=status]").get_text(strip=True).endswith("; secret, 365 days")
    for told in ("What the administrator will be asked to grant", "The invitation pins exactly this.", "; secret, 365"):
        assert [told in part.get_text() for part in first.select(".gw-if-link")].count(True) == 1, told
    assert any("Nobody is asked for anything" in part.get_text() for part in first.select(".gw-if-known"))
    ticked = {"use_self_rotation": "on", "use_call_quality": "on", "role_choice": "telephony"}
    followed = soup(client.get(reverse("web:asked_for_state", args=[customer.id]), ticked))
    live = followed.get_text()
    line = followed.select_one("#asked-sum[hx-swap-oob=innerHTML]").get_text(strip=True)
    assert line == "5 permissions, 2 roles, Call quality of Microsoft Teams; secret, 180 days"
    again = soup(client.post(address, ticked | {"short_name": ""})).select_one("aside[aria-labelledby=asked]")
    for told in (live, again.get_text()):
        assert "good for 180 days" in told
        assert "Application.ReadWrite.OwnedBy" in told
        assert "CallRecords.Read.All" in told
    for kind, words in (("certificate", "A certificate that"), ("secret", "A secret that")):
        typed = ticked | {"credential_kind": kind}
        assert words in client.get(reverse("web:asked_for_state", args=[customer.id]), typed).content.decode()
    wrong = client.get(reverse("web:asked_for_state", args=[customer.id]), {"credential_days": "731"})
    assert "Days until the credential ends: " in soup(wrong).get_text()
    assert "from 1 to 730" in wrong.content.decode()
    assert "pins exactly this" not in wrong.content.decode()


@pytest.mark.parametrize(
    ("chosen", "field", "words"),
    [
        ({"use_administrative_unit": "on", "role_choice": "telephony"}, "role_choice", "Microsoft does not let"),
        ({"credential_days": "731"}, "credential_days", "from 1 to 730"),
        ({"credential_days": "long"}, "credential_days", "from 1 to 730"),
        ({"role_days": "366"}, "role_days", "from 1 to 365"),
        ({"role_days": "0"}, "role_days", "from 1 to 365"),
        ({"role_choice": "everything"}, "role_choice", "not one of the available choices"),
    ],
)
def test_what_does_not_go_together_is_told_at_its_field_and_nothing_is_lost(chosen, field, words):
    provider = make_provider()
    customer, client = make_customer(provider), sit_down(provider)
    answer = client.post(reverse("web:new_tenant", args=[customer.id]), GOOD | chosen)
    assert words in error_at(answer, field)
    assert soup(answer).select_one("#id_short_name")["value"] == GOOD["short_name"]
    section = soup(answer).find("summary", string=lambda text: text and "registration may do" in text)
    assert section.parent.has_attr("open")


def test_the_operator_sees_what_was_declined_and_may_ask_otherwise(asked):
    seen = plan_of(asked).plan_fingerprint
    actions.choose_features(
        case_id=asked.case_id, declined=["self-rotation"], seen=seen, by=ADMINISTRATOR, now=clock.now()
    )
    client = sit_down(asked.provider)
    text = soup(client.get(reverse("web:invitation", args=[asked.invitation_id]))).get_text(" ", strip=True)
    assert "declined by the administrator" in text
    assert fours(plan_of(asked).plan_fingerprint) in text
    address = reverse("web:invitation_plan", args=[asked.invitation_id])
    shown = soup(client.get(address))
    assert shown.select_one("#id_use_self_rotation").has_attr("checked")
    given = {"seen": plan_of(asked).plan_fingerprint, "role_choice": "teams", "use_teams_reading": "on"}
    assert client.post(address, given).status_code == 302
    assert explain(plan_of(asked).plan).role_choice == "teams"
    late = client.post(address, given | {"role_choice": "telephony"})
    assert "in the meantime" in late.content.decode()


def test_only_who_manages_invitations_changes_what_they_ask_for(asked):
    stranger = sit_down(make_provider())
    assert stranger.post(reverse("web:invitation_plan", args=[asked.invitation_id]), {}).status_code == 404
