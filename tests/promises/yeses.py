"""Any history in which questions lead to calls of a tool that need somebody's yes.

For `histories.py`, whose model holds as it is. Beyond it, the model knows of each call the first
word of somebody who had a say: only what was allowed runs, once, and the answering model is told
what came of it. No question for a yes stands there twice, or with buttons when nobody waits.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import count

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from typing_extensions import override

from core.authority import PATIENCE
from core.calls import Chunk
from core.frames import Permission
from core.records import StoredTurn, ToolStep
from core.toolrounds import CANCELLED, UNKNOWN
from core.types import Address, Author, ToolCall
from tests.fakes.model import Script
from tests.fakes.tools import FakeServer
from tests.gateway.guarded import ANN, BEN
from tests.promises.histories import ORDERS, Answers, AnyHistory

FILE = """
access: {allow: ['fake:T1'], admins: ['fake:ben']}
tools: {servers: {bank: {command: [x], approve: always}}}
"""
ASKED = 6.0
"""Seconds after which a question has led to a call."""
SUSPECT = 2
"""Cuts after which a turn may have to wait for others (ADR 0052)."""
PAID = "paid {}"
REFUSED = "did not allow this call"
EXPIRED = "nobody answered"


class Pays(Answers):
    """Calls the tool once for each even word of a question, and then answers it."""

    @override
    def _next(self, name: str) -> Script:
        lines = self.made[-1].call.lines
        asked = max(n for n, each in enumerate(lines) if "word" in each.text)
        words = re.findall(r"word(\d*[02468])\.", lines[asked].text)
        if name != "big" or any(each.role == "tool" for each in lines[asked:]) or not words:
            return super()._next(name)
        bills = [f"{len(self.made)}-{word}" for word in words]
        calls = [
            ToolCall(id=bill, name="bank__pay", arguments=json.dumps({"bill": bill}))
            for bill in bills
        ]
        return [1.0, Chunk(tool_calls=tuple(calls), finish="tool_calls")]


class Yeses(AnyHistory):
    """People allow calls of a tool, or refuse them, or do not answer."""

    file = FILE

    def __init__(self) -> None:
        super().__init__()
        self.model = Pays()
        self.bank = FakeServer("bank", "pay", answer=lambda call: PAID.format(call.id), seconds=2.0)
        self.word: dict[str, bool] = {}  # the first one of somebody who had a say

    @override
    def servers(self) -> list[FakeServer]:
        return [self.bank]

    @rule(
        chat=st.sampled_from([0, 1]),
        who=st.sampled_from([ANN, BEN]),
        yes=st.sampled_from([None, True, False]),
    )
    def ask_for_a_call(self, chat: int, who: Author, *, yes: bool | None) -> None:
        """Say what leads to a call, and wait until somebody is asked about it, and has a word."""
        number = next(self.words)
        self.words = count(number + number % 2)
        self.say(chat, who, breath=False)
        self.wait(ASKED)
        for turn, step in self._asked() if yes is not None else []:
            if turn.start.place == self.places[chat] and self._waits(step):
                self.say_so(turn, step, yes=bool(yes), who=BEN if chat else ANN)
        self._is_obeyed()

    @precondition(lambda self: self._asked())
    @rule(data=st.data(), yes=st.sampled_from([True, True, False]), who=st.sampled_from([BEN, ANN]))
    def decide(self, data: st.DataObject, *, yes: bool, who: Author) -> None:
        """Press a button of a question for a yes, maybe an old one."""
        self._decide(data, yes=yes, who=who)

    @precondition(lambda self: self._asked())
    @rule(data=st.data(), yes=st.booleans(), rounds=st.integers(0, 60), order=ORDERS)
    def decide_and_cut(
        self, data: st.DataObject, *, yes: bool, rounds: int, order: int | None
    ) -> None:
        """Press it twice, and have the program killed so many steps from then."""
        self._decide(data, yes=yes, who=BEN, times=2)
        self.kill(rounds, order)
        self._is_obeyed()

    def _is_obeyed(self) -> None:
        """A word is acted upon at once; only what was cut twice goes on one at a time."""
        if self.cuts < SUSPECT:
            self.wait(1.0)
            open_ = {e.call.id for turn, e in self._asked() if not turn.end and e.state == "open"}
            assert not open_ & self.word.keys()

    def _decide(self, data: st.DataObject, *, yes: bool, who: Author, times: int = 1) -> None:
        asked = self._asked()
        waiting = [each for each in asked if self._waits(each[1])]
        if asked:  # the last one may have gone while we looked
            turn, step = data.draw(st.sampled_from(waiting + asked))
            who = who if self.places.index(turn.start.place) else ANN
            self.say_so(turn, step, yes=yes, who=who, times=times)

    @staticmethod
    def _waits(step: ToolStep) -> bool:
        return step.approval is not None and step.approval.decision == "waiting"

    def say_so(
        self, turn: StoredTurn, step: ToolStep, *, yes: bool, who: Author, times: int = 1
    ) -> None:
        assert step.approval is not None
        where = turn.start.place
        has_a_say = who == BEN or not self.places.index(where)
        if has_a_say and self._waits(step):
            self.word.setdefault(step.call.id, yes)
        for _ in range(times):
            press = self.run.scene.press(
                "approve" if yes else "refuse",
                turn.start.turn_id,
                value=str(step.approval.number),
                who=who,
                where=where,
            )
            self.run.do(press)

    @rule()
    def nobody_answers(self) -> None:
        self.wait(PATIENCE + 1.0)

    def _asked(self) -> list[tuple[StoredTurn, ToolStep]]:
        steps = [(turn, step) for turn in self._turns() for e in turn.rounds for step in e.steps]
        return [(turn, step) for turn, step in steps if step.approval is not None]

    @invariant()
    def nothing_runs_without_a_yes(self) -> None:
        ran = Counter(each.id for each in self.bank.calls)
        assert all(self.word.get(each) for each in ran), ran
        assert set(ran.values()) <= {1}, ran

    @override
    def come_to_an_end(self) -> None:
        super().come_to_an_end()
        while self.run.scene.parts.sessions.running:
            self.nobody_answers()
        super().come_to_an_end()

    @override
    async def _hold(self) -> None:
        await super()._hold()
        self.nothing_runs_without_a_yes()
        asked = [each for each in self.chat.messages.values() if each.key.startswith("approval/")]
        assert not [each for each in asked if each.buttons], "buttons for what waits no more"
        contents = [each.content for each in asked]
        bills = Counter(each.arguments for each in contents if isinstance(each, Permission))
        assert set(bills.values()) <= {1}, bills

    @override
    async def _hold_answers(self, where: Address) -> None:
        await super()._hold_answers(where)
        ran = {each.id for each in self.bank.calls}
        turns = await self.run.store.turns(where.session, last=1_000)
        steps = [(turn, step) for turn in turns for each in turn.rounds for step in each.steps]
        stopped = {step.call.id for turn, step in steps if self._ended_early(turn)}
        for _, line in await self.run.store.lines(where.session):
            if line.role == "tool":
                id_ = line.tool_call_id or ""
                cut = {CANCELLED} if id_ in stopped else set()
                assert any(each in line.text for each in self._become(id_, ran) | cut), line

    @staticmethod
    def _ended_early(turn: StoredTurn) -> bool:
        return turn.end is not None and turn.end.ending != "finished"

    def _become(self, id_: str, ran: set[str]) -> set[str]:
        """Say what the model may be told of a call that was not stopped."""
        if id_ in ran:
            return {PAID.format(id_), UNKNOWN}
        if id_ not in self.word:
            return {EXPIRED}
        return {UNKNOWN} if self.word[id_] else {REFUSED}
