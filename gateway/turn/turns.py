"""Runs one turn with everything around it: checkpoints, the stored ending, sinks, Stop.

Decides the order of things that must survive a kill: a reference is checkpointed as it lands, and
the ending is stored before anybody sees it. Whatever breaks in a turn makes a failed turn of it.
It knows no chat and no HTTP.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

import structlog
from structlog.contextvars import bind_contextvars

from core.answering import opening_call
from core.cost import bill
from core.crashpoints import crashpoint
from core.engine import Turn
from core.errors import StoreDamaged, TurnTaken
from core.events import Landed, TurnFailed, TurnFinished, TurnStopped
from core.records import TurnEnd
from core.texts.turns import BROKEN
from core.turnstile import my_turn
from core.veil import kept, kept_advice, seen, veiled
from gateway.lanes.cancelling import foreign_is_a_failure
from gateway.lanes.withdrawals import Withdrawals
from gateway.turn.epochs import Epochs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.asking import World
    from core.engine import TurnRequest
    from core.events import Checkpoint, Note, Tell, Terminal, TurnEvent
    from core.ports import AdviceCache
    from core.purse import Purse
    from core.records import Ending, StoredTurn, TurnStart
    from core.steering import Steer
    from core.storage import Turns
    from gateway.money.bank import Bank
    from gateway.tools.tooling import OpenTools

log = structlog.get_logger()


class Sink(Protocol):
    """Takes note of turns that are over; it must not fail."""

    async def turn_over(self, start: TurnStart, ending: Terminal) -> None:
        """Note one turn."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRunner:
    """What every turn runs with."""

    world: World
    cache: AdviceCache
    store: Turns
    sinks: Sequence[Sink]
    listeners: Sequence[Tell]
    running: dict[str, asyncio.Task[Terminal]]
    bank: Bank | None = None
    stopping: set[str] = field(default_factory=set)
    reading: dict[str, asyncio.Task[object]] = field(default_factory=dict)
    epochs: Epochs = field(default_factory=Epochs)
    withdrawn: Withdrawals = field(default_factory=Withdrawals)

    async def run(
        self,
        request: TurnRequest,
        start: TurnStart,
        tell: Tell,
        tools: OpenTools | None = None,
        steer: Steer | None = None,
    ) -> Terminal:
        """Run a turn that the store has begun, store its ending, then tell it.

        `tools` makes the turn's, if it has any; `steer` gives lines that come meanwhile.
        Cancelling this leaves the turn unfinished in the store: the next start goes on with it.

        Raises:
            StoreError: something could not be stored; the turn is unfinished.
        """
        world = await self._ready(request, start)
        tell = veiled(partial(_tell_all, (tell, *self.listeners)), start.preset)
        checkpoints: asyncio.Queue[Checkpoint | None] = asyncio.Queue()
        toolbox = None if tools is None else tools(self.store, tell, checkpoints.join)
        turn = Turn(request, world=world, cache=self.cache, toolbox=toolbox, steer=steer)
        try:
            await self._live(turn, start, tell, checkpoints)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        finally:
            self.running.pop(request.turn_id, None)
            self.stopping.discard(request.turn_id)
        ending = turn.ending
        if ending is None:
            message = "a turn ended without an ending"
            raise RuntimeError(message)
        end = turn_end(request.turn_id, kept(ending, start.preset))
        crashpoint("turn.unended", start.place.platform)
        await self.withdrawn.end(request.turn_id, partial(self.store.finish, end))
        crashpoint("turn.ended", start.place.platform)
        if request.turn_id in self.withdrawn:
            tell(TurnStopped(result=ending.result, withdrawn=True))
            return seen(ending, start.preset)
        tell(ending)
        if start.seq is not None:  # the conversations of a program have no name that tells them
            self.epochs.note(start, ending.result.calls, toolbox.tools() if toolbox else ())
        for sink in self.sinks:
            await sink.turn_over(start, ending)
        return seen(ending, start.preset)

    async def _ready(self, request: TurnRequest, start: TurnStart) -> World:
        """Wait until all is there that the turn needs, a purse of its own included."""
        await self.world.ready()
        purse = await self._purse(request, start)
        await my_turn()
        return replace(self.world, purse=purse)

    async def require_funds(self, request: TurnRequest, start: TurnStart) -> None:
        """Refuse a turn that no budget lets begin, before it is written down (MOA-30).

        Raises:
            OverBudget: with the figure, and when the budget starts anew.
            StoreError: nobody knows what was spent.
        """
        await self.world.ready()
        purse = await self._purse(request, start)
        if purse is not None:
            providers = self.world.providers
            purse.require(opening_call(request.preset, request.lines, request, providers)[1])

    async def _purse(self, request: TurnRequest, start: TurnStart) -> Purse | None:
        if self.bank is None:
            return None
        kept = [call for advice in request.kept.values() for each in advice for call in each.calls]
        return await self.bank.purse(start, [*kept, *request.spent])

    async def _live(
        self,
        turn: Turn,
        start: TurnStart,
        tell: Tell,
        checkpoints: asyncio.Queue[Checkpoint | None],
    ) -> None:
        """Run a turn to its end, and beside it keep its checkpoints."""
        turn_id = start.turn_id
        async with asyncio.TaskGroup() as group:
            keeper = group.create_task(self._keep(start, checkpoints))
            begun = asyncio.Event()
            asking = group.create_task(_ask(turn, turn_id, tell, checkpoints.put_nowait, begun))
            await begun.wait()  # a task that is stopped before its first step has no ending
            self.running[turn_id] = asking
            if turn_id in self.stopping:
                asking.cancel()
            await asyncio.wait([asking, keeper], return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():  # a turn whose checkpoints are not kept must not go on
                raise RuntimeError("the checkpoints of a turn are kept no more")
            checkpoints.put_nowait(None)
            await keeper

    def stop(self, turn_id: str) -> bool:
        """Stop a running turn now; False if it is not running (MOA-11)."""
        task = self.running.get(turn_id)
        return task is not None and task.cancel()

    def stop_soon(self, turn_id: str) -> None:
        """Stop a turn that has begun now, or with its first step."""
        if not self.stop(turn_id):
            self.stopping.add(turn_id)
            if turn_id in self.reading:  # its files are still being fetched
                self.reading[turn_id].cancel()

    async def _keep(self, start: TurnStart, checkpoints: asyncio.Queue[Checkpoint | None]) -> None:
        while (checkpoint := await checkpoints.get()) is not None:
            with foreign_is_a_failure():
                await self._checkpoint(start, checkpoint)
            checkpoints.task_done()

    async def _checkpoint(self, start: TurnStart, checkpoint: Checkpoint) -> None:
        if isinstance(checkpoint, Landed):
            (advice,) = kept_advice([checkpoint.advice], start.preset)
            crashpoint("reference.unkept", start.place.platform)
            await self.store.landed(start.turn_id, checkpoint.round, advice)
            crashpoint("reference.kept", start.place.platform)
        else:
            rest = kept_advice(checkpoint.rest, start.preset)
            await self.store.references_done(start.turn_id, checkpoint.round, rest)
            crashpoint("references.closed", start.place.platform)


async def _ask(turn: Turn, turn_id: str, tell: Tell, note: Note, begun: asyncio.Event) -> Terminal:
    """Run a turn; what nobody foresaw fails it, and stands in the log under its id."""
    begun.set()
    bind_contextvars(turn_id=turn_id)  # this task's alone: what its models log names the turn
    try:
        with foreign_is_a_failure():
            return await turn.run(tell, note)
    except Exception as error:
        if was_taken(error):
            raise
        log.exception("turn_failed", turn_id=turn_id)
        return turn.fail(BROKEN)


def _tell_all(listeners: Sequence[Tell], event: TurnEvent) -> None:
    for listener in listeners:
        listener(event)


def turn_end(turn_id: str, ending: Terminal) -> TurnEnd:
    """Put an ending into the form that the store keeps."""
    kinds: dict[type[Terminal], Ending] = {
        TurnFinished: "finished",
        TurnStopped: "stopped",
        TurnFailed: "failed",
    }
    result = ending.result
    return TurnEnd(
        turn_id=turn_id,
        ending=kinds[type(ending)],
        answer=result.text,
        error=ending.error if isinstance(ending, TurnFailed) else None,
        calls=result.calls,
        usage=result.usage,
        dollars=result.dollars,
        priced=result.priced,
        seconds=result.seconds,
        notes=result.notes,
        lines=result.lines,
    )


def was_taken(error: Exception) -> bool:
    """Tell whether a turn broke because another run of the program has taken it up."""
    return _is(error, TurnTaken)


def untold(error: Exception) -> bool:
    """Tell whether the log has not said yet what broke it: it has, where the data is damaged."""
    return not _is(error, StoreDamaged)


def _is(error: Exception, kind: type[Exception]) -> bool:
    if isinstance(error, ExceptionGroup):
        return error.subgroup(kind) is not None
    return isinstance(error, kind)


def unanswered(turn: StoredTurn, ending: Ending, error: str | None = None) -> TurnEnd:
    """Make an end for a turn that is not run any more; what it took until then was spent.

    What people have put into it stays in the history, as the question does.
    """
    advice = [call for _, each in turn.advice for call in each.calls]
    spent = bill([*advice, *turn.calls])
    return TurnEnd(
        turn_id=turn.start.turn_id,
        ending=ending,
        answer="",
        error=error,
        calls=(),
        usage=spent.usage,
        dollars=spent.dollars,
        priced=spent.priced,
        seconds=0.0,
        lines=tuple(each.line for each in turn.steered),
    )
