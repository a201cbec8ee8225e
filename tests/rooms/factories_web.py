"""People at their browsers: operators at the desk, an administrator inside the wizard."""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.userkit import user_id_to_str
from bs4 import BeautifulSoup, Tag
from django.contrib.auth import get_user_model
from django.test import Client

from gangway.foundation import clock
from gangway.onboarding.models import Case
from gangway.organizations import actions
from gangway.organizations.roles import Role
from gangway.organizations.scope import within_everything
from gangway.web import wizard_session
from tests.rooms import web_values
from tests.rooms.factories_organizations import SETUP, Place, make_operator


def sit_down(
    where: Place, *, role: Role = Role.ADMIN, second_factor: bool = True, name: str = "Olga Operator"
) -> Client:
    """Return the browser of a signed-in operator of this organization."""
    operator_id = make_operator(where, role=role, name=name)
    if second_factor:
        with within_everything("test set-up"):
            actions.enroll_totp(operator_id, by=SETUP)
    client = Client()
    client.force_login(get_user_model().objects.get(pk=operator_id))
    return client


def prove(client: Client) -> Client:
    """Let the session say that its person proved who they are just now."""
    session = client.session
    person = get_user_model().objects.get(pk=session["_auth_user_id"])
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = user_id_to_str(person)
    session.save()
    return client


def in_wizard(monkeypatch: Any, case: Any) -> Client:
    """Return the browser of an administrator whose case stands as given."""
    client = Client()
    put_into_wizard(client, case.id)
    monkeypatch.setattr(wizard_session, "case", lambda _case_id: case)
    monkeypatch.setattr("gangway.web.marked.mark_of", lambda _case_id, **_now: uuid4().hex)
    monkeypatch.setattr("gangway.web.wizard_pages.user_code", lambda _case_id: web_values.CODE)
    monkeypatch.setattr("gangway.web.views.wizard.name_faults", lambda _case_id, _name: ())
    monkeypatch.setattr("gangway.web.views.wizard.plan_changes", lambda _case_id, **_seen: ())
    return client


def put_into_wizard(client: Client, case_id: UUID, *, lasts: timedelta = wizard_session.LASTS) -> None:
    """Give a browser the session that *Continue* gives."""
    with within_everything("test set-up"):
        from_when = Case.objects.filter(pk=case_id).values_list("invitation__sessions_from", flat=True).first()
    session, until = client.session, (clock.now() + lasts).isoformat()
    session[wizard_session.KEY] = {"case": str(case_id), "until": until, "since": wizard_session.since(from_when)}
    session.save()


def soup(response: Any) -> BeautifulSoup:
    """Read an answer as a browser does."""
    return BeautifulSoup(response.content, "html.parser")


def text(response: Any) -> str:
    """What somebody reads on a page."""
    return soup(response).get_text(" ", strip=True)


def row(response: Any, text: str) -> Tag:
    """Return the first table row with this text."""
    found = next((line for line in soup(response).select("tbody tr") if text in line.get_text()), None)
    assert found is not None, f"no row with {text}"
    return found


def error_at(response: Any, field: str) -> str:
    """Return what stands at a field as its error; empty when there is none."""
    found = soup(response).select_one(f"#id_{field}_error")
    return found.get_text(" ", strip=True) if found else ""
