"""msgraph-sdk: a daemon registers an application, gives it a secret, and deletes it again.

m365-emulator serve --port 8443 --tls-dir tls
SSL_CERT_FILE=tls/ca.pem python graph_sdk.py https://localhost:8443 tls/ca.pem
"""

import asyncio
import sys

from azure.identity.aio import ClientSecretCredential
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.applications.item.add_password.add_password_post_request_body import AddPasswordPostRequestBody
from msgraph.generated.models.application import Application
from msgraph.generated.models.password_credential import PasswordCredential

CONTOSO = "c0475050-0000-4000-8000-000000000001"
EXAMPLE_DAEMON = "e8a391e0-0000-4000-8000-000000000002"
SECRET = "Ex48Q~default-seed-daemon-secret-000001"


async def main(url: str, ca_file: str) -> None:
    """Everything is unmodified but three addresses: authority, base URL, and the authority that is trusted."""
    async with ClientSecretCredential(
        CONTOSO, EXAMPLE_DAEMON, SECRET, authority=url, disable_instance_discovery=True, connection_verify=ca_file
    ) as credential:
        adapter = GraphRequestAdapter(AzureIdentityAuthenticationProvider(credential, allowed_hosts=["localhost"]))
        adapter.base_url = f"{url}/v1.0"
        graph = GraphServiceClient(request_adapter=adapter)
        made = await graph.applications.post(Application(display_name="Made by an example"))
        one = graph.applications.by_application_id(made.id)
        secret = await one.add_password.post(
            AddPasswordPostRequestBody(password_credential=PasswordCredential(display_name="first"))
        )
        print("Registered", made.display_name, "with a secret that begins with", secret.hint)
        await one.delete()
        print("Deleted it again")


asyncio.run(main(sys.argv[1], sys.argv[2]))
