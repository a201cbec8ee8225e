"""The columns of a file in words, and an example of each for the templates."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

COLUMNS: Final[Mapping[str, str | Promise]] = {
    "customer": _("The customer's name. One of this name is used; else it is made."),
    "channel": _("The channel it stands below; empty: below you. Also tells customers of one name apart."),
    "short_name": _("Unique Short Name of Service: 3 to 15 characters, by the rules of Add New Tenant."),
    "full_name": _("Full Name of Service, up to 200 characters; empty: the short name."),
    "licence": _("Hosted Essentials+ or Hosted Pro."),
    "users": _("Number of licensed users, 1 to 500."),
    "domain": _("The customer's Microsoft 365 domain, such as contoso.com."),
    "cloud": _("The customer's Microsoft cloud: Public, GCC High, DoD or 21Vianet; empty: Public, or as it is known."),
    "email": _("E-mail address of the tenant service admin, who gets the invitation."),
    "phone": _("Their telephone, for operators only."),
    "language": _("Of the invitation: en, de, fr, es or he; empty: the customer's own."),
    "tenant": _("Customer Microsoft Tenant ID, or a verified domain."),
    "client_id": _("Application (Client) ID."),
    "secret": _("Client Secret: its Value, not its Secret ID. It is sealed while the file is read."),
    "expires_on": _("The day on which the client secret expires, such as 2027-05-31, where we can't read it."),
}

EXAMPLES: Final[Mapping[str, str]] = {
    "customer": "Contoso",
    "channel": "",
    "short_name": "contoso-1",
    "full_name": "Contoso calling",
    "licence": "Hosted Pro",
    "users": "20",
    "domain": "contoso.com",
    "cloud": "",
    "email": "admin@contoso.com",
    "phone": "",
    "language": "",
    "tenant": "00000000-0000-0000-0000-000000000000",
    "client_id": "00000000-0000-0000-0000-000000000000",
    "secret": "",
    "expires_on": "",
}
