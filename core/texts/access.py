"""What people are told about who is let in, and how often they may ask."""

from __future__ import annotations

from typing import Final

from core.pairing import MINUTES

DENIED: Final = "The operator of this bot has closed it to you, so I cannot answer here."
GUEST: Final = (
    "I do not answer guests and people of other organisations here. The operator can let you in "
    'with access.allow: ["{own}"]'
)
STRANGER: Final = "I do not know you yet. Your id is {own}."
PAIR: Final = (
    "Your pairing code is {code}, good for {minutes} minutes. Ask an admin of this bot to send me "
    "{prefix}pair {code}, or its operator to run: moa-gateway pair approve {code}"
)
BY_FILE: Final = 'The operator of this bot can let you in with access.allow: ["{subject}"]'
CLOSED_CHAT: Final = (
    "I am not allowed to answer in this chat yet. The operator of this bot can let everybody "
    'here in with access.allow: ["{subject}"], or you alone with "{own}"'
)
REMOVED: Final = "You are not let in any more, so this question was not asked."

ADMITTED: Final = "You are let in now: ask me anything."
NAME_SOMEBODY: Final = "Name one person, and for how long if not for ever: allow @somebody 1h"
NO_ID: Final = (
    "I cannot tell who that is: names can be changed and copied. Mention the person so that the "
    "platform links them, reply to a message of theirs, or write their id."
)
NO_TIME: Final = "A time is a number and a unit: 30m, 1h, 7d or 2w. Nothing was changed."
NO_OWNER: Final = "{person} is an owner named in the operator's file. Nothing was changed."
NOT_YOURSELF: Final = "That would lock you out yourself. Nothing was changed."
NO_SUCH_CODE: Final = (
    "That code is not open here: wrong, used, or older than {minutes} minutes. After {tries} "
    "wrong codes all that are open are void, and strangers have to ask for new ones."
)
NO_CODE: Final = "Write the code behind the command: pair K7MP2QXW"


def stranger(own: str, code: str | None, prefix: str) -> str:
    """Say to somebody in private how they can be let in."""
    way = (
        BY_FILE.format(subject=own)
        if code is None
        else PAIR.format(code=code, minutes=MINUTES, prefix=prefix)
    )
    return f"{STRANGER.format(own=own)} {way}"


def allowed(person: str, time: str) -> str:
    """Say that somebody is let in, and for how long."""
    return f"{person} is let in{f' for {time}' if time else ''}."


def denied(person: str, time: str) -> str:
    """Say that somebody is shut out, and for how long."""
    return f"{person} is shut out{f' for {time}' if time else ''}. What runs of theirs goes on."


def paired(person: str) -> str:
    """Say that a code was right."""
    return f"{person} is let in, in private. To let them in everywhere: allow {person}"


def too_often(number: int, window: str, seconds: int, *, channel: bool) -> str:
    """Say once that somebody asks too often; until when nothing more is said."""
    whose = "this chat" if channel else "one person"
    return (
        f"That is more than {number} questions {window}, which is the most for {whose}, so this "
        f"one was not taken in. There is room again in {seconds} s."
    )


def too_many_running(number: int) -> str:
    """Say that somebody has enough at work."""
    questions = "question" if number == 1 else "questions"
    return (
        f"{number} {questions} of yours {'is' if number == 1 else 'are'} being answered already, "
        "which is the most at once, so this one was not taken in. Ask it again when one is done."
    )
