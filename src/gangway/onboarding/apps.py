"""The room as a Django application."""

from __future__ import annotations

from typing import ClassVar

from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    """The journeys by which a customer comes aboard, and their stages."""

    name = "gangway.onboarding"
    label = "onboarding"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let nothing go on for a withdrawn invitation; keep what is in use needs, and its cloud; give both names."""
        from gangway.alarms.wording import on_contacts
        from gangway.invitations.actions import on_revoke
        from gangway.onboarding.applications import called
        from gangway.onboarding.clouds import held_in_another
        from gangway.onboarding.disconnections import sign_in_address
        from gangway.onboarding.signed_in import is_about_to_start
        from gangway.onboarding.withdrawal import stop
        from gangway.organizations.changing import on_another_cloud
        from gangway.provisioning.actions import on_called, on_need

        on_contacts(sign_in_address)
        on_another_cloud(held_in_another)
        on_revoke(stop)
        on_need(is_about_to_start)
        on_called(called)

    append_only_tables: ClassVar[tuple[str, ...]] = ()
    open_tables: ClassVar[dict[str, str]] = {
        "onboarding_signinapplication": "a provider's, used by everybody below it; its client id stands on every page",
    }
    doors: ClassVar[dict[str, tuple[str, ...]]] = {
        "case": ("onboarding_case",),
        "ancestors": ("onboarding_servicedefaults",),
    }
