"""MSAL for Python: somebody signs in with a device code.

    m365-emulator serve --port 8443 --tls-dir tls
    REQUESTS_CA_BUNDLE=tls/ca.pem python msal_device_code.py https://localhost:8443

Open the page that it prints and sign in as grace.global@contoso.com with Contoso-Grace-1.
"""

import sys

import msal

EXAMPLE_PUBLIC_CLIENT = "e8a391e0-0000-4000-8000-000000000001"

app = msal.PublicClientApplication(
    EXAMPLE_PUBLIC_CLIENT, authority=f"{sys.argv[1]}/organizations", instance_discovery=False
)
flow = app.initiate_device_flow(scopes=["User.Read"])
print(flow["message"], flush=True)
answer = app.acquire_token_by_device_flow(flow)  # polls until the sign-in is done
if "error" in answer:
    sys.exit(answer["error_description"])
print("Signed in:", answer["id_token_claims"]["preferred_username"])
