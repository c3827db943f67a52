"""The tool loop of one turn: what was called, what came of it, what the model is told (MOA-21).

Decides which lines calls and results become, and that every call gets a result: its own, that it
was cancelled, that nobody knows what came of it. It runs nothing itself and authorises nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from core.asking import Ask
from core.events import AnswerDelta, AnswerReset, Tell, ToolDone, ToolStarted, TurnEvent
from core.outcomes import CallReport
from core.ports import Toolbox, ToolResult
from core.records import ToolRound, ToolStep
from core.types import Line, ToolCall

CANCELLED: Final = "Cancelled: the turn was stopped before this call had a result."
UNKNOWN: Final = (
    "Outcome unknown: the program was cut while this call ran. It may or may not have had its "
    "effect, and it was not run again."
)
NOT_RUN: Final = "Not run: the limit of answers that call tools was reached."
MOST_AT_ONCE: Final = 32
"""Calls of one answer that are run; more than that is no plan but a loop."""
TOO_MANY: Final = f"Not run: at most {MOST_AT_ONCE} calls of one answer are."
SAME_FAILURES: Final = 3
REPEATED: Final = (
    f"This call has failed {SAME_FAILURES} times with the same arguments and is not run again. "
    "Change the arguments, or go on without it."
)
NO_OUTPUT: Final = "(no output)"
BREAK: Final = "\n\n"
"""What stands between the words before tools were called and those after, for people."""


class ToolRounds:
    """The rounds of a turn. `kept` are those of an earlier run that was cut (P4)."""

    def __init__(
        self,
        toolbox: Toolbox | None,
        kept: Sequence[ToolRound] = (),
        carried: tuple[Line, ...] = (),
    ) -> None:
        """Begin before the first answer; `carried` is what was said behind the question."""
        self._toolbox = toolbox
        self._carried = carried
        self._kept = {each.iteration: each for each in kept}
        self._failed: Counter[tuple[str, str]] = Counter()
        self._used: Counter[str] = Counter()
        self.lines: tuple[Line, ...] = ()
        self.said = ""
        self._closed = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What was used, for the footer: "tools: files/read ×2, time/now"."""
        used = [(name.replace("__", "/", 1), n) for name, n in self._used.items()]
        names = [name if n == 1 else f"{name} ×{n}" for name, n in used]
        return (f"tools: {', '.join(names)}",) if names else ()

    def last_words(self, last: Ask | None) -> str:
        """Give what was said behind the last round of tools, by the last call of the model."""
        return last.answer if last is not None and last.iteration > self._closed else ""

    def history(self, words: str) -> tuple[Line, ...]:
        """Give what the history keeps behind the question; nothing where it is only an answer."""
        behind = (Line.of("assistant", words),) if words else ()
        said = (*self._carried, *self.lines)
        return (*said, *behind) if said else ()

    def told(self, text: str) -> str:
        """Give everything that the person reads: what was said before, and these words."""
        return BREAK.join(filter(str.strip, (self.said, text))) or text

    def kept(self, iteration: int) -> ToolRound | None:
        """Give the round that an earlier run has begun at this answer."""
        return self._kept.get(iteration)

    def hear(self, lines: Sequence[Line]) -> None:
        """Put lines behind the transcript that came while the turn ran (MOA-23)."""
        self.lines = (*self.lines, *lines)

    async def begin(self, answer: Ask, calls: Sequence[CallReport]) -> ToolRound:
        """Make a round of an answer that calls tools; it is kept before anything of it runs."""
        named = _told_apart(answer.tool_calls, answer.iteration)
        words = (answer.answer,) if answer.answer else ()
        line = Line(role="assistant", parts=words, tool_calls=named, sealed=answer.sealed)
        steps = tuple(
            ToolStep(iteration=answer.iteration, position=position, call=call)
            for position, call in enumerate(named)
        )
        round_ = ToolRound(iteration=answer.iteration, line=line, steps=steps)
        if self._toolbox is not None:
            await self._toolbox.begin(round_, calls)
        return round_

    async def use(self, round_: ToolRound, tell: Tell, pause: Pause, *, last: int) -> None:
        """Run what was called, side by side; what an earlier run has run is not run again.

        At the answer `last` nothing is run, for the turn ends with it.

        Raises:
            StoreError: an intent or a result could not be kept.
            asyncio.CancelledError: it was stopped; every call has its result all the same.
        """
        if round_.iteration == last:
            unused = ToolResult(text=NOT_RUN, failed=True, ran=False)
            self._close(round_, [unused] * len(round_.steps))
            return
        results = {step.position: _known(step) for step in round_.steps if step.state != "open"}
        open_ = [step for step in round_.steps if step.state == "open"]
        try:
            await self._run(open_, results, tell, pause)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        finally:
            cancelled = ToolResult(text=CANCELLED, failed=True, ran=False)
            self._close(round_, [results.get(n, cancelled) for n in range(len(round_.steps))])

    async def _run(
        self, steps: Sequence[ToolStep], results: dict[int, ToolResult], tell: Tell, pause: Pause
    ) -> None:
        async def use(step: ToolStep) -> None:
            result = await self._result(step, pause)
            results[step.position] = result
            tell(ToolDone(call=step.call, failed=result.failed))

        if steps and self._toolbox is not None:
            await self._toolbox.ready()  # no answer has waited for them where the round was kept
        async with asyncio.TaskGroup() as group:
            for step in steps:
                tell(ToolStarted(call=step.call))
                group.create_task(use(step))

    async def _result(self, step: ToolStep, pause: Pause) -> ToolResult:
        call = step.call
        same = (call.name, _canonical(call.arguments))
        if step.position >= MOST_AT_ONCE:
            return ToolResult(text=TOO_MANY, failed=True, ran=False)
        if self._toolbox is None or self._failed[same] >= SAME_FAILURES:
            return ToolResult(text=REPEATED, failed=True, ran=False)
        result = await self._toolbox.call(step, pause)
        self._failed[same] = self._failed[same] + 1 if result.failed else 0
        if self._failed[same] < SAME_FAILURES:
            return result
        return replace(result, text=f"{result.text}\n\n{REPEATED}")

    def _close(self, round_: ToolRound, results: Sequence[ToolResult]) -> None:
        """Put the round behind the transcript: the answer, then each call's result."""
        answers = [
            Line(
                role="tool",
                parts=(result.text or NO_OUTPUT,),
                tool_call_id=step.call.id,
                name=step.call.name,
                failed=result.failed,
            )
            for step, result in zip(round_.steps, results, strict=True)
        ]
        self.lines = (*self.lines, round_.line, *answers)
        self.said = self.told(round_.line.text)
        self._closed = round_.iteration
        self._used.update(
            step.call.name for step, each in zip(round_.steps, results, strict=True) if each.ran
        )


class Pause:
    """Stops the clock of a turn's deadline for as long as somebody is asked something."""

    def __init__(self, limit: asyncio.Timeout) -> None:
        """Watch over `limit`, which may be none."""
        self._limit = limit
        self._asked = 0
        self._left: float | None = None

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Hold the deadline; several may, at once."""
        self._asked += 1
        due = self._limit.when()
        # A deadline that has just passed cuts the turn with the next step: it cannot be moved.
        if self._asked == 1 and due is not None and not self._limit.expired():
            self._left = due - asyncio.get_running_loop().time()
            self._limit.reschedule(None)
        try:
            yield
        finally:
            self._asked -= 1
            if not self._asked and self._left is not None and not self._limit.expired():
                self._limit.reschedule(asyncio.get_running_loop().time() + self._left)
                self._left = None


class Following:
    """Tells an answer behind what was said before tools were called."""

    def __init__(self, tell: Tell, said: str) -> None:
        """Pass on to `tell`; `said` is what is shown already."""
        self._tell = tell
        self._said = said
        self._begun = not said

    def __call__(self, event: TurnEvent) -> None:
        """Pass an event on: a break before the first words, and nothing lost in a reset."""
        if isinstance(event, AnswerReset):
            event = AnswerReset(kept=self._said)
            self._begun = not self._said
        elif isinstance(event, AnswerDelta) and event.text and not self._begun:
            event = replace(event, text=BREAK + event.text)
            self._begun = True
        self._tell(event)


def numbered(calls: Sequence[CallReport]) -> tuple[CallReport, ...]:
    """Say of the kept calls of an earlier run for which answer each was made."""
    iteration, known = 1, []
    for call in calls:
        known.append(replace(call, iteration=iteration))
        iteration += bool(call.tool_calls and call.error is None)
    return tuple(known)


def _known(step: ToolStep) -> ToolResult:
    if step.state == "done":
        return ToolResult(text=step.text, failed=step.failed)
    return ToolResult(text=UNKNOWN, failed=True)


def _told_apart(calls: Sequence[ToolCall], iteration: int) -> tuple[ToolCall, ...]:
    """Give calls ids of ours where a server gave none, or the same one twice."""
    seen: set[str] = set()
    named = []
    for position, call in enumerate(calls):
        id_ = call.id if call.id and call.id not in seen else f"call_{iteration}_{position}"
        seen.add(id_)
        named.append(call if id_ == call.id else replace(call, id=id_))
    return tuple(named)


def _canonical(arguments: str) -> str:
    try:
        return json.dumps(json.loads(arguments), sort_keys=True)
    except (ValueError, RecursionError):
        return arguments
