"""msgraph-sdk and azure-identity, unmodified, used as their documentation shows: one call after the other.

Signing in comes first and isn't counted, as Gangway has its person's token when *Start Provisioning* is pressed. The
programs of both are loaded before the watch starts.
"""

import asyncio

from azure.identity.aio import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.applications.item.add_password.add_password_post_request_body import AddPasswordPostRequestBody
from msgraph.generated.models.app_role_assignment import AppRoleAssignment
from msgraph.generated.models.application import Application
from msgraph.generated.models.password_credential import PasswordCredential
from msgraph.generated.models.required_resource_access import RequiredResourceAccess
from msgraph.generated.models.resource_access import ResourceAccess
from msgraph.generated.models.service_principal import ServicePrincipal
from msgraph.generated.models.unified_role_assignment import UnifiedRoleAssignment
from talk import Watch, graph_app, ready, say, told

scope = "https://graph.microsoft.com/.default"
options = {"authority": told["login_url"], "disable_instance_discovery": True, "connection_verify": told["ca_file"]}


def client(credential):
    provider = AzureIdentityAuthenticationProvider(credential, scopes=[scope], allowed_hosts=["localhost"])
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = f"{told['graph_url']}/v1.0"
    return GraphServiceClient(request_adapter=adapter)


async def make(graph):
    """Application, principal, consents, roles, secret."""
    access = [ResourceAccess(id=role, type="Role") for role in told["permissions"].values()]
    wanted = Application(
        display_name=told["name"],
        required_resource_access=[RequiredResourceAccess(resource_app_id=graph_app, resource_access=access)],
    )
    application = await graph.applications.post(wanted)
    principal = await graph.service_principals.post(ServicePrincipal(app_id=application.app_id))
    resource = await graph.service_principals_with_app_id(graph_app).get()
    offered = {role.value: role.id for role in resource.app_roles}
    grants = graph.service_principals.by_service_principal_id(principal.id).app_role_assignments
    for name in told["permissions"]:
        await grants.post(
            AppRoleAssignment(principal_id=principal.id, resource_id=resource.id, app_role_id=offered[name])
        )
    for role in told["roles"].values():
        await graph.role_management.directory.role_assignments.post(
            UnifiedRoleAssignment(principal_id=principal.id, role_definition_id=role, directory_scope_id="/")
        )
    secret = await graph.applications.by_application_id(application.id).add_password.post(
        AddPasswordPostRequestBody(password_credential=PasswordCredential(display_name=told["name"]))
    )
    return application, principal, secret


async def read_back(graph, application, principal):
    """Whether all of it is there."""
    one = graph.service_principals.by_service_principal_id(principal.id)
    read = await graph.applications.by_application_id(application.id).get()
    there = await one.get()
    grants = await one.app_role_assignments.get()
    query = f"principalId eq '{principal.id}'"
    builder = graph.role_management.directory.role_assignments
    parameters = type(builder).RoleAssignmentsRequestBuilderGetQueryParameters(filter=query)
    roles = await builder.get(request_configuration=RequestConfiguration(query_parameters=parameters))
    return (
        len(read.password_credentials) == 1
        and there.app_id == application.app_id
        and len(grants.value) == len(told["permissions"])
        and len(roles.value) == len(told["roles"])
    )


async def own_call(application, secret):
    """Sign in as the new registration and read the organization's name."""
    async with ClientSecretCredential(told["tenant"], application.app_id, secret.secret_text, **options) as credential:
        organization = await client(credential).organization.get()
        return organization.value[0].id == told["tenant"]


async def main() -> None:
    async with ClientSecretCredential(told["tenant"], told["client"], told["secret"], **options) as credential:
        graph = client(credential)
        await credential.get_token(scope)
        ready()
        watch = Watch()
        application, principal, secret = await make(graph)
        whole = await read_back(graph, application, principal)
        proved = await own_call(application, secret)
        say({"seconds": watch.seconds(), "proved": whole and proved})


asyncio.run(main())
