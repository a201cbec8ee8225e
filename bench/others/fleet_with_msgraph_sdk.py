"""msgraph-sdk and azure-identity, unmodified: the same tokens and reads of many registrations.

Each connection has a credential and a client of its own, as each is of another tenant; the transport underneath is the
library's, one for all, and requests go side by side.
"""

import asyncio
import time

from azure.identity.aio import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from talk import say, told

graph_scope = "https://graph.microsoft.com/.default"
teams_scope = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239/.default"
options = {"authority": told["url"], "disable_instance_discovery": True, "connection_verify": told["ca_file"]}


async def check() -> None:
    async with ClientSecretCredential(told["tenant"], told["client"], told["secret"], **options) as credential:
        provider = AzureIdentityAuthenticationProvider(credential, scopes=[graph_scope], allowed_hosts=["localhost"])
        adapter = GraphRequestAdapter(provider)
        adapter.base_url = f"{told['url']}/v1.0"
        graph = GraphServiceClient(request_adapter=adapter)
        await credential.get_token(teams_scope)
        roles = graph.role_management.directory.role_assignments
        query = f"principalId eq '{told['principal']}'"
        parameters = type(roles).RoleAssignmentsRequestBuilderGetQueryParameters(filter=query)
        found = await asyncio.gather(
            graph.organization.get(),
            graph.subscribed_skus.get(),
            roles.get(request_configuration=RequestConfiguration(query_parameters=parameters)),
        )
        assert all(found)


async def main() -> None:
    await asyncio.gather(*(check() for _ in range(told["at_once"])))
    left = told["checks"]

    async def go_on() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await check()

    busy, began = time.process_time(), time.monotonic()
    await asyncio.gather(*(go_on() for _ in range(told["at_once"])))
    used, lasted = time.process_time() - busy, time.monotonic() - began
    say({"checks": told["checks"], "processor_seconds": used, "seconds": lasted})


asyncio.run(main())
