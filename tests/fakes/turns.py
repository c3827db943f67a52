"""Messages and turns to put into a store, with whatever a test does not care about filled in."""

from __future__ import annotations

from decimal import Decimal

from core.outcomes import Advice, CallReport, Outcome
from core.presets import Preset, ReferenceSlot, Slot
from core.records import Approval, Ending, ToolRound, ToolStep, TurnEnd, TurnStart
from core.types import Address, Author, Line, Message, ToolCall, Usage

ROOM = Address(platform="web", channel="room")
ANNA = Author(id="u1", name="Anna")
PRESET = Preset(
    name="review",
    aggregator=Slot(provider="p", model="big"),
    references=(ReferenceSlot(provider="p", model="a"), ReferenceSlot(provider="p", model="b")),
)
USAGE = Usage(input=10, cache_read=4, output=5)


def message(event_id: str, text: str = "Why?", *, address: Address = ROOM) -> Message:
    return Message(event_id=event_id, address=address, author=ANNA, text=text, at=1_000)


def start(
    turn_id: str,
    *,
    seq: int | None = None,
    session: str = ROOM.session,
    place: Address | None = None,
    question: str = "Why?",
    asker: str = ANNA.id,
    started: int = 1_000,
) -> TurnStart:
    return TurnStart(
        turn_id=turn_id,
        session=session,
        place=place or _place(session),
        seq=seq,
        preset=PRESET,
        question=Line.of("user", question),
        asker=asker,
        history=0,
        started=started,
    )


def _place(session: str) -> Address:
    """Give the place of a session that has one of its own."""
    return Address.of(session) if "/" in session else ROOM


def report(label: str, text: str, *, dollars: str | None = "0.0010") -> CallReport:
    return CallReport(
        label=label,
        text=text,
        usage=USAGE,
        dollars=None if dollars is None else Decimal(dollars),
        started=0.25,
        seconds=1.5,
        first_token=0.5,
        finish="stop",
    )


def advice(position: int, outcome: Outcome = "ok") -> Advice:
    label = f"p:{position}"
    text = f"Advice {position}"
    return Advice(
        position=position, label=label, outcome=outcome, text=text, call=report(label, text)
    )


def end(
    turn_id: str, answer: str = "Because.", *, ending: Ending = "finished", error: str | None = None
) -> TurnEnd:
    return TurnEnd(
        turn_id=turn_id,
        ending=ending,
        answer=answer,
        error=error,
        calls=(report("p:big", answer),),
        usage=USAGE + USAGE,
        dollars=Decimal("0.0030"),
        priced=True,
        seconds=4.5,
        notes=("The first choice did not answer.",),
    )


CLOCK = ToolCall(id="c1", name="clock", arguments='{"zone": "UTC"}')


def approval(number: int = 0) -> Approval:
    return Approval(
        number=number,
        server="time",
        tool="clock",
        arguments='{"zone":"UTC"}',
        digest=f"d{number}",
        expires=2_000,
    )


def tool_step(iteration: int = 1, asked: int | None = None, text: str = "") -> ToolStep:
    return ToolStep(
        iteration=iteration,
        position=0,
        call=CLOCK,
        state="done" if text else "open",
        text=text,
        approval=None if asked is None else approval(asked),
    )


def tool_round(iteration: int = 1) -> ToolRound:
    line = Line(role="assistant", parts=("Let me see.",), tool_calls=(CLOCK,))
    return ToolRound(iteration=iteration, line=line, steps=(tool_step(iteration),))
