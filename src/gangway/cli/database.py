"""`gangway database`: look after the embedded PostgreSQL in the foreground, until told to stop."""

import json
import os
import signal
import sys
from pathlib import Path

from gangway.config.database import server

DEFAULT = Path(".gangway")


def data_dir() -> Path:
    """Read the one setting this command needs; it must run before the others are made."""
    return Path(os.environ.get("GANGWAY_DATA_DIR") or DEFAULT)


def database() -> None:
    """Start the embedded PostgreSQL, print one JSON line when it answers, stop it on SIGTERM or Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    with server.supervised(data_dir()) as embedded:
        print(json.dumps({"ready": True, "socket": embedded.owner.host, "database": embedded.owner.name}), flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("Stopping the database.", file=sys.stderr)
