"""People and kills in any order, on any store: a state machine with a small model.

The model knows of each message what it says now and what must become of it. Whoever uses the
machine gives the store (`test_p3_any_history.py`). Two runs never work at once here: a lock file
keeps a second process away, also while the first one stands still (`test_p3_one_process.py`), and
what a turn writes is fenced besides (`test_p3_frozen.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from structlog.testing import capture_logs
from typing_extensions import override

from core.ports import ToolServer
from core.records import StoredTurn
from core.storage import Store
from core.types import Address, Author, Moved
from tests.chaos.injection import Faulty
from tests.fakes.chat import FakeChat
from tests.fakes.loop import VirtualLoop
from tests.fakes.model import Script, ScriptedModel
from tests.gateway.guarded import ALLOWED, ANN, BEN, DM, GROUP, Scene, guarded

RUNNING = 40.0
"""Seconds after which everything that people may have begun is over, if nothing comes."""
ANSWER = "Answer {}."
ORDERS = st.none() | st.integers(0, 999)
BLAMED = 3
"""Kills after which one message or turn may be given up (P8)."""


class Data(Protocol):
    """What outlives a run of the program."""

    def store(self) -> Store:
        """Give another run's store on the same data."""
        ...

    def let_go(self, store: Store) -> None:
        """Hear that a run was killed."""
        ...

    def close(self) -> None:
        """Throw it away."""
        ...


@dataclass(slots=True, kw_only=True)
class Said:
    """A message: what it says now, and whether that must, may or must not stand in the history."""

    event: str
    chat: int
    who: Author
    text: str
    fate: Literal["stands", "may", "gone"] = "stands"
    before: str = ""  # what it said once: a turn that runs is asked that to its end
    moved: bool = False  # out of its order: asked again, or put in line anew
    changed: int = 0  # when it was changed last, by the platform's clock


class Answers(ScriptedModel):
    """Gives every answer a number, so that each can be looked for."""

    @override
    def _next(self, name: str) -> Script:
        if name != "big":
            return [3.0 if name == "a" else 1.0, f"{name}."]
        return ["It is so. " * 20, 2.0, ANSWER.format(len(self.made))]


@dataclass(kw_only=True)
class Run:
    """The program at work, on a loop of its own."""

    loop: VirtualLoop
    ports: Faulty
    store: Store
    scene: Scene
    main: asyncio.Task[None]

    def do(self, act: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(act)

    def end(self) -> None:
        """Nothing that was under way reaches store or chat any more."""
        self.ports.dead = True
        self.main.cancel()
        with suppress(asyncio.CancelledError):
            self.do(self.main)
        self.do(self.loop.shutdown_asyncgens())
        self.loop.close()


class AnyHistory(RuleBasedStateMachine):
    """The program, which is killed and started again, and what it must come to."""

    steers = False
    file = ALLOWED

    def data(self) -> Data:
        raise NotImplementedError

    def servers(self) -> Sequence[ToolServer]:
        """Give the servers of tools that there are."""
        return ()

    def __init__(self) -> None:
        super().__init__()
        self.kept, self.chat = self.data(), FakeChat(tells=True)
        self.model = Answers()
        self.numbers = count(1)
        self.words = count(1)
        self.places = [DM, GROUP]
        self.said: list[Said] = []
        self.clock = 0  # when something was said last, by the platform's clock
        self.spoke = 1_000.0  # and by the loop's
        self.time = 1_000.0
        self.cuts = 0
        self.logs = capture_logs()
        self.logged = self.logs.__enter__()

    # --- the program

    @initialize(order=ORDERS)
    def start(self, order: int | None = None) -> None:
        """Start the program; it goes on with what the last run has left.

        `order` draws which of the tasks that are ready goes on first.
        """
        loop, ports, begun = VirtualLoop(order), Faulty(), asyncio.Event()
        loop.skip(self.time)
        scenes: list[Scene] = []
        store = self.kept.store()

        async def live() -> None:
            async with guarded(
                model=self.model,
                store=ports.before(store, "store"),
                chat=ports.before(self.chat, "chat"),
                more=self.file,
                servers=[ports.before(each, "tools") for each in self.servers()],
            ) as scene:
                scenes.append(scene)
                await scene.parts.recover()
                begun.set()
                for _ in count():
                    await asyncio.sleep(1.0)

        main = loop.create_task(live())
        loop.run_until_complete(begun.wait())
        (scene,) = scenes
        scene.numbers = self.numbers
        self.run = Run(loop=loop, ports=ports, store=store, scene=scene, main=main)

    @rule(rounds=st.integers(0, 60), order=ORDERS)
    def kill(self, rounds: int, order: int | None = None) -> None:
        """Kill it so many steps from now, and start it again."""
        self.run.loop.run_until_frozen(self.run.main, rounds=rounds + 1, asleep=0)
        self._ended(self.run)
        self.start(order)

    def _ended(self, run: Run) -> None:
        self.cuts += 1
        self.time = max(self.time, run.loop.time())
        run.end()
        self.kept.let_go(run.store)

    @rule(seconds=st.sampled_from([0.0, 0.3, 2.0, 5.0, RUNNING]))
    def wait(self, seconds: float) -> None:
        self.run.do(asyncio.sleep(seconds))

    # --- people

    @rule(chat=st.sampled_from([0, 1]), who=st.sampled_from([ANN, ANN, BEN]), breath=st.booleans())
    def say(self, chat: int, who: Author, *, breath: bool) -> None:
        """Say something; in one `breath` with what was said before, or when anything else comes."""
        number, now = next(self.numbers), self.run.loop.time()
        passed = 300 + int((now - self.spoke) * 1_000)
        self.clock = self.clock + passed if breath else 60_000 * number + int(now * 1_000)
        self.spoke = now
        text = self._word()
        where, who = self.places[chat], who if chat else ANN
        self.run.scene.numbers = count(number)
        event = self.run.do(
            self.run.scene.say(text, who=who, where=where, addressed=True, at=self.clock)
        )
        self.run.scene.numbers = self.numbers
        self.said.append(Said(event=event, chat=chat, who=who, text=text))

    def _word(self) -> str:
        return f"word{next(self.words)}."

    @precondition(lambda self: self.said)
    @rule(data=st.data())
    def say_it_again(self, data: st.DataObject) -> None:
        """The platform offers a message twice."""
        each = data.draw(st.sampled_from([each for each in self.said if each.event]))
        self.run.scene.numbers = count(int(each.event[1:]))
        again = self.run.scene.say(
            each.text, who=each.who, where=self.places[each.chat], addressed=True, at=self.clock
        )
        assert self.run.do(again) is None
        self.run.scene.numbers = self.numbers

    @precondition(lambda self: self._there())
    @rule(data=st.data(), soon=st.booleans())
    def edit(self, data: st.DataObject, *, soon: bool) -> None:
        each = data.draw(st.sampled_from(self._there()))
        before, each.text = each.text, self._word()
        each.before += before
        at = 60_000 * int(each.event[1:]) + 1_000 if soon else self.clock + 120_000
        each.changed = max(at, each.changed + 2)
        self._change(each, each.text, each.changed)
        self.said.append(Said(event="", chat=each.chat, who=each.who, text=before, fate="gone"))

    @precondition(lambda self: any(each.changed for each in self._there()))
    @rule(data=st.data())
    def edit_late(self, data: st.DataObject) -> None:
        """The platform tells of a change that was made before the last one: that one stands."""
        changed = [each for each in self._there() if each.changed]
        each = data.draw(st.sampled_from(changed))
        word = self._word()
        self._change(each, word, each.changed - 1)
        self.said.append(Said(event="", chat=each.chat, who=each.who, text=word, fate="gone"))

    def _change(self, each: Said, text: str, at: int) -> None:
        where = self.places[each.chat]
        edit = self.run.scene.edit(
            each.event, text, who=each.who, where=where, at=at, addressed=True
        )
        self.run.do(edit)

    @precondition(lambda self: self._there())
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        each = data.draw(st.sampled_from(self._there()))
        for other in self._with(each, steered=True):
            other.fate = "may"  # what joined an exchange may go with it
        each.fate = "gone"
        self.run.do(self.run.scene.delete(each.event, where=self.places[each.chat]))

    @rule(chat=st.sampled_from([0, 1]))
    def stop(self, chat: int) -> None:
        """Stop a turn; where none of one's own runs, that takes what waits out of the line."""
        for each in self._waiting(chat):
            each.fate = "may"
        self.run.do(self.run.scene.command("stop", who=ANN, where=self.places[chat]))

    @precondition(lambda self: self._turns())
    @rule(data=st.data(), action=st.sampled_from(["retry", "advise", "remove", "stop", "up"]))
    def press(self, data: st.DataObject, action: str) -> None:
        """Press a button under an answer, maybe an old one."""
        if not (turns := self._turns()):  # the last one went while we looked
            return
        turn = data.draw(st.sampled_from(turns))
        for each in self.said:
            if action in {"retry", "advise", "remove"} and self._in(each, turn):
                each.moved = True
                each.fate = "gone" if each.fate == "gone" else "may"
        chat = self.places.index(turn.start.place)
        self.run.do(self.run.scene.press(action, turn.start.turn_id, where=self.places[chat]))

    @precondition(lambda self: self.places[1] == GROUP)
    @rule()
    def move(self) -> None:
        """The group goes on under another id."""
        new = Address(platform="fake", channel="G2")
        moved = Moved(
            event_id=f"e{next(self.numbers)}", address=GROUP, author=ANN, new=new, at=self.clock
        )
        assert self.run.do(self.run.scene.parts.gateway.intake(moved))
        self.places[1] = new

    @rule()
    def try_again(self) -> None:
        """Press what stands under a dead letter."""
        for each in self.run.do(self.run.store.aside("broke")):
            where = each.incoming.address
            self.run.do(self.run.scene.press("again", value=str(each.seq), where=where))

    # --- what the model knows

    def _there(self) -> list[Said]:
        return [each for each in self.said if each.fate != "gone"]

    def _waiting(self, chat: int) -> list[Said]:
        waiting = self.run.scene.parts.sessions.in_line(self.places[chat].session)
        events = {each.incoming.event_id for each in waiting}
        return [each for each in self._there() if each.event in events and each.who == ANN]

    def _with(self, one: Said, *, steered: bool) -> list[Said]:
        """Give what may be answered by the same turn, and may go with it."""
        same = [each for each in self._there() if each.chat == one.chat and each is not one]
        return same if steered and self.steers else []

    def _turns(self) -> list[StoredTurn]:
        found = [self.run.do(self.run.store.turns(each.session)) for each in self.places]
        return [turn for turns in found for turn in turns if turn.start.place in self.places]

    def _in(self, each: Said, turn: StoredTurn) -> bool:
        here = self.places[each.chat] == turn.start.place
        asked = turn.start.question.text.split("\n")
        return here and (self.steers or any(e in each.text + each.before for e in asked))

    # --- what must hold

    @invariant()
    def one_turn_at_a_time(self) -> None:
        running = self.run.scene.parts.gateway.exchange.running
        moved = {GROUP.session, self.places[1].session}
        assert len(running.of(DM.session)) <= 1
        assert sum(len(running.of(each)) for each in moved) <= 1

    @override
    def teardown(self) -> None:
        try:
            if hasattr(self, "run"):
                self.kill(0)
                self.come_to_an_end()
                self.run.do(self._hold())
        finally:
            if hasattr(self, "run"):
                self._ended(self.run)
            self.kept.close()
            self.logs.__exit__(None, None, None)

    def come_to_an_end(self) -> None:
        """Let everything be done that there is to do."""
        for _ in range(len(self.said) + 2):
            self.wait(RUNNING)

    async def _hold(self) -> None:
        store = self.run.store
        aside = await store.aside("broke")
        assert not aside or self.cuts >= BLAMED, aside
        put_aside = {each.incoming.event_id for each in aside}
        for chat, where in enumerate(self.places):
            lines = await store.lines(where.session)
            self._hold_lines(chat, [e.text for _, e in lines if e.role == "user"], put_aside)
            await self._hold_answers(where)
        assert await store.waiting() == []
        assert await store.unfinished() == []
        assert await store.line_notes() == []
        standing = [each.buttons for each in self.chat.messages.values()]
        in_line = [b for buttons in standing for b in buttons if b.action == "stop" and b.value]
        assert not in_line, "the note of one that waits no more"
        errors = {each["event"] for each in self.logged if each["log_level"] == "error"}
        assert errors <= ({"dead_letter", "turn_given_up"} if self.cuts >= BLAMED else set())

    def _hold_lines(self, chat: int, lines: list[str], aside: set[str]) -> None:
        text = "\n".join(lines).split("\n")
        known = [each for each in self.said if each.chat == chat]
        for each in known:
            stands = text.count(each.text)
            may = {0, 1} if each.fate == "may" else {int(each.fate == "stands")}
            assert stands in ({0} if each.event in aside else may), (each, lines)
        there = [e for e in known if e.text in text and e.fate == "stands" and not e.moved]
        assert [e.text for e in there] == [e for e in text if e in {w.text for w in there}]

    async def _hold_answers(self, where: Address) -> None:
        standing = self.chat.texts()
        for turn in await self.run.store.turns(where.session, last=1_000):
            assert turn.state == "delivered", turn
            assert turn.end is not None
            if turn.end.ending != "finished":
                continue
            answer = turn.end.answer.rsplit("Answer", 1)[-1]
            shown = sum(f"Answer{answer}" in each for each in standing)
            assert shown == 1, (turn.end.answer, standing)
