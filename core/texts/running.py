"""What is said of questions that wait, were changed, or were deleted."""

from __future__ import annotations

from typing import Final

MOST_COUNTED: Final = 5
"""Places that are counted: a note further back in the line need not change at each step."""
LEFT_LINE: Final = "Taken out of the line; it will not be answered."
CHANGED: Final = "You changed your question after I had begun to answer it. Shall I answer it anew?"


def place_text(before: int) -> str:
    """Say how many questions are answered before this one."""
    if before > MOST_COUNTED:
        return f"More than {MOST_COUNTED} questions are answered before this one."
    if before == 1:
        return "One question is answered before this one."
    return f"{before} questions are answered before this one."
