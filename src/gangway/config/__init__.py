"""How a process wakes up: settings, addresses, the database and its walls, logs. Only `cli` knows this room."""
