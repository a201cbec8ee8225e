"""Other people's clients, unmodified, judge the emulator. Each runs in the judges' own environment."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.emulator.conftest import Emulator, contoso, grace, running

python = Path(__file__).parents[2] / ".venvs" / "judges" / "bin" / "python"
scripts = Path(__file__).parent / "judges"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def court(tmp_path_factory) -> Iterator[Emulator]:
    """An emulator whose clock runs, because these clients wait by their own."""
    with running(tmp_path_factory.mktemp("court"), "--device-interval", "1") as emulator:
        yield emulator


class Judge:
    """A client's process: reads and writes JSON lines, trusts the emulator's authority and nothing else."""

    def __init__(self, script: str, emulator: Emulator) -> None:
        assert python.exists(), f"{python} is missing: the judges' environment is made by bin/test"
        trust = dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"), emulator.ca_file)
        self.process = subprocess.Popen(
            [python, "-W", "ignore", scripts / script],
            env={"PATH": os.environ["PATH"], "EMULATOR_READY": json.dumps(emulator.ready), **trust},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(timeout=30) == 0

    def says(self):
        return json.loads(self.process.stdout.readline())

    def hear(self, what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()


def test_msal_device_code(court):
    with Judge("msal_device_code.py", court) as judge:
        court.grant(judge.says())
        found = judge.says()
    assert (found["error"], found["account"], found["silent"]) == (None, grace[0], True)
    assert found["claims"]["tid"] == contoso
    assert {"User.Read", "Organization.Read.All"} <= set(found["scope"].split())


def test_msal_client_credentials(court):
    with Judge("msal_client_credentials.py", court) as judge:
        assert judge.says() == {"good": ["Bearer"] * 3, "bad": "invalid_client"}


def test_msal_redirect(court):
    browser = court.browser()
    with Judge("msal_redirect.py", court) as judge:
        page = browser.press(browser.open(judge.says()["auth_uri"]), "Next", loginfmt=grace[0])
        browser.session.hooks["response"] = [_keep_the_redirect]
        page = browser.press(page, "Sign in", passwd=grace[1])
        if "Accept" in page.form.buttons:
            page = browser.press(page, "Accept")
        query = parse_qs(urlsplit(page.response.headers["X-Returned"]).query)
        judge.hear({key: values[0] for key, values in query.items()})
        found = judge.says()
    assert (found["error"], found["claims"]["preferred_username"]) == (None, grace[0])


def test_azure_identity(court):
    with Judge("azure_identity.py", court) as judge:
        court.grant(judge.says())
        assert judge.says() == dict.fromkeys(("wrong_secret", "asynchronous", "synchronous", "device_code"), True)


def test_msgraph_sdk_creates_reads_and_deletes_an_application(court):
    with Judge("graph_sdk.py", court) as judge:
        found = judge.says()
    assert found == {
        "same": True,
        "secret": 40,
        "hint": True,
        "text_is_gone": True,
        "changed": "changed by msgraph-sdk",
        "gone": 404,
        "organization": contoso,
    }


def test_msgraph_sdk_walks_through_a_whole_registration(court):
    """What an administrator's sign-in lets a stranger's client make: upsert, grant, role, secret, pages, a batch."""
    with Judge("graph_registration.py", court) as judge:
        court.grant(judge.says())
        found = judge.says()
    assert found == {"apart": True, "batch": [200, 404, 200], "paged": True, "reads": contoso, "gone": 404}


def test_msgraph_sdk_follows_changes_and_takes_a_claims_challenge(court):
    """Delta queries, and the second sign-in that Graph's 401 asks for once the person's sessions are revoked."""
    with Judge("graph_changes.py", court) as judge:
        court.grant(judge.says())
        court.grant(judge.says())
        found = judge.says()
    assert found == {"first": True, "then": True, "gone": True, "name": "Grace Global"}


def _keep_the_redirect(response, **_):
    if response.headers.get("Location", "").startswith("http://localhost:40999"):
        response.headers["X-Returned"] = response.headers.pop("Location")
    return response
