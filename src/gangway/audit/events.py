"""Every event of the product by name. An event is in the past tense and has one line that says when it happened."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """`room:thing:happened`; the string is stored, so a member is added and never renamed."""

    ORGANIZATION_CREATED = "organizations:organization:created"
    """A provider, channel or customer was added."""
    OPERATOR_CREATED = "organizations:operator:created"
    """A person got an account and a role."""
    OPERATOR_SECOND_FACTOR_ENROLLED = "organizations:operator:second_factor_enrolled"
    """A person's authenticator app was set up for them."""

    SECRET_SEALED = "vault:secret:sealed"
    """A secret was sealed to the workers' public key."""
    SECRET_REVEALED = "vault:secret:revealed"
    """A worker opened a secret, for the purpose in the data."""
    SECRET_DESTROYED = "vault:secret:destroyed"
    """A secret's ciphertext was destroyed."""

    SERVICE_PLANNED = "services:service:planned"
    """A service was started; its short name is reserved."""
    SERVICE_CREATED = "services:service:created"
    """An operator finished the service."""
    SERVICE_ABANDONED = "services:service:abandoned"
    """A planned service was given up; its short name is free again."""
    SERVICE_CONNECTION_CHANGED = "services:service:connection_changed"
    """The connection status became another one."""
    SERVICE_DEPLOYMENT_CHANGED = "services:service:deployment_changed"
    """The deployment status became another one."""

    MESSAGE_QUEUED = "notifications:message:queued"
    """A mail was put into the outbox."""
    MESSAGE_SENT = "notifications:message:sent"
    """The mail server took the mail over."""
    MESSAGE_FAILED = "notifications:message:failed"
    """The mail was given up; the data says why."""

    INVITATION_ISSUED = "invitations:invitation:issued"
    """An administrator was invited to connect a service."""
    INVITATION_MOVED = "invitations:invitation:moved"
    """The invitation came to another state."""
    INVITATION_REVOKED = "invitations:invitation:revoked"
    """An operator withdrew the invitation and all its links."""
    INVITATION_RESENT = "invitations:invitation:resent"
    """An operator had another mail with another link sent."""
    INVITATION_ADMINISTRATOR_NAMED = "invitations:invitation:administrator_named"
    """The administrator's sign-in name became known."""
    LINK_COPIED = "invitations:link:copied"
    """An operator had another link made, to hand over themselves."""
