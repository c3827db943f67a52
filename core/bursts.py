"""When several messages of one person are one question (ADR 0038). Pure; holds nothing up.

Decides which message goes on with the one before it, and what they are together. Whether
something of another person stands between them, whoever has the line knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from core.types import Message

WAITING_MS: Final = 5_000
"""Between two messages that both still wait: people write in pieces while they are held up."""
BEGUN_SECONDS: Final = 0.5
"""After a turn has begun: a text that an app cut, something forwarded with words to it."""
MOST_BEGUN: Final = 4
"""Messages of one question after which a turn that has begun is not begun anew for one more."""


def goes_on(last: Message, then: Message) -> bool:
    """Say whether a message is the next piece of what the same person is saying."""
    return (
        then.author.id == last.author.id
        and then.address == last.address
        and then.apart == last.apart
        and last.preset is None
        and then.preset is None
        and abs(then.at - last.at) <= WAITING_MS
    )


def whole(parts: Sequence[Message]) -> Message:
    """Make one message of the pieces, in order, with all that came along."""
    if len(parts) == 1:
        return parts[0]
    return replace(
        parts[0],
        text="\n".join(each.text for each in parts if each.text.strip()),
        attachments=tuple(file for each in parts for file in each.attachments),
    )
