"""msgraph-sdk, unmodified: creates, reads, changes and deletes an application."""

import asyncio

from azure.identity.aio import ClientSecretCredential
from kiota_abstractions.api_error import APIError
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.applications.item.add_password.add_password_post_request_body import AddPasswordPostRequestBody
from msgraph.generated.models.application import Application
from msgraph.generated.models.password_credential import PasswordCredential
from talk import contoso, daemon_app, daemon_secret, ready, say


def client(credential):
    provider = AzureIdentityAuthenticationProvider(credential, allowed_hosts=["localhost"])
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = f"{ready['graph_url']}/v1.0"
    return GraphServiceClient(request_adapter=adapter)


async def walk(graph):
    made = await graph.applications.post(Application(display_name="made by msgraph-sdk"))
    one = graph.applications.by_application_id(made.id)
    read = await one.get()
    secret = await one.add_password.post(
        AddPasswordPostRequestBody(password_credential=PasswordCredential(display_name="judge"))
    )
    await one.patch(Application(display_name="changed by msgraph-sdk"))
    changed = await one.get()
    await one.delete()
    try:
        await one.get()
        gone = None
    except APIError as error:
        gone = error.response_status_code
    organization = await graph.organization.get()
    return {
        "same": (read.id, read.app_id) == (made.id, made.app_id) and made.id != made.app_id,
        "secret": len(secret.secret_text),
        "hint": changed.password_credentials[0].hint == secret.secret_text[:3],
        "text_is_gone": changed.password_credentials[0].secret_text is None,
        "changed": changed.display_name,
        "gone": gone,
        "organization": organization.value[0].id,
    }


async def main():
    options = {
        "authority": ready["login_url"],
        "disable_instance_discovery": True,
        "connection_verify": ready["ca_file"],
    }
    async with ClientSecretCredential(contoso, daemon_app, daemon_secret, **options) as credential:
        say(await walk(client(credential)))


asyncio.run(main())
