"""The room as a Django application."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Registers this room's templates, and listens to the account library."""

    name = "gangway.web"
    label = "web"

    def ready(self) -> None:
        """Begin to listen."""
        from gangway.web import other_browsers

        other_browsers.listen()
