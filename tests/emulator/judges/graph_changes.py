"""msgraph-sdk with azure-identity, unmodified: changes since the last time, and a claims challenge taken to Entra.

When the person's sessions end, Graph answers 401; the library reads the challenge and lets the person sign in anew.
"""

import asyncio

from azure.identity import DeviceCodeCredential
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.application import Application
from msgraph.generated.models.user import User
from talk import contoso, ready, say, sign_in_app

names = ("Application.ReadWrite.All", "User.ReadWrite.All")
scopes = [f"https://graph.microsoft.com/{name}" for name in names]
options = {"authority": ready["login_url"], "disable_instance_discovery": True, "connection_verify": ready["ca_file"]}


async def changed(graph):
    """Ids of applications that are there at first, then those of what is new and what is gone."""
    kept = await graph.applications.post(Application(display_name="kept"))
    gone = await graph.applications.post(Application(display_name="gone"))
    first = await graph.applications.delta.get()
    await graph.applications.by_application_id(gone.id).delete()
    new = await graph.applications.post(Application(display_name="new"))
    second = await graph.applications.delta.with_url(first.odata_delta_link).get()
    removed = [one.id for one in second.value if "@removed" in one.additional_data]
    at_first = {kept.id, gone.id} <= {one.id for one in first.value}
    return {
        "first": at_first,
        "then": {one.id for one in second.value} == {new.id, gone.id},
        "gone": removed == [gone.id],
    }


async def main():
    credential = DeviceCodeCredential(
        client_id=sign_in_app,
        tenant_id=contoso,
        prompt_callback=lambda address, code, _: say({"verification_uri": address, "user_code": code}),
        **options,
    )
    provider = AzureIdentityAuthenticationProvider(credential, scopes=scopes, allowed_hosts=["localhost"])
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = f"{ready['graph_url']}/v1.0"
    graph = GraphServiceClient(request_adapter=adapter)
    await graph.me.patch(User(job_title="Judge"))
    found = await changed(graph)
    await asyncio.sleep(1.1)  # what ends a token is told in whole seconds
    await graph.me.revoke_sign_in_sessions.post()
    say({**found, "name": (await graph.me.get()).display_name})


asyncio.run(main())
