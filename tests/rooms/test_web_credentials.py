"""Credentials on pages: their kind in words, their end, and a life that the administrator may shorten."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from django.template.loader import render_to_string

from gangway.onboarding import actions
from gangway.onboarding.shapes import Step
from gangway.provisioning.plans import choices
from gangway.provisioning.shapes import CredentialView
from gangway.web.forms.plan import AskedFor
from tests.rooms import web_values
from tests.rooms.factories_web import error_at, in_wizard, soup

pytestmark = pytest.mark.django_db


def credential(**changed: Any) -> CredentialView:
    known: dict[str, Any] = {
        "id": uuid4(),
        "service_id": uuid4(),
        "display_name": "voice1-1234abcd",
        "key_id": "k",
        "state": "proved",
        "expires_at": web_values.NOW + timedelta(days=90),
        "days_left": 90,
    }
    return CredentialView(**(known | changed))


def shown(**changed: Any) -> str:
    return render_to_string("components/credential.html", {"credential": credential(**changed)})


def days_in(text: str, label: str) -> str:
    """The number of days that stands beside a label."""
    return BeautifulSoup(text, "html.parser").find("dt", string=label).find_next_sibling("dd").strong.get_text()


def test_a_secret_keeps_its_label():
    assert days_in(shown(), "Client Secret Days Until Expire") == "90"


def test_a_certificate_shows_its_end_and_thumbprint():
    text = shown(kind="certificate", about=(("Thumbprint (SHA-256)", "abc"),))
    assert days_in(text, "Certificate Days Until Expire") == "90"
    assert "<dt>Thumbprint (SHA-256)</dt><dd><code>abc</code></dd>" in text


def test_an_expired_certificate_says_so():
    assert "<strong>Expired</strong>" in shown(kind="certificate", days_left=-1)


def test_a_federated_credential_does_not_end():
    text = shown(kind="federated", expires_at=None, days_left=None, about=(("Issuer", "https://issuer.example"),))
    assert "Does not end: no secret is kept anywhere." in text
    assert "https://issuer.<wbr>example" in text


def test_a_credential_that_is_not_as_planned_says_why():
    assert "A policy forbids it." in shown(why="A policy forbids it.")


def case_with(kind: str, days: int = 180) -> Any:
    case = web_values.case(Step.NAME)
    plan = replace(case.offer.plan, credential_kind=kind, credential_days=days)
    return replace(case, offer=replace(case.offer, plan=plan))


@pytest.mark.parametrize(
    ("kind", "words"),
    [("secret", "a secret that is good for 180 days"), ("certificate", "a certificate"), ("federated", "No secret")],
)
def test_the_wizard_says_the_kind_in_words(monkeypatch, kind, words):
    assert words in in_wizard(monkeypatch, case_with(kind)).get("/wizard/name/").content.decode()


def test_a_federated_credential_has_no_life_to_shorten(monkeypatch):
    assert soup(in_wizard(monkeypatch, case_with("federated")).get("/wizard/name/")).select_one("#id_days") is None


def test_the_planned_life_stands_in_the_field_and_a_shorter_one_is_taken(monkeypatch):
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(actions, "start_provisioning", lambda **given: asked.append(given))
    client = in_wizard(monkeypatch, case_with("secret"))
    assert soup(client.get("/wizard/name/")).select_one("#id_days")["value"] == "180"
    client.post("/wizard/name/", {"name": "contoso", "days": "30"})
    assert [given["credential_days"] for given in asked] == [30]


@pytest.mark.parametrize("typed", ["181", "0", "-3", "soon"])
def test_a_life_that_the_plan_does_not_allow_is_told_at_its_field(monkeypatch, typed):
    answer = in_wizard(monkeypatch, case_with("secret")).post("/wizard/name/", {"name": "contoso", "days": typed})
    assert error_at(answer, "days") == "Type a number of days from 1 to 180."
    assert soup(answer).select_one("#id_days")["value"] == typed
    assert soup(answer).select_one("#id_name")["value"] == "contoso"


def test_operators_may_ask_for_a_kind_and_federation_only_where_the_platform_is_an_issuer(settings):
    kinds = [kind for kind, _ in asked_for().fields["credential_kind"].choices]
    assert kinds == ["secret", "certificate"]
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"issuer_url": "https://issuer.example"})
    kinds = [kind for kind, _ in asked_for().fields["credential_kind"].choices]
    assert kinds == ["secret", "certificate", "federated"]


def test_what_the_settings_ask_for_is_pinned_unless_the_operator_says_otherwise(settings):
    changed = {"credential_kind": "certificate", "credential_days": 45}
    settings.GANGWAY = settings.GANGWAY.model_copy(update=changed)
    form = asked_for({"role_choice": ""})
    assert form.is_valid(), form.errors
    assert form.plan["credential"] == {"kind": "certificate", "days": 45, "chosen": True}
    form = asked_for({"role_choice": "", "credential_kind": "secret", "credential_days": "90"})
    assert form.is_valid(), form.errors
    assert form.plan["credential"] == {"kind": "secret", "days": 90, "chosen": True}


def asked_for(data: Any = None) -> AskedFor:
    return AskedFor(data, profile=choices())
