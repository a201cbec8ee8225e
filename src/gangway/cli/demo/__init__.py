"""``gangway demo``: the whole journey on one machine, walked through the real pages and the real mail, and proved."""
