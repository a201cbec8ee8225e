"""``python -m m365_emulator``: the same as the command ``m365-emulator``."""

from m365_emulator.cli import main

raise SystemExit(main())
