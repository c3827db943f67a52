"""Decides what the messages of a turn should look like; never posts, never looks at a clock.

A turn is a panel of advisors and the parts of an answer. `tell` takes events, `frames` gives
each message whose wanted state changed since it was last asked. A frame with an empty part
(no text, error or footer) stands for a message that should be gone: delete it, or never post it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from core.events import (
    AnswerDelta,
    AnswerReset,
    ReferenceDone,
    ReferenceProgress,
    ReferencesDone,
    ReferenceStarted,
    Terminal,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnResult,
    TurnStarted,
    TurnStopped,
)
from core.frames import Action, Button, Cost, Detail, Footer, Frame, Panel, Part, Row
from core.markup import Streamed, close, gist, measure_of, neutralise, sanitise, split, strip
from core.ports import Capabilities
from core.types import Advice
from core.wording import LABELS, NO_ANSWER, STOPPED, error_text, footer_text

PANEL: Final = "panel"


def answer_key(index: int) -> str:
    """Give the key of a part's message."""
    return f"answer/{index}"


def is_gone(frame: Frame) -> bool:
    """Say whether this frame stands for a message that should not exist."""
    part = frame.content
    return isinstance(part, Part) and not (part.text or part.error or part.footer)


class Reply:
    """One turn as messages. `shown` are the keys that an earlier run has posted already."""

    def __init__(
        self,
        turn_id: str,
        *,
        capabilities: Capabilities,
        detail: Detail = "summary",
        cost: Cost = "footer",
        mention: str | None = None,
        shown: Collection[str] = (),
    ) -> None:
        self._turn = turn_id
        self._limit = capabilities.limit
        self._measure = measure_of(capabilities.unit)
        self._opening = capabilities.opening
        self._detail = detail
        self._cost = cost
        self._mention = mention
        self._panel: Panel | None = None
        self._answer = Streamed(self._limit, self._measure)
        self._end: Terminal | None = None
        self._last: dict[str, Frame | None] = dict.fromkeys(shown)

    @property
    def ended(self) -> bool:
        """Whether the turn's last event was told."""
        return self._end is not None

    def tell(self, event: TurnEvent) -> None:
        """Take in what happened."""
        match event:
            case AnswerDelta():
                self._answer.add(event.text)
            case AnswerReset():
                self._answer.reset()
            case TurnFinished() | TurnStopped() | TurnFailed():
                self._end = event
                self._settle()
            case _:
                self._tell_panel(event)

    def frames(self) -> list[Frame]:
        """Give what changed, in order: panel, then the answer's parts."""
        changed = []
        for frame in self._wanted():
            if self._last.get(frame.key) != frame:
                self._last[frame.key] = frame
                changed.append(frame)
        return changed

    # --- the panel ---------------------------------------------------------------------------

    def _tell_panel(self, event: TurnEvent) -> None:
        match event:
            case TurnStarted() if event.labels and self._detail != "off":
                rows = tuple(Row(position=n, label=s) for n, s in enumerate(event.labels, 1))
                self._panel = Panel(
                    turn_id=self._turn, preset=event.preset, rows=rows, detail=self._detail
                )
            case ReferenceStarted() if self._panel and event.round > self._panel.round:
                rows = tuple(
                    Row(position=row.position, label=row.label) for row in self._panel.rows
                )
                self._panel = replace(self._panel, rows=rows, round=event.round, settled=False)
            case ReferenceProgress() if self._detail != "line":
                self._writing(event.position, event.words)
            case ReferenceDone():
                self._land(event.advice)
            case ReferencesDone():
                for advice in event.advice:
                    self._land(advice)
                self._settle()
            case _:
                pass

    def _writing(self, position: int, words: int) -> None:
        """Show that an advisor writes, unless it has landed already."""
        if self._panel is None:
            return
        rows = tuple(
            replace(row, state="writing", words=words)
            if row.position == position and row.state in {"waiting", "writing"}
            else row
            for row in self._panel.rows
        )
        self._panel = replace(self._panel, rows=rows)

    def _land(self, advice: Advice) -> None:
        if self._panel is not None:
            row = _row_of(advice, self._detail)
            rows = tuple(row if row.position == old.position else old for old in self._panel.rows)
            self._panel = replace(self._panel, rows=rows)

    def _settle(self) -> None:
        """Turn live rows into the summary; who has not landed by the turn's end never will."""
        if self._panel is None:
            return
        rows = self._panel.rows
        if self.ended:
            rows = tuple(
                replace(row, state="cancelled") if row.state in {"waiting", "writing"} else row
                for row in rows
            )
        self._panel = replace(self._panel, rows=rows, settled=True)

    # --- frames ------------------------------------------------------------------------------

    def _wanted(self) -> Sequence[Frame]:
        parts = self._streaming() if self._end is None else self._final(self._end)
        parts = [*parts, *self._gone(len(parts))]
        if self._panel is None:
            return parts
        buttons: list[Action] = [] if parts or self.ended else ["stop"]
        if self._panel.settled:
            buttons.append("advisors")
        panel = Frame(
            key=PANEL, content=self._panel, buttons=self._buttons(buttons), final=self.ended
        )
        return [panel, *parts]

    def _streaming(self) -> list[Frame]:
        texts = self._answer.texts()
        if answer_key(0) not in self._last and sum(map(len, texts)) < self._opening:
            return []
        last = len(texts) - 1
        return [
            self._part(n, Part(turn_id=self._turn, index=n, text=text, streaming=n == last))
            for n, text in enumerate(texts)
        ]

    def _final(self, end: Terminal) -> list[Frame]:
        result, error = end.result, None
        text = strip(result.text or self._answer.source)
        if isinstance(end, TurnStopped):
            error = STOPPED
        elif isinstance(end, TurnFailed):
            error = error_text(end.error, self._turn)
        elif not text.strip():
            error = NO_ANSWER
        cut = not isinstance(end, TurnFinished) or result.finish == "length"
        footer = _footer(result)
        texts = self._fit(text, cut, f"{error or ''}\n\n{footer_text(footer)}")
        frames = [
            self._part(n, Part(turn_id=self._turn, index=n, text=text))
            for n, text in enumerate(texts)
        ]
        part = frames[-1].content
        if isinstance(part, Part):
            frames[-1] = self._part(part.index, replace(part, footer=footer, error=error))
        return frames

    def _fit(self, text: str, cut: bool, below: str) -> list[str]:  # noqa: FBT001 - private
        """Cut the whole text so that what stands below it fits into the last message too."""
        texts = list(split(text, self._limit, self._measure)) or [""]
        if cut:
            texts[-1] = close(texts[-1])
        room = self._limit - self._measure(below) - 4
        if self._measure(texts[-1]) > room >= self._limit // 4:
            texts[-1:] = split(texts[-1], room, self._measure)
        return [neutralise(text) for text in texts]

    def _part(self, index: int, part: Part) -> Frame:
        last = part.streaming or part.footer is not None
        actions: list[Action] = ["stop"] if part.streaming else []
        if part.footer is not None:
            actions = ["retry", "preset", "remove"]
            if part.footer.asked:
                actions.insert(2, "advisors")
        return Frame(
            key=answer_key(index),
            content=part,
            buttons=self._buttons(actions) if last else (),
            final=not part.streaming,
            notify=index == 0,
        )

    def _gone(self, count: int) -> list[Frame]:
        """Name the messages that were shown and have no part any more."""
        if not self.ended and not self._answer.was_reset:
            return []
        gone = []
        index = max(count, 1)
        while answer_key(index) in self._last:
            part = Part(turn_id=self._turn, index=index, text="")
            gone.append(Frame(key=answer_key(index), content=part, final=True))
            index += 1
        return gone

    def _buttons(self, actions: Sequence[Action]) -> tuple[Button, ...]:
        return tuple(
            Button(action=action, label=LABELS[action], turn_id=self._turn) for action in actions
        )


def _row_of(advice: Advice, detail: Detail) -> Row:
    row = Row(
        position=advice.position,
        label=advice.label,
        role=advice.role,
        state=advice.outcome,
        reason=advice.reason,
        seconds=advice.call.seconds if advice.call else None,
        dollars=advice.call.dollars if advice.call else None,
    )
    if detail == "line" or advice.outcome != "ok":
        return row
    text = sanitise(advice.text)
    return replace(row, gist=gist(text), text=text)


def _footer(result: TurnResult) -> Footer:
    return Footer(
        preset=result.preset,
        used=sum(advice.outcome == "ok" for advice in result.advice),
        asked=len(result.advice),
        usage=result.usage,
        dollars=result.dollars,
        priced=result.priced,
        seconds=result.seconds,
        notes=result.notes,
    )
