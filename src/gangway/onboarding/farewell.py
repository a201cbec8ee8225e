"""What the customer is told in the end: what was taken out of their tenant, and what stays and why."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from gangway.audit.record import Actor
from gangway.connections.farewells import sign_farewell
from gangway.languages.times import time_in_words
from gangway.provisioning.farewell import Line, Parted, parted
from gangway.services.queries import ServiceView, service


def say_farewell(service_id: UUID, *, on_end: str, by: Actor, now: datetime) -> None:
    """Write down and sign what became of a service, before our copies of its credentials are destroyed. In a scope."""
    about = service(service_id)
    text = "\n".join(written(about, parted(service_id, on_end=on_end), now=now))
    sign_farewell(service_id=service_id, organization_id=about.customer_id, text=text, by=by, now=now)


def written(about: ServiceView, parts: Iterable[Parted], *, now: datetime) -> Iterator[str]:
    """Give the lines of it. A name from a tenant stays within its line: nobody but us says what we sign."""
    return (" ".join(line.split()) for line in _lines(about, tuple(parts), now=now))


def _lines(about: ServiceView, parts: tuple[Parted, ...], *, now: datetime) -> Iterator[str]:
    yield f"Service {about.short_name} ({about.full_name}) of {about.customer_name} is deleted."
    yield f"Provider: {about.provider_name}"
    yield f"Written: {time_in_words(now)}"
    if not parts:
        yield ""
        yield "Nothing is known to have been made in a Microsoft 365 tenant for it."
    for part in parts:
        yield ""
        yield f"Tenant: {part.tenant_name or part.tenant_id} ({part.tenant_id})"
        yield f"App registration: {part.name}, application ID {part.app_id}"
        yield from (f"- {_said(line)}" for line in part.lines)
    yield ""
    yield "All our copies of its credentials are destroyed."


def _said(line: Line) -> str:
    words = f"{line.outcome}: {line.what}"
    words += f" [{line.id}]" if line.id else ""
    words += f", {time_in_words(line.at)}" if line.at else ""
    return f"{words}. {line.why}" if line.why else words
