"""What the customer is told in the end: what was taken out of their tenant, and what stays and why; by mail, too."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from gangway.alarms.wording import NOTHING_ASKED
from gangway.audit.record import Actor
from gangway.connections.farewells import farewell, sign_farewell
from gangway.languages.choice import speaking
from gangway.languages.said import said
from gangway.languages.times import time_in_words
from gangway.notifications import outbox
from gangway.notifications.states import MessageKind
from gangway.organizations.languages import language_of
from gangway.organizations.queries import provider_of
from gangway.organizations.told import contacts_of
from gangway.provisioning.farewell import Line, Outcome, Parted, parted
from gangway.services.queries import ServiceView, service

UNKNOWN_TIME: Final = "at an unknown time"
SENTENCES: Final = {
    (Outcome.REMOVED, False, False): "Removed: {what}, {when}",
    (Outcome.STAYS, True, True): "Stays: {what} [{id}]. {why}",
    (Outcome.STAYS, True, False): "Stays: {what} [{id}]",
    (Outcome.STAYS, False, True): "Stays: {what}. {why}",
    (Outcome.STAYS, False, False): "Stays: {what}",
    (Outcome.DESTROYED, True, False): "Destroyed here: {what} [{id}]",
    (Outcome.DESTROYED, False, False): "Destroyed here: {what}",
    (Outcome.GONE, True, False): "Seen to be gone: {what} [{id}], {when}",
    (Outcome.CLAIMED, True, False): "Removed, as {who} said: {what} [{id}], {when}",
}
"""By the outcome, and whether an id and a reason are known."""


def say_farewell(service_id: UUID, *, on_end: str, by: Actor, now: datetime) -> None:
    """Write down and sign what became of a service, before our copies of its credentials are destroyed. In a scope."""
    about, parts = service(service_id), parted(service_id, on_end=on_end)
    if farewell(service_id) is not None:
        return
    text = "\n".join(written(about, parts, now=now))
    sign_farewell(service_id=service_id, organization_id=about.customer_id, text=text, by=by, now=now)
    if parts:
        _tell(about, by=by)


def _tell(about: ServiceView, *, by: Actor) -> None:
    """Put a mail with it to each of the customer's contacts into the outbox; without any there is nobody to tell."""
    paper, provider = farewell(about.id), provider_of(about.customer_id)
    if paper is None:
        return
    language = language_of(about.customer_id)
    with speaking(language):
        words = said(paper.words)
    for contact in contacts_of(about.customer_id):
        outbox.put(
            organization_id=about.customer_id,
            kind=MessageKind.SERVICE_GONE,
            to=contact.email,
            language=language,
            context={
                "customer": about.customer_name,
                "service": about.short_name,
                "list": words,
                "signed": paper.text,
                "provider": provider.name,
                "reply_to": provider.reply_to,
                "phone": provider.support_phone,
                "safe": NOTHING_ASKED,
            },
            link=None,
            subject_ref=f"farewell:{about.id}",
            by=by,
        )


def written(about: ServiceView, parts: Iterable[Parted], *, now: datetime) -> Iterator[str]:
    """Give the lines of it. A name from a tenant stays within its line: nobody but us says what we sign."""
    return (" ".join(line.split()) for line in _lines(about, tuple(parts), now=now))


def _lines(about: ServiceView, parts: tuple[Parted, ...], *, now: datetime) -> Iterator[str]:
    yield f"Service {about.short_name} ({about.full_name}) of {about.customer_name} is deleted."
    yield f"Provider: {about.provider_name}"
    when = time_in_words(now)
    yield f"Written: {when}"
    if not parts:
        yield ""
        yield "Nothing is known to have been made in a Microsoft 365 tenant for it."
    for part in parts:
        yield ""
        tenant_name = part.tenant_name or part.tenant_id
        yield f"Tenant: {tenant_name} ({part.tenant_id})"
        yield f"App registration: {part.name}, application ID {part.app_id}"
        yield from (f"- {_said(line)}" for line in part.lines)
    yield ""
    yield "All our copies of its credentials are destroyed."


def _said(line: Line) -> str:
    """One whole sentence for each case, so that a page can say it in the customer's language."""
    facts = {"what": line.what, "id": line.id, "why": line.why, "who": line.by}
    when = time_in_words(line.at) if line.at else UNKNOWN_TIME
    return SENTENCES[line.outcome, bool(line.id), bool(line.why)].format(**facts, when=when)
