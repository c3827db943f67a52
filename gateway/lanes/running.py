"""Which turn is at work where, and whose it is. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.crashpoints import crashpoint
from core.events import Aggregating, AnswerDelta, ReferenceDone, ToolStarted
from core.records import StoredTurn
from core.scopes import moved_key
from core.types import Press

if TYPE_CHECKING:
    from core.events import TurnEvent
    from core.records import Accepted
    from core.types import Address
    from gateway.lanes.sessions import Answerable


@dataclass(slots=True, kw_only=True)
class Run:
    """A turn at work. `began` is the loop's time at which it was begun, None before.

    `parts` are the messages it answers, `joining` those that are just put into it, `origin` the
    turn whose question it asks again. `advised`: somebody's advice has come. `spoke`: a word of its
    answer was told, or a tool was called. `resumed`: the last run had begun it.
    """

    turn_id: str
    session: str
    place: Address
    asker: str
    began: float | None = None
    parts: tuple[Accepted, ...] = ()
    joining: tuple[Accepted, ...] = ()
    origin: str = ""
    advised: bool = False
    spoke: bool = False
    resumed: bool = False

    @property
    def reads(self) -> bool:
        """Tell whether its question is still being read: nothing of it is written down."""
        return bool(self.parts) and self.began is None and not self.resumed

    def takes(self, seq: int) -> bool:
        """Tell whether a message is just put into it: nothing of that is written down."""
        return any(each.seq == seq for each in self.joining)

    def hear(self, event: TurnEvent) -> None:
        """Take note of what cannot be undone."""
        self.advised = self.advised or isinstance(event, ReferenceDone | Aggregating)
        if not self.spoke and isinstance(event, AnswerDelta | ToolStarted):
            self.spoke = isinstance(event, ToolStarted) or bool(event.text)
            crashpoint("answer.begun", self.place.platform)


def begun(work: Answerable, new_id: Callable[[], str]) -> Run:
    """Make what is known of a turn before it is begun, or taken up again."""
    if isinstance(work, StoredTurn):
        start = work.start
        return Run(
            turn_id=start.turn_id,
            session=start.session,
            place=start.place,
            asker=start.asker,
            resumed=True,
        )
    said = work.incoming
    return Run(
        turn_id=new_id(),
        session=work.session,
        place=said.address,
        asker=said.author.id,
        origin=said.turn_id if isinstance(said, Press) else "",
    )


class Running:
    """The turns of this process. A session has one at a time; a place may have several."""

    def __init__(self) -> None:
        """Begin with none."""
        self._turns: dict[str, Run] = {}

    @contextmanager
    def kept(self, run: Run) -> Iterator[None]:
        """Know a turn for as long as this lasts."""
        self._turns[run.turn_id] = run
        try:
            yield
        finally:
            del self._turns[run.turn_id]

    def move(self, old: Address, new: Address) -> None:
        """Hear that a chat, with every thread in it, goes on under another id."""
        for run in self._turns.values():
            run.session, run.place = moved_key(run.session, old, new), run.place.moved(old, new)

    def __contains__(self, turn_id: str) -> bool:
        """Tell whether a turn runs."""
        return turn_id in self._turns

    def of(self, session: str, person: str = "") -> list[str]:
        """Give the turns that run in a session, of one person or of anybody."""
        there = [each for each in self._turns.values() if each.session == session]
        return [each.turn_id for each in there if person in {"", each.asker}]

    def at(self, session: str) -> Run | None:
        """Give the turn that runs in a session."""
        return next((each for each in self._turns.values() if each.session == session), None)

    def asking(self, seq: int, turn_id: str) -> Run | None:
        """Give the turn that answers a message, which the store knows as one of `turn_id`."""
        for run in self._turns.values():
            ours = bool(turn_id) and turn_id in {run.turn_id, run.origin}
            if ours or any(each.seq == seq for each in (*run.parts, *run.joining)):
                return run
        return None

    def find(self, address: Address, person: str) -> tuple[str, str] | None:
        """Give a turn (and its asker) that runs in a place, else the newest one below it.

        Of several it is the newest of this person, else of anybody. Whoever says "stop" in a
        channel may mean a question in one of its threads: not every platform takes commands there.
        """
        found = self._at(lambda place: place == address)
        if not found and address.thread is None:
            found = self._at(lambda place: place.whole == address)
        own = [each for each in found if each[1] == person]
        return next(reversed(own or found), None)

    def _at(self, there: Callable[[Address], bool]) -> list[tuple[str, str]]:
        return [(each.turn_id, each.asker) for each in self._turns.values() if there(each.place)]
