"""Sessions whose key is only in the browser: the tables know its digest, so who reads them can't sit down in a session.

Django calls ``session_key`` what stands in the cookie and in the table alike. Here it is the digest everywhere, also in
the list of a person's sessions, and the cookie holds the random secret that it was made of. A secret has 190 bits, so a
plain digest can't be guessed back (OWASP ASVS 5.0, 7.2: reference tokens of 128 bits at least).
"""

import base64
from hashlib import sha256
from typing import Final, cast

from django.conf import settings
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.middleware import SessionMiddleware as DjangoMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string

_LENGTH: Final = 37
"""Characters of a secret, of 36 kinds."""


def key_of(secret: str) -> str:
    """Return the key under which the session with this secret is kept: 40 characters, as wide as Django's column."""
    return base64.urlsafe_b64encode(sha256(secret.encode("utf-8", "surrogateescape")).digest()).decode()[:40]


class SessionStore(DatabaseStore):
    """Django's sessions in the database. ``secret``: what the browser has, or is to be given."""

    secret: str | None = None

    @classmethod
    def of(cls, secret: str | None) -> "SessionStore":
        """Return the session of the browser with this secret; a new one when it has none."""
        store = cls(key_of(secret) if secret else None)
        store.secret = secret
        return store

    def _get_new_session_key(self) -> str:
        while True:
            self.secret = get_random_string(_LENGTH, VALID_KEY_CHARS)
            key = key_of(self.secret)
            if not self.exists(key):
                return key


class SessionMiddleware(DjangoMiddleware):
    """Django's, with the secret in the cookie in place of the key."""

    def process_request(self, request: HttpRequest) -> None:
        """Find the session of the cookie's secret."""
        request.session = SessionStore.of(request.COOKIES.get(settings.SESSION_COOKIE_NAME))

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Where Django sets the cookie to the session's key, put the secret there."""
        answered = super().process_response(request, response)
        cookie = answered.cookies.get(settings.SESSION_COOKIE_NAME)
        store = cast("SessionStore", request.session)
        if cookie is not None and cookie.value and store.secret:
            answered.cookies[settings.SESSION_COOKIE_NAME] = store.secret
        return answered
