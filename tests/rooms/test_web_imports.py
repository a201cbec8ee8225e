"""The pages of an import: a wrong file is told at its field, rows before they are done, and no secret anywhere."""

import csv
import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from gangway.config.uploads import SmallFile
from gangway.foundation import clock
from gangway.imports.columns import names_of
from gangway.imports.models import Import, Row
from gangway.imports.reading import MOST_BYTES, rows_of
from gangway.imports.states import ImportState, Kind, RowState, Wait
from gangway.jobs.testing import run_until_idle
from gangway.organizations.models import Organization
from gangway.organizations.scope import within, within_everything
from gangway.services.queries import services
from gangway.web import import_words, words
from tests.rooms.factories_imports import SECRET, file_of, known, new
from tests.rooms.factories_invitations import issue
from tests.rooms.factories_onboarding import register
from tests.rooms.factories_organizations import Place, make_channel, make_customer, make_provider
from tests.rooms.factories_services import plan
from tests.rooms.factories_web import error_at, row, sit_down, soup
from tests.rooms.test_web_strangers import root

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> Place:
    made = make_provider()
    register(made)
    return made


@pytest.fixture
def client(provider: Place) -> Client:
    return sit_down(provider)


def send(client: Client, raw: bytes, kind: Kind = Kind.NEW, **more: str) -> Any:
    table = SimpleUploadedFile("many.csv", raw)
    return client.post(reverse("web:import_new"), {"kind": kind.value, "table": table, **more}, follow=True)


def only() -> Import:
    with within_everything("test"):
        return Import.objects.get()


def press(client: Client, what: str) -> Any:
    return client.post(reverse(f"web:import_{what}", args=[only().pk]), follow=True)


def sheet(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_it_is_reached_from_services_and_pending_invitations(client):
    for page in ("services", "invitations"):
        links = [link["href"] for link in soup(client.get(reverse(f"web:{page}"))).select("a[href]")]
        assert reverse("web:imports") in links
    assert "Import the first file" in client.get(reverse("web:imports")).content.decode()


def test_an_import_is_found_by_its_file_or_its_person(client):
    send(client, file_of(new("one")))
    for sought in ("MANY", "ny.c", only().by_name):
        assert row(client.get(reverse("web:imports"), {"q": sought}), "many.csv")
    page = client.get(reverse("web:imports"), {"q": "other"}).content.decode()
    assert "No import is like that" in page
    assert "Nothing was imported yet" not in page


def test_an_import_is_found_in_any_case_whatever_the_databases_locale_is(client):
    send(client, file_of(new("one")))
    with within_everything("test"):
        Import.objects.update(file_name="Übersicht Öst.csv")
    for sought in ("übersicht", "ÖST", "o\u0308st ÜBER"):
        assert "Übersicht" in soup(client.get(reverse("web:imports"), {"q": sought})).select_one("#list").get_text()
    assert "Übersicht" not in soup(client.get(reverse("web:imports"), {"q": "west"})).select_one("#list").get_text()


def test_the_page_says_what_an_import_waits_for_and_when_it_goes_on(client):
    send(client, file_of(new("one")))
    press(client, "start")
    for wait, told in ((Wait.PACE, "at most 30 a minute from one provider"), (Wait.LINKS, "Nothing failed")):
        with within_everything("test set-up"):
            Import.objects.update(waits_for=wait.value, goes_on_at=clock.now() + timedelta(minutes=5))
        assert told in client.get(reverse("web:import", args=[only().pk])).content.decode()


@pytest.mark.parametrize("kind", Kind)
def test_the_template_is_a_file_that_can_be_read_back(client, kind):
    answer = client.get(reverse(f"web:import_template_{kind.value}"))
    assert answer.headers["Content-Disposition"].endswith('.csv"')
    (example,) = rows_of(answer.content, kind)
    assert example.cells["short_name"] == "contoso-1"
    page = soup(client.get(reverse("web:import_new"))).get_text(" ")
    assert all(name in page and str(import_words.COLUMNS[name]) in page for name in names_of(kind))


def test_a_wrong_file_is_told_at_its_field_and_the_choice_stays(client):
    for raw, told in ((b"PK\x03\x04x", "spreadsheet"), (b"", "no row"), (b"a;b\n1;2", "first row")):
        answer = send(client, raw, Kind.EXISTING)
        assert told in error_at(answer, "table")
        assert soup(answer).select_one("input[value=existing]").has_attr("checked")
    answer = client.post(reverse("web:import_new"), {"kind": "new"})
    assert error_at(answer, "table") == "Choose a file."


def test_a_large_file_is_refused_and_none_of_it_kept(client):
    assert "larger than 2 MB" in error_at(send(client, b"x" * (MOST_BYTES + 1)), "table")


def test_uploads_stay_in_memory(settings):
    assert [f"{SmallFile.__module__}.{SmallFile.__name__}"] == settings.FILE_UPLOAD_HANDLERS
    assert settings.DATA_UPLOAD_MAX_NUMBER_FILES == 1


def test_two_files_at_once_are_refused(client):
    files = {"table": SimpleUploadedFile("a.csv", b"a"), "more": SimpleUploadedFile("b.csv", b"b")}
    assert client.post(reverse("web:import_new"), {"kind": "new", **files}).status_code == 400


def test_the_dry_run_shows_what_would_happen_and_each_fault_at_its_column(client, provider):
    make_customer(provider, name="Fabrikam")
    answer = send(client, file_of(new("one"), new("two", customer="Fabrikam"), new("x.y", users="many")))
    assert "a new customer" in row(answer, "one").get_text()
    assert "a new customer" not in row(answer, "two").get_text()
    wrong = " ".join(row(answer, "x.y").get_text(" ").split())
    assert "short_name A dot cannot be used. users This isn't a whole number." in wrong
    assert "Start import of 2 rows" in soup(answer).get_text()
    with within(provider.path):
        assert not services().rows


def test_the_failed_rows_come_back_with_their_errors_and_never_a_credential(client):
    send(client, file_of(known("=one", tenant="?"), known("two"), kind=Kind.EXISTING), Kind.EXISTING)
    answer = client.get(reverse("web:import_mend", args=[only().pk]))
    head, failed = sheet(answer)
    cells = dict(zip(head, failed, strict=True))
    assert (cells["short_name"], cells["secret"]) == ("'=one", "")
    assert cells["error"].startswith("tenant: ")
    assert SECRET not in answer.content.decode()
    (back,) = rows_of(answer.content, Kind.EXISTING)
    assert back.cells["short_name"] == "=one"


def test_start_runs_it_and_the_page_follows(client, provider):
    send(client, file_of(new("one"), new("two")))
    page = press(client, "start")
    assert "Stop “many.csv”" in page.content.decode()
    follows = soup(page).select_one("#live")["hx-get"]
    assert client.get(follows).status_code == 200
    run_until_idle()
    assert client.get(follows).headers["HX-Redirect"] == reverse("web:import", args=[only().pk])
    page = client.get(reverse("web:import", args=[only().pk]))
    assert "2 of 2 rows have come to an end" in soup(page).select_one("label[for=progress]").get_text()
    assert row(page, "one").select_one("a")["href"].startswith("/invitations/")
    assert soup(page).select_one("#live").get("hx-get") is None
    with within(provider.path):
        assert len(services().rows) == 2


def test_rows_that_were_left_out_are_counted_beside_those_that_are_through(client):
    send(client, file_of(new("one"), new("two", users="x"), new("x" * 150_000)))
    press(client, "start")
    run_until_idle()
    page = soup(client.get(reverse("web:import", args=[only().pk])))
    told = page.select_one("label[for=progress]").get_text()
    assert told == "1 of 1 rows have come to an end. Of the 3 rows of the file, 2 were left out, as they are wrong."
    assert "Use at most 15 characters" in page.main.get_text()


def test_no_page_ever_shows_a_secret(client):
    answers = [send(client, file_of(known("one"), known("two", users="x"), kind=Kind.EXISTING), Kind.EXISTING)]
    answers += [client.get(reverse(f"web:import_{name}", args=[only().pk])) for name in ("state", "mend")]
    answers += [press(client, "start"), client.get(reverse("web:imports")), press(client, "stop")]
    assert all(SECRET not in answer.content.decode() for answer in answers)


def test_what_was_done_meanwhile_is_said(client):
    send(client, file_of(new("one")))
    assert "discarded" in press(client, "discard").content.decode()
    assert "has changed in the meantime" in press(client, "start").content.decode()


def test_rows_are_shown_in_pages_and_by_state(client):
    send(client, file_of(*[new(f"name-{number}", users="x" if number else "1") for number in range(60)]))
    page = reverse("web:import", args=[only().pk])
    assert len(soup(client.get(page)).select("tbody tr")) == 50
    assert len(soup(client.get(f"{page}?page=2")).select("tbody tr")) == 10
    assert len(soup(client.get(f"{page}?state=ready")).select("tbody tr")) == 1


def test_people_of_the_system_say_for_which_provider(provider):
    above = sit_down(root())
    assert error_at(send(above, file_of(new("one"))), "provider") == "Choose whose services these are."
    assert send(above, file_of(new("one")), provider=str(provider.id)).redirect_chain
    assert only().organization_id == provider.id


def test_a_channels_admin_imports_below_their_channel(provider):
    channel = make_channel(provider)
    send(sit_down(channel), file_of(new("one")))
    press_by = sit_down(channel)
    press(press_by, "start")
    run_until_idle()
    with within(provider.path):
        assert Organization.objects.get(kind="customer").parent_id == channel.id


def test_an_export_can_be_imported_elsewhere(client, provider):
    customer = make_customer(make_channel(provider, name="North"), name="=Contoso & Söhne")
    issue(customer, service_id=plan(customer, short_name="-one", full_name="'=One"))
    answer = client.get(reverse("web:services_new_export"))
    (line,) = sheet(answer)[1:]
    assert not [cell for cell in line if cell.startswith(("=", "-", "@", "+"))]
    (back,) = rows_of(answer.content, Kind.NEW)
    assert back.cells == {
        "customer": "=Contoso & Söhne",
        "channel": "North",
        "short_name": "-one",
        "full_name": "'=One",
        "licence": "Hosted Pro",
        "users": "25",
        "domain": "",
        "cloud": "public",
        "email": "ada@contoso.example",
        "phone": "",
        "language": "",
    }
    elsewhere = make_provider()
    make_channel(elsewhere, name="North")
    assert "Start import of 1 row" in soup(send(sit_down(elsewhere), answer.content)).get_text()


def test_only_connected_services_are_exported_as_connections(client, provider):
    plan(make_customer(provider))
    assert sheet(client.get(reverse("web:services_existing_export"))) == [list(names_of(Kind.EXISTING))]


def test_every_state_and_every_column_has_its_words():
    assert set(words.IMPORT) == {state.value for state in ImportState}
    assert set(words.IMPORT_ROW) == {state.value for state in RowState}
    for kind in Kind:
        assert set(names_of(kind)) <= set(import_words.COLUMNS) & set(import_words.EXAMPLES)


def test_as_many_rows_as_promised_are_looked_at_in_a_bounded_number_of_questions(client, django_assert_max_num_queries):
    rows = [new(f"name-{number}", customer=f"Customer {number}") for number in range(400)]
    with django_assert_max_num_queries(100):
        send(client, file_of(*rows))
    with within_everything("test"):
        assert Row.objects.count() == 400


def test_ids_in_addresses_are_those_of_imports_only(client):
    assert client.get(reverse("web:import", args=[UUID(int=1)])).status_code == 404
