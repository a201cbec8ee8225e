"""The web process as an ASGI application."""

import django

django.setup(set_prefix=False)

from gangway.web.turns import TakingTurns  # noqa: E402  the handler reads the settings

application = TakingTurns()
