"""What Entra gives when a person has signed in and agreed, by whichever way."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gangway.foundation.sealed import SealedText
from gangway.microsoft.errors import Unreadable
from gangway.microsoft.wire import Answer


@dataclass(frozen=True)
class Granted:
    """The person signed in and agreed. `scopes` are those granted."""

    access_token: SealedText
    id_token: SealedText
    scopes: frozenset[str]
    expires_at: datetime


def granted_by(answer: Answer) -> Granted:
    """Read a good answer of the token endpoint to a person's sign-in. Raises Unreadable when a token is missing."""
    return Granted(
        access_token=sealed_member(answer, "access_token"),
        id_token=sealed_member(answer, "id_token"),
        scopes=frozenset(str(answer.member("scope") or "").split()),
        expires_at=answer.at + timedelta(seconds=int(answer.member("expires_in") or 0)),
    )


def sealed_member(answer: Answer, name: str) -> SealedText:
    """A member that must be there and must not be seen. Raises Unreadable."""
    value = answer.member(name)
    if not isinstance(value, str) or not value:
        raise Unreadable
    return SealedText(value)
