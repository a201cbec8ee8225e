"""MSAL, unmodified: device code, then a silent token from its cache's refresh token."""

import msal
from talk import ready, say, sign_in_app

app = msal.PublicClientApplication(
    sign_in_app, authority=f"{ready['login_url']}/organizations", instance_discovery=False
)
scopes = ["User.Read", "Organization.Read.All"]
flow = app.initiate_device_flow(scopes=scopes)
say(flow)
granted = app.acquire_token_by_device_flow(flow)
account = app.get_accounts()[0]
silent = app.acquire_token_silent_with_error(scopes, account, force_refresh=True)
say(
    {
        "error": granted.get("error"),
        "scope": granted.get("scope"),
        "claims": granted.get("id_token_claims"),
        "account": account["username"],
        "silent": "access_token" in (silent or {}),
    }
)
