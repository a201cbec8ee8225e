"""The one secret a page must show: the short-lived user code of a device sign-in. The web process can open this kind.

It is encrypted under a key derived from the secret key and the context, so a code copied to another row stays closed.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from gangway.foundation.sealed import SealedText
from gangway.vault.errors import SealBroken


def veil(text: SealedText, *, context: str) -> str:
    """Encrypt a code for one context ("onboarding.sign_in:<id>")."""
    return _box(context).encrypt(text.reveal().encode()).decode()


def unveil(text: str, *, context: str) -> SealedText:
    """Open what `veil` made for the same context; raises `SealBroken` for any other."""
    try:
        return SealedText(_box(context).decrypt(text.encode()).decode())
    except InvalidToken:
        raise SealBroken(place=context) from None


def _box(context: str) -> Fernet:
    info = b"gangway page code: " + context.encode()
    derived = HKDF(SHA256(), 32, salt=None, info=info).derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
