"""*Settings* › *Mail*: where answers go, a mail server of one's own, and the name of its DKIM key."""

from django import forms
from django.utils.translation import gettext_lazy as _

from gangway.notifications.states import Encryption
from gangway.web.forms.base import MailInput, PlainForm, PlainInput
from gangway.web.forms.opened import EditForm
from gangway.web.words import ENCRYPTION


class ReplyForm(EditForm):
    """Where answers go."""

    reply_to = forms.CharField(
        label=_("Reply address"),
        required=False,
        help_text=_(
            "Answers to this provider's mails go there, but for channels with an address of their own. Empty: to the"
            " sender's address."
        ),
        widget=MailInput(),
    )


class MailServerForm(EditForm):
    """A provider's own mail server."""

    host = forms.CharField(
        label=_("Host name"),
        max_length=253,
        help_text=_("Such as smtp.example.com. It must be open to the internet; its certificate is checked."),
        error_messages={"required": _("Type the mail server's host name.")},
        widget=PlainInput(inputmode="url"),
    )
    port = forms.IntegerField(
        label=_("Port"),
        help_text=_("587 with STARTTLS and 465 with TLS are usual."),
        error_messages={
            "required": _("Type a number from 1 to 65535."),
            "invalid": _("Type a number from 1 to 65535."),
        },
        widget=PlainInput(inputmode="numeric"),
    )
    encryption = forms.ChoiceField(
        label=_("Encryption"),
        choices=[(each.value, ENCRYPTION[each.value]) for each in Encryption],
        help_text=_("None is possible only for hosts that whoever runs this server names."),
        error_messages={"required": _("Choose one."), "invalid_choice": _("Choose one.")},
    )
    user = forms.CharField(
        label=_("User"),
        required=False,
        max_length=200,
        help_text=_("Empty: the server takes our mails without a sign-in."),
        widget=PlainInput(),
    )
    password = forms.CharField(
        label=_("Password"),
        required=False,
        max_length=1000,
        strip=False,
        help_text=_(
            "It is sealed to the workers' key at once and never shown again, so after a mistake elsewhere on this page"
            " type it once more. Empty: what is kept stays, for the same server and user."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
    )
    sender = forms.CharField(
        label=_("Sender's address"),
        max_length=254,
        help_text=_("Mails come from it, under your name. Its domain must let this server send for it."),
        error_messages={"required": _("Type the address that mails come from.")},
        widget=MailInput(),
    )


class SelectorForm(PlainForm):
    """The name of the key that the mail server signs with."""

    selector = forms.CharField(
        label=_("DKIM selector"),
        required=False,
        max_length=63,
        help_text=_("What stands after s= in the DKIM-Signature of a mail that your server sent, such as selector1."),
        widget=PlainInput(),
    )
