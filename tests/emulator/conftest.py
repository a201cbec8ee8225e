"""One emulator for the run: a real process on free ports with TLS; every test starts from the default seed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.emulator.browsing import Browser, Page

collect_ignore = [] if os.environ.get("EMULATOR_TEST_AZURE_CLI") else ["test_judge_azure_cli.py"]
contoso = "c0475050-0000-4000-8000-000000000001"
fabrikam = "fab41ca0-0000-4000-8000-000000000001"
sign_in_app = "5a4db0c1-0000-4000-8000-000000000001"
daemon_app = "e8a391e0-0000-4000-8000-000000000002"
daemon_secret = "Ex48Q~default-seed-daemon-secret-000001"
grace = ("grace.global@contoso.com", "Contoso-Grace-1")
avery = ("avery.apps@contoso.com", "Contoso-Avery-1")
riley = ("riley.roles@contoso.com", "Contoso-Riley-1")
"""A Privileged Role Administrator, who may consent and give roles, and touch no app registration."""
morgan = ("morgan.member@contoso.com", "Contoso-Morgan-1")
drew = ("drew.disabled@contoso.com", "Contoso-Drew-1")
dana = ("dana.dual@fabrikam.com", "Fabrikam-Dana-1")
everyday = "openid profile User.Read"
privileged = f"{everyday} Organization.Read.All Application.ReadWrite.All"


@dataclass
class Emulator:
    """A running emulator and the few things that tests do with it."""

    ready: dict[str, Any]
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return self.ready["url"]

    @property
    def ca_file(self) -> str:
        return self.ready["ca_file"]

    @property
    def session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env, session.verify = False, self.ca_file
        return session

    @cached_property
    def line(self) -> requests.Session:
        """A session that keeps its connection, and no cookie: another hand-shake for each request takes longer."""
        session = self.session
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        return session

    def close(self) -> None:
        """Hang up."""
        self.line.close()

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.line.get(self.url + path, **options)

    def post(self, path: str, **form: str) -> requests.Response:
        return self.line.post(self.url + path, data=form)

    def control(self, method: str, path: str, **options: Any) -> Any:
        """Use the control door; the answer's JSON, or None."""
        door = self.ready["control"]
        answer = self.line.request(method, door["url"] + path, headers={door["header"]: door["token"]}, **options)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def advance(self, seconds: float) -> None:
        self.control("POST", "clock", json={"advance": seconds})

    def device_code(self, scope: str = everyday, *, tenant: str = "organizations") -> dict[str, Any]:
        answer = self.post(f"/{tenant}/oauth2/v2.0/devicecode", client_id=sign_in_app, scope=scope)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def poll(self, flow: dict[str, Any], *, tenant: str = "organizations", **more: str) -> requests.Response:
        form = {"client_id": sign_in_app, "device_code": flow["device_code"], **more}
        return self.post(
            f"/{tenant}/oauth2/v2.0/token", grant_type="urn:ietf:params:oauth:grant-type:device_code", **form
        )

    def application_token(self, **more: str) -> requests.Response:
        form = {
            "client_id": daemon_app,
            "client_secret": daemon_secret,
            "scope": "https://graph.microsoft.com/.default",
        }
        return self.post(f"/{contoso}/oauth2/v2.0/token", grant_type="client_credentials", **{**form, **more})

    def browser(self) -> Browser:
        return Browser(self.ca_file)

    def sign_in(self, flow: dict[str, Any], who: tuple[str, str], browser: Browser | None = None) -> Page:
        """Type the code and sign in; the page that asks whether one wants to sign in to the application."""
        browser = browser or self.browser()
        page = browser.press(browser.open(flow["verification_uri"]), "Next", otc=flow["user_code"])
        page = browser.press(page, "Next", loginfmt=who[0])
        return browser.press(page, "Sign in", passwd=who[1])

    def grant(self, flow: dict[str, Any], who: tuple[str, str] = grace, *, for_all: bool = True) -> Page:
        """Walk the whole way: code, sign-in, Continue, Accept."""
        browser = self.browser()
        page = browser.press(self.sign_in(flow, who, browser), "Continue")
        if "Accept" in page.form.buttons:
            page = browser.press(page, "Accept", check=("for_organization",) if for_all else ())
        return page


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Emulator]:
    """A process of its own; stopped with SIGTERM, and it must stop cleanly."""
    command = [sys.executable, "-m", "m365_emulator", "serve", "--port", "0", "--tls-dir", str(folder / "tls")]
    process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        line = process.stdout.readline()
        try:
            with closing(Emulator(json.loads(line), process)) as emulator:
                yield emulator
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
            assert process.stdout.read() == ""


@pytest.fixture(scope="session")
def emulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator


@pytest.fixture
def emulator(emulator_process: Emulator) -> Emulator:
    """The run's emulator, fresh from the default seed, with its clock frozen."""
    emulator_process.control("POST", "reset")
    emulator_process.control("POST", "clock", json={"freeze": "2026-11-20T12:00:00Z"})
    emulator_process.control("DELETE", "log")
    return emulator_process
