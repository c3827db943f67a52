"""What commands and buttons are answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NOT_YOURS: Final = "Only the person who asked, or an admin, can do that."
NOT_YOURS_TO_ALLOW: Final = "Only an admin or owner of this place can decide that."
NOT_FOR: Final[Mapping[str, str]] = {
    "anybody": "You are not let in here.",
    "members": "You are not let in here.",
    "oneself": "You are not let in here.",
    "asker": NOT_YOURS,
    "admins": "Only an admin of this chat can do that.",
    "operators": (
        "Only somebody whom the operator has named can do that: access.admins and access.owners "
        "in the file. To administer this chat is not enough."
    ),
    "owners": "Only an owner can do that: access.owners in the file.",
}
"""By whom something is for."""
DECIDED_ALREADY: Final = "That is decided already, or it came too late."
NOTHING_RUNS: Final = "Nothing is being answered here now."
NOTHING_ASKED: Final = "There is no question here yet that could be asked again."
ENDED: Final = "That answer has ended already."
FORGOTTEN: Final = "I do not have that answer any more."
ASKED_ALREADY: Final = "That was asked again already; Retry is under its newest answer."
STOPPING: Final = "Stopped."
ASKING_AGAIN: Final = "Asking the last question again."
THANKS: Final = "Thank you, that is noted."
UNSTORED: Final = "Something could not be stored, so nothing was changed. Try again in a minute."
NOT_OVER: Final = "It is not over yet."
ASK_ANYTHING: Final = "Ask me anything: write here, mention me, or reply to me."
ASK_HOW: Final = "Write your question behind the command: /ask [preset:NAME] QUESTION"


def not_so(name: str, hint: str) -> str:
    """Say that a command was not obeyed, for what followed its name."""
    form = f"/{name} {hint}".strip()
    return f"Nothing was done: nothing of that belongs behind the command. Write only {form}"


def preset_here(name: str, because: str, names: str) -> str:
    """Say which preset is in force, why, and which there are."""
    return f"The preset here is {name} ({because}). There are: {names}."


def nothing_changed(why: str, *, asks: bool) -> str:
    """Say that nothing was changed; `asks`: several words were probably meant as a question."""
    hint = " To ask a question: /ask QUESTION" if asks else ""
    return f"{why} Nothing was changed.{hint}"


def unknown(name: str) -> str:
    """Say that a command is not known."""
    return f"I do not know the command {name!r}."


def cost_here(spent: str, presets: str) -> str:
    """Say what this month took of a chat, and of which presets."""
    return f"This chat has cost {spent} this month{presets}"


def cost_own(spent: str, presets: str) -> str:
    """Say what this month took of one person's questions."""
    return f"Your own questions on this platform: {spent}{presets}"
