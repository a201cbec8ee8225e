"""Two people edit the same thing: neither loses anything, and whoever comes second sees what the first one changed."""

from uuid import UUID

import pytest
from bs4 import Tag
from django.test import Client
from django.urls import reverse

from gangway.invitations.states import State
from gangway.organizations.details import Contact
from gangway.organizations.place_queries import place
from gangway.organizations.scope import within, within_everything
from gangway.services.queries import service
from gangway.web.forms.opened import AS_OPENED
from tests.rooms import factories_services
from tests.rooms.factories_invitations import bring_to, issue
from tests.rooms.factories_organizations import Place, make_channel, make_customer, make_provider
from tests.rooms.factories_web import error_at, prove, sit_down, soup

pytestmark = pytest.mark.django_db

GUID = "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-2222-4333-8444-555555555555"
SERVER = {"host": "smtp.a.example", "port": "465", "encryption": "implicit", "sender": "voice@a.example"}
KEY = "whsec_" + "A" * 32
HOOK = {"url": "https://a.example/", "secret": KEY, "is_on": "on"}
EDITS = {
    "customer_edit": ({"domain": "contoso.com"}, {"information": "Closed on Mondays"}, {}),
    "channel_edit": ({"description": "In the north"}, {"customers": "7"}, {}),
    "provider_edit": ({"users": "500"}, {"reply_to": "help@sailmaker.example"}, {}),
    "settings_mail": ({"reply_to": "a@sailmaker.example"}, {"reply_to": "b@sailmaker.example"}, {}),
    "settings_mail_server": ({"port": "587", "encryption": "starttls"}, {"host": "mail.sailmaker.example"}, SERVER),
    "settings_webhook": ({"url": "https://b.example/"}, {"is_on": ""}, HOOK),
    "settings_colour": ({"colour": "#1d4ed8"}, {"colour": "#7a1f1f"}, {}),
    "settings_invitations": ({"subject": "Connect your telephones"}, {"life_days": "9"}, {}),
    "settings_plan": ({"licence_type": "hosted_pro"}, {"role_days": "30"}, {}),
    "settings_application_change": (
        {"home_tenant_id": GUID},
        {"client_id": GUID},
        {"client_id": OTHER, "home_tenant_id": OTHER},
    ),
    "settings_host": ({"host": "a.example"}, {"host": "b.example"}, {}),
    "alarm_hours": ({"digest_hour": "7"}, {"zone": "Europe/Berlin"}, {}),
    "rotation_policy": ({"days_before": "40"}, {"notice_days": "3"}, {}),
    "service_users": ({"licensed_users": "30"}, {"licensed_users": "40"}, {}),
    "service_names": ({"full_name": "Head office"}, {"short_name": "contoso-1"}, {}),
    "service_upgrade": ({}, {}, {}),
    "second_factor_rule": ({"rule": "required"}, {"rule": "optional"}, {}),
    "invitation_edit": ({"phone": "+1 555"}, {"full_name": "Main office"}, {}),
}
"""By route: what a colleague changes, what this person changes, and what has to be there before."""
PAGE_OF = {
    "service_names": "service_users",
    "second_factor_rule": "sign_in_rules",
    "invitation_edit": "invitation_change",
}
"""Where a form stands that has no page of its own."""


@pytest.fixture
def provider() -> Place:
    return make_provider(name="Sailmaker Voice")


@pytest.fixture
def customer(provider) -> Place:
    return make_customer(make_channel(provider, name="North"), name="Contoso")


def form_of(page, url: str) -> Tag:
    """The form of a page that sends to an address and edits something."""
    marks = [mark.find_parent("form") for mark in soup(page).select(f"[name={AS_OPENED}]")]
    found = [form for form in marks if (form.get("action") or page.request["PATH_INFO"]) == url]
    assert len(found) == 1, f"{len(found)} forms for {url}"
    return found[0]


def values_of(form: Tag) -> dict[str, str]:
    """What a browser would send."""
    sent = {}
    for field in form.select("input[name], select[name], textarea[name]"):
        ticks = field.get("type") in {"checkbox", "radio"}
        if ticks and not field.has_attr("checked"):
            continue
        if field.name == "select":
            chosen = field.select_one("option[selected]") or field.select_one("option")
            sent[field["name"]] = chosen["value"] if chosen else ""
        else:
            shown = field.text.lstrip("\n") if field.name == "textarea" else ""
            sent[field["name"]] = shown or field.get("value", "on" if ticks else "")
    return {name: value for name, value in sent.items() if name != "csrfmiddlewaretoken"}


def addresses(name: str, provider: Place, customer: Place) -> tuple[str, str]:
    """The page and where its form goes."""
    about: dict[str, list[object]] = {"second_factor_rule": [], "sign_in_rules": [], "customer_edit": [customer.id]}
    if name == "channel_edit":
        with within_everything("a test"):
            about[name] = [place(customer.id).parent_id]
    if name.startswith("service_"):
        made = factories_services.plan(customer, short_name="contoso-hq", users=25)
        about[name] = about["service_users"] = [made]
    if name.startswith("invitation_"):
        invited: UUID = issue(customer)
        bring_to(customer, invited, State.SENT)
        about[name] = about["invitation_change"] = [invited]
    page = PAGE_OF.get(name, name)
    made_url = lambda route: reverse(f"web:{route}", args=about.get(route, [provider.id]))  # noqa: E731
    return made_url(page), made_url(name)


def desks(name: str, provider: Place) -> tuple[Client, Client]:
    """Two people who may."""
    root = UUID(hex=provider.path.split("/")[0])
    where = Place(root, f"{root.hex}/") if name == "provider_edit" else provider
    return prove(sit_down(where, name="Olga")), prove(sit_down(where, name="Paul"))


@pytest.mark.parametrize("name", [name for name, (theirs, _mine, _before) in EDITS.items() if theirs])
def test_whoever_saves_second_sees_what_the_first_one_changed_and_loses_nothing(provider, customer, name):
    theirs, mine, before = EDITS[name]
    page, url = addresses(name, provider, customer)
    olga, paul = desks(name, provider)
    if before:
        sent = olga.post(url, values_of(form_of(olga.get(page), url)) | before)
        assert sent.status_code == 302, soup(sent).main.get_text(" ", strip=True)
    opened = values_of(form_of(paul.get(page), url))
    first = values_of(form_of(olga.get(page), url)) | theirs
    assert olga.post(url, first).status_code == 302
    typed = {key: value for key, value in (opened | mine).items() if value or key != "is_on"}
    answer = paul.post(url, typed)
    assert answer.status_code == 200, "nothing is saved over a colleague's change unasked"
    assert "Somebody has changed this since you opened the page" in soup(answer).get_text()
    kept = values_of(form_of(answer, url))
    for key, value in mine.items():
        assert kept.get(key, "") == value, "what was typed is there"
    for key, value in theirs.items():
        assert key in mine or kept[key] == value, "what wasn't touched is the colleague's"
    assert paul.post(url, kept).status_code == 302
    after = values_of(form_of(paul.get(page), url))
    for key, value in (theirs | mine).items():
        assert after.get(key, "") == value


def test_of_two_who_upgrade_the_second_undoes_nothing(provider, customer):
    page, url = addresses("service_upgrade", provider, customer)
    olga, paul = desks("service_upgrade", provider)
    opened = values_of(form_of(paul.get(page), url))
    assert olga.post(url, opened).status_code == 302
    for _again in range(2):
        answer = paul.post(url, opened)
        assert answer.status_code == 200
        assert "Somebody has changed" not in soup(answer).get_text()
        assert error_at(answer, "licence_type")
    with within(provider.path):
        assert service(UUID(url.split("/")[2])).licence.value == opened["licence_type"]


@pytest.mark.parametrize("touched", [True, False])
def test_contacts_are_compared_as_well(provider, customer, touched):
    url = reverse("web:customer_edit", args=[customer.id])
    olga, paul = desks("customer_edit", provider)
    opened = values_of(form_of(paul.get(url), url))
    olga.post(url, values_of(form_of(olga.get(url), url)) | {"contact-0-email": "grace@contoso.com"})
    mine = {"contact-0-email": "henry@contoso.com"} if touched else {"description": "A bakery"}
    answer = paul.post(url, opened | mine)
    text = soup(answer).get_text(" ", strip=True)
    assert "Contact Info : nothing → grace@contoso.com" in text
    assert ("You typed: henry@contoso.com" in text) is touched
    assert paul.post(url, values_of(form_of(answer, url))).status_code == 302
    with within(provider.path):
        assert place(customer.id).contacts == (Contact("", "henry@contoso.com" if touched else "grace@contoso.com"),)


def test_what_two_people_change_to_the_same_is_asked_about_by_nobody(provider, customer):
    url = reverse("web:customer_edit", args=[customer.id])
    olga, paul = desks("customer_edit", provider)
    opened = values_of(form_of(paul.get(url), url))
    for client in (olga, paul):
        assert client.post(url, opened | {"domain": "contoso.com"}).status_code == 302


@pytest.mark.parametrize("sent", ["", "x", "[]", "[" * 100_000, '{"name": {}}', '{"name": 5}', '{"nobody": "x"}'])
def test_what_is_sent_back_in_a_wrong_form_says_nothing(provider, customer, sent):
    url = reverse("web:customer_edit", args=[customer.id])
    olga, _paul = desks("customer_edit", provider)
    assert olga.post(url, values_of(form_of(olga.get(url), url)) | {AS_OPENED: sent}).status_code == 302


def test_a_password_never_stands_in_what_a_page_showed(provider):
    url = reverse("web:settings_mail_server", args=[provider.id])
    olga, _paul = desks("settings_mail_server", provider)
    olga.post(url, values_of(form_of(olga.get(url), url)) | SERVER | {"user": "u", "password": "a-secret-of-theirs"})
    answer = olga.post(url, values_of(form_of(olga.get(url), url)) | {"port": "0", "password": "another-secret"})
    assert "secret" not in values_of(form_of(answer, url))[AS_OPENED]
