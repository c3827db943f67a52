"""What is said of a tool call that needs somebody's yes. Names and calls come as they are shown."""

from __future__ import annotations

from typing import Final

YOU_DECIDE: Final = "You decide"
ADMINS_DECIDE: Final = "An admin or owner of this place decides"


def needs(call: str) -> str:
    """Ask for a yes."""
    return f"🔐 {call} needs somebody's yes before it runs:"


def allowed(call: str, by: str) -> str:
    """Say who said yes."""
    return f"✓ {call} was allowed by {by}:"


def refused(call: str, by: str) -> str:
    """Say who said no."""
    return f"✗ {call} was refused by {by} and not run:"


def expired(call: str, minutes: int) -> str:
    """Say that nobody has answered."""
    return f"✗ {call} was not run: nobody answered within {minutes} minutes."


def over(call: str) -> str:
    """Say that it is too late."""
    return f"– {call} was not run: the turn has ended."


def has_read(servers: str) -> str:
    """Say what may have led to the call."""
    return f"The model has read results of {servers} before; they may have asked for it."


def decides(who: str, minutes: int) -> str:
    """Say who decides, and until when."""
    return f"{who}, within {minutes} minutes. It holds for this call alone."


def more(characters: int, file: str) -> str:
    """Say how much of the arguments is not shown, and where it is."""
    return (
        f"… {characters:,} more characters stand in {file}, which I have sent before this. "
        "Read it first; if it is not there, refuse."
    )
