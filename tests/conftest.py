"""What every test needs: a process with the role *test*, and a database it may change."""

import os
import tempfile
from pathlib import Path

# Before Django reads its settings: the environment of whoever runs the tests must not decide what they test.
for name in [name for name in os.environ if name.startswith("GANGWAY_") and name != "GANGWAY_TEST_DATABASE_URL"]:
    del os.environ[name]
os.environ["GANGWAY_ROLE"] = "test"
os.environ["GANGWAY_DATA_DIR"] = tempfile.mkdtemp(prefix="gangway-tests-")
os.environ["GANGWAY_MAIL_RETRY_SECONDS"] = "1,2"
os.environ["DJANGO_SETTINGS_MODULE"] = "gangway.config.settings.django"
os.environ.setdefault("DATABASE_URL", "postgresql://postgres:dev@127.0.0.1:5499/postgres")

ROOT = Path(__file__).resolve().parents[1]
