"""What can go wrong with messages."""

from gangway.foundation.errors import GangwayError, WhoActs


class NotificationsError(GangwayError):
    """Root of this room's errors."""

    code = "notifications:error"
    what = "This message can't be sent."
    cure = "Go back and try again; if it happens again, tell us."
    acts = WhoActs.OPERATOR


class InvalidRecipient(NotificationsError):
    """No message can go to what was given as an e-mail address."""

    code = "notifications:recipient:invalid"
    what = "This isn't a complete e-mail address."
    cure = "Type it as name@example.com."


class ContextIncomplete(NotificationsError):
    """A message was put into the outbox without all it needs to show."""

    code = "notifications:context:incomplete"
    what = "Something on our side wanted to send a message with a part missing."
    cure = "Nothing was sent. Please tell us how you got here."
    acts = WhoActs.US


class MailRefused(NotificationsError):
    """The mail server said no for good; trying again can't help."""

    code = "notifications:mail:refused"
    what = "The mail server refuses this message."
    cure = "Check the address, then send the message again."


class MailDelayed(NotificationsError):
    """The mail server can't take the message now."""

    code = "notifications:mail:delayed"
    what = "The mail server doesn't take the message right now."
    cure = "We try again by ourselves."
    acts = WhoActs.RETRY_LATER


class MailServerTrouble(MailDelayed):
    """A provider's own mail server can't be reached, or doesn't let us send: that is nothing about this one mail."""

    code = "notifications:mail_server:trouble"
    what = "The provider's own mail server doesn't take our mails."
    cure = "Look at Settings › Mail; nothing is lost, and we try again by ourselves."
    acts = WhoActs.OPERATOR


class MailServerUnfit(NotificationsError):
    """What was typed can't be a mail server that we send by."""

    code = "notifications:mail_server:unfit"
    what = "This isn't a host name."
    cure = "Type it as smtp.example.com, without a port."


class SelectorUnfit(NotificationsError):
    """What was typed can't be the name of a DKIM key."""

    code = "notifications:selector:unfit"
    what = "This isn't a selector."
    cure = "Type what stands after s= in the DKIM-Signature of a mail that your server sent, such as selector1."


class WebhookUnfit(NotificationsError):
    """What was given can't be a webhook's address or key."""

    code = "notifications:webhook:unfit"
    what = "This can't be called."
    cure = "Give an address that begins with https:// and is open to the internet, without a name or password in it."


class NoWebhook(NotificationsError):
    """The provider has none."""

    code = "notifications:webhook:none"
    what = "There is no webhook yet."
    cure = "Set its address and key first."


class WebhookRefused(NotificationsError):
    """The webhook said no for good, or may not be called."""

    code = "notifications:webhook:refused"
    what = "The webhook refuses the call."
    cure = "Look at the address, and at the receiver's own log."


class WebhookDelayed(NotificationsError):
    """The webhook can't be reached now."""

    code = "notifications:webhook:delayed"
    what = "The webhook doesn't answer right now."
    cure = "We try again by ourselves."
    acts = WhoActs.RETRY_LATER
