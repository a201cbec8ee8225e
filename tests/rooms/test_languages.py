"""An invitation in its own language: the pages behind its link, what stands in them, its mails, and the switch."""

import re
from urllib.parse import urljoin

import pytest
from django.core import mail as outgoing
from django.test import Client
from django.urls import reverse
from django.utils import translation

from gangway.foundation import clock
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.aims import Purpose
from gangway.invitations.models import Invitation
from gangway.organizations.changing import change_details
from gangway.organizations.details import Details
from gangway.organizations.languages import language_of
from gangway.organizations.place_queries import place
from gangway.organizations.scope import within
from gangway.web.purposes import SENT_TO_NOBODY
from tests.rooms import factories_onboarding, pseudo_language
from tests.rooms.factories_invitations import OPERATOR, issue, link
from tests.rooms.factories_notifications import mailed
from tests.rooms.factories_organizations import SETUP, make_customer, make_provider
from tests.rooms.factories_web import error_at, put_into_wizard, sit_down, soup

pytestmark = pytest.mark.django_db

NAMES = "Gangway Provider Customer Olga Operator English Deutsch Français Español עברית Hosted Pro"
"""What stays as it is: names, and each language's own."""
PAGES = ("new/", "approval/", "unexpected/", "guide/", "script/", "use/", "")


@pytest.fixture(autouse=True)
def marked(settings, tmp_path):
    """German and Hebrew that say each text between two marks."""
    settings.LOCALE_PATHS = [pseudo_language.speak(tmp_path, "de", "he")]
    yield
    pseudo_language.forget()


def walked_in(language, **given):
    walked = factories_onboarding.walk(**given)
    speak(walked.customer, walked.invitation_id, language)
    return walked


def speak(customer, invitation_id, language):
    with within(customer.path):
        Invitation.objects.filter(pk=invitation_id).update(language=language)


def page_in(answer):
    page = soup(answer).html
    return page["lang"], page["dir"]


def english_in(answer):
    """Words of a page that no catalog knows and that are no names, addresses or times."""
    told = re.sub(r"\d+ \w{3} \d{4}, [\d:]+ UTC|\S*[.@\d]\S*", " ", pseudo_language.outside(answer.content.decode()))
    return sorted({*re.findall(r"[^\W\d_]{3,}", told)} - {*NAMES.split(), *invited_words(answer)})


def invited_words(answer):
    return [word for phrase in soup(answer).select(".gw-phrase, .gw-wordmark") for word in phrase.get_text().split()]


def switch(client, path, language):
    page = soup(client.get(path))
    form = page.select_one(".gw-languages form")
    token = form.select_one("[name=csrfmiddlewaretoken]")["value"]
    return client.post(f"{path}{form['action']}", {"language": language, "csrfmiddlewaretoken": token})


def test_every_page_behind_a_link_is_in_the_invitations_language():
    walked, client = walked_in("he", domain="contoso.com"), Client()
    token = link(walked.customer, walked.invitation_id).reveal()
    for aside in ("", "/unexpected/", "/reminders/", "/new-link/"):
        answer = client.get(f"/i/{token}{aside}")
        assert page_in(answer) == ("he", "rtl")
        assert english_in(answer) == []
    put_into_wizard(client, walked.case_id)
    for path in PAGES:
        answer = client.get(f"/wizard/{path}", follow=True)
        assert answer.status_code == 200
        assert page_in(answer) == ("he", "rtl")
        assert english_in(answer) == []


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - SENT_TO_NOBODY - {Purpose.CONNECT}))
def test_what_is_asked_of_a_connected_customer_is_in_the_language_too(purpose):
    walked, client = walked_in("he"), Client()
    with within(walked.customer.path):
        changes = ["Its permissions and roles stay as they are."]
        Invitation.objects.filter(pk=walked.invitation_id).update(purpose=purpose, changes=changes)
    assert english_in(client.get(f"/i/{link(walked.customer, walked.invitation_id).reveal()}")) == []
    put_into_wizard(client, walked.case_id)
    assert english_in(client.get("/wizard/new/")) == []


def test_the_customers_own_view_speaks_the_providers_language():
    provider = make_provider()
    factories_onboarding.register(provider)
    tongue(provider, "he")
    client = Client()
    answer = client.get(reverse("web:own_view_at", args=[provider.id]))
    assert page_in(answer) == ("he", "rtl")
    assert english_in(answer) == []
    client.cookies["__Host-language"] = "de"
    assert page_in(client.get(reverse("web:own_view_at", args=[provider.id]))) == ("de", "ltr")


def test_what_is_wrong_with_what_was_typed_is_said_in_the_language_too():
    walked, client = walked_in("de"), Client()
    put_into_wizard(client, walked.case_id)
    answer = client.post(
        "/wizard/new/", {"upn": "nobody", "seen": soup(client.get("/wizard/new/")).select_one("#id_seen")["value"]}
    )
    assert pseudo_language.unmarked(error_at(answer, "upn")) == ""
    assert error_at(answer, "upn").startswith("⟦This isn't a user principal name.⟧")


def test_a_dead_link_speaks_the_language_and_a_stranger_is_spoken_to_in_english():
    walked, client = walked_in("de"), Client()
    token = link(walked.customer, walked.invitation_id).reveal()
    with within(walked.customer.path):
        invitations.revoke(invitation_id=walked.invitation_id, by=OPERATOR, now=clock.now())
    assert page_in(client.get(f"/i/{token}")) == ("de", "ltr")
    assert page_in(client.get(f"/i/{'A' * 43}")) == ("en", "ltr")


def test_hebrew_is_written_from_right_to_left_with_a_stylesheet_for_it():
    walked, client = walked_in("he"), Client()
    put_into_wizard(client, walked.case_id)
    sheets = [sheet["href"] for sheet in soup(client.get("/wizard/new/")).select("link[rel=stylesheet]")]
    assert "/static/vendor/tabler/tabler.rtl.min.css" in sheets
    assert "/static/vendor/tabler/tabler.min.css" not in sheets


def test_whoever_switches_stays_where_they_are_and_is_asked_in_that_language_from_then_on():
    walked, client = walked_in("de"), Client(enforce_csrf_checks=True)
    put_into_wizard(client, walked.case_id)
    assert switch(client, "/wizard/new/", "he").headers["Location"] == "/wizard/new/"
    assert page_in(client.get("/wizard/new/")) == ("he", "rtl")
    assert page_in(client.get("/wizard/approval/")) == ("he", "rtl")
    assert switch(client, "/wizard/new/", "en").status_code == 302
    assert page_in(client.get("/wizard/new/")) == ("en", "ltr")


def test_each_language_is_offered_by_its_own_name():
    walked, client = walked_in("de"), Client()
    put_into_wizard(client, walked.case_id)
    offered = soup(client.get("/wizard/new/")).select(".gw-languages button")
    assert [button.get_text() for button in offered] == ["English", "Deutsch", "Français", "Español", "עברית"]
    assert [button["value"] for button in offered if button.get("aria-current")] == ["de"]


def test_switching_at_the_link_itself_consumes_nothing_and_keeps_its_address_private():
    walked, client = walked_in("en"), Client(enforce_csrf_checks=True)
    path = f"/i/{link(walked.customer, walked.invitation_id).reveal()}"
    answer = switch(client, path, "de")
    assert (answer.headers["Location"], answer.headers["Referrer-Policy"]) == (path, "strict-origin")
    assert page_in(client.get(path)) == ("de", "ltr")
    assert "wizard" not in client.session


def test_switching_needs_the_pages_own_token():
    walked, client = walked_in("en"), Client(enforce_csrf_checks=True)
    put_into_wizard(client, walked.case_id)
    assert client.post("/wizard/new/?language=", {"language": "de"}).status_code == 403
    assert page_in(client.get("/wizard/new/")) == ("en", "ltr")


def test_a_language_that_we_do_not_speak_is_english():
    walked, client = walked_in("de"), Client()
    put_into_wizard(client, walked.case_id)
    client.post("/wizard/new/?language=", {"language": "../../etc"})
    assert page_in(client.get("/wizard/new/")) == ("en", "ltr")


@pytest.mark.parametrize("path", ["/wizard/new/", "/wizard/colleague/", "/wizard/approval/"])
def test_a_choice_on_the_page_of_a_form_that_came_back_leads_to_that_form(path):
    walked, client = walked_in("de"), Client()
    put_into_wizard(client, walked.case_id)
    typed = {"upn": "nobody", "colleague": "nobody", "approval_on": "nobody"}
    assert chosen_after(client, client.post(path, typed), path) == (path, "he")


def test_a_choice_where_only_a_form_is_taken_leads_to_where_one_stands():
    walked, client = walked_in("de"), Client()
    put_into_wizard(client, walked.case_id)
    factories_onboarding.signed_in(walked)
    answer = client.post("/wizard/my-part/", {"colleague": "nobody"})
    assert chosen_after(client, answer, "/wizard/my-part/") == ("/wizard/signed-in/", "he")


def chosen_after(client, refused, path):
    """Choose another language on the page of a form that came back; says where that leads, and in which language."""
    assert refused.status_code == 200
    there = urljoin(path, soup(refused).select_one(".gw-languages form")["action"])
    answer = client.post(there, {"language": "he"}, follow=True, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    return answer.request["PATH_INFO"], page_in(answer)[0]


def test_the_operation_center_stays_english_whatever_was_chosen():
    client = sit_down(make_provider())
    client.cookies["__Host-language"] = "he"
    answer = client.get("/services/", headers={"Accept-Language": "de"})
    assert page_in(answer) == ("en", "ltr")
    assert answer.headers["Content-Language"] == "en"
    assert not soup(answer).select(".gw-languages")


def test_no_language_is_left_behind():
    walked, client = walked_in("he"), Client()
    put_into_wizard(client, walked.case_id)
    client.get("/wizard/new/")
    assert translation.get_language() == "en"


def test_the_mail_goes_in_the_invitations_language_with_its_times():
    provider = make_provider(name="Sandbox Telecom", reply_to="help@sp2.example")
    customer = make_customer(provider, name="Contoso")
    tongue(customer, "de")
    invitation_id = issue(customer)
    mailed()
    (mail,) = [mail for mail in outgoing.outbox if "activate" in mail.body]
    html = mail.alternatives[0].content
    assert mail.subject.startswith("⟦Sandbox Telecom asks you to connect Contoso's Microsoft 365")
    assert soup_of(html).html["lang"] == "de"
    assert "⟦Hello,⟧" in mail.body
    german = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
    assert any(f"{day}, " in mail.body for day in german)
    left = re.sub(r"\S+@\S+|https?://\S+", " ", pseudo_language.unmarked(mail.body))
    phrase = invited_as(customer, invitation_id).matching_phrase
    assert (
        re.findall(r"[A-Za-z]{3,}", left.replace(phrase, "").replace("Sandbox Telecom", "").replace(OPERATOR.name, ""))
        == []
    )


def soup_of(html):
    return soup(type("Answer", (), {"content": html.encode()}))


def invited_as(customer, invitation_id):
    with within(customer.path):
        return invited.invitation(invitation_id)


def test_an_invitation_begins_with_the_language_of_the_nearest_level_that_has_one():
    provider = make_provider()
    customer = make_customer(provider)
    assert language_of(customer.id) == "en"
    tongue(provider, "de")
    assert language_of(customer.id) == "de"
    tongue(customer, "he")
    assert language_of(customer.id) == "he"
    assert invited_as(customer, issue(customer)).language == "he"


def tongue(where, language):
    with within(where.path):
        about = place(where.id)
        change_details(organization_id=where.id, name=about.name, details=Details(language=language), by=SETUP)


def test_the_operator_chooses_the_language_when_sending():
    provider = make_provider()
    factories_onboarding.register(provider)
    customer = make_customer(provider)
    tongue(customer, "fr")
    client = sit_down(provider)
    path = reverse("web:new_tenant", args=[customer.id])
    chosen = soup(client.get(path)).select_one("#id_language option[selected]")
    assert chosen["value"] == "fr"
    typed = {"short_name": "contoso-hq", "licence_type": "hosted_pro", "licensed_users": "5", "send_link": "on"}
    answer = client.post(path, {**typed, "recipient": "ada@contoso.example", "language": "es"})
    invitation_id = answer.headers["Location"].split("/")[2]
    assert invited_as(customer, invitation_id).language == "es"
    detail = client.get(reverse("web:invitation", args=[invitation_id]))
    assert "Español" in soup(detail).get_text()


def test_a_drafts_language_can_still_be_changed():
    provider = make_provider()
    customer = make_customer(provider)
    invitation_id = issue(customer, draft=True)
    client = sit_down(provider)
    typed = {"short_name": invited_as(customer, invitation_id).service_short_name, "licensed_users": "25"}
    client.post(reverse("web:invitation_edit", args=[invitation_id]), typed | {"language": "he"})
    assert invited_as(customer, invitation_id).language == "he"
