"""Logos: put in place by whoever may, seen at the head by those below, and served as pictures and nothing else."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from gangway.organizations.pictures import MOST_BYTES, checked_picture
from tests.rooms.factories_organizations import make_channel, make_customer, make_provider
from tests.rooms.factories_web import sit_down, soup
from tests.unit.test_pictures import SCRIPT, png

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider():
    return make_provider()


def put(client, address, raw, name="logo.png"):
    """Send a file, or the form without one."""
    given = {"logo": SimpleUploadedFile(name, raw)} if raw else {}
    return " ".join(soup(client.post(address, given, follow=True)).get_text(" ").split())


def head(client):
    """The picture at the head of somebody's pages."""
    picture = soup(client.get("/services/")).select_one(".gw-nav .gw-logo")
    return picture and client.get(picture["src"])


def test_a_logo_stands_at_the_head_of_ones_own_pages_and_of_those_below(provider):
    channel = make_channel(provider)
    own, below, sister = sit_down(provider), sit_down(channel), sit_down(make_channel(provider))
    assert head(own) is None
    put(own, reverse("web:settings_logo", args=[provider.id]), png())
    assert head(own).content == head(below).content == checked_picture(png()).data
    wide = png(width=3, pixels=bytes(20))
    put(own, reverse("web:channel_logo_change", args=[channel.id]), wide)
    assert head(below).content == checked_picture(wide).data
    assert head(sister).content == head(own).content == checked_picture(png()).data
    put(own, reverse("web:channel_logo_change", args=[channel.id]), b"")
    assert head(below).content == checked_picture(png()).data


def test_it_is_served_as_the_picture_it_was_checked_to_be(provider):
    client, customer = sit_down(provider), make_customer(provider)
    put(client, reverse("web:customer_logo_change", args=[customer.id]), png() + SCRIPT, name="a.svg")
    answer = client.get(reverse("web:customer_logo", args=[customer.id]))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"].startswith("private")
    assert SCRIPT not in answer.content
    shown = soup(client.get(reverse("web:customer", args=[customer.id]))).select_one("main .gw-logo")
    assert shown["src"].startswith(reverse("web:customer_logo", args=[customer.id]))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "isn't a picture"),
        (SCRIPT, "isn't a picture"),
        (png() + bytes(MOST_BYTES), "larger than 100 KB"),
        (png() + bytes(4_000_000), "larger than 100 KB"),
        (png(width=1025, height=1, pixels=bytes(3076)), "1025"),
    ],
    ids=["svg", "script", "large", "so large that others would write it to a disk", "wide"],
)
def test_what_is_no_logo_is_refused_in_words_and_the_present_one_stays(provider, raw, words):
    client = sit_down(provider)
    address = reverse("web:settings_logo", args=[provider.id])
    put(client, address, png())
    assert words in put(client, address, raw)
    assert head(client).content == checked_picture(png()).data
