"""Decides what the messages of a turn should look like; never posts, never looks at a clock.

A turn is a panel of advisors, the parts of an answer and the files that were too long for it.
`tell` takes events, `frames` gives each message whose wanted state changed since it was last
asked. A frame with an empty part (no text, error, footer or panel) stands for a message that
should be gone: delete it, or never post it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from core.approvals import approval_frames
from core.events import (
    AnswerDelta,
    AnswerReset,
    ApprovalChanged,
    Terminal,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnResult,
    TurnStopped,
)
from core.frames import Action, Button, Cost, Detail, File, Footer, Frame, Panel, Part
from core.markup import Streamed, close, measure_of, neutralise, split, strip, take_out
from core.panel import LivePanel
from core.ports import Capabilities
from core.records import StoredTurn
from core.retell import retell
from core.texts.turns import NO_ANSWER, STOPPED
from core.wording import LABELS, error_text, excerpt_text, footer_text

PANEL: Final = "panel"

LONG: Final = 60.0
"""Seconds after which the end of a turn mentions who asked."""

_MOST_BUTTONS: Final = 10
_MENTION: Final = 40  # characters that a mention may need


def answer_key(index: int) -> str:
    """Give the key of a part's message."""
    return f"answer/{index}"


def is_gone(frame: Frame) -> bool:
    """Say whether this frame stands for a message that should not exist."""
    part = frame.content
    return isinstance(part, Part) and not (part.text or part.error or part.footer or part.panel)


def figures(turn: StoredTurn) -> str:
    """Write what a stored turn took, as its footer would say it; empty while it runs."""
    events = list(retell(turn))
    end = events[-1]
    if not isinstance(end, TurnFinished | TurnStopped | TurnFailed):
        return ""
    return footer_text(_footer(end.result))


class Reply:
    """One turn as messages. `shown` are the keys that an earlier run has posted already.

    `cost` says where its figures stand; `mention` is whom the end of a long turn may mention.
    """

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
        self._can = capabilities
        # A preview rings nobody, so it may begin with the first word.
        self._opening = capabilities.opening if capabilities.preview is None else 0
        self._measure = measure_of(capabilities.unit)
        self._cost = cost
        self._mention = mention
        self._panel = LivePanel(turn_id, detail)
        self._answer = Streamed(
            capabilities.limit, self._measure, append=capabilities.stream == "append"
        )
        self._asked: dict[int, ApprovalChanged] = {}
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
            case ApprovalChanged():
                self._asked[event.approval.number] = event
            case AnswerReset():
                self._answer.reset()
                self._answer.add(event.kept)
            case TurnFinished() | TurnStopped() | TurnFailed():
                self._end = event
                self._panel.end(event.result.advice)
            case _:
                self._panel.tell(event)

    def frames(self) -> list[Frame]:
        """Give what changed, in order: panel, the answer's parts, files."""
        changed = []
        for frame in self._wanted():
            if self._last.get(frame.key) != frame:
                self._last[frame.key] = frame
                changed.append(frame)
        return changed

    def _wanted(self) -> Sequence[Frame]:
        if isinstance(self._end, TurnStopped) and self._end.withdrawn:
            return [_nothing(key, self._turn) for key in self._last]
        parts, files = (self._streaming(), []) if self._end is None else self._final(self._end)
        asked = approval_frames(
            self._asked.values(), self._turn, ended=self.ended, files=self._can.files
        )
        answer = [*parts, *self._gone(len(parts)), *files, *asked]
        panel = self._panel.now
        if panel is None or self._can.panel == "inside":
            return answer
        buttons = self._panel_buttons(panel, streams=bool(parts))
        return [Frame(key=PANEL, content=panel, buttons=buttons, final=self.ended), *answer]

    def _panel_buttons(self, panel: Panel, *, streams: bool) -> tuple[Button, ...]:
        """Give what stands under the panel: a preview of the answer has no buttons of its own."""
        stops = not self.ended and (not streams or self._can.preview is not None)
        buttons = self._buttons(["stop"] if stops else [])
        if not panel.settled:
            return buttons
        if self._can.advice == "shown":
            return (*buttons, *self._buttons(["advisors"]))
        advisors = [
            Button(action="advisors", label=row.label, turn_id=self._turn, value=str(row.position))
            for row in panel.rows
            if row.state == "ok"
        ]
        return (*buttons, *advisors[:_MOST_BUTTONS])

    # --- while it runs -----------------------------------------------------------------------

    def _streaming(self) -> list[Frame]:
        texts = self._answer.texts()
        if self._inside is not None:
            texts = texts or [""]
        elif answer_key(0) not in self._last and sum(map(len, texts)) < self._opening:
            return []
        last = len(texts) - 1
        return [self._part(n, text, streaming=n == last) for n, text in enumerate(texts)]

    @property
    def _inside(self) -> Panel | None:
        """The panel, where it stands in the first part."""
        return self._panel.now if self._can.panel == "inside" else None

    def _part(self, index: int, text: str, *, streaming: bool = False) -> Frame:
        part = Part(
            turn_id=self._turn,
            index=index,
            text=text,
            streaming=streaming,
            panel=None if index else self._inside,
        )
        return Frame(
            key=answer_key(index),
            content=part,
            buttons=self._buttons(["stop"] if streaming else []),
            final=not streaming,
            notify=index == 0,
        )

    # --- when it is over ---------------------------------------------------------------------

    def _final(self, end: Terminal) -> tuple[list[Frame], list[Frame]]:
        text = strip(end.result.text or self._answer.source)
        error = self._error(end, text)
        text, files = self._without_files(text)
        cut = not isinstance(end, TurnFinished) or end.result.finish == "length"
        footer = _footer(end.result)
        shown = self._shown(footer)
        figures = footer_text(shown) if shown else ""
        texts = self._fit(text, f"{error or ''}\n\n{figures}", cut=cut)
        frames = [self._part(n, text) for n, text in enumerate(texts)]
        frames[-1] = self._last_part(frames[-1], footer, error, end=end)
        return frames, files

    def _last_part(
        self, frame: Frame, footer: Footer, error: str | None, *, end: Terminal
    ) -> Frame:
        actions: list[Action] = ["retry", "preset"]
        if end.result.gated:
            actions.append("advise")
        elif footer.asked:
            actions.append("advisors")
        if self._cost == "private":
            actions.append("info")
        if isinstance(end, TurnFinished) and error is None:
            actions += ["up", "down"]
        content = frame.content
        if isinstance(content, Part):
            content = replace(content, footer=self._shown(footer), error=error)
        return replace(
            frame,
            content=content,
            buttons=self._buttons([*actions, "remove"]),
            mention=self._mention if footer.seconds > LONG else None,
        )

    def _shown(self, footer: Footer) -> Footer | None:
        """Give what is shown of the footer: notes in any case, figures where they belong."""
        if self._cost == "footer":
            return footer
        return replace(footer, figures=False) if footer.notes else None

    def _error(self, end: Terminal, text: str) -> str | None:
        if isinstance(end, TurnStopped):
            return STOPPED
        if isinstance(end, TurnFailed):
            return error_text(end.error, self._turn)
        return None if text.strip() else NO_ANSWER

    def _without_files(self, text: str) -> tuple[str, list[Frame]]:
        """Take out what no message holds, where the chat takes files."""
        if not self._can.files:
            return text, []
        text, codes = take_out(text, self._can.limit * 7 // 8, self._measure, excerpt_text)
        return text, [
            Frame(
                key=f"file/{n}",
                content=File(turn_id=self._turn, name=code.name, text=code.text),
                final=True,
            )
            for n, code in enumerate(codes)
        ]

    def _fit(self, text: str, below: str, *, cut: bool) -> list[str]:
        """Cut the whole text so that what stands below it fits into the last message too."""
        limit = self._can.limit
        texts = list(split(text, limit, self._measure)) or [""]
        if cut:
            texts[-1] = close(texts[-1])
        room = limit - self._measure(below) - 4 - (_MENTION if self._mention else 0)
        if self._measure(texts[-1]) > room >= limit // 4:
            texts[-1:] = split(texts[-1], room, self._measure)
        return [neutralise(text) for text in texts]

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


def _nothing(key: str, turn_id: str) -> Frame:
    """Give the frame of a message that is to be gone."""
    return Frame(key=key, content=Part(turn_id=turn_id, index=0, text=""), final=True)


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
