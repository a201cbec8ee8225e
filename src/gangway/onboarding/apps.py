"""The room as a Django application."""

from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    """Registers this room's models and tasks."""

    name = "gangway.onboarding"
    label = "onboarding"
