"""The composition root as a Django application: it owns the shared cache's table and the start-up checks."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Installed so that its migrations (shared cache) run like every other room's."""

    name = "gangway.config"
    label = "config"
