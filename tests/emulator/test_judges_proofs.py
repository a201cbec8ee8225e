"""Other people's clients with certificates and federated credentials, in the judges' own environment."""

import contextlib

import pytest
from cryptography.hazmat.primitives import hashes

from tests.emulator.assertions import KeyPair, issuing
from tests.emulator.conftest import contoso, daemon_app, grace, running
from tests.emulator.test_judges_clients import Judge
from tests.emulator.test_login_proofs import graph_call, trust

pytestmark = pytest.mark.slow
pair = KeyPair()
web = "https://daemon.example/signed-in"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An emulator whose clock runs, with the daemon's certificate, and an issuer that the daemon trusts."""
    with contextlib.ExitStack() as stack:
        issuer, authority = stack.enter_context(issuing(tmp_path_factory.mktemp("issuer")))
        emulator = stack.enter_context(running(tmp_path_factory.mktemp("court"), "--trust-ca", str(authority)))
        row = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": pair.der, "displayName": "CN=judge"}
        assert graph_call(emulator, "PATCH", f"/applications(appId='{daemon_app}')", keyCredentials=[row]) == 204
        trust(emulator, issuer)
        yield emulator, issuer


def test_msal_certificate(place):
    thumbprint = pair.certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303 what MSAL calls thumbprint
    with Judge("msal_certificate.py", place[0]) as judge:
        judge.hear({"key": pair.pem, "certificate": pair.certificate_pem, "thumbprint": thumbprint})
        assert judge.says() == {"sha256": "Bearer", "sha1": "Bearer", "unknown": [700027]}


def test_msal_federated_credential(place):
    emulator, issuer = place
    with Judge("msal_federated.py", emulator) as judge:
        judge.hear({"good": issuer.token(), "bad": issuer.token(sub="somebody else")})
        assert judge.says() == {"good": "Bearer", "bad": [700213]}


def test_msal_web_application_by_form_post(place):
    emulator, browser = place[0], place[0].browser()
    with Judge("msal_web.py", emulator) as judge:
        judge.hear({"key": pair.pem, "certificate": pair.certificate_pem, "redirect_uri": web})
        page = browser.press(browser.open(judge.says()["auth_uri"]), "Next", loginfmt=grace[0])
        page = browser.press(page, "Sign in", passwd=grace[1])
        if "Accept" in page.form.buttons:
            page = browser.press(page, "Accept")
        assert page.form.action == web
        judge.hear(page.form.fields)
        found = judge.says()
    assert (found["error"], found["renewed"], found["claims"]["tid"]) == (None, True, contoso)


def test_azure_identity_certificate_and_assertion(place, tmp_path):
    file = tmp_path / "both.pem"
    file.write_text(pair.pem + pair.certificate_pem, "utf-8")
    with Judge("azure_certificate.py", place[0]) as judge:
        judge.hear({"file": str(file), "assertion": place[1].token()})
        assert judge.says() == {"certificate": True, "assertion": True}
