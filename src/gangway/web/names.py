"""The naming rules as a page shows them beside a field. The rules themselves stand in the room *services*."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gangway.services.names import FORBIDDEN, MAX_CHARACTERS, MIN_CHARACTERS


def rules(unique: str | Promise) -> tuple[str, ...]:
    """Return the sentences beside a name's field; `unique` says among what it must be the only one."""
    return (
        str(_("%(least)d–%(most)d characters")) % {"least": MIN_CHARACTERS, "most": MAX_CHARACTERS},
        str(_("Letters (lower and upper case), numbers and special characters, in any script")),
        str(_("No dot, no blank spaces, and none of  %(forbidden)s")) % {"forbidden": " ".join(FORBIDDEN)},
        str(_("Not the letters “audit”, anywhere in the name")),
        str(unique),
    )
