"""The mail to whoever started an import that took a while, or was stopped, once a worker has come to its end."""

from typing import Final

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="import_ended",
    subject="Import of {file}: {outcome}",
    needs=frozenset({"file", "outcome", "why", "counts", "page"}),
)
"""`counts`: a line for each way in which rows ended; `why`: it ended before its last row; may be empty. `page` stands
behind sign-in."""
