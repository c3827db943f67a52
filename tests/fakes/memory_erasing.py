"""The part of the store in memory that takes texts out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import unquote

from core.erasure import bared, orders, text_of
from core.outcomes import Advice, CallReport
from core.records import SUMMARY, Accepted, Posted, StoredTurn, Vote
from core.retention import Seen
from core.storage.changes import LETTER, SAID
from core.storage.erasing import PAGE, Came, Held, Texts, Told, Whereabouts
from core.types import Line
from tests.fakes.memory_epochs import MemoryEpochs


class MemoryErasing(MemoryEpochs):
    """Fulfils `core.storage.Erasing`."""

    _inbox: dict[tuple[str, str], Accepted]
    _claimed: dict[int, str]
    _advice: dict[str, dict[tuple[int, int], Advice]]
    _outbox: dict[str, dict[str, Posted]]
    _settings: dict[str, dict[str, str]]
    dropped: dict[int, str]
    log: list[tuple[str, str, str | None, str, int]]

    def _whole(self, turn: StoredTurn) -> StoredTurn:
        raise NotImplementedError

    @property
    def _votes(self) -> dict[str, dict[str, Vote]]:
        raise NotImplementedError

    _purge = Seen()

    async def last_purge(self) -> Seen:
        return self._purge

    async def note_purge(self, seen: Seen) -> None:
        self._purge = seen

    @property
    def _erased(self) -> set[str | int]:
        """The turns and the messages that have lost their texts."""
        found: set[str | int] = self.__dict__.setdefault("_without_texts", set())
        return found

    async def held(self, *, before: int) -> Sequence[Held]:
        found: dict[str, int] = {}
        for session, at in self._texts():
            found[session] = min(at, found.get(session, at))
        return [Held(session=s, oldest=at) for s, at in sorted(found.items()) if at < before]

    def _texts(self) -> Iterable[tuple[str, int]]:
        for each in self._inbox.values():
            if each.seq not in self._erased:
                yield each.session, each.incoming.at
        for turn in self._turns.values():
            if turn.start.turn_id not in self._erased:
                yield turn.start.session, turn.start.started

    async def whereabouts(self, session: str) -> Whereabouts | None:
        said = [
            each.incoming
            for each in self._inbox.values()
            if each.session == session and getattr(each.incoming, "message_id", None)
        ]
        if not said:
            return None
        direct: bool = getattr(said[-1], "direct", True)
        return Whereabouts(place=said[-1].address, circles=said[-1].author.circles, direct=direct)

    async def aged(self, session: str, *, before: int, unfinished: int) -> Texts:
        turns = [
            turn.start.turn_id
            for turn in self._of_session(session)
            if turn.start.started < before
            and (turn.state == "delivered" or turn.start.started < unfinished)
        ]
        waits = {each.seq for each in self._inbox.values()} - self._claimed.keys()
        waits -= self.dropped.keys()
        messages = [
            each.seq
            for each in self._came(session)
            if each.incoming.at < before
            and (each.seq not in waits or each.incoming.at < unfinished)
            and self._claimed.get(each.seq) in {None, *self._erased}
        ]
        return Texts(turns=tuple(turns[:PAGE]), messages=tuple(messages[:PAGE]))

    async def told(self, session: str, *, after: int = 0) -> Sequence[Told]:
        numbers = {turn_id: at for at, turn_id in enumerate(self._turns, 1)}
        found = [
            _told(numbers[each.start.turn_id], self._whole(each))
            for each in self._of_session(session)
            if numbers[each.start.turn_id] > after and each.start.origin != SUMMARY
        ]
        return found[:PAGE]

    async def came(self, session: str, *, after: int = 0) -> Sequence[Came]:
        found = [
            Came(
                seq=each.seq,
                author=each.incoming.author.id,
                name=each.incoming.author.name,
                text=text_of(each.incoming),
                turn_id=self._claimed.get(each.seq),
                at=each.incoming.at,
                orders=orders(each.incoming) and each.seq not in self.dropped,
            )
            for each in self._came(session)
            if each.seq > after
        ]
        return found[:PAGE]

    async def sessions_of(self, platform: str, person: str) -> Sequence[str]:
        asked = {
            turn.start.session
            for turn in self._turns.values()
            if person in {turn.start.asker, *_quoted(turn)}
            and unquote(turn.start.session.split("/")[0]) == platform
            and turn.start.turn_id not in self._erased
        }
        wrote = {
            each.session
            for each in self._inbox.values()
            if each.incoming.author.id == person
            and each.incoming.address.platform == platform
            and each.seq not in self._erased
        }
        return sorted(asked | wrote)

    async def erase(self, texts: Texts) -> None:
        self._may_write()
        self._erased.update(texts.turns, texts.messages)
        for turn_id in texts.turns:
            self._void_summaries(turn_id)
            self._without(turn_id)
        self._lines[:] = [each for each in self._lines if each[2] not in texts.turns]
        for key, each in self._inbox.items():
            if each.seq in texts.messages:
                self._inbox[key] = replace(each, incoming=bared(each.incoming))
                if each.seq not in self._claimed:
                    self.dropped.setdefault(each.seq, "")
                for kind in (SAID, LETTER):
                    self._outbox.pop(f"{kind}{each.seq}", None)

    def _without(self, turn_id: str) -> None:
        turn = self._turns[turn_id]
        self._turns[turn_id] = replace(
            turn,
            start=replace(turn.start, question=Line(role="user")),
            state="delivered",
            removed=True,
            end=turn.end and replace(turn.end, answer="", error=None, notes=()),
            rounds=(),
            calls=tuple(map(_wordless, turn.calls)),
        )
        self._outbox.pop(turn_id, None)
        self._advice[turn_id] = {
            place: replace(
                each,
                text="",
                reason="",
                call=each.call and _wordless(each.call),
                tried=tuple(map(_wordless, each.tried)),
            )
            for place, each in self._advice.get(turn_id, {}).items()
        }

    async def votes_of(self, platform: str, person: str) -> Mapping[str, Vote]:
        return {
            turn_id: given[person]
            for turn_id, given in self._votes.items()
            if person in given and self._turns[turn_id].start.place.platform == platform
        }

    async def erase_person(self, platform: str, person: str) -> tuple[int, int]:
        self._may_write()
        votes = 0
        for turn_id, given in self._votes.items():
            there = unquote(self._turns[turn_id].start.session.split("/")[0])
            if there == platform and given.pop(person, None) is not None:
                votes += 1
        self._erase_facts(platform, person)
        scope = f"user:{platform}:{person}"
        self.log[:] = [each for each in self.log if each[0] != scope]
        self._forget_setter(platform, person)
        return votes, len(self._settings.pop(scope, {}))

    def _forget_setter(self, platform: str, person: str) -> None:
        raise NotImplementedError

    async def scrub(self, *, whole: bool) -> None:
        """Nothing lies on a disk."""

    # --- within

    def _of_session(self, session: str) -> list[StoredTurn]:
        return [
            turn
            for turn_id, turn in self._turns.items()
            if turn.start.session == session and turn_id not in self._erased
        ]

    def _came(self, session: str) -> list[Accepted]:
        return [
            each
            for each in self._inbox.values()
            if each.session == session and each.seq not in self._erased
        ]


def _quoted(turn: StoredTurn) -> set[str]:
    """Say whose words came along with a question."""
    return {said.speaker.id for quote in turn.start.question.quotes for said in quote.said}


def _wordless(call: CallReport) -> CallReport:
    return replace(call, text="", tool_calls=(), error=None)


def _told(number: int, turn: StoredTurn) -> Told:
    advice = [each for _, each in turn.advice]
    calls = [*turn.calls, *(call for each in advice for call in each.calls)]
    steps = [step for round_ in turn.rounds for step in round_.steps]
    question = turn.start.question
    quoted = [said for each in question.quotes for said in each.said]
    spoke = {question.speaker.id} if question.speaker else set()
    return Told(
        number=number,
        turn_id=turn.start.turn_id,
        asker=turn.start.asker,
        started=turn.start.started,
        running=turn.state == "running",
        texts=(
            question.text,
            turn.end.answer if turn.end else "",
            *(each.text for each in quoted),
            *(each.text for each in advice if each.text),
            *(each.text for each in calls if each.text),
            *(each.text for each in steps if each.text),
        ),
        speakers=frozenset(spoke | {each.speaker.id for each in quoted if not each.own}),
    )
