"""What comes along with a question: what it replies to, and what was said in its thread. Pure.

Decides how much of it: it is context that somebody else wrote, so it never crowds out the question.
Whether the bot has seen it before is not decided here, nor how it is written (`core.speakers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from core.markup import whole
from core.types import Attachment, Quote, Said

REPLIED: Final = 4_000
"""Characters of a message that a question replies to."""
EACH: Final = 1_000
"""Characters of one message of a thread."""
ALL: Final = 8_000
"""Characters of all of them."""
MOST: Final = 40
"""Messages of a thread, the newest ones."""
CUT: Final = " […]"


def replied(said: Said) -> Quote | None:
    """Quote what a question replies to; None if there is nothing to read in it."""
    told = _short(said, REPLIED)
    return Quote(kind="reply", said=(told,)) if told.text else None


def thread(said: Sequence[Said]) -> Quote | None:
    """Quote the newest of what was said in a thread, oldest first; None if that is nothing."""
    told = [each for each in (_short(each, EACH) for each in said) if each.text]
    kept, left = list[Said](), ALL
    for each in reversed(told[-MOST:]):
        left -= len(each.text)
        if left < 0:
            break
        kept.append(each)
    if not kept:
        return None
    return Quote(kind="thread", said=tuple(reversed(kept)), left_out=len(told) - len(kept))


def unpacked(quotes: Sequence[Quote]) -> tuple[tuple[Quote, ...], tuple[Attachment, ...]]:
    """Give quotes as they are kept, and apart from them the files that others had attached."""
    bare = tuple(
        replace(quote, said=tuple(replace(said, files=()) for said in quote.said))
        for quote in quotes
    )
    said = [each for quote in quotes for each in quote.said if not each.own]
    return bare, tuple(file for each in said for file in each.files)


def _short(said: Said, most: int) -> Said:
    text = whole(said.text).strip()
    return replace(said, text=text if len(text) <= most else text[: most - len(CUT)] + CUT)
