"""`gangway sign-in-application`: tell Gangway the application that a provider's customers sign in to."""

from typing import Annotated

import typer

from gangway.cli.errors import NoSuchProvider
from gangway.cli.start import prepared
from gangway.config.settings.typed import Role
from gangway.foundation.clouds import CloudName


def sign_in_application(
    provider: Annotated[str, typer.Option(help="Short name of the provider, as in sp2.")],
    client_id: Annotated[str, typer.Option(help="Application (client) ID, from the application's Overview page.")],
    home_tenant_id: Annotated[str, typer.Option(help="Directory (tenant) ID it was registered in: your own.")],
    cloud: Annotated[CloudName, typer.Option(help="Microsoft's cloud it is registered in.")] = CloudName.PUBLIC,
) -> None:
    """Tell or change the application that administrators of a provider's customers sign in to; `doctor` checks it."""
    with prepared(Role.OWNER):
        name = _register(provider, client_id, home_tenant_id, cloud)
    print(f"Administrators will sign in to {name}. `gangway doctor` asks Microsoft whether it is set up as it must be.")


def _register(provider: str, client_id: str, home_tenant_id: str, cloud: CloudName) -> str:
    from gangway.audit.record import Actor  # noqa: PLC0415  needs a Django that is awake
    from gangway.foundation import clock  # noqa: PLC0415
    from gangway.onboarding import actions, queries  # noqa: PLC0415
    from gangway.organizations.queries import providers  # noqa: PLC0415

    known = next((found.id for found in providers() if found.short_name == provider), None)
    if known is None:
        raise NoSuchProvider(provider=provider)
    by, now = Actor.system("sign-in-application"), clock.now()
    actions.register_sign_in_application(
        provider_id=known, client_id=client_id, home_tenant_id=home_tenant_id, cloud=cloud, by=by, now=now
    )
    return queries.sign_in_applications(known)[0].display_name
