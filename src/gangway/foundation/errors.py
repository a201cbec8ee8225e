"""The root of every error that a person may meet: what happened, what to do, and who acts next."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class WhoActs(StrEnum):
    """Whose move it is after an error."""

    NOBODY = "nobody"
    RETRY_LATER = "retry_later"
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    US = "us"


class GangwayError(Exception):
    """An error in words for a person.

    A subclass states `code` ("room:thing:fact"), `what`, `cure` and `acts`. An instance may say them more exactly,
    name the form `field` it belongs to, and carry `details` (short plain texts, never secrets) for logs and pages.
    """

    code: ClassVar[str] = "gangway:error:unknown"
    what: str = "Something went wrong in Gangway."
    cure: str = "Try again; if it happens again, tell the people who run Gangway."
    acts: WhoActs = WhoActs.US

    def __init__(
        self, what: str | None = None, *, cure: str | None = None, field: str | None = None, **details: str
    ) -> None:
        """Keep the class's words where none are given."""
        self.what = what or type(self).what
        self.cure = cure if cure is not None else type(self).cure
        self.field = field
        self.details = details
        super().__init__(self.what)

    def __str__(self) -> str:
        return self.what


@dataclass(frozen=True)
class MicrosoftFault:
    """What Microsoft said: enough for its support to find the request, and nothing secret.

    `status` is HTTP's (0 when no answer came), `aadsts` the number of an Entra error, `at` the time of the answer.
    `claims`: what the next sign-in must ask for, as JSON, when a 401 says that this one wasn't strong enough.
    """

    status: int
    code: str
    message: str
    request_id: str
    correlation_id: str
    at: datetime
    aadsts: int | None
    claims: str = ""
