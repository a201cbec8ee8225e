"""What we ask of allauth beyond its settings: nobody signs up by themselves, TOTP keys are encrypted at rest."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Operators are made by other operators or by `gangway create-admin`, never by a public form."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Say no: there is no public sign-up."""
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count failures by account *and* address: five from elsewhere must not lock the person out."""
        return f"{self.get_client_ip(request)} {super()._get_login_attempts_cache_key(request, **credentials)}"


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
