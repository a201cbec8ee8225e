"""How messages are doing, by what they are about."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gangway.notifications.models import Message
from gangway.notifications.states import WITHDRAWN, DeliveryState


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the latest message about a subject is doing.

    `attempts` counts those of all its messages, `sent` the messages that went out. `last_error` is empty when the
    latest attempt went well; `next_attempt_at` is set while one is waited for. `written_at` is the latest one's.
    """

    state: DeliveryState
    attempts: int
    sent: int
    last_error: str
    written_at: datetime
    sent_at: datetime | None
    next_attempt_at: datetime | None


def delivery(subject_ref: str) -> Delivery | None:
    """Return how the messages about a subject of the scope are doing, None when there was never one."""
    return deliveries([subject_ref]).get(subject_ref)


def written_since(subject_refs: Iterable[str], *, since: datetime) -> int:
    """Return how many messages about these subjects of the scope were written from that time on."""
    return Message.objects.filter(subject_ref__in=list(subject_refs), created_at__gte=since).count()


def deliveries(subject_refs: Iterable[str]) -> dict[str, Delivery]:
    """Return the same for many subjects, in one query."""
    found: dict[str, list[Message]] = defaultdict(list)
    for message in Message.objects.filter(subject_ref__in=list(subject_refs)).order_by("created_at", "id"):
        found[message.subject_ref].append(message)
    return {subject: _delivery(messages) for subject, messages in found.items()}


@dataclass(frozen=True, slots=True)
class Sent:
    """The latest message about a subject to one address, and how it is doing.

    `at`: when it was sent, or written while it isn't yet.
    """

    to: str
    state: DeliveryState
    at: datetime
    error: str = ""

    @property
    def refused(self) -> bool:
        """Whether it never arrived, and nobody had wished so."""
        return self.state in {DeliveryState.BOUNCED, DeliveryState.FAILED} and self.error != WITHDRAWN


def sent_last(subject_refs: Iterable[str]) -> dict[str, tuple[Sent, ...]]:
    """Return whom messages about these subjects went to, each address once, the latest first; in one query."""
    rows = Message.objects.filter(subject_ref__in=list(subject_refs)).order_by("-created_at", "to")
    found: dict[str, dict[str, Sent]] = defaultdict(dict)
    for row in rows:
        one = Sent(row.to, DeliveryState(row.state), row.sent_at or row.created_at, row.last_error)
        found[row.subject_ref].setdefault(row.to, one)
    return {subject: tuple(by_address.values()) for subject, by_address in found.items()}


def _delivery(messages: list[Message]) -> Delivery:
    latest, times = messages[-1], [message.sent_at for message in messages if message.sent_at]
    return Delivery(
        state=DeliveryState(latest.state),
        attempts=sum(message.attempts for message in messages),
        sent=len(times),
        last_error=latest.last_error,
        written_at=latest.created_at,
        sent_at=max(times, default=None),
        next_attempt_at=latest.next_attempt_at,
    )
