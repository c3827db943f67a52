"""What is said of what was not taken in: empty, too long, too much at once, at a bad moment."""

from __future__ import annotations

from typing import Final

STOPPING: Final = "The gateway is stopping, so this was not taken in. Send it again in a moment."
NOT_READY: Final = (
    "The gateway is starting or stopping, so this was not taken in. Send it again in a moment."
)
EMPTY: Final = "The message is empty, so there was nothing to ask. Please write a question."
TOO_MANY_WAIT: Final = (
    "Too many messages wait for an answer here, so this one was not taken in. Send it again in a "
    "minute."
)
TOO_MUCH_SENT: Final = (
    "Too much is being answered here, so this was not taken in. Send it again in a minute."
)
NO_CONVERSATION: Final = (
    "There is no such conversation. Choose one from the list, or begin a new one."
)
TOO_MANY_PAGES: Final = "Too many pages are open already. Close some of them, and reload this one."
FILE_GONE: Final = "A file is not here any more, so nothing was sent. Attach it again."
UNTAKEN: Final = "Slack did not take your question. Please ask it again in a moment."
UNNAMED: Final = (
    "Slack could not tell me who you are, so this was not taken in. Try it again in a moment."
)
UNINVITED: Final = "I cannot write here. Add me to this channel first: /invite"


def too_long(length: int, most: int) -> str:
    """Say that a question has too many characters."""
    return (
        f"The message has {length:,} characters; {most:,} are the most that can be taken, so it "
        "was not taken in. Please shorten it."
    )


def too_large(most: int) -> str:
    """Say that what a page sent has more than `most` bytes."""
    return f"That is longer than {most // 1024} KB, so it was not sent. Send a shorter text."


def file_too_large(most: int) -> str:
    """Say that a file has more than `most` bytes."""
    return f"A file may have {most // 1024 // 1024} MB at most, so this one was not taken in."


def file_not_taken(why: str) -> str:
    """Say why a file was not taken in; `why` is of `core.texts.files`."""
    return f"The file was not taken in: {why}. Try again in a moment."


def unreadable(why: str) -> str:
    """Say that what a page sent cannot be read."""
    return f"The request cannot be read: {why}."


def lane_full(most: int) -> str:
    """Say that too much waits in a conversation."""
    return (
        f"{most} messages of this conversation wait for an answer already. "
        "This one was not taken in, nor is what follows before some are answered: "
        "send it again then."
    )


def person_full(most: int) -> str:
    """Say that too many questions of one person wait, over all conversations."""
    return (
        f"{most} questions of yours wait for an answer already, in all conversations together. "
        "This one was not taken in, nor is what follows before some are answered: "
        "send it again then."
    )
