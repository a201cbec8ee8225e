"""Mails about a person's own sign-in: the account library asks for them, a worker sends them, links are sealed."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final
from uuid import UUID

import structlog
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gangway.accounts.queries import inviter_of
from gangway.audit.record import Actor
from gangway.foundation.clock import now
from gangway.foundation.names import greeted
from gangway.foundation.sealed import SealedText
from gangway.notifications import outbox
from gangway.notifications.states import MessageKind
from gangway.organizations.hosts import origin_of, public_url
from gangway.organizations.people_queries import home_of, path_of, person_by_address
from gangway.organizations.queries import operator
from gangway.organizations.scope import within

log = structlog.get_logger("gangway.accounts")

RESET: Final = "account/email/password_reset_key"
CHANGES: Final[Mapping[str, str | Promise]] = {
    "account/email/password_changed": _("your password was changed"),
    "account/email/password_set": _("a password was set"),
    "account/email/password_reset": _("your password was replaced by a link in a mail"),
    "mfa/email/totp_activated": _("an authenticator app was added"),
    "mfa/email/totp_deactivated": _("your authenticator app was removed"),
    "mfa/email/webauthn_added": _("a passkey was added"),
    "mfa/email/webauthn_removed": _("a passkey was removed"),
    "mfa/email/recovery_codes_generated": _("new recovery codes were made"),
}
"""What the library tells of, in our words."""


def from_library(prefix: str, email: str, context: Mapping[str, Any], *, asked_from: str) -> None:
    """Put one of the library's mails into the outbox; a kind that we don't know is left out and logged."""
    person = person_by_address(email)
    if person is None:
        return
    if prefix == RESET:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": context["uid"], "key": context["key"]})
        link = SealedText(f"{_address_for(person)}{path}")
        _put(person, MessageKind.PASSWORD_RESET, {"asked_from": asked_from}, link)
    elif prefix in CHANGES:
        facts = {"what": str(CHANGES[prefix]), "asked_from": asked_from, "when": _when()}
        _put(person, MessageKind.SIGN_IN_CHANGED, facts, None)
    else:
        log.warning("a mail of the account library is unknown", prefix=prefix)


def tell_of_wrong_codes(person: UUID, *, asked_from: str) -> None:
    """Tell a person that somebody who has their password guesses at their second factor."""
    _put(person, MessageKind.WRONG_CODES, {"asked_from": asked_from, "when": _when()}, None)


def tell_of_address(person: UUID, *, to: str, new: str, is_asked: bool, asked_from: str) -> None:
    """Tell the address that a person has, or had until now, of another one."""
    what = "another e-mail address was asked for" if is_asked else "your e-mail address was changed"
    facts = {"what": f"{what} ({new})", "asked_from": asked_from, "when": _when()}
    _put(person, MessageKind.SIGN_IN_CHANGED, facts, None, to=to)


def ask_to_confirm(person: UUID, *, to: str, key: SealedText, asked_by: str) -> None:
    """Mail the link that confirms an address to it."""
    path = reverse("web:own_address_link", args=[key.reveal()])
    _put(person, MessageKind.ADDRESS_LINK, {"asked_by": asked_by}, SealedText(f"{_address_for(person)}{path}"), to=to)


def tell_that_it_was_typed(person: UUID, *, to: str, asked_by: str) -> None:
    """Tell an address, which has an account, that it was typed as another person's.

    It has the kind of the mail that confirms, and a sealed link that isn't shown, to where that person may sign in: so
    the log of whoever typed it reads the same as of an address without an account.
    """
    facts = {"name": to, "asked_by": asked_by, "purpose": "taken"}
    _put(person, MessageKind.ADDRESS_LINK, facts, SealedText(_address_for(person)), to=to)


def _when() -> str:
    there = now().astimezone(UTC)
    return f"{there:%A}, {there.day} {there:%B %Y, %H:%M} (UTC)"


def _address_for(person: UUID) -> str:
    """Where this person reaches our pages; somebody who belongs nowhere is told the platform's own address."""
    home = _home_of(person)
    return public_url(home) if home else origin_of("")


def _home_of(person: UUID) -> UUID | None:
    """Return where the person's own things belong: with their oldest role, without any where they are invited."""
    about = operator(person)
    return home_of(person) or (inviter_of(about.email, now=now()) if about else None)


def _put(person: UUID, kind: MessageKind, facts: Mapping[str, str], link: SealedText | None, *, to: str = "") -> None:
    """Put it where the person's own things belong: who belongs nowhere gets none, and may do nothing anyway.

    `to`: another address than the person's.
    """
    home, about = _home_of(person), operator(person)
    if home is None or about is None:
        return
    with within(path_of(home)):
        outbox.put(
            organization_id=home,
            kind=kind,
            to=to or about.email,
            language="en",
            context={"name": greeted(about.name) or about.email, **facts},
            link=link,
            subject_ref=f"operator:{person}",
            by=Actor.system("sign-in"),
        )
