"""What goes over the wire: one request, one answer. Bodies never show in a repr: they may hold tokens and secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gangway.foundation import clock


@dataclass(frozen=True)
class Asked:
    """One HTTP request. `form` is sent url-encoded, `body` as JSON; at most one of the two.

    A `routine` one is asked again and again: it is logged only when Microsoft is busy or doesn't answer.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    routine: bool = False


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, or that to one part of a batch. Ask for headers in lower case; `seconds` is its duration."""

    status: int
    body: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    seconds: float = 0.0
    at: datetime = field(default_factory=clock.now)

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own word for success

    @property
    def busy(self) -> bool:
        """Whether Microsoft asks for patience, or has trouble of its own."""
        return self.status == 429 or self.status >= 500  # noqa: PLR2004 - HTTP's own words for both

    @property
    def request_id(self) -> str:
        """Microsoft's mark of this request, the one its support asks for."""
        return self.headers.get("request-id") or self.headers.get("x-ms-request-id", "")

    @property
    def correlation_id(self) -> str:
        """Our own mark of this request, as Microsoft repeated it."""
        return self.headers.get("client-request-id", "")

    def member(self, name: str, default: Any = None) -> Any:
        """One member of a JSON object; the default when the body is anything else."""
        return self.body.get(name, default) if isinstance(self.body, dict) else default
