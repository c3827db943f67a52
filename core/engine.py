"""One turn of the mixture: references, their block, the aggregator, its tools, the answer.

Decides what is asked when and what a turn comes to. It never shows, stores or sleeps: it tells
listeners, notes checkpoints for whoever keeps them, and models and tools do the waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core import tokens
from core.answering import (
    Answering,
    Unanswered,
    expected,
    opening_call,
    require_available,
)
from core.asking import Ask, World
from core.block import prefilled, reference_block, with_block
from core.cadence import advised_upto, opened_at
from core.cost import bill
from core.crashpoints import crashpoint
from core.errors import OverBudget, PresetUnavailable
from core.events import (
    AnswerDelta,
    Note,
    Tell,
    Terminal,
    TurnFailed,
    TurnFinished,
    TurnResult,
    TurnStarted,
    TurnStopped,
)
from core.gate import noted
from core.outcomes import Advice, CallReport, apart
from core.ports import AdviceCache, Toolbox
from core.presets import Preset
from core.records import Steered, ToolRound
from core.rounds import Rounds
from core.speakers import introduced, spoken
from core.steering import CARRIED, Steer, Steering
from core.synthesis import guidance_note
from core.texts import turns as said
from core.toolrounds import Following, Pause, ToolRounds, numbered
from core.types import Json, Line, Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRequest:
    """One question, ready to be asked.

    `lines` is the whole transcript, system prompt and question included, speakers beside what they
    said. `scope` bounds where
    advice may be used again: a session, or one API key (MOA-24); `fresh` asks anew. `tools`,
    `temperature`, `max_tokens` and `extra` are a program's own wishes for the aggregator, whose
    tool calls then go back to it. `kept` are a cut turn's checkpoints by round; the rounds up to
    `closed` are complete. `rounds` and `spent` are its calls of tools, and what the aggregator took
    until then; `steered` are lines that came while it ran, and those that `lines` ends with because
    they came while an earlier turn was asked the same. `context` goes before the history in
    what references are shown, and nowhere else: a channel's system prompt, quoted. `pace` is how
    often, in seconds, whoever is shown the answer looks at it: 0 where every piece is passed on
    at once.
    """

    turn_id: str
    preset: Preset
    lines: tuple[Line, ...]
    scope: str
    fresh: bool = False
    tools: tuple[Tool, ...] = ()
    temperature: float | None = None
    max_tokens: int | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)
    kept: Mapping[int, tuple[Advice, ...]] = field(default_factory=dict)
    closed: int = 0
    rounds: tuple[ToolRound, ...] = ()
    spent: tuple[CallReport, ...] = ()
    steered: tuple[Steered, ...] = ()
    context: tuple[Line, ...] = ()
    pace: float = 0.0


class Turn:
    """A turn as it goes. `ending` is there as soon as it is over, however it ended."""

    def __init__(
        self,
        request: TurnRequest,
        *,
        world: World,
        cache: AdviceCache,
        toolbox: Toolbox | None = None,
        steer: Steer | None = None,
    ) -> None:
        """Prepare; nothing is asked yet."""
        self._request = replace(request, lines=introduced(request.lines))
        self._world = world
        self._toolbox = None if request.tools else toolbox
        carried = tuple(each.line for each in request.steered if each.iteration == CARRIED)
        self._tooling = ToolRounds(self._toolbox, request.rounds, carried)
        self._steering = Steering(request.steered, steer)
        self._began = world.clock.monotonic()
        self._rounds = Rounds(
            preset=request.preset,
            scope=request.scope,
            fresh=request.fresh,
            kept=request.kept,
            closed=request.closed,
            world=world,
            cache=cache,
            began=self._began,
        )
        self._advised: int | None = None
        self._asks: list[Ask] = []
        self._gate = noted(request.preset, request.lines)
        self._notes: list[str] = []
        self.ending: Terminal | None = None

    async def run(self, tell: Tell, note: Note) -> Terminal:
        """Answer. The ending is returned, not told: it is stored before anybody sees it.

        Raises:
            asyncio.CancelledError: it was stopped; `ending` says how far it had come.
        """
        preset = self._request.preset
        refusal = self._refusal()
        tell(self._started(refusal))
        try:
            async with asyncio.timeout(preset.turn_timeout) as limit:
                self.ending = await self._iterate(tell, note, Pause(limit), refusal)
        except TimeoutError:
            error = said.too_long(preset.turn_timeout)
            self.ending = TurnFailed(error=error, result=self._result())
        except OverBudget as over:
            self.ending = TurnFailed(error=str(over), result=self._result(), over_budget=True)
        except (Unanswered, PresetUnavailable) as failure:
            kind = self._asks[-1].error if self._asks else None
            self.ending = TurnFailed(error=str(failure), result=self._result(), kind=kind)
        except asyncio.CancelledError:
            self.ending = TurnStopped(result=self._result())
            raise
        finally:
            if self._world.purse is not None:
                self._world.purse.close()
        return self.ending

    def _started(self, refusal: Exception | None) -> TurnStarted:
        preset = self._request.preset
        return TurnStarted(
            turn_id=self._request.turn_id,
            preset=preset.name,
            labels=() if refusal else tuple(slot.label for slot in preset.active),
            aggregator=preset.aggregator.label,
        )

    def _refusal(self) -> PresetUnavailable | OverBudget | None:
        """Hold the turn to its budgets before anybody is asked (MOA-30); say why it must not be."""
        request, providers = self._request, self._world.providers
        try:
            require_available(request.preset, providers)
            if self._world.purse is not None:
                call = opening_call(request.preset, request.lines, request, providers)
                self._world.purse.admit(*call, expected(request.preset))
        except (PresetUnavailable, OverBudget) as refusal:
            return refusal
        return None

    def fail(self, error: str) -> Terminal:
        """End a turn in which something broke that nobody foresaw; what it came to is kept."""
        self.ending = TurnFailed(error=error, result=self._result())
        return self.ending

    async def _iterate(
        self, tell: Tell, note: Note, pause: Pause, refusal: Exception | None
    ) -> Terminal:
        if refusal is not None:
            raise refusal
        preset = self._request.preset
        for iteration in range(1, preset.max_iterations + 1):
            await self._advise(tell, note, iteration)
            round_ = self._tooling.kept(iteration)
            self._tooling.hear(await self._steering.before(iteration, asked=round_ is None))
            following = Following(tell, self._tooling.said)
            if round_ is None:
                answer = await self._answer(self._advised_lines(), following, iteration)
                if not answer.tool_calls or self._toolbox is None:
                    return TurnFinished(result=self._result(answer))
                round_ = await self._tooling.begin(answer, self._calls())
            elif round_.line.text:
                following(AnswerDelta(text=round_.line.text))
            await self._tooling.use(round_, tell, pause, last=preset.max_iterations)
        error = said.only_tools(preset.max_iterations)
        return TurnFailed(error=error, result=self._result())

    async def _answer(self, lines: tuple[Line, ...], tell: Tell, iteration: int) -> Ask:
        crashpoint("answer.unasked")
        if self._toolbox is not None:
            await self._toolbox.ready()
        answering = Answering(self._world, began=self._began, asks=self._asks)
        answer = await answering.answer(
            self._request.preset,
            lines,
            tell=tell,
            iteration=iteration,
            tools=self._tools(),
            wishes=self._request,
        )
        self._notes += answering.notes
        return answer

    @property
    def _lines(self) -> tuple[Line, ...]:
        """The whole transcript so far, without a block."""
        return (*self._request.lines, *spoken(self._tooling.lines))

    def _calls(self) -> tuple[CallReport, ...]:
        """Sum up what the aggregator took, in an earlier run of this turn too."""
        asked = (ask.report() for ask in self._asks if ask.began is not None)
        return (*numbered(self._request.spent), *asked)

    def _tools(self) -> tuple[Tool, ...]:
        acting = self._world.providers.get(self._request.preset.aggregator.provider)
        if self._request.tools or self._toolbox is None or (acting is not None and acting.small):
            return self._request.tools
        return tuple(self._toolbox.tools())

    def _upto(self) -> int:
        """Tell how much of the transcript the references are to know at this state."""
        opened = opened_at(self._request.lines)
        return advised_upto(self._lines, self._request.preset.fanout, opened)

    async def _advise(self, tell: Tell, note: Note, iteration: int) -> None:
        """Have the references asked, where it is time for that."""
        if not self._request.preset.active or prefilled(self._lines):
            return
        upto = self._upto()
        # Counted from the question on: what is compacted before it asks nobody again (MOA-23).
        state = upto - len(self._request.lines)
        if state != self._advised:
            seen = (*self._request.context, *self._lines[:upto])
            await self._rounds.ask(seen, tell, note, iteration)
            self._advised = state

    def _advised_lines(self) -> tuple[Line, ...]:
        """Give the aggregator's messages: the transcript and, last, the block (MOA-19)."""
        preset = self._request.preset
        room = tokens.Room.of(preset.aggregator, advised=bool(preset.references))
        lines = self._lines if room is None else tokens.fitting(self._lines, room.history)
        if self._advised is None:
            return lines
        upto = self._upto()
        left = None if room is None else room.total - tokens.estimate(lines)
        block = reference_block(
            preset,
            self._rounds.newest,
            room=left,
            stale=any(line.role == "tool" for line in self._lines[upto:]),
            small=self._world.providers[preset.aggregator.provider].small,
        )
        return with_block(lines, block)

    def _result(self, answer: Ask | None = None) -> TurnResult:
        """Sum the turn up: what was said, by whom, for how much (MOA-29)."""
        calls, tooling = self._calls(), self._tooling
        rounds = self._rounds.summed()
        newest = self._rounds.newest or (rounds[-1].advice if rounds else ())
        advice, guidance = apart(newest)
        spent = (call for asked in rounds for each in asked.advice for call in each.calls)
        total = bill([*spent, *calls])
        last = answer or (self._asks[-1] if self._asks else None)
        words = tooling.last_words(last)
        return TurnResult(
            text=tooling.told(words),
            preset=self._request.preset.name,
            advice=advice,
            guidance=guidance,
            gated=self._request.preset.gated,
            calls=calls,
            usage=total.usage,
            dollars=total.dollars,
            priced=total.priced,
            seconds=self._world.clock.monotonic() - self._began,
            finish=(last.finish if last else None) or "stop",
            tool_calls=answer.tool_calls if answer else (),
            notes=self._said(guidance),
            rounds=rounds,
            lines=tooling.history(words),
        )

    def _said(self, guidance: Advice | None) -> tuple[str, ...]:
        """Gather the sentences for the footer."""
        purse = self._world.purse
        money = () if purse is None else purse.notes
        notes = (self._gate, guidance_note(guidance), *self._notes, *money, *self._tooling.notes)
        return tuple(dict.fromkeys(filter(None, notes)))  # once, in however many rounds it held
