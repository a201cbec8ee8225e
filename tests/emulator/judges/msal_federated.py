"""MSAL, unmodified: the token of another issuer as client assertion (workload identity federation)."""

import msal
from talk import contoso, daemon_app, hear, ready, say


def ask(assertion):
    app = msal.ConfidentialClientApplication(
        daemon_app,
        client_credential={"client_assertion": assertion},
        authority=f"{ready['login_url']}/{contoso}",
        instance_discovery=False,
    )
    answer = app.acquire_token_for_client(scopes=["https://graph.microsoft.com/.default"])
    return answer.get("error_codes") or answer["token_type"]


given = hear()
say({"good": ask(given["good"]), "bad": ask(given["bad"])})
