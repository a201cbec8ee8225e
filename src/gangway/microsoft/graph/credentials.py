"""Secrets of an application. The text of a new one is sealed where it is read and exists nowhere else."""

from datetime import UTC, datetime

from gangway.foundation.ids import KeyId, ObjectId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.errors import Unreadable
from gangway.microsoft.graph.applications import moment
from gangway.microsoft.graph.calls import Call, nothing, text
from gangway.microsoft.graph.shapes import NewPassword
from gangway.microsoft.wire import Answer


def add_password(application: ObjectId, *, display_name: str, ends_at: datetime) -> Call[NewPassword]:
    """Make one more secret that ends at `ends_at` (aware). Never repeat it blindly: each call makes another secret."""
    until = ends_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {"passwordCredential": {"displayName": display_name, "endDateTime": until}}
    return Call("POST", f"/applications/{application}/addPassword", _made, body=body)


def remove_password(application: ObjectId, key_id: KeyId) -> Call[None]:
    """Take one secret away by its key id; Missing when it is gone already."""
    return Call("POST", f"/applications/{application}/removePassword", nothing, body={"keyId": key_id})


def _made(answer: Answer) -> NewPassword:
    ends_at = moment(answer.member("endDateTime"))
    if ends_at is None:
        raise Unreadable("Microsoft's answer doesn't say when the secret ends.")
    return NewPassword(
        key_id=KeyId(text(answer.body, "keyId")),
        display_name=answer.member("displayName") or "",
        ends_at=ends_at,
        text=SealedText(text(answer.body, "secretText")),
    )
