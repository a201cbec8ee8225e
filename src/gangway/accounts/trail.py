"""What people do with their own sign-in goes into the activity log: the account library tells, we write it down."""

from typing import Any
from uuid import UUID

import structlog
from allauth.account import signals as account
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.internal import ratelimit
from allauth.mfa import signals as factors
from django.contrib.auth import signals as auth
from django.db import transaction
from django.http import HttpRequest

from gangway.accounts import letters
from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.organizations.people_queries import home_of, path_of, person_by_address
from gangway.organizations.scope import within

log = structlog.get_logger("gangway.accounts")


def listen() -> None:
    """Connect once, when the application is ready."""
    account.user_logged_in.connect(_signed_in, dispatch_uid="gangway trail")
    auth.user_logged_out.connect(_signed_out, dispatch_uid="gangway trail")
    auth.user_login_failed.connect(_refused, dispatch_uid="gangway trail")
    factors.authentication_failed.connect(_factor_refused, dispatch_uid="gangway trail")
    for signal, what in (
        (account.password_changed, "password changed"),
        (account.password_set, "password set"),
        (account.password_reset, "password reset by mail"),
    ):
        signal.connect(_told(what), dispatch_uid=f"gangway trail {what}", weak=False)
    for signal, what in (
        (factors.authenticator_added, "added"),
        (factors.authenticator_removed, "removed"),
        (factors.authenticator_reset, "made anew"),
    ):
        signal.connect(_factor(what), dispatch_uid=f"gangway trail {what}", weak=False)


def _signed_in(request: HttpRequest, user: Any, **_: Any) -> None:
    ways = [str(each.get("type") or each.get("method")) for each in get_authentication_records(request, user)]
    _write(Event.OPERATOR_SIGNED_IN, user.pk, request, ways=", ".join(dict.fromkeys(ways)))


def _signed_out(request: HttpRequest, user: Any, **_: Any) -> None:
    if user is not None and user.pk:
        _write(Event.OPERATOR_SIGNED_OUT, user.pk, request)


def _refused(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Tell of a known person only: what else was typed into the field may be a password."""
    person = person_by_address(str(credentials.get("email") or ""))
    if person is None:
        log.info("sign-in refused for an unknown address")
        return
    _write(Event.OPERATOR_SIGN_IN_FAILED, person, request, way="first factor")


def _factor_refused(request: HttpRequest, user: Any, *, reauthentication: bool = False, **_: Any) -> None:
    """Mail the person when somebody who gave their password guesses; who came in otherwise knows none."""
    _write(Event.OPERATOR_SIGN_IN_FAILED, user.pk, request, way="second factor")
    ways = {str(each.get("method")) for each in get_authentication_records(request, user)}
    if reauthentication or "password" not in ways:
        return
    if not _may(request, "wrong_codes", user.pk) and _may(request, "wrong_codes_told", user.pk):
        letters.tell_of_wrong_codes(user.pk, asked_from=request.META.get("REMOTE_ADDR", ""))


def _may(request: HttpRequest, action: str, person: UUID) -> bool:
    return bool(ratelimit.consume(request, app="allauth.account", action=action, key=str(person)))


def other_sessions_ended(request: HttpRequest, person: UUID, *, number: int) -> None:
    """Tell that a person ended all of their sessions but the one they are in; the library has no signal for it."""
    _write(Event.OPERATOR_SESSIONS_ENDED, person, request, sessions=number)


def _told(what: str) -> Any:
    def listener(request: HttpRequest, user: Any, **_: Any) -> None:
        _write(Event.OPERATOR_CREDENTIAL_CHANGED, user.pk, request, what=what)

    return listener


def _factor(what: str) -> Any:
    def listener(request: HttpRequest, user: Any, authenticator: Any, **_: Any) -> None:
        _write(Event.OPERATOR_CREDENTIAL_CHANGED, user.pk, request, what=f"{authenticator.type} {what}")

    return listener


def _write(event: Event, person: UUID, request: HttpRequest | None, **data: str | int) -> None:
    """Write it into the log of the organization where the person's oldest role is; without any role, nowhere."""
    home = home_of(person)
    if home is None:
        return
    meta = request.META if request else {}
    name = str(getattr(getattr(request, "user", None), "name", "") or "somebody")
    by = Actor("person", str(person), name, meta.get("REMOTE_ADDR", ""), getattr(request, "id", ""))
    with within(path_of(home)), transaction.atomic():
        record(event, by=by, organization_id=home, subject=f"operator:{person}", data=data)
