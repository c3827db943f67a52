"""What stands on a person's home page in a messenger that has one."""

from __future__ import annotations

from typing import Final

PRESET: Final = "Your preset"
CHOOSE: Final = "Choose a preset"
COST: Final = "Cost"
HELP: Final = "Help"
HOW: Final = (
    "Write to me here, mention me in a channel, or go on in a thread that I answered in. "
    "In threads, where Slack has no commands, mention me with the word: @me stop."
)
STRANGER: Final = "I do not know you yet. Write to me under Messages, and I say who can let you in."


def answers(preset: str) -> str:
    """Say which preset is in force."""
    return f"{preset} answers you."


def cost(turns: int, dollars: str) -> str:
    """Say what this month's answers have cost; the amount comes written."""
    return f"{turns:,} answer{'' if turns == 1 else 's'} to you this month: {dollars}"
