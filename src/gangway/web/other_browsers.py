"""After one's second factors change, other browsers stay signed in: their person is told, and where that is ended."""

from typing import Any

from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _


def listen() -> None:
    """Connect once, when the application is ready."""
    for changed in (authenticator_added, authenticator_removed, authenticator_reset):
        changed.connect(_offer, dispatch_uid="gangway other browsers")


def _offer(request: HttpRequest, user: Any, **_given: Any) -> None:
    if UserSession.objects.filter(user=user).count() > 1:
        messages.info(request, _("You are signed in in other browsers, too. What you don't know, end under Sessions."))
