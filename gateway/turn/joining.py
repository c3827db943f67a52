"""What joins a turn: a burst before it begins, and steered lines while it runs (ADR 0038).

Decides what is taken out of the line for it. Nothing is lost: a message leaves the line for a turn
only once the store has it as that turn's, and comes back into it where that fails.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.bursts import goes_on, whole
from core.crashpoints import crashpoint
from core.errors import StoreError
from core.records import Accepted
from core.types import Line, Message, Press

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.steering import Steer
    from core.types import Incoming
    from gateway.access.places import Places
    from gateway.lanes.running import Run
    from gateway.lanes.sessions import Answerable, Sessions
    from gateway.patience import PatientStore
    from gateway.turn.asked import Questions


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """What joining takes. `sessions` gives the lines."""

    questions: Questions
    keep: PatientStore
    places: Places
    sessions: Callable[[], Sessions]

    def burst(self, first: Accepted, run: Run, lane: Answerable) -> Accepted:
        """Give a question with all that the same person has said right behind it by now.

        On messengers: a page of ours has one box for all of it, and shows each question it sent.
        """
        run.parts = (first,)
        said = first.incoming
        if not isinstance(said, Message) or not self.places.guarded(said.address.platform):
            return first
        parts = [said]

        def fits(then: Accepted) -> bool:
            return isinstance(then.incoming, Message) and goes_on(parts[-1], then.incoming)

        follow = self.sessions().follow
        while (then := follow(lane, fits)) is not None and isinstance(then.incoming, Message):
            run.parts = (*run.parts, then)
            crashpoint("burst.joined", said.address.platform)
            parts.append(then.incoming)
        return replace(first, incoming=whole(parts))

    def apart(self, work: Answerable, run: Run) -> None:
        """Let what had joined a question that could not begin wait again: no turn has it."""
        if isinstance(work, Accepted) and run.began is None:
            self.sessions().insert(run.session, run.parts[1:])

    def steering(self, run: Run, asked: Incoming | None, lane: Answerable) -> Steer | None:
        """Give what takes lines into a turn that runs; None where they wait for their own."""
        if not isinstance(asked, Message | Press):
            return None
        place = self.places.at(asked.address, asked.author.circles, direct=asked.direct)
        if place.busy != "steer":
            return None

        async def steer(iteration: int) -> Sequence[Line]:
            return await self._taken(run, iteration, lane)

        return steer

    async def _taken(self, run: Run, iteration: int, lane: Answerable) -> Sequence[Line]:
        taken: list[Accepted] = []
        sessions = self.sessions()
        while (then := sessions.follow(lane, _steers)) is not None:
            taken.append(then)
        if not taken:
            return []
        run.joining = tuple(taken)
        try:
            made = [(each, await self.questions.line(each)) for each in taken]
            said = [(each.seq, line) for each, line in made if line is not None]
            crashpoint("steer.unkept", run.place.platform)
            seqs = await self.keep.steer(run.turn_id, iteration, said)
            crashpoint("steer.kept", run.place.platform)
        except BaseException as error:
            sessions.insert(run.session, taken)
            if isinstance(error, asyncio.CancelledError):  # it may be kept all the same
                await self.keep.unsteer(run.turn_id, [each.seq for each in taken])
            raise
        finally:
            run.joining = ()
        run.parts = (*run.parts, *(each for each in taken if each.seq in seqs))
        await self._wait_again(run, [each for each in taken if each.seq not in seqs])
        return [line for seq, line in said if seq in seqs]

    async def _wait_again(self, run: Run, others: Sequence[Accepted]) -> None:
        """Put back in line what could not join, as it is now: its turn was taken back, or it."""
        sessions = self.sessions()
        sessions.insert(run.session, others)
        for each in others:
            with suppress(StoreError):
                sessions.swap(await self.questions.store.accepted(each.seq) or each)


def _steers(then: Accepted) -> bool:
    """Tell whether something may join: neither what asks for another preset, nor what has files.

    A line that joins stands in the turn as it is kept, and files are shown from the next turn on.
    """
    said = then.incoming
    if not isinstance(said, Message) or said.preset is not None:
        return False
    return not (said.attachments or (said.answers and said.answers.files))
