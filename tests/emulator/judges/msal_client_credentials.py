"""MSAL, unmodified: client credentials, with every spelling of Graph that clients derive, and a wrong secret."""

import msal
from talk import contoso, daemon_app, daemon_secret, ready, say


def ask(secret, scope):
    app = msal.ConfidentialClientApplication(
        daemon_app,
        client_credential=secret,
        authority=f"{ready['login_url']}/{contoso}",
        instance_discovery=False,
    )
    answer = app.acquire_token_for_client(scopes=[scope])
    return answer.get("error") or answer["token_type"]


spellings = ["https://graph.microsoft.com/.default", f"{ready['graph_url']}/.default", "https://localhost/.default"]
say({"good": [ask(daemon_secret, scope) for scope in spellings], "bad": ask("wrong", spellings[0])})
