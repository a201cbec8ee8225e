"""msgraph-sdk with azure-identity, unmodified: an administrator's device code, then a whole registration, then undone.

Upsert, service principal, permission, directory role, secret, a read page by page, and a batch.
"""

import asyncio

from azure.identity import ClientSecretCredential, DeviceCodeCredential
from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.applications.applications_request_builder import ApplicationsRequestBuilder
from msgraph.generated.applications.item.add_password.add_password_post_request_body import AddPasswordPostRequestBody
from msgraph.generated.models.app_role_assignment import AppRoleAssignment
from msgraph.generated.models.application import Application
from msgraph.generated.models.password_credential import PasswordCredential
from msgraph.generated.models.service_principal import ServicePrincipal
from msgraph.generated.models.unified_role_assignment import UnifiedRoleAssignment
from msgraph_core import PageIterator
from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem
from talk import contoso, ready, say, sign_in_app

graph_app_id = "00000003-0000-0000-c000-000000000000"
teams_administrator = "69091246-20e8-4a56-aa4d-066075b2a7a8"
scopes = [
    f"https://graph.microsoft.com/{name}"
    for name in (
        "Application.ReadWrite.All",
        "AppRoleAssignment.ReadWrite.All",
        "RoleManagement.ReadWrite.Directory",
        "Organization.Read.All",
    )
]
options = {"authority": ready["login_url"], "disable_instance_discovery": True, "connection_verify": ready["ca_file"]}


def client(credential, wanted):
    provider = AzureIdentityAuthenticationProvider(credential, scopes=wanted, allowed_hosts=["localhost"])
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = f"{ready['graph_url']}/v1.0"
    return GraphServiceClient(request_adapter=adapter), adapter


async def register(graph):
    """Make it, and say what was made."""
    preference = RequestConfiguration()
    preference.headers.add("Prefer", "create-if-missing")
    wanted = Application(display_name="judge", unique_name="judge-1")
    await graph.applications_with_unique_name("judge-1").patch(wanted, request_configuration=preference)
    application = await graph.applications_with_unique_name("judge-1").get()
    principal = await graph.service_principals.post(ServicePrincipal(app_id=application.app_id))
    resource = await graph.service_principals_with_app_id(graph_app_id).get()
    role = next(one for one in resource.app_roles if one.value == "Organization.Read.All")
    assignment = AppRoleAssignment(principal_id=principal.id, resource_id=resource.id, app_role_id=role.id)
    await graph.service_principals.by_service_principal_id(principal.id).app_role_assignments.post(assignment)
    await graph.role_management.directory.role_assignments.post(
        UnifiedRoleAssignment(principal_id=principal.id, role_definition_id=teams_administrator, directory_scope_id="/")
    )
    secret = await graph.applications.by_application_id(application.id).add_password.post(
        AddPasswordPostRequestBody(password_credential=PasswordCredential(display_name="judge"))
    )
    return application, principal, secret


async def pages(graph, adapter):
    """Client ids of all applications, two to a page."""
    query = ApplicationsRequestBuilder.ApplicationsRequestBuilderGetQueryParameters(top=2, select=["id", "appId"])
    first = await graph.applications.get(request_configuration=RequestConfiguration(query_parameters=query))
    seen = []
    await PageIterator(first, adapter).iterate(lambda one: seen.append(one.app_id) or True)
    return seen


async def batch(graph, adapter, application):
    """Status of each of three requests that go together; the last waits for the first."""
    one = BatchRequestItem(graph.applications.by_application_id(application.id).to_get_request_information(), id="one")
    none = BatchRequestItem(
        graph.applications.by_application_id("11111111-1111-4111-8111-111111111111").to_get_request_information(),
        id="none",
    )
    last = BatchRequestItem(graph.organization.to_get_request_information(), id="last", depends_on=[one])
    content = BatchRequestContent({item.id: item for item in (one, none, last)})
    answered = await BatchRequestBuilder(adapter).post(content)
    return [answered.get_response_by_id(item.id).status for item in (one, none, last)]


async def own_organization(application, secret):
    """What the new registration reads by itself."""
    credential = ClientSecretCredential(contoso, application.app_id, secret.secret_text, **options)
    graph, _ = client(credential, ["https://graph.microsoft.com/.default"])
    return (await graph.organization.get()).value[0].id


async def undo(graph, application_id):
    """Delete it and ask for it again: the status of the refusal."""
    await graph.applications.by_application_id(application_id).delete()
    try:
        await graph.applications.by_application_id(application_id).get()
    except APIError as error:
        return error.response_status_code
    return None


async def main():
    credential = DeviceCodeCredential(
        client_id=sign_in_app,
        tenant_id=contoso,
        prompt_callback=lambda address, code, _: say({"verification_uri": address, "user_code": code}),
        **options,
    )
    graph, adapter = client(credential, scopes)
    application, principal, secret = await register(graph)
    seen = await pages(graph, adapter)
    say(
        {
            "apart": application.id != principal.id,
            "batch": await batch(graph, adapter, application),
            "paged": len(seen) == len(set(seen)) >= 2 and application.app_id in seen,
            "reads": await own_organization(application, secret),
            "gone": await undo(graph, application.id),
        }
    )


asyncio.run(main())
