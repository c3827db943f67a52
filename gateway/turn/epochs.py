"""Notices where a conversation is no longer sent as it was, and says why (MOA-19).

What providers keep in their caches reaches as far as a request begins like the one before it. So
a new epoch may make the next answer slow and dear, and an operator should be able to find out.
Decides nothing about a turn. It keeps numbers in memory, and not a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Final, TypeAlias

import structlog

if TYPE_CHECKING:
    from core.outcomes import CallReport
    from core.records import TurnStart
    from core.types import Line, Tool

SESSIONS: Final = 200
"""Sessions that are remembered, the latest ones."""

_Sent: TypeAlias = "tuple[int, tuple[int, ...]]"  # the system prompt, and each line behind it

log = structlog.get_logger()


@dataclass(slots=True)
class _Session:
    """With what its last turn was asked, and what each model was sent last.

    `reason` says why that will not be gone on with, if it will not.
    """

    preset: str
    tools: int
    reason: str = ""
    sent: dict[str, _Sent] = field(default_factory=dict)


class Epochs:
    """What was sent of late in each session of this process."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._sessions: dict[str, _Session] = {}

    def begin(self, session: str, reason: str) -> None:
        """Know why what is sent next in a session will not be as it was; "" for no reason."""
        known = self._sessions.get(session)
        if known is not None:
            known.reason = reason

    def begin_below(self, channel: str, reason: str) -> None:
        """Know it for every session of a channel."""
        for session in self._sessions:
            if session == channel or session.startswith(f"{channel}/"):
                self.begin(session, reason)

    def note(self, start: TurnStart, calls: Iterable[CallReport], tools: Sequence[Tool]) -> None:
        """Take in the aggregator's calls of a turn; log the first one that began an epoch."""
        asked = [call for call in calls if call.lines]
        if not asked:
            return
        now = _Session(preset=start.preset.name, tools=hash(repr(tools)))
        before = self._sessions.pop(start.session, now)
        reason = before.reason or _chosen(before, now)
        now.sent = {} if reason else before.sent
        for call in asked:
            sent = _sent(call.lines)
            reason = reason or _broken(now.sent.get(call.label), sent)
            now.sent[call.label] = sent
        self._sessions[start.session] = now
        while len(self._sessions) > SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        if reason:
            log.info("history_epoch", turn_id=start.turn_id, model=asked[-1].label, reason=reason)


def _chosen(before: _Session, now: _Session) -> str:
    if before.preset != now.preset:
        return "another preset"
    return "other tools" if before.tools != now.tools else ""


def _sent(lines: Sequence[Line]) -> _Sent:
    """Give numbers for what was sent, without what was put behind it for one request alone."""
    head = tuple(takewhile(lambda line: line.role in {"system", "developer"}, lines))
    body = (line for line in lines[len(head) :] if not line.trailing)
    said = ((each.role, each.parts, each.tool_calls, each.tool_call_id) for each in body)
    return hash(head), tuple(map(hash, said))


def _broken(before: _Sent | None, now: _Sent) -> str:
    """Say why one request does not begin as another did; empty if it does."""
    if before is None:
        return ""
    (old_head, old), (head, body) = before, now
    if old_head != head:
        return "another system prompt"
    both = min(len(old), len(body))
    if old[:both] == body[:both]:
        return ""
    return "window cut" if body[0] in old[1:] else "history changed"
