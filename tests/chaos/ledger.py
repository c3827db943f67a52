"""What a chaos run comes to: read from chats, from the bill and from the data file.

The chats say what people got, the bill what was paid; the file says only why something is
missing. What counts as lost, doubled and paid twice: docs/decisions/0043-chaos-runs.md.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from typing_extensions import override

from tests.chaos.provider import ASKED, Billed, paragraphs
from tests.chaos.town import Ask, Spot, Town

Key: TypeAlias = tuple[str, tuple[int, ...], int]
"""Model, questions, results of tools so far."""

CUT_OFF = "each try was cut off"
RECENT = 400
"""Turns that are looked at after a kill: older ones were seen after those before."""

_CALLS = """
    SELECT turns.question, calls.label FROM calls JOIN turns USING (turn_id)
    WHERE calls.role = 'reference' AND calls.asked AND turns.number > $recent
    AND NOT turns.removed
"""
_ROUNDS = """
    SELECT DISTINCT turns.question, tool_calls.iteration FROM tool_calls
    JOIN turns USING (turn_id) WHERE turns.number > $recent AND NOT turns.removed
"""
_ENDED = """
    SELECT question FROM turns WHERE state <> 'running' AND ending = 'finished'
    AND number > $recent AND NOT removed
"""
_TURNS = """
    SELECT turns.question, turns.state, turns.ending, turns.error, turns.attempts,
      (SELECT message_id FROM outbox WHERE outbox.turn_id = turns.turn_id AND key = 'note'),
      (SELECT group_concat(key || ' ' || outbox.state || ' ' || coalesce(message_id, '-'), ', ')
       FROM outbox WHERE outbox.turn_id = turns.turn_id)
    FROM turns
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the file knows of a question's turn."""

    state: str
    ending: str
    error: str
    attempts: int
    note: str
    outbox: str


class Books:
    """The data file, read while the program is dead or alive."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "data" / "moa-gateway.db"
        self._landed: dict[Key, int] = {}

    def rows(self, query: str, **values: object) -> list[tuple[object, ...]]:
        if not self._file.exists():
            return []
        with closing(sqlite3.connect(f"{self._file.as_uri()}?mode=ro", uri=True)) as connection:
            try:
                return connection.execute(query, values).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):  # it was killed before it had made them
                    return []
                raise

    def note(self, life: int) -> None:
        """Note, after a life, which calls were kept: they must not be made in a later one.

        What was taken back is asked anew; its question may stand there as what is left of it.
        """
        (last,) = self.rows("SELECT max(number) FROM turns")[0] if self._file.exists() else (0,)
        recent = int(str(last or 0)) - RECENT
        for question, label in self.rows(_CALLS, recent=recent):
            self._keep((str(label).partition(":")[2], asks(question), 0), life)
        for question, iteration in self.rows(_ROUNDS, recent=recent):
            self._keep(("big", asks(question), int(str(iteration)) - 1), life)
        for (question,) in self.rows(_ENDED, recent=recent):
            for rounds in range(3):
                self._keep(("big", asks(question), rounds), life)

    def _keep(self, key: Key, life: int) -> None:
        self._landed.setdefault(key, life)

    def paid_twice(self, bill: Iterable[Billed]) -> list[str]:
        """Name the calls that were made though an earlier one like them had been kept."""
        found, made = [], dict[Key, Billed]()
        for each in bill:
            key = (each.model, each.asks, each.rounds)
            before = made.get(key)
            kept = self._landed.get(key)
            if before is None:  # what was kept was about more, and some of that was deleted
                pass
            elif each.asks and kept is not None and kept < each.life:
                found.append(f"{_named(key)}: kept in life {kept}, made again in {each.life}")
            elif before.whole and before.life == each.life:
                found.append(f"{_named(key)}: made twice in life {each.life}")
            made[key] = each
        return found

    def taken(self) -> Mapping[int, str]:
        """Give the questions that were taken in, as they stand now, and why they were dropped.

        Those that were erased are missing.
        """
        rows = self.rows("SELECT payload, reason FROM inbox WHERE kind = 'message'")
        return {number: str(why or "") for payload, why in rows for number in asks(payload)}

    def turns(self) -> Mapping[int, Turn]:
        """Give the turn of each question."""
        return {
            number: Turn(
                state=str(state),
                ending=str(ending or ""),
                error=str(error or ""),
                attempts=int(str(attempts)),
                note=str(note or ""),
                outbox=str(outbox or ""),
            )
            for question, state, ending, error, attempts, note, outbox in self.rows(_TURNS)
            for number in asks(question)
        }

    def left(self) -> Sequence[str]:
        """Name what still waits: messages, turns."""
        waiting = self.rows("SELECT kind, payload FROM inbox WHERE state = 'waiting'")
        turns = self.rows("SELECT question, state FROM turns WHERE state = 'running'")
        return [f"{one}: {str(other)[:200]}" for one, other in (*waiting, *turns)]

    def unshown(self) -> int:
        """Count the turns of which something is still to be shown.

        That all is shown is written down with whatever is written next, at the latest at the end.
        """
        return len(self.rows("SELECT 1 FROM turns WHERE state <> 'delivered'"))

    def whole(self) -> bool:
        """Whether SQLite finds the file in order."""
        return self.rows("PRAGMA integrity_check") == [("ok",)]


def asks(stored: object) -> tuple[int, ...]:
    """Give the questions that a stored message or line asks: what it quotes, it does not ask."""
    read = json.loads(str(stored))
    said = str(read.get("text") or read.get("parts") or "")
    return tuple(int(number) for number, _ in ASKED.findall(said))


def _named(key: Key) -> str:
    model, numbers, rounds = key
    return f"{model} about {numbers} behind {rounds} rounds of tools"


# --- what people got ------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Count:
    """What became of a platform's questions, and in words what must not have."""

    asked: int = 0
    taken_back: int = 0
    stopped: int = 0
    accepted: int = 0
    answered: int = 0
    uncertain: int = 0
    given_up: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)


def counted(town: Town, taken: Mapping[int, str], turns: Mapping[int, Turn]) -> Count:
    """Count one platform. A message that was changed is one question, whatever it said when."""
    found = Count()
    for spot in town.spots:
        told = town.told(spot)
        notes = {seen.id for seen in town.notes(spot)}
        if notes and town.platform != "telegram":
            found.lost.append(f"a note that nobody can tell, in {_where(town, spot)}")
        for asks in said(spot.asks):
            _add(found, _Said(town, asks, told, notes), taken, turns)
    return found


def said(asks: Iterable[Ask]) -> list[list[Ask]]:
    """Put together what one message has asked, oldest first."""
    messages = dict[tuple[str, str | None], list[Ask]]()
    for ask in asks:
        messages.setdefault((ask.message, ask.thread), []).append(ask)
    return list(messages.values())


@dataclass(frozen=True, slots=True)
class _Said:
    """A message, and what stands in its chat."""

    town: Town
    asks: Sequence[Ask]
    told: Counter[tuple[int, int]]
    notes: set[str]

    def there(self, ask: Ask) -> list[int]:
        """How often each paragraph of an answer stands there."""
        return [self.told[ask.number, each] for each in range(1, paragraphs(ask.wants) + 1)]

    def standing(self) -> list[str]:
        """Name what the bot said there: what counts as lost may stand there in part."""
        return [
            f"{seen.id} {seen.text[:60]!r} {seen.buttons} edits={seen.edits} {seen.streaming=}"
            for seen, _ in self.town.seen(self.asks[0].spot)
        ]

    @override
    def __str__(self) -> str:
        asks = "; ".join(f"ask-{each.number} {each.wants} {self.there(each)}" for each in self.asks)
        return f"{asks} in {_where(self.town, self.asks[0].spot)}"


def _add(found: Count, message: _Said, taken: Mapping[int, str], turns: Mapping[int, Turn]) -> None:
    there = [message.there(each) for each in message.asks]
    known = [turns[each.number] for each in message.asks if each.number in turns]
    turn = known[-1] if known else None
    why = [taken[each.number] for each in message.asks if each.number in taken]
    found.asked += 1
    found.accepted += turn is not None or bool(why)
    if max(map(max, there)) > 1 or sum(map(any, there)) > 1:
        found.doubled.append(str(message))
    if any(map(all, there)):
        found.answered += 1
    elif any(each.gone for each in message.asks):
        found.taken_back += 1
    elif message.asks[0].spot.stops and "stopped" in {turn and turn.ending, *why}:
        found.stopped += 1
    elif turn is None and "broke" in why:
        found.given_up += 1
    elif turn is None:
        found.lost.append(f"{message}: no turn, {why or 'never taken in'}")
    elif CUT_OFF in turn.error:
        found.given_up += 1
    elif turn.note and turn.note in message.notes:
        found.uncertain += 1
    else:
        found.lost.append(f"{message}: {turn}; there stands {message.standing()}")


def _where(town: Town, spot: Spot) -> str:
    return f"{town.platform} {spot.kind} {getattr(spot.place, 'name', '')} ({spot.place.id})"


def runs_of_tools(folder: Path) -> list[str]:
    """Name the tool's runs that were one too many."""
    file = folder / "paid.txt"
    lines = Counter(file.read_text().split()) if file.exists() else Counter[str]()
    return [f"the tool ran {times} times for {name}" for name, times in lines.items() if times > 1]
