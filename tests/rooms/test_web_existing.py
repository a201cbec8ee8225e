"""Pages of a registration that is there already: three fields, each fault at its own, and no secret in any answer."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from gangway.foundation import clock
from gangway.foundation.errors import GangwayError
from gangway.foundation.sealed import SealedText
from gangway.invitations import queries as invited
from gangway.invitations.models import Invitation
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.languages.choice import ENGLISH, NAMES, speaking
from gangway.languages.said import said
from gangway.onboarding import actions, existing, existing_errors, freezing, relinking, tidying
from gangway.onboarding.existing_errors import DomainNotThere, ExistingError
from gangway.onboarding.models import Case, ExistingRegistration, SignInApplication, TenantLookup
from gangway.onboarding.shapes import Step
from gangway.onboarding.states import CaseState, LookupState
from gangway.onboarding.typed import Typed
from gangway.onboarding.withdrawal import withdraw
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import given
from gangway.services.queries import services
from gangway.vault.actions import reveal
from gangway.vault.models import Sealed
from gangway.web.forms.existing import Existing
from gangway.web.wizard_pages import ROUTES
from tests.rooms import factories_invitations, factories_organizations, web_values
from tests.rooms.factories_onboarding import ADMINISTRATOR, CLIENT, HOME, Walk, register, signed_in, walk
from tests.rooms.factories_web import error_at, in_wizard, put_into_wizard, sit_down, soup

pytestmark = pytest.mark.django_db

TENANT = "c0475050-0000-4000-8000-000000000001"
APP = "5a4db0c1-0000-4000-8000-00000000000a"
SECRET = "Xy~8Q~abcDEFghiJKLmnoPQRstuVWXyz0123456-_"
TYPED = {"tenant": TENANT, "client_id": APP, "secret": SECRET, "ends_on": ""}
SECRET_ID = "9f06103a-1111-4222-8333-444455556666"


@pytest.fixture
def opened() -> tuple[Walk, Client]:
    """An administrator who chose *Use App Registration*."""
    walked, client = walk(choose=False), Client()
    put_into_wizard(client, walked.case_id)
    assert client.post("/wizard/use/choose/", follow=True).redirect_chain[-1][0] == "/wizard/use/"
    return walked, client


def kept(walked: Walk) -> ExistingRegistration:
    with within_everything("test"):
        return ExistingRegistration.objects.select_related("case").get(case_id=walked.case_id)


def test_the_form_has_the_labels_of_the_manual(opened):
    page = soup(opened[1].get("/wizard/use/"))
    labels = [label.find(string=True).strip() for label in page.select("form .gw-field > label")]
    assert labels[:3] == ["Customer Microsoft Tenant ID", "Application (Client) ID", "Client Secret"]
    assert page.select_one("form .btn-primary").get_text(strip=True) == "Start authentication"


def test_start_authentication_seals_the_secret_and_hands_it_to_a_worker(opened):
    walked, client = opened
    answer = client.post("/wizard/use/", TYPED)
    assert answer.headers["Location"] == "/wizard/use/checking/"
    row = kept(walked)
    assert (row.case.state, row.tenant, row.client_id) == (CaseState.PROVING, TENANT, APP)
    with within_everything("test"):
        assert SECRET.encode() not in bytes(Sealed.objects.get(pk=row.sealed_id).ciphertext)
    assert "A worker signs in as the registration" in client.get("/wizard/use/checking/").content.decode()


WRONG = {
    "tenant": ({"tenant": "Contoso Ltd"}, "neither a tenant ID nor a domain"),
    "own tenant": ({"tenant": HOME}, "platform's own tenant"),
    "client_id": ({"client_id": "my-app"}, "isn't an Application (client) ID"),
    "own application": ({"client_id": CLIENT}, "platform's own application"),
    "secret": ({"secret": SECRET_ID}, "This is the Secret ID, not the secret."),
    "no secret": ({"secret": ""}, "The client secret is missing."),
    "blank": ({"secret": "Xy~8Q~abc DEFghiJKLmnoPQR"}, "a blank or a line break inside"),
    "ends_on": ({"ends_on": "2020-01-31"}, "expired already"),
    "no date": ({"ends_on": "soon"}, "2027-05-31"),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_mistake_stands_at_its_field_and_nothing_else_is_lost(opened, name):
    walked, client = opened
    changed, words = WRONG[name]
    (field,) = changed
    answer = client.post("/wizard/use/", TYPED | changed)
    assert words in error_at(answer, field)
    page = soup(answer)
    for other in {"tenant", "client_id"} - {field}:
        assert page.select_one(f"#id_{other}")["value"] == TYPED[other]
    assert page.select_one("#id_secret").get("value") is None
    assert kept(walked).case.state == CaseState.TYPING


def test_no_answer_ever_holds_the_secret(opened):
    _walked, client = opened
    answers = [client.post("/wizard/use/", TYPED | {"tenant": "?"}), client.get("/wizard/use/")]
    answers += [client.post("/wizard/use/", TYPED, follow=True), client.get("/wizard/use/checking/state")]
    assert all(SECRET not in answer.content.decode() for answer in answers)


@pytest.mark.parametrize("wrong", [{"client_id": "?"}, {"ends_on": "soon"}])
def test_a_kept_secret_is_said_to_be_kept(opened, wrong):
    _walked, client = opened
    client.post("/wizard/use/", TYPED | wrong)
    page = soup(client.get("/wizard/use/"))
    assert "It is kept, sealed." in page.get_text()
    assert page.select_one("#id_tenant")["value"] == TENANT


def test_what_a_worker_found_wrong_stands_at_its_field(monkeypatch):
    faults = {"client_id": "This tenant has no application with this ID. Compare it."}
    client = in_wizard(monkeypatch, web_values.case(Step.USE, existing=web_values.existing(faults=faults)))
    answer = client.get("/wizard/use/")
    assert error_at(answer, "client_id") == faults["client_id"]
    assert soup(answer).select_one("#id_client_id")["aria-invalid"] == "true"


FAULTS = tuple(
    one for one in vars(existing_errors).values() if isinstance(one, type) and issubclass(one, ExistingError)
)


@pytest.mark.parametrize("language", [code for code in NAMES if code != ENGLISH])
def test_whatever_a_worker_found_wrong_is_said_at_its_field_in_the_language_of_the_page(language):
    """A row keeps what happened and what to do as one line of English."""
    elsewhere = "Contoso has not the domain c.example or d.example, which belongs to this customer."
    lines = [(one.what, one.cure) for one in FAULTS] + [(elsewhere, DomainNotThere.cure)]
    assert len(lines) > 20
    for what, cure in lines:
        with speaking(language):
            form = Existing.of(web_values.existing(faults={"client_id": f"{what} {cure}"}))
            assert form.errors["client_id"] == [f"{said(what)} {said(cure)}"]
            assert said(what) != what
            assert said(cure) != cure


def test_a_name_that_we_made_up_is_said_in_the_language_of_the_page_and_a_real_one_as_it_is(monkeypatch):
    def told(name):
        done = replace(web_values.DONE, registration_name=name)
        case = replace(web_values.case(Step.DONE, done=done), existing=web_values.existing(CaseState.DONE))
        monkeypatch.setattr("gangway.web.views.wizard.secret_end_is_unknown", lambda _case_id: False)
        client = in_wizard(monkeypatch, case)
        client.cookies["__Host-language"] = "fr"
        return soup(client.get("/wizard/done/")).select_one("dd strong").get_text()

    assert told("App registration 3eeda679") == "Inscription d’application 3eeda679"
    assert told("App registration of ours") == "App registration of ours"
    assert told("Error") == "Error"


def test_what_is_missing_is_listed_with_its_cure(monkeypatch):
    seen = web_values.existing(items=web_values.CHECKS, problem=web_values.PROBLEM, checked_at=web_values.NOW)
    text = soup(in_wizard(monkeypatch, web_values.case(Step.USE, existing=seen)).get("/wizard/use/")).get_text(" ")
    for item in web_values.CHECKS:
        assert item.label in text
        assert item.cure in text
    assert web_values.PROBLEM.what in text


def test_a_certificate_is_made_downloaded_and_uploaded_without_anything_secret(opened):
    walked, client = opened
    client.post("/wizard/use/", TYPED | {"kind": "certificate", "secret": ""})
    page = soup(client.get("/wizard/use/"))
    assert "A worker makes the certificate" in page.get_text()
    assert client.get("/wizard/use/certificate.cer").status_code == 404
    run_until_idle()
    assert client.get("/wizard/use/key").headers["HX-Redirect"] == "/wizard/use/"
    page = soup(client.get("/wizard/use/"))
    row = kept(walked)
    assert row.about["sha1"] in page.get_text().replace("\u200b", "")
    assert page.select_one("#id_secret") is None
    answer = client.get("/wizard/use/certificate.cer")
    assert answer.content[:1] == b"\x30"
    assert answer.headers["Content-Disposition"].endswith('.cer"')
    client.post("/wizard/use/", {"tenant": TENANT, "client_id": APP})
    assert kept(walked).case.state == CaseState.PROVING


def test_a_federated_credential_shows_what_to_add(opened, settings):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"issuer_url": "https://id.gangway.example"})
    walked, client = opened
    page = soup(client.post("/wizard/use/", TYPED | {"kind": "federated"}, follow=True))
    about = kept(walked).about
    assert {name: page.select_one(f"#trust-{name}")["value"] for name in about} == about
    assert about["issuer"] == "https://id.gangway.example"
    assert client.post("/wizard/use/", TYPED | {"kind": "nonsense"}, follow=True).status_code == 200


@pytest.fixture(params=["certificate", "federated"])
def shown(request, opened, settings) -> Walk:
    """Somebody who was shown what to tell their tenant: a certificate, or a trust."""
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"issuer_url": "https://id.gangway.example"})
    walked, client = opened
    client.post("/wizard/use/", TYPED | {"kind": request.param, "secret": ""})
    run_until_idle()
    return walked


def told(walked: Walk) -> tuple[object, ...]:
    row = kept(walked)
    return row.case.state, row.kind, row.about, row.certificate_der, row.sealed_id


def another_way_and_back(walked: Walk) -> None:
    actions.choose_new(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    existing.choose_existing(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())


def replaced_and_continued(walked: Walk) -> None:
    with within(walked.customer.path):
        relinking.replace_links(invitation_id=walked.invitation_id, by=ADMINISTRATOR, now=clock.now())
    come_again(walked)


def reported_and_continued(walked: Walk) -> None:
    freezing.report_by_case(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    with within(walked.customer.path):
        freezing.unfreeze(invitation_id=walked.invitation_id, by=ADMINISTRATOR, now=clock.now())
    come_again(walked)


def come_again(walked: Walk) -> None:
    token = factories_invitations.link(walked.customer, walked.invitation_id)
    actions.begin_case(token=token, by=ADMINISTRATOR, now=clock.now())


def test_what_the_tenant_was_told_stays_true_whatever_somebody_does_meanwhile(shown):
    before = told(shown)
    assert before[2]
    tidying.abandon_idle_cases(now=clock.now() + timedelta(hours=3))
    assert told(shown) == before
    for doing in (another_way_and_back, replaced_and_continued, reported_and_continued):
        doing(shown)
        assert told(shown) == before, doing


def test_what_is_missing_of_it_is_made_for_whoever_comes_back(shown):
    with within(shown.customer.path):
        ExistingRegistration.objects.update(about={}, certificate_der="", sealed_id=None)
    with pytest.raises(GangwayError):
        existing.start_existing(case_id=shown.case_id, typed=Typed(TENANT, APP), by=ADMINISTRATOR, now=clock.now())
    replaced_and_continued(shown)
    run_until_idle()
    state, _kind, about, *_rest = told(shown)
    assert (state, bool(about)) == (CaseState.TYPING, True)


@pytest.mark.parametrize("shown", ["certificate"], indirect=True)
def test_a_certificates_key_does_not_outlive_its_invitation(shown):
    actions.choose_new(case_id=shown.case_id, by=ADMINISTRATOR, now=clock.now())
    signed_in(shown)
    tidying.abandon_idle_cases(now=clock.now() + timedelta(hours=3))
    with within(shown.customer.path):
        withdraw(invitation_id=shown.invitation_id, by=ADMINISTRATOR, now=clock.now())
    assert kept(shown).sealed_id is not None
    tidying.close_withdrawn_cases(now=clock.now())
    assert kept(shown).sealed_id is None


@pytest.mark.parametrize("shown", ["certificate"], indirect=True)
def test_a_certificates_key_ends_when_another_registration_is_made(shown):
    actions.choose_new(case_id=shown.case_id, by=ADMINISTRATOR, now=clock.now())
    signed_in(shown)
    actions.confirm_signed_in(case_id=shown.case_id, by=ADMINISTRATOR, now=clock.now())
    assert kept(shown).sealed_id is not None
    actions.start_provisioning(case_id=shown.case_id, name="gw-contoso", by=ADMINISTRATOR, now=clock.now())
    assert kept(shown).sealed_id is None


def test_without_an_issuer_federation_is_not_offered(opened):
    page = soup(opened[1].get("/wizard/use/"))
    assert [button["value"] for button in page.select("button[name=kind]")] == ["certificate"]


@pytest.mark.parametrize("path", ["/wizard/script/", "/wizard/guide/"])
def test_script_and_guide_tell_all_of_the_plan_and_lead_on(opened, path):
    page = soup(opened[1].get(path))
    text = page.get_text()
    for name in ("Organization.Read.All", "RoleManagement.Read.Directory", "Teams Telephony Administrator"):
        assert name in text
    with within(opened[0].customer.path):
        assert invited.invitation(opened[0].invitation_id).plan_fingerprint in text.replace(" ", "")
    assert page.select_one("form[action='/wizard/use/choose/'] button").get_text(strip=True) == "Use App Registration"


@pytest.mark.parametrize("path", ["/wizard/script/", "/wizard/script/file/", "/wizard/guide/"])
@pytest.mark.parametrize(("step", "run", "words"), [(Step.DONE, None, "made and proved"), (Step.WAITING, "x", "twice")])
def test_what_is_made_already_is_not_made_by_hand_once_more(monkeypatch, path, step, run, words):
    case = web_values.case(step, **({"run": web_values.run()} if run else {}))
    answer = in_wizard(monkeypatch, case).get(path, follow=True)
    assert answer.redirect_chain[0][0] == reverse(ROUTES[step])
    assert words in soup(answer).get_text()


def test_the_ways_without_a_sign_in_say_what_they_leave_out():
    walked, client = walk(choose=False, features=("call-quality",)), Client()
    put_into_wizard(client, walked.case_id)
    client.post("/wizard/use/choose/")
    for path in ("/wizard/use/", "/wizard/script/", "/wizard/guide/"):
        assert "Not part of this way: Call quality of Microsoft Teams." in soup(client.get(path)).get_text(), path


def test_the_script_is_a_file_that_windows_powershell_reads(opened):
    answer = opened[1].get("/wizard/script/file/")
    assert answer.content.startswith(b"\xef\xbb\xbf#")
    assert answer.headers["Content-Disposition"].endswith('.ps1"')
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_the_script_adds_the_certificate_that_was_made(opened):
    walked, client = opened
    client.post("/wizard/use/", TYPED | {"kind": "certificate"})
    run_until_idle()
    assert kept(walked).certificate_der in client.get("/wizard/script/file/").content.decode()


def test_the_end_that_nobody_could_read_is_asked_for(monkeypatch):
    case = web_values.case(Step.DONE, existing=web_values.existing(CaseState.DONE))
    monkeypatch.setattr("gangway.web.views.wizard.secret_end_is_unknown", lambda _case_id: True)
    told = []
    monkeypatch.setattr(existing, "tell_end", lambda **given: told.append(given["ends_on"]))
    client = in_wizard(monkeypatch, case)
    page = soup(client.get("/wizard/done/"))
    assert page.h1.get_text(strip=True) == "The Application Registration is valid."
    assert "when does the client secret end?" in page.get_text()
    assert "2027-05-31" in error_at(client.post("/wizard/done/end/", {"ends_on": "x"}), "ends_on")
    client.post("/wizard/done/end/", {"ends_on": "2027-05-31"})
    assert told == [date(2027, 5, 31)]


NEW = {
    "full_name": "",
    "short_name": "typed-1",
    "licence_type": "hosted_pro",
    "licensed_users": "20",
    "use_known": "on",
    **TYPED,
}


@pytest.fixture
def desk():
    provider = factories_organizations.make_provider()
    customer = factories_organizations.make_customer(provider)
    register(provider)
    return sit_down(provider), customer, reverse("web:new_tenant", args=[customer.id])


def test_an_operator_is_warned_while_nobody_could_sign_in(desk):
    client, customer, address = desk
    assert "sign-in application is not set up" not in soup(client.get(address)).get_text()
    with within(customer.path):
        SignInApplication.objects.update(cloud="china")
    assert "sign-in application is not set up" in soup(client.get(address)).get_text()


def test_a_known_registration_needs_no_recipient_and_is_validated_by_next(desk):
    client, customer, address = desk
    answer = client.post(address, NEW)
    with within(customer.path):
        (case,) = Case.objects.all()
        assert case.state == CaseState.PROVING
        assert invited.invitation(case.invitation_id).state is State.SIGNED_IN
        assert answer.headers["Location"] == reverse("web:known_registration", args=[case.invitation_id])
    page = soup(client.get(answer.headers["Location"]))
    assert "Validating the credentials" in page.get_text()
    assert SECRET not in page.get_text()


def test_a_known_registration_waits_for_no_lookup_as_no_link_goes_out():
    provider = factories_organizations.make_provider()
    known = factories_organizations.make_customer(provider, domain="contoso.com")
    with within(known.path):
        TenantLookup(
            organization_id=known.id,
            cloud="public",
            domain="contoso.com",
            state=LookupState.NOT_FOUND.value,
            asked_at=clock.now(),
        ).save()
    assert sit_down(provider).post(reverse("web:new_tenant", args=[known.id]), NEW).status_code == 302
    with within(known.path):
        assert Case.objects.get().state == CaseState.PROVING


def test_what_is_typed_at_the_desk_has_no_mail_to_look_at_among_the_pending_ones(desk):
    client, customer, address = desk
    client.post(address, NEW | {"kind": "certificate", "secret": ""})
    with within(customer.path):
        (row,) = invited.pending().rows
    assert row.state is State.DRAFT
    listed = client.get(reverse("web:invitations")).text
    assert reverse("web:invitation", args=[row.id]) in listed
    assert reverse("web:invitation_mail", args=[row.id]) not in listed


@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_told_before_anything_is_planned(desk, name):
    client, customer, address = desk
    changed, words = WRONG[name]
    (field,) = changed
    answer = client.post(address, NEW | changed)
    assert words in error_at(answer, field)
    with within(customer.path):
        assert not Case.objects.exists()
        assert not services().rows


@pytest.mark.parametrize("wrong", [{"short_name": "?"}, {"tenant": "Contoso Ltd"}, {"ends_on": "soon"}])
def test_a_typed_secret_is_kept_sealed_for_the_next_try(desk, wrong):
    client, customer, address = desk
    answer = client.post(address, NEW | wrong)
    assert "type another to replace it" in soup(answer).select_one("#id_secret_helptext").get_text()
    assert SECRET not in answer.content.decode() + str(dict(client.session))
    assert client.post(address, NEW | {"secret": ""}).status_code == 302
    with within(customer.path):
        (row,) = ExistingRegistration.objects.select_related("case")
        assert row.case.state == CaseState.PROVING
    place = given.place_of(customer.id, row.credential_id)
    assert reveal(sealed_id=row.sealed_id, place=place, purpose="test", by=ADMINISTRATOR) == SealedText(SECRET)
    assert "secret is missing" in error_at(client.post(address, NEW | {"short_name": "x-2", "secret": ""}), "secret")


def test_one_of_the_two_boxes_is_ticked(desk):
    client, _customer, address = desk
    both = NEW | {"send_link": "on", "recipient": "grace@contoso.com"}
    assert "Tick one of the two" in error_at(client.post(address, both), "use_known")
    assert "Tick this box" in error_at(client.post(address, {**NEW, "use_known": ""}), "send_link")
    assert "address" in error_at(client.post(address, {**NEW, "use_known": "", "send_link": "on"}), "recipient")


def test_no_mail_is_looked_at_where_none_goes_out(desk):
    client, customer, address = desk
    assert "No mail goes out" in error_at(client.post(address, NEW | {"draft": "1"}), "use_known")
    with within(customer.path):
        assert not Case.objects.exists()


def test_the_links_box_that_was_ticked_from_the_start_is_in_nobodys_way(desk):
    client, customer, address = desk
    assert client.post(address, NEW | {"send_link": "on", "recipient": " "}).status_code == 302
    with within(customer.path):
        assert Case.objects.get().state == CaseState.PROVING


def test_a_certificate_is_chosen_by_the_operator_and_shown_after_next(desk):
    client, _customer, address = desk
    answer = client.post(address, NEW | {"kind": "certificate", "secret": ""})
    run_until_idle()
    page = soup(client.get(answer.headers["Location"]))
    link = page.select_one("a[download]")["href"]
    assert client.get(link).content[:1] == b"\x30"
    assert page.select_one("form .btn-primary").get_text(strip=True) == "Next"


def test_the_page_of_what_is_typed_at_the_desk_sends_nobody_to_a_mail_first(desk):
    client, customer, address = desk
    where = client.post(address, NEW | {"kind": "certificate", "secret": ""}).headers["Location"]
    run_until_idle()
    with within(customer.path):
        about = reverse("web:invitation", args=[Case.objects.get().invitation_id])
    page = soup(client.get(about))
    note = page.select_one(".gw-note").get_text(" ", strip=True)
    assert "nobody got a mail, and none is needed" in note
    assert "A draft: nothing was sent yet." not in page.get_text()
    assert page.select_one(f'.gw-note a[href="{where}"]')
    assert page.select_one(".gw-head .btn-primary") is None


def test_what_was_refused_comes_back_to_the_operators_field(desk, monkeypatch):
    client, customer, address = desk
    where = client.post(address, NEW).headers["Location"]
    with within(customer.path):
        (row,) = ExistingRegistration.objects.select_related("case")
        row.faults = {"tenant": "Microsoft knows no tenant with this ID or domain."}
        row.save()
        row.case.state = CaseState.TYPING.value
        row.case.save()
    answer = client.get(where)
    assert error_at(answer, "tenant").startswith("Microsoft knows no tenant")
    assert soup(answer).select_one("#id_tenant")["value"] == TENANT


@pytest.mark.parametrize(("pressed", "then"), [({}, CaseState.PROVING), ({"kind": "certificate"}, CaseState.TYPING)])
def test_what_rested_at_the_desk_goes_on_with_next_or_another_kind(desk, pressed, then):
    client, customer, address = desk
    where = client.post(address, NEW).headers["Location"]
    with within(customer.path):
        Case.objects.update(state=CaseState.TYPING.value)
        Invitation.objects.update(state=State.DRAFT.value)
        tidying.abandon_idle_cases(now=clock.now() + timedelta(hours=3))
        assert Case.objects.get().state == CaseState.ABANDONED
    assert "secret is missing" in error_at(client.post(where, TYPED | {"secret": ""}), "secret")
    assert client.post(where, TYPED | pressed).headers["Location"] == where
    with within(customer.path):
        assert Case.objects.get().state == then


def test_what_was_withdrawn_at_the_desk_is_shown_with_its_invitation(desk):
    client, customer, address = desk
    where = client.post(address, NEW).headers["Location"]
    with within(customer.path):
        case = Case.objects.get()
        withdraw(invitation_id=case.invitation_id, by=ADMINISTRATOR, now=clock.now())
    tidying.close_withdrawn_cases(now=clock.now())
    page = reverse("web:invitation", args=[case.invitation_id])
    assert client.post(where, TYPED).headers["Location"] == page
    assert client.get(f"{where}state/").headers["HX-Redirect"] == page


def test_an_administrators_typing_is_no_business_of_the_desks_form(desk):
    client, _customer, _address = desk
    walked = walk(choose=False)
    existing.choose_existing(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    theirs = sit_down(walked.provider)
    answer = theirs.get(reverse("web:known_registration", args=[walked.invitation_id]))
    assert answer.headers["Location"] == reverse("web:invitation", args=[walked.invitation_id])
    assert client.get(reverse("web:known_registration", args=[walked.invitation_id])).status_code == 404


@pytest.mark.parametrize("page", ["invitation_script", "invitation_guide"])
def test_operators_find_script_and_guide_at_the_invitation(page):
    walked = walk(choose=False)
    client = sit_down(walked.provider)
    address = reverse(f"web:{page}", args=[walked.invitation_id])
    links = soup(client.get(reverse("web:invitation", args=[walked.invitation_id]))).select("a[href]")
    assert address in [link["href"] for link in links]
    assert "Organization.Read.All" in soup(client.get(address)).get_text().replace("\u200b", "")
    assert client.get(reverse("web:invitation_script_file", args=[walked.invitation_id])).status_code == 200


def test_a_done_case_shows_its_own_last_page(monkeypatch):
    case = replace(web_values.case(Step.DONE), existing=web_values.existing(CaseState.DONE))
    monkeypatch.setattr("gangway.web.views.wizard.secret_end_is_unknown", lambda _case_id: False)
    page = soup(in_wizard(monkeypatch, case).get("/wizard/done/"))
    assert "It stays yours" in page.get_text()
    assert page.select_one("form[action='/wizard/done/end/']") is None
