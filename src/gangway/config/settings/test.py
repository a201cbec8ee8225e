"""Django's settings for tests and developers' tools (mypy, `makemigrations`): role *test*, a random secret key.

What stands in the environment of whoever runs them must not decide what they see, so Gangway's variables are taken out,
except `GANGWAY_TEST_DATABASE_URL` (a database to use instead of the embedded one).
"""

import os
import tempfile
from pathlib import Path

for _name in [name for name in os.environ if name.startswith("GANGWAY_") and not name.startswith("GANGWAY_TEST_")]:
    del os.environ[_name]
os.environ.pop("DATABASE_URL", None)
_folder = Path(tempfile.gettempdir()) / f"gangway-test-{os.getpid()}"  # made by tests/conftest.py, not here
os.environ["GANGWAY_ROLE"] = "test"
os.environ["GANGWAY_DATA_DIR"] = str(_folder)
os.environ["GANGWAY_SEALING_PUBLIC_KEYS_DIR"] = str(_folder / "keys" / "public")
os.environ["GANGWAY_SEALING_PRIVATE_KEYS_DIR"] = str(_folder / "keys" / "private")
os.environ["GANGWAY_MAIL_RETRY_SECONDS"] = "0,0,0"

from gangway.config.settings.django import *  # noqa: E402, F403  the environment must be set before it is read
