"""All caught mail, in the order it came; in memory, and in a folder when one is given."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mail_catcher.message import Message

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Inbox:
    """Messages by number, counted from 1. With ``folder``, each is also a pair of files and survives a restart."""

    folder: Path | None = None
    messages: dict[int, Message] = field(default_factory=dict)
    last_number: int = 0

    def __post_init__(self) -> None:
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for envelope in sorted(self.folder.glob("*.json")):
                self._remember(_read(envelope))

    def catch(self, *, sender: str, recipients: list[str], source: bytes) -> Message:
        """Take in one mail and give it the next number."""
        message = Message(self.last_number + 1, sender, tuple(recipients), datetime.now(UTC), source)
        if self.folder is not None:
            _write(self.folder, message)
        self._remember(message)
        return message

    def newest_first(self, *, to: str = "", after: int = 0) -> list[Message]:
        """Messages with a number above ``after``; ``to`` limits to one recipient's address, whatever its case."""
        wanted = to.casefold()
        return [
            message
            for message in reversed(self.messages.values())
            if message.number > after
            and (not wanted or wanted in (recipient.casefold() for recipient in message.recipients))
        ]

    def get(self, number: int) -> Message | None:
        return self.messages.get(number)

    def clear(self) -> None:
        """Forget everything, files too; numbers go on counting, so that none is used twice."""
        self.messages.clear()
        if self.folder is not None:
            for file in (*self.folder.glob("*.json"), *self.folder.glob("*.eml")):
                file.unlink()

    def _remember(self, message: Message) -> None:
        self.messages[message.number] = message
        self.last_number = max(self.last_number, message.number)


def _write(folder: Path, message: Message) -> None:
    """The mail first, its envelope last: a mail without an envelope was never wholly taken."""
    stem = f"{message.number:06}"
    (folder / f"{stem}.eml").write_bytes(message.source)
    envelope = {
        "number": message.number,
        "sender": message.sender,
        "recipients": message.recipients,
        "received_at": message.received_at.isoformat(),
    }
    (folder / f"{stem}.json").write_text(json.dumps(envelope), encoding="utf-8")


def _read(envelope: Path) -> Message:
    kept = json.loads(envelope.read_text(encoding="utf-8"))
    return Message(
        number=kept["number"],
        sender=kept["sender"],
        recipients=tuple(kept["recipients"]),
        received_at=datetime.fromisoformat(kept["received_at"]),
        source=envelope.with_suffix(".eml").read_bytes(),
    )
