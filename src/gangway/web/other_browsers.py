"""After one's second factors change, other browsers stay signed in: their person is told, and where that is ended."""

from typing import Any, Final

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

FIRST_OR_LAST: Final = (authenticator_added, authenticator_removed)
"""Recovery codes come with somebody's first second factor and go with their last one: that one is told of already."""


def listen() -> None:
    """Connect once, when the application is ready."""
    for changed in (authenticator_added, authenticator_removed, authenticator_reset):
        changed.connect(_offer, dispatch_uid="gangway other browsers")


def _offer(signal: Any, request: HttpRequest, user: Any, authenticator: Authenticator, **_given: Any) -> None:
    comes_along = signal in FIRST_OR_LAST and authenticator.type == Authenticator.Type.RECOVERY_CODES
    if not comes_along and len(UserSession.objects.purge_and_list(user)) > 1:
        messages.info(request, _("You are signed in in other browsers, too. What you don't know, end under Sessions."))
