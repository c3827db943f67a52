"""What stands where an answer, or the end of one, is missing."""

from __future__ import annotations

from typing import Final

STOPPED: Final = "— stopped"
NO_ANSWER: Final = "The model gave no answer."
UNSURE: Final = (
    "I cannot tell whether my answer reached this chat. If it is not there, press Retry."
)
BROKEN: Final = "Something went wrong here that should not have. Ask again."
NOBODY_ASKED: Final = "No model could be asked."
NO_ADVICE: Final = "No advisor has answered yet."


def cut_off(tries: int) -> str:
    """Say that a question is given up after so many starts of the program."""
    return f"This question was tried {tries} times and each try was cut off. Ask it again."


def too_long(seconds: float | None) -> str:
    """Say that the whole turn's deadline has passed."""
    return f"The answer took longer than {seconds or 0:g} seconds and was cut."


def broke_off(model: str, why: str) -> str:
    """Say that a model has stopped in the middle."""
    return f"{model} broke off in mid-answer: {why}"


def did_not_answer(model: str, why: str) -> str:
    """Say that a model has given nothing."""
    return f"{model} did not answer: {why}"


def only_tools(times: int) -> str:
    """Say that the limit of rounds with tools was reached."""
    return (
        f"The model went on calling tools {times} times without an answer, "
        "which is this preset's limit (max_iterations)."
    )
