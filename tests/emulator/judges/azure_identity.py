"""azure-identity, unmodified: client secret, synchronous and asynchronous, and a device code."""

import asyncio

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential, DeviceCodeCredential
from azure.identity.aio import ClientSecretCredential as AsyncClientSecretCredential
from talk import contoso, daemon_app, daemon_secret, ready, say, sign_in_app

graph = "https://graph.microsoft.com/.default"
options = {
    "authority": ready["login_url"],
    "disable_instance_discovery": True,
    "connection_verify": ready["ca_file"],
}


async def asynchronous():
    async with AsyncClientSecretCredential(contoso, daemon_app, daemon_secret, **options) as credential:
        return bool((await credential.get_token(graph)).token)


def wrong_secret():
    try:
        ClientSecretCredential(contoso, daemon_app, "wrong", **options).get_token(graph)
    except ClientAuthenticationError as error:
        return "AADSTS7000215" in str(error)
    return False


def device_code():
    prompted = []
    credential = DeviceCodeCredential(
        client_id=sign_in_app,
        tenant_id=contoso,
        prompt_callback=lambda address, code, _: (
            prompted.append(code),
            say({"verification_uri": address, "user_code": code}),
        ),
        **options,
    )
    credential.get_token("https://graph.microsoft.com/User.Read")
    return len(prompted) == 1


def main():
    found = {"wrong_secret": wrong_secret(), "asynchronous": asyncio.run(asynchronous())}
    found["synchronous"] = bool(
        ClientSecretCredential(contoso, daemon_app, daemon_secret, **options).get_token(graph).token
    )
    found["device_code"] = device_code()
    say(found)


main()
