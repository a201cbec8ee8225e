"""``python -m mail_catcher``."""

from mail_catcher.cli import main

main()
