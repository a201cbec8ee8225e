"""MSAL, unmodified: a web application's code comes by form_post, is redeemed with a certificate, then renewed."""

import msal
from talk import contoso, daemon_app, hear, ready, say

given = hear()
app = msal.ConfidentialClientApplication(
    daemon_app,
    client_credential={"private_key": given["key"], "public_certificate": given["certificate"]},
    authority=f"{ready['login_url']}/{contoso}",
    instance_discovery=False,
)
scopes = ["User.Read"]
flow = app.initiate_auth_code_flow(scopes, redirect_uri=given["redirect_uri"], response_mode="form_post")
say({"auth_uri": flow["auth_uri"]})
granted = app.acquire_token_by_auth_code_flow(flow, hear())
account = app.get_accounts()[0]
renewed = app.acquire_token_silent_with_error(scopes, account, force_refresh=True)
say(
    {
        "error": granted.get("error"),
        "claims": granted.get("id_token_claims"),
        "renewed": "access_token" in (renewed or {}),
    }
)
