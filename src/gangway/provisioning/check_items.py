"""Lines that every look at a registration has: whether it signs in, and what Microsoft says instead of an answer."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from gangway.microsoft.errors import Busy, MicrosoftError, NotHeard, Unreadable, marks
from gangway.microsoft.signin.client_credentials import AppToken
from gangway.microsoft.wire import Answer
from gangway.provisioning.shapes import CheckItem, ItemState

NO_ANSWER: Final = Answer(0)
Tell = Callable[[Sequence[CheckItem]], Awaitable[None]]


def signed_in(token: AppToken | MicrosoftError, key: str, label: str) -> CheckItem:
    """Say whether it got a token by itself."""
    if isinstance(token, MicrosoftError):
        return trouble(token, key, label)
    return CheckItem(key, label, "ok", "It got a fresh token by itself.")


def is_silence(error: MicrosoftError | None) -> bool:
    """Whether it says nothing about what was asked: the same question may be answered in a moment."""
    return isinstance(error, (NotHeard, Busy, Unreadable))


def trouble(error: MicrosoftError, key: str, label: str) -> CheckItem:
    """No answer says nothing about the registration; a refusal does."""
    state: ItemState = "unknown" if is_silence(error) else "error"
    return CheckItem(key, label, state, error.what, error.cure, marks(error.fault))
