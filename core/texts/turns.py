"""What stands where an answer, or the end of one, is missing."""

from __future__ import annotations

from typing import Final

STOPPED: Final = "— stopped"
NO_ANSWER: Final = "The model gave no answer."
UNSURE: Final = (
    "I cannot tell whether my answer reached this chat. If it is not there, press Retry."
)
BROKEN: Final = "Something went wrong here that should not have. Ask again."
NO_ADVICE: Final = "No advisor has answered yet."


def cut_off(tries: int) -> str:
    """Say that a question is given up after so many starts of the program."""
    return f"This question was tried {tries} times and each try was cut off. Ask it again."
