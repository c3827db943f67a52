"""A conversation as a file for somebody to keep: Markdown, oldest first.

Decides how it reads; which exchanges are in it, and who may have it, is not its matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from core.records import StoredTurn
from core.speakers import spoken

NAME: Final = "conversation.md"


def as_markdown(turns: Sequence[StoredTurn], *, at: datetime, more: bool = False) -> str:
    """Write it down; `more` says that there are older exchanges than these."""
    head = f"{len(turns)} exchanges" if len(turns) != 1 else "1 exchange"
    left = " The oldest ones are left out." if more else ""
    lines = [f"# Conversation\n\n{head}, exported {_moment(at)}.{left}\n"]
    lines += ["\n".join(_exchange(turn)) for turn in turns]
    return "\n".join(lines)


def _exchange(turn: StoredTurn) -> Iterable[str]:
    start, end = turn.start, turn.end
    yield f"## {_moment(datetime.fromtimestamp(start.started / 1000, UTC))} · {start.preset.name}\n"
    (question,) = spoken((start.question,))
    yield "\n".join(f"> {line}" for line in question.text.splitlines() or [""])
    yield ""
    if end is None:
        yield "*Not answered yet.*\n"
        return
    if end.answer.strip():
        yield f"{end.answer.strip()}\n"
    if end.error or end.ending == "stopped":
        yield f"*{end.error or 'Stopped.'}*\n"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
