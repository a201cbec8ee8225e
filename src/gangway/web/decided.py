"""Who suspended, set or forbade something, for those below who can't undo it."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gangway.organizations.roles import Kind

DECIDED: Final[Mapping[Kind, str | Promise]] = {
    Kind.SYSTEM: _("Somebody of the platform decided this."),
    Kind.PROVIDER: _("Somebody of the provider decided this."),
    Kind.CHANNEL: _("Somebody of the channel decided this."),
    Kind.CUSTOMER: _("Somebody of the customer decided this."),
}
