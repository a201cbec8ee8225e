"""MSAL, unmodified: authorization code with PKCE and nonce."""

import msal
from talk import hear, ready, say, sign_in_app

app = msal.PublicClientApplication(
    sign_in_app, authority=f"{ready['login_url']}/organizations", instance_discovery=False
)
flow = app.initiate_auth_code_flow(["User.Read"], redirect_uri="http://localhost:40999")
say({"auth_uri": flow["auth_uri"]})
granted = app.acquire_token_by_auth_code_flow(flow, hear())
say({"error": granted.get("error"), "claims": granted.get("id_token_claims")})
