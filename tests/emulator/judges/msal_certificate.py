"""MSAL, unmodified: a certificate, with SHA-256 (PS256) and with SHA-1 (RS256) thumbprint, and one nobody knows."""

import msal
from talk import contoso, daemon_app, hear, ready, say


def ask(credential):
    app = msal.ConfidentialClientApplication(
        daemon_app,
        client_credential=credential,
        authority=f"{ready['login_url']}/{contoso}",
        instance_discovery=False,
    )
    answer = app.acquire_token_for_client(scopes=["https://graph.microsoft.com/.default"])
    return answer.get("error_codes") or answer["token_type"]


given = hear()
sha256 = {"private_key": given["key"], "public_certificate": given["certificate"]}
sha1 = {"private_key": given["key"], "thumbprint": given["thumbprint"]}
unknown = {"private_key": given["key"], "thumbprint": "00" * 20}
say({"sha256": ask(sha256), "sha1": ask(sha1), "unknown": ask(unknown)})
