"""Django's settings for tests and developers' tools (mypy's plugin, `makemigrations`): role *test*, a random secret key.

What stands in the environment of whoever runs them must not decide what they see, so Gangway's variables are taken out,
except `GANGWAY_TEST_DATABASE_URL` (a database to use instead of the embedded one).
"""

import os

for _name in [name for name in os.environ if name.startswith("GANGWAY_") and not name.startswith("GANGWAY_TEST_")]:
    del os.environ[_name]
os.environ.pop("DATABASE_URL", None)
os.environ["GANGWAY_ROLE"] = "test"

from gangway.config.settings.django import *  # noqa: E402, F403  the environment must be set before it is read
