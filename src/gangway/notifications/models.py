"""The outbox's rows. Private: other rooms come in through `outbox` and `queries`."""

from typing import ClassVar
from uuid import uuid4

from django.db import models

from gangway.notifications.states import DeliveryState, Encryption, MessageKind
from gangway.organizations.scope import OwnedModel


class Message(OwnedModel):
    """One mail to one person. Its link, if it has one, is sealed in the vault and destroyed once the mail is out."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = models.CharField(max_length=30, choices=[(kind.value, kind.value) for kind in MessageKind])
    to = models.EmailField()
    language = models.CharField(max_length=10)
    context = models.JSONField(help_text="Plain texts that the message shows. Never a link, a code or a secret.")
    link_sealed_id = models.UUIDField(null=True)
    subject_ref = models.CharField(max_length=100, db_index=True, help_text='What it is about, as "invitation:<id>".')
    on_change = models.CharField(max_length=100, blank=True, help_text="Task that is told when it is sent or given up.")
    state = models.CharField(max_length=10, choices=[(state.value, state.value) for state in DeliveryState])
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True, help_text="Why the last attempt failed, in plain words.")
    next_attempt_at = models.DateTimeField(null=True)
    give_up_at = models.DateTimeField(help_text="After this time a message that can't be sent has failed.")
    sent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~models.Q(state=DeliveryState.SENT.value) | models.Q(sent_at__isnull=False),
                name="notifications_sent_has_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[DeliveryState.QUEUED.value, DeliveryState.RETRYING.value])
                | models.Q(link_sealed_id__isnull=True),
                name="notifications_no_link_after_the_end",
            ),
        ]

    def __str__(self) -> str:
        """Name the message without telling to whom it goes."""
        return f"{self.kind} {self.id}"


class Returned(models.Model):
    """What the mail provider told of a mail that came back, until a worker has written it down at the mail.

    Nobody's row: the web process, where the call arrives, sees no mails. The reason is the mail server's own sentence,
    often with an address in it, so it is no argument of a job.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    message_id = models.UUIDField()
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(db_index=True, help_text="When we were told.")

    def __str__(self) -> str:
        """Name it without its reason."""
        return f"return of {self.message_id}"


class MailServer(OwnedModel):
    """A provider's own mail server. Its password is sealed in the vault."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField()
    encryption = models.CharField(max_length=10, choices=[(each.value, each.value) for each in Encryption])
    user = models.CharField(max_length=200, blank=True)
    sealed_id = models.UUIDField(null=True)
    sender = models.EmailField()
    set_at = models.DateTimeField()
    trouble = models.CharField(max_length=300, blank=True, help_text="Why it took no mail at the latest attempt.")
    trouble_since = models.DateTimeField(null=True)
    refused = models.PositiveIntegerField(default=0, help_text="Attempts since then.")

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization"], name="notifications_one_mail_server_each")
        ]

    def __str__(self) -> str:
        """Name it by its host."""
        return self.host


class SenderCheck(OwnedModel):
    """The latest look at what the DNS of a provider's sender says about who may send in its name."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    domain = models.CharField(max_length=253)
    host = models.CharField(max_length=253, help_text="The mail server that was asked about.")
    selector = models.CharField(max_length=63, blank=True, help_text="Of the DKIM key that the mail server signs with.")
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    findings = models.JSONField(default=list)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization"], name="notifications_one_sender_check_each")
        ]

    def __str__(self) -> str:
        """Name it by the domain."""
        return self.domain


class Webhook(OwnedModel):
    """Where a provider is told by machine. The key for signatures is sealed in the vault."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    url = models.CharField(max_length=500)
    sealed_id = models.UUIDField(null=True)
    is_on = models.BooleanField(default=True)
    set_at = models.DateTimeField()

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization"], name="notifications_one_webhook_each")
        ]

    def __str__(self) -> str:
        """Name the webhook without its address, which may be a secret of its own."""
        return f"webhook {self.id}"


class Call(OwnedModel):
    """One call to a webhook: what it says, and how it is doing. Its id stays the same over all attempts."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    event = models.CharField(max_length=40)
    body = models.JSONField(help_text="What the receiver reads. Never a secret.")
    subject_ref = models.CharField(max_length=100, db_index=True)
    on_change = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=10, choices=[(state.value, state.value) for state in DeliveryState])
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    next_attempt_at = models.DateTimeField(null=True)
    give_up_at = models.DateTimeField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(OwnedModel.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organization", "-created_at"], name="notifications_calls")
        ]

    def __str__(self) -> str:
        """Name the call by its event."""
        return f"{self.event} {self.id}"
