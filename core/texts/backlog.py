"""What is said of messages that came long ago, and of those that broke the program off."""

from __future__ import annotations

from typing import Final

NOT_YOURS: Final = "None of these messages is yours. Those who wrote them can say so, or an admin."
GONE: Final = "Nothing waits here any more."
SKIPPED: Final = "Skipped; it will not be answered."
BROKE: Final = (
    "I broke off {attempts} times while I worked on this, so I have put it aside, and go on with "
    "what follows. An admin can let me try it again, here or by: "
    "moa-gateway dead-letters retry {number}"
)
NO_LETTER: Final = "No message {number} was put aside: moa-gateway dead-letters list"
TRIED_NOW: Final = "Message {number} is tried again."
TRIED_LATER: Final = "Message {number} is tried again when the gateway starts."
TRYING: Final = "I try it again."

_MINUTE: Final = 60_000
_UNITS: Final = ((24 * 60 * _MINUTE, "d"), (60 * _MINUTE, "h"), (_MINUTE, "min"))


def away(messages: int, oldest: int, *, full: bool = False) -> str:
    """Ask about messages; `oldest` came so many ms ago. `full`: more came, and are not kept."""
    if messages == 1:
        return f"A message came while I was away, {ago(oldest)}. Shall I answer it?"
    more = " More came that I have not kept." if full else ""
    said = f"{messages} messages came while I was away, the oldest {ago(oldest)}."
    return f"{said}{more} Shall I answer them?"


def undone(commands: int) -> str:
    """Say that commands were not carried out."""
    if commands == 1:
        return "A command came while I was away; it was not carried out."
    return f"{commands} commands came while I was away; they were not carried out."


def answering(messages: int) -> str:
    """Say that messages are answered now."""
    return f"I answer {'it' if messages == 1 else f'{messages} messages'} now."


def ago(duration: int) -> str:
    """Say how long ago something was; `duration` is in ms."""
    for size, unit in _UNITS:
        if duration >= (2 * size if unit == "d" else size):
            return f"{duration // size} {unit} ago"
    return "a moment ago"
