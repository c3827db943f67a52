"""What was typed → `Incoming`. Decides nothing: which line is a command is known already."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from core.types import Address, Author, Command, Message, Press

PLATFORM: Final = "console"
YOU: Final = Author(id="owner", name="You")


def somewhere() -> Address:
    """Give a conversation that has not been yet."""
    return Address(platform=PLATFORM, channel=secrets.token_hex(6))


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """Something typed in a conversation; `at` is in ms."""

    address: Address
    at: int

    def message(self, text: str) -> Message:
        """Make it a question."""
        return Message(event_id=_id(), address=self.address, author=YOU, text=text, at=self.at)

    def command(self, name: str, args: str) -> Command:
        """Make it a command."""
        return Command(
            event_id=_id(), address=self.address, author=YOU, name=name, args=args, at=self.at
        )

    def press(self, action: str, turn_id: str, value: str = "") -> Press:
        """Make it what a button would be elsewhere."""
        return Press(
            event_id=_id(),
            address=self.address,
            author=YOU,
            action=action,
            turn_id=turn_id,
            at=self.at,
            value=value,
        )


def _id() -> str:
    return secrets.token_hex(8)
