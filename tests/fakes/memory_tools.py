"""The part of the store in memory that keeps calls of tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.errors import StoreError, TurnTaken
from core.outcomes import CallReport
from core.records import Approval, Decision, StoredTurn, ToolRound, ToolStep


class MemoryToolCalls:
    """Fulfils `core.storage.ToolCalls`."""

    def __init__(self) -> None:
        self.failure: StoreError | None = None
        self._turns: dict[str, StoredTurn] = {}
        self._holders: dict[str, object] = {}
        self._epoch = object()

    async def hold(self, turn_id: str) -> None:
        self._held(turn_id)

    def _held(self, turn_id: str) -> None:
        self._may_write()
        if self._holders.get(turn_id, self._epoch) is not self._epoch:
            raise TurnTaken(f"turn {turn_id} was taken up by another run of the program")

    async def called(self, turn_id: str, round_: ToolRound, calls: Sequence[CallReport]) -> None:
        self._held(turn_id)
        if turn_id not in self._turns:
            raise StoreError(f"there is no turn {turn_id}")
        rounds = self._turns[turn_id].rounds
        if all(each.iteration != round_.iteration for each in rounds):
            in_order = sorted((*rounds, round_), key=lambda each: each.iteration)
            self._change(turn_id, rounds=tuple(in_order))
        self._keep_calls(turn_id, calls)

    async def intend(self, turn_id: str, step: ToolStep) -> bool:
        self._held(turn_id)
        kept = self._step(turn_id, step.iteration, step.position)
        if kept is None or kept.state != "open":
            return False
        wanted, given = step.approval, kept.approval
        if wanted is None:
            if given is None:
                self._put(turn_id, replace(kept, state="running"))
            return given is None
        if given is None or given.decision != "approved" or given.digest != wanted.digest:
            return False
        used = replace(given, decision="used")
        self._put(turn_id, replace(kept, state="running", approval=used))
        return True

    async def returned(self, turn_id: str, step: ToolStep) -> None:
        self._held(turn_id)
        kept = self._step(turn_id, step.iteration, step.position)
        if kept is not None:
            done = replace(kept, state="done", text=step.text, failed=step.failed)
            self._put(turn_id, done)

    async def ask(self, turn_id: str, step: ToolStep, approval: Approval) -> None:
        self._held(turn_id)
        kept = self._step(turn_id, step.iteration, step.position)
        if kept is not None and kept.approval is None:
            self._put(turn_id, replace(kept, approval=approval))

    async def decide(
        self, turn_id: str, number: int, decision: Decision, *, by: str, at: int
    ) -> bool:
        self._may_write()
        for step in self._steps(turn_id):
            given = step.approval
            if given is None or given.number != number:
                continue
            in_time = given.expires > at or decision == "expired"
            if given.decision != "waiting" or not in_time:
                return False
            if self._turns[turn_id].state != "running":
                return False
            self._put(turn_id, replace(step, approval=replace(given, decision=decision, by=by)))
            return True
        return False

    # --- within

    def _may_write(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _change(self, turn_id: str, **changes: object) -> None:
        self._may_write()
        if turn_id in self._turns:
            self._turns[turn_id] = replace(self._turns[turn_id], **changes)  # type: ignore[arg-type]

    def _keep_calls(self, turn_id: str, calls: Sequence[CallReport]) -> None:
        """Add calls of the aggregator behind those that are kept already."""
        kept = self._turns[turn_id].calls
        more = tuple(replace(each, lines=()) for each in calls[len(kept) :])
        self._change(turn_id, calls=(*kept, *more))

    def _steps(self, turn_id: str) -> list[ToolStep]:
        turn = self._turns.get(turn_id)
        return [step for round_ in turn.rounds for step in round_.steps] if turn else []

    def _step(self, turn_id: str, iteration: int, position: int) -> ToolStep | None:
        place = (iteration, position)
        steps = self._steps(turn_id)
        return next((each for each in steps if (each.iteration, each.position) == place), None)

    def _put(self, turn_id: str, step: ToolStep) -> None:
        place = (step.iteration, step.position)
        rounds = tuple(
            replace(
                round_,
                steps=tuple(
                    step if (each.iteration, each.position) == place else each
                    for each in round_.steps
                ),
            )
            for round_ in self._turns[turn_id].rounds
        )
        self._change(turn_id, rounds=rounds)
