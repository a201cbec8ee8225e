"""`gangway seed`: a provider with as many channels, customers and services as one likes, to try lists at size.

With them come the rows that so many services leave in every other list: invitations, runs, connections, alarms …
"""

from typing import Annotated
from uuid import UUID

import typer

from gangway.cli.errors import WouldMixSamples
from gangway.cli.start import prepared
from gangway.config.settings.typed import Role

FIRST = [
    "Contoso",
    "Northwind",
    "Tailspin",
    "Wingtip",
    "Adatum",
    "Fabrikam",
    "Litware",
    "Proseware",
    "Trey",
    "Woodgrove",
]
SECOND = ["Bakeries", "Shipping", "Toys", "Clinics", "Foods", "Bank", "Schools", "Works", "Hotels", "Garden"]


def seed(
    services: Annotated[int, typer.Option(min=1, help="How many services.")] = 1000,
    customers: Annotated[int, typer.Option(min=1, help="How many customers.")] = 100,
    channels: Annotated[int, typer.Option(min=1, help="How many channels.")] = 20,
    short_name: Annotated[str, typer.Option(help="Short name of the provider that is made for them.")] = "samples",
) -> None:
    """Make a provider full of samples in this database. Not for one that customers use: samples can't be taken out."""
    with prepared(Role.OWNER):
        make_samples(services, customers, channels, short_name)
    print(f"Made {services} services of {customers} customers in {channels} channels below the provider {short_name}.")


def make_samples(number: int, customers: int, channels: int, short_name: str) -> UUID:
    """Make the provider and all below it; its id. Raises WouldMixSamples."""
    from django.db import transaction  # noqa: PLC0415  needs a Django that is awake

    from gangway.alarms.samples import add_alarms  # noqa: PLC0415
    from gangway.audit.record import Actor  # noqa: PLC0415
    from gangway.connections.samples import add_connections  # noqa: PLC0415
    from gangway.imports.samples import add_imports  # noqa: PLC0415
    from gangway.invitations.samples import add_invitations  # noqa: PLC0415
    from gangway.organizations import queries  # noqa: PLC0415
    from gangway.organizations.actions import create_organization  # noqa: PLC0415
    from gangway.organizations.roles import Kind, Role  # noqa: PLC0415
    from gangway.organizations.samples import add_organizations, add_people  # noqa: PLC0415
    from gangway.organizations.scope import within_everything  # noqa: PLC0415
    from gangway.provisioning.queries import pin  # noqa: PLC0415
    from gangway.provisioning.samples import add_registrations  # noqa: PLC0415
    from gangway.services.samples import add_services  # noqa: PLC0415

    with within_everything("samples are made on the machine itself"), transaction.atomic():
        if any(found.short_name == short_name for found in queries.providers()):
            raise WouldMixSamples
        provider = create_organization(
            kind=Kind.PROVIDER, name="Samples", short_name=short_name, parent_id=None, by=Actor.system("seed")
        )
        names = [f"Channel {place + 1}" for place in range(channels)]
        above = add_organizations(kind=Kind.CHANNEL, below=[provider], names=names)
        titles = [_title(place) for place in range(customers)]
        made = add_organizations(kind=Kind.CUSTOMER, below=above, names=titles)
        domain = f"{short_name.replace(' ', '-')}.example"
        add_people(places=above, role=Role.ADMIN, domain=domain)
        add_people(places=made, role=Role.OPERATOR_LITE, domain=domain)
        samples = add_services(provider_id=provider, customers=list(zip(made, titles, strict=True)), number=number)
        plan, fingerprint = pin()
        add_invitations(samples, plan=plan, fingerprint=fingerprint)
        add_connections(add_registrations([one for one in samples if not one.is_planned]))
        add_alarms(samples)
        add_imports(organization_id=provider, services=number)
    return provider


def _title(place: int) -> str:
    words = (FIRST[(place + place // 10) % 10], SECOND[place // 10 % 10])
    return " ".join((*words, str(place // 100 + 1)))
