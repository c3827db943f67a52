"""What is said of histories: begun anew, condensed, taken back, handed out; and of pinned facts."""

from __future__ import annotations

from typing import Final

UNDO: Final = "Undo"
NEW: Final = (
    "This is a fresh start: I no longer read what was said here before. Nothing is deleted. For "
    "{minutes} minutes you can go back: press Undo, or write undo before anything else is asked."
)
NEW_ALREADY: Final = "Nothing was said here yet that I would remember, so this is a fresh start."
BACK: Final = "I remember again what was said here before."
BACK_TOO_LATE: Final = (
    "That is undone already, or it is longer ago than {minutes} minutes. What was said before is "
    "kept, and /export has it."
)
NOTHING_TO_UNDO: Final = "There is nothing here that could be taken back."
TAKEN_OUT: Final = "I took out the question {question} and its answer: I no longer read them."
STANDS_THERE: Final = (
    " They still stand in the chat; the button Remove under an answer deletes it there, too."
)

NOTHING_TO_EXPORT: Final = (
    "Nothing was asked here yet. If you mean a thread, ask in it: mention me and write export."
)
EXPORTED: Final = "I sent you this conversation as a file, in private."
EXPORT_CLOSED: Final = (
    "I could not send you the file in private. Write to me in private once, and ask again here."
)

COMPACTED: Final = "Done: a summary now stands for the {lines} oldest lines that I read here."
NOTHING_TO_COMPACT: Final = (
    "There is too little here to summarise: the last question and its answer stay as they are."
)
NOT_COMPACTED: Final = "There is no summary, and all stays as it was: {why}."

MEMORY_HOW: Final = (
    "To pin a fact: {prefix}memory add TEXT. To see them: {prefix}memory list. "
    "To take one away: {prefix}memory remove NUMBER."
)
NOTHING_PINNED: Final = "Nothing is pinned here yet."
PINNED_HERE: Final = "Pinned here, for every conversation in this channel:"
PINNED: Final = "Pinned as number {place}. Every model that is asked here reads it from now on."
PINNED_ALREADY: Final = "That is pinned already, as number {place}."
PIN_TOO_LONG: Final = "A pinned fact has at most {most} characters, and this has {length}."
PINS_FULL: Final = "{most} facts are pinned here, and there is no room for more: remove one first."
UNPINNED: Final = "Removed: {text}"
NO_SUCH_PIN: Final = "There is no pinned fact number {place} here."
NOT_YOUR_PIN: Final = "Only the one who pinned it, or an admin, can remove it."
