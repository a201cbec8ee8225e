"""What customers' administrators see of their provider: its logo and colour in mails and behind links, and no more."""

from email import message_from_bytes
from email.policy import default

import pytest
from bs4 import BeautifulSoup
from django.core import mail as outgoing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from gangway.notifications import sending
from gangway.notifications.messages.mail import WIDTH
from gangway.notifications.models import Message
from gangway.organizations.colours import contrast, text_on
from gangway.organizations.pictures import checked_picture, size_of
from gangway.organizations.scope import within_everything
from gangway.provisioning import queries as provisioning
from tests.rooms import factories_invitations
from tests.rooms.factories_invitations import issue
from tests.rooms.factories_organizations import make_channel, make_customer, make_provider
from tests.rooms.factories_web import error_at, sit_down, soup
from tests.unit.test_pictures import png

pytestmark = pytest.mark.django_db

LINK = "https://gangway.example"


@pytest.fixture
def provider():
    return make_provider(name="Sandbox Telecom", reply_to="help@sp2.example")


@pytest.fixture
def channel(provider):
    return make_channel(provider)


@pytest.fixture
def customer(provider, channel):
    return make_customer(channel, name="Contoso")


@pytest.fixture
def admin(provider):
    return sit_down(provider)


def choose(admin, place, colour):
    return admin.post(reverse("web:settings_colour", args=[place.id]), {"colour": colour}, follow=True)


def put_logo(admin, provider):
    admin.post(reverse("web:settings_logo", args=[provider.id]), {"logo": SimpleUploadedFile("a.png", png())})


def the_mail(customer):
    """Send the invitation and return it as it goes over the wire, with its link."""
    invitation_id = issue(customer)
    with within_everything("test"):
        (message_id,) = Message.objects.filter(state="queued").values_list("pk", flat=True)
    sending.deliver(message_id)
    sent = message_from_bytes(outgoing.outbox[-1].message().as_bytes(), policy=default)
    html = BeautifulSoup(sent.get_body(("html",)).get_content(), "html.parser")
    return invitation_id, sent, html


def head(client, address):
    """The picture at the head of a page behind a link, and the colour it wears."""
    page = soup(client.get(address))
    picture, sheet = page.select_one(".gw-quay-head img"), page.select_one("link[href^='/brand/']")
    return picture and client.get(picture["src"]), sheet and client.get(sheet["href"]).content.decode()


@pytest.mark.parametrize("colour", ["#000000", "#808080", "#1d4ed8", "#ff0000", "#7a7a7a", "#00aa55"])
def test_the_words_on_a_button_can_always_be_read(colour):
    assert contrast(colour, text_on(colour)) >= 4.5


@pytest.mark.parametrize(
    ("typed", "told"), [("blue", "isn't a colour"), ("#ffff00", "the contrast is 1.0 to 1"), ("#9e9e9e", "2.6 to 1")]
)
def test_a_colour_that_cannot_be_seen_is_refused_at_its_field_with_its_contrast(admin, provider, typed, told):
    answer = choose(admin, provider, typed)
    assert told in error_at(answer, "colour")
    assert soup(answer).select_one("#id_colour")["value"] == typed


def test_the_mail_wears_the_nearest_colour_and_carries_the_logo_within_it(admin, provider, channel, customer):
    put_logo(admin, provider)
    choose(admin, provider, "#006400")
    choose(admin, channel, "#ffffff")
    choose(admin, channel, "#8B0000")
    _invitation, sent, html = the_mail(customer)
    button = html.find("a", string="Click here to activate your tenant")
    assert "background-color:#8b0000;color:#ffffff" in button["style"]
    (picture,) = html.find_all("img")
    assert (picture["src"], picture["alt"]) == ("cid:logo", "Sandbox Telecom")
    assert (int(picture["width"]), int(picture["height"])) == size_of(checked_picture(png()).data)
    (logo,) = [part for part in sent.walk() if part.get_content_type() == "image/png"]
    assert (logo["Content-ID"], logo.get_content()) == ("<logo>", checked_picture(png()).data)
    assert sent.get_content_type() == "multipart/related"
    assert not html.select("[background], link, script, style")
    assert "logo" not in sent.get_body(("plain",)).get_content()


def test_without_a_logo_the_mail_has_no_picture_at_all(customer):
    _invitation, sent, html = the_mail(customer)
    assert not html.find_all("img")
    assert sent.get_content_type() == "multipart/alternative"


def test_pages_behind_a_link_wear_them_before_continue_in_the_wizard_and_when_it_is_dead(
    admin, provider, customer, monkeypatch
):
    monkeypatch.setattr(factories_invitations, "PLAN", provisioning.pin()[0])
    put_logo(admin, provider)
    choose(admin, provider, "#006400")
    _invitation, _sent, html = the_mail(customer)
    address = html.find("a", string="Click here to activate your tenant")["href"].partition("//")[2].partition("/")[2]
    link, administrator = f"/{address}", Client()
    for page in (link, f"{link}/unexpected/", f"{link}/reminders/", f"{link}/new-link/"):
        picture, sheet = head(administrator, page)
        assert picture.content == checked_picture(png()).data
        assert sheet == ":root{--gw-brand:#006400;--gw-on-brand:#ffffff}\n"
    administrator.post(link)
    picture, sheet = head(administrator, "/wizard/")
    assert picture.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "#006400" in sheet
    administrator.post(f"{link}/unexpected/")
    picture, sheet = head(Client(), link)
    assert (picture.status_code, bool(sheet)) == (200, True)


@pytest.mark.parametrize("address", ["/brand/red.css", "/brand/1d4ed.css", "/brand/1D4ED8.css", "/brand/x:y/"])
def test_strangers_find_nothing_by_guessing(address, admin, provider):
    put_logo(admin, provider)
    assert Client().get(address).status_code == 404


def test_a_picture_is_not_found_by_who_it_belongs_to(admin, provider):
    from gangway.organizations.looks import look_at  # noqa: PLC0415

    put_logo(admin, provider)
    logo = look_at(provider.path).logo
    assert Client().get(f"/brand/{provider.id.hex}.{logo.digest}/").status_code == 404


def test_the_preview_shows_the_exact_mail_alone_and_from_whom_it_comes(admin, provider, customer):
    put_logo(admin, provider)
    invitation_id, sent, html = the_mail(customer)
    page = admin.get(reverse("web:invitation_mail", args=[invitation_id]))
    shown = soup(page)
    told = {dt.get_text(): dt.find_next("dd").get_text() for dt in shown.select("dl.gw-facts dt")}
    assert told["From"].startswith("Sandbox Telecom <")
    assert (told["Answers go to"], told["Subject"]) == ("help@sp2.example", sent["Subject"])
    plain = shown.select_one("pre.gw-mail").get_text()
    assert " ".join(plain.split())[:200] == " ".join(sent.get_body(("plain",)).get_content().split())[:200]
    assert max(map(len, plain.splitlines())) > WIDTH, "a page breaks lines as wide as it is, and they break once only"
    frame = shown.select_one("iframe")
    assert frame["sandbox"] == []
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    alone = admin.get(frame["src"])
    policy = alone.headers["Content-Security-Policy"]
    assert alone.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox" in policy
    assert soup(alone).select_one("img")["src"].startswith("data:image/png;base64,")
    words = [" ".join(each.get_text(" ").split()) for each in (soup(alone), html)]
    stand_in = soup(alone).find("a", string="Click here to activate your tenant")["href"]
    link = html.find("a", string="Click here to activate your tenant")["href"]
    assert words[0].replace(stand_in, "LINK") == words[1].replace(link, "LINK")


def test_logo_and_colour_are_changed_on_one_page(admin, provider, channel):
    for place, logo in ((provider, "settings_logo"), (channel, "channel_logo_change")):
        page = soup(admin.get(reverse("web:settings_colour", args=[place.id])))
        form = page.select_one(f"form[action^='{reverse(f'web:{logo}', args=[place.id])}']:has(input[type=file])")
        saved = admin.post(form["action"], {"logo": SimpleUploadedFile("a.png", png())})
        assert saved.headers["Location"] == reverse("web:settings_colour", args=[place.id])
        assert page.select_one("form #id_colour")
    put_logo(admin, provider)
    page = soup(admin.get(reverse("web:settings_colour", args=[provider.id])))
    assert page.select_one("main .gw-logo")["src"].startswith(reverse("web:settings_logo", args=[provider.id]))
