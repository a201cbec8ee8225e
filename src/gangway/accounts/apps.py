"""The room as a Django application."""

from typing import ClassVar

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """How our own people get in: invitations, rules of sign-in, Microsoft accounts, and what is written down."""

    name = "gangway.accounts"
    label = "accounts"
    open_tables: ClassVar[dict[str, str]] = {
        "accounts_identity": "signing in finds a person by issuer, tenant and object id before there is a scope",
        "accounts_wantedaddress": "a person is of several organizations, and opens the link before there is a scope",
        "usersessions_usersession": "a person's own sessions, of whatever organization; nothing but times and browsers",
    }
    doors: ClassVar[dict[str, tuple[str, ...]]] = {
        "link": ("accounts_operatorinvitation",),
        "ancestors": ("accounts_signinrules",),
        "sign_in": ("accounts_entratenant", "accounts_rolemapping", "organizations_organization"),
    }

    def ready(self) -> None:
        """Listen to what the account library does, so that it is written down."""
        from gangway.accounts import trail

        trail.listen()
