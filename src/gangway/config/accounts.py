"""What we ask of allauth beyond its settings.

Nobody signs up by themselves, TOTP keys are encrypted at rest, mails leave through the outbox, and a tenant that is
trusted to have asked for a second factor isn't doubled by ours.
"""

import base64
from collections.abc import Sequence
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from gangway.accounts import letters, trail
from gangway.accounts.microsoft import is_offered
from gangway.accounts.queries import identities


class AccountAdapter(DefaultAccountAdapter):
    """Operators are made by other operators or by `gangway create-admin`, never by a public form."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Say no: there is no public sign-up."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Hand the mail to the outbox: the web process sends none itself."""
        letters.from_library(template_prefix, email, context, asked_from=self.get_client_ip(self.request))

    def get_login_stages(self) -> list[str]:
        """Leave the second factor out for somebody whose tenant was trusted to ask for it in this very request."""
        stages: list[str] = super().get_login_stages()
        trusted = getattr(self.request, "second_factor_by_tenant", False)
        return [stage for stage in stages if not (trusted and stage.startswith("allauth.mfa."))]

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Offer Microsoft beside password and second factor to those who come in by it."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if user.is_authenticated and is_offered() and identities(user.pk):
            address = reverse("web:microsoft_again")
            methods.append({"id": "microsoft", "description": _("Sign in with Microsoft again"), "url": address})
        return methods

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count failures by account *and* address: five from elsewhere must not lock the person out."""
        return f"{self.get_client_ip(request)} {super()._get_login_attempts_cache_key(request, **credentials)}"


class SessionsAdapter(DefaultUserSessionsAdapter):
    """Lets nobody end their sessions unrecorded."""

    def end_sessions(self, sessions: Sequence[UserSession]) -> None:
        """End them and write it down: both happen or neither."""
        with transaction.atomic():
            super().end_sessions(sessions)
            if sessions:
                trail.other_sessions_ended(self.request, sessions[0].user_id, number=len(sessions))


class MfaAdapter(DefaultMFAAdapter):
    """Keeps TOTP keys and recovery-code seeds encrypted under a key derived from the secret key."""

    def encrypt(self, text: str) -> str:
        """Encrypt before it is stored."""
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open what `encrypt` made; raises `InvalidToken` after the secret key was replaced."""
        return _box().decrypt(encrypted_text.encode()).decode()


def _box() -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"gangway second factors").derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
