"""One platform, its places and its people, for a chaos run. What they do is done elsewhere.

What differs between the platforms is hidden here: what a thread is, how something is taken back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from typing_extensions import override

from core.texts.turns import UNSURE
from core.wording import LABELS
from tests.simulators.slack.model import BOT_USER
from tests.transcripts.stages import STAGES, Seen, _answers, _seen

TOLD = re.compile(r"told-(\d+)\.(\d+) ")
DIRECT, GROUPS, TOOLS = 4, 3, 2
"""Places of each kind that are there at a time."""
WORN = {"dm": 10_000, "tools": 10_000, "group": 8}
"""Questions after which people go to another place: a platform's pace holds in each."""


@dataclass(slots=True, eq=False)
class Ask:
    """A question. `wants` says what its answer is like. `gone`: it was deleted."""

    number: int
    wants: str
    spot: Spot
    who: Any
    message: str = ""
    thread: str | None = None
    gone: bool = False
    instead: Ask | None = None
    stopped: bool = False

    @property
    def settled(self) -> bool:
        """Whether nobody waits for its answer: somebody took it back."""
        return self.gone or self.stopped or self.instead is not None

    @property
    def text(self) -> str:
        return f"ask-{self.number} {self.wants}"


@dataclass(slots=True, eq=False)
class Spot:
    """A place where people talk to the bot."""

    kind: str
    place: Any
    people: Sequence[Any]
    asks: list[Ask] = field(default_factory=list)
    stops: int = 0

    @property
    def worn(self) -> bool:
        return len(self.asks) >= WORN[self.kind]


class Town:
    """A platform. `numbers` are those of all questions of a run."""

    def __init__(self, platform: str, sim: Any, numbers: count[int]) -> None:
        self.platform, self.sim, self.numbers = platform, sim, numbers
        self.stage = STAGES[platform](sim)
        self.boss = self.stage.ben
        self._names = count(1)
        self.spots: list[Spot] = []
        self.unanswered: list[Ask] = []
        for kind, number in (("dm", DIRECT), ("group", GROUPS), ("tools", TOOLS)):
            for _ in range(number):
                self.settle(kind)

    @property
    def asks(self) -> list[Ask]:
        return [ask for spot in self.spots for ask in spot.asks]

    def settle(self, kind: str) -> Spot:
        """Open one more place."""
        person = self.sim.person(f"Person {next(self._names)}")
        if kind == "group":
            people = [person, self.boss, self.stage.ann]
            place = self.sim.group(f"group {next(self._names)}", *people)
        else:
            people, place = [person], self.sim.dm(person)
        spot = Spot(kind, place, people)
        self.spots.append(spot)
        return spot

    # --- what people do ----------------------------------------------------------------------

    async def ask(self, spot: Spot, who: Any, wants: str, *, thread: str | None = None) -> Ask:
        ask = Ask(next(self.numbers), wants, spot, who, thread=thread)
        mention = spot.kind == "group"
        where = {} if thread is None else {"thread": thread}
        ask.message = await self.sim.say(spot.place, who, ask.text, mention=mention, **where)
        spot.asks.append(ask)
        self.unanswered.append(ask)
        return ask

    def thread_of(self, ask: Ask) -> str | None:
        """Give the thread in which somebody goes on below a question, if there is one."""
        return None

    async def change(self, ask: Ask) -> None:
        """Let somebody ask something else by changing their message."""
        new = Ask(next(self.numbers), ask.wants, ask.spot, ask.who, ask.message, ask.thread)
        ask.instead = new
        ask.spot.asks.append(new)
        self.unanswered.append(new)
        await self._change(new)

    async def _change(self, new: Ask) -> None:
        raise NotImplementedError

    async def unsay(self, ask: Ask) -> None:
        """Let somebody delete their message."""
        ask.gone = True
        await self.sim.delete(ask.spot.place, ask.message)

    async def stop(self, ask: Ask) -> None:
        """Let whoever asked press Stop, if there is one."""
        ask.stopped = True
        ask.spot.stops += 1
        await self._press(ask.spot, ask.who, LABELS["stop"])

    async def command(self, spot: Spot, name: str, args: str) -> None:
        await self.sim.command(spot.place, spot.people[0], name, args)

    async def allow(self, spot: Spot) -> bool:
        """Let somebody say yes to a tool, if that is asked; tells whether it was."""
        return await self._press(spot, spot.people[0], LABELS["approve"])

    async def _press(self, spot: Spot, who: Any, label: str) -> bool:
        for seen, place in reversed(self.seen(spot)):
            fits = [each for each in seen.buttons if label in each]
            if fits:
                with suppress(LookupError, ValueError):
                    await self.sim.press(place, who, seen.id, fits[0])
                    return True
        return False

    # --- what they see -----------------------------------------------------------------------

    def begin(self) -> None:
        """Hear that another life of the program begins."""

    def listening(self) -> bool:
        """Whether the program is there, in this life."""
        return self.stage.listening()

    def seen(self, spot: Spot) -> list[tuple[Seen, Any]]:
        """The bot's messages, each with where it stands, oldest first."""
        return [
            (_seen(each), place)
            for place in (spot.place, *self._below(spot.place))
            for each in self.sim.shown(place)
        ]

    def _below(self, place: Any) -> Sequence[Any]:
        return ()

    def answers(self, spot: Spot) -> list[Seen]:
        return _answers([seen for seen, _ in self.seen(spot)])

    def told(self, spot: Spot) -> Counter[tuple[int, int]]:
        """Count each paragraph of each answer that stands in a place."""
        return Counter(
            (int(number), int(index))
            for seen in self.answers(spot)
            if not self._left(seen)
            for number, index in TOLD.findall(seen.text.replace("\n", " \n"))
        )

    def _left(self, seen: Seen) -> bool:
        """Whether it is a piece that was left standing: the whole came after it."""
        return False

    def notes(self, spot: Spot) -> list[Seen]:
        """The notes that an answer may be missing."""
        return [seen for seen in self.answers(spot) if UNSURE in seen.text]


class Telegram(Town):
    _before = 0
    """Requests of earlier lives."""

    @override
    async def _change(self, new: Ask) -> None:
        at = f"@{self.sim.world.bot.username} " if new.spot.kind == "group" else ""
        await self.sim.edit(new.spot.place, new.message, f"{at}{new.text}")

    @override
    def listening(self) -> bool:
        """Whether it polls: while people go on talking, no poll waits."""
        heard = self.sim.requests.entries[self._before :]
        return any(each.method == "getUpdates" for each in heard)

    @override
    def begin(self) -> None:
        self._before = len(self.sim.requests.entries)

    @override
    def _left(self, seen: Seen) -> bool:
        """Of a post whose answer was lost nothing is known: a piece is followed by the whole."""
        return any(LABELS["stop"] in label for label in seen.buttons)


class Discord(Town):
    @override
    async def _change(self, new: Ask) -> None:
        at = f"<@{self.sim.desk.world.bot.id}> " if new.spot.kind == "group" else ""
        place = self._home(new)
        await self.sim.edit(place, new.message, f"{at}{new.text}")

    @override
    async def unsay(self, ask: Ask) -> None:
        ask.gone = True
        await self.sim.delete(self._home(ask), ask.message)

    def _home(self, ask: Ask) -> Any:
        here = [each for each in self._below(ask.spot.place) if each.id == ask.thread]
        return [*here, ask.spot.place][0]

    @override
    def thread_of(self, ask: Ask) -> str | None:
        below = [each.id for each in self._below(ask.spot.place)]
        return ask.message if ask.message in below else None

    @override
    def _below(self, place: Any) -> Sequence[Any]:
        found: Sequence[Any] = self.sim.threads(place)
        return found


class Slack(Town):
    @override
    async def _change(self, new: Ask) -> None:
        at = f"<@{BOT_USER}> " if new.spot.kind == "group" else ""
        await self.sim.edit(new.spot.place, new.who, new.message, f"{at}{new.text}")

    @override
    async def unsay(self, ask: Ask) -> None:
        ask.gone = True
        await self.sim.unsay(ask.spot.place, ask.who, ask.message)

    @override
    def thread_of(self, ask: Ask) -> str | None:
        return ask.thread or ask.message

    @override
    async def stop(self, ask: Ask) -> None:
        ask.stopped = True
        ask.spot.stops += 1
        with suppress(ValueError):
            await self.sim.native_stop(ask.spot.place, ask.who, ask.thread or ask.message)


TOWNS = {"telegram": Telegram, "discord": Discord, "slack": Slack}
