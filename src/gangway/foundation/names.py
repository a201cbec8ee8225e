"""What no name may hold, whatever it is the name of."""

import re
from typing import Final

WHAT: Final = "A name can't hold a web address: mail programs would make a link of it."
CURE: Final = "Leave out :// and www., or write the address another way."

_ADDRESS: Final = re.compile(r"://|\bwww\.", re.IGNORECASE)


def holds_address(name: str) -> bool:
    """Return whether a mail program would make a link of something in a name."""
    return bool(_ADDRESS.search(name))
