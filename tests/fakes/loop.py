"""An asyncio loop in which waiting costs nothing: time jumps to the next timer.

For code on in-memory fakes only; a socket would be outrun by the jumps. What would be done in a
thread is done at once.
"""

from __future__ import annotations

import asyncio
import random
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

from typing_extensions import override

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _Jumps(selectors.SelectSelector):
    """Where a real loop would wait, the time moves on instead."""

    def __init__(self, seed: int | None) -> None:
        super().__init__()
        self.now = 1000.0
        self.order = None if seed is None else random.Random(seed)
        self.rounds = 0
        self.freezes = 0  # the round at whose end the loop stands still
        self.loop: VirtualLoop | None = None

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if timeout is None and not events:
            msg = "nothing is ready and no timer is set: this would wait for ever"
            raise RuntimeError(msg)
        self.now += 0 if events else timeout or 0
        self.rounds += 1
        if self.rounds == self.freezes and self.loop is not None:
            self.loop.stop()
        if self.order is not None and self.loop is not None:
            self.order.shuffle(self.loop._ready)
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """`seed` draws the order in which ready tasks run; None keeps the order of asyncio."""

    _ready: Any

    def __init__(self, seed: int | None = None) -> None:
        self._jumps = _Jumps(seed)
        super().__init__(self._jumps)
        self._jumps.loop = self

    @override
    def time(self) -> float:
        return self._jumps.now

    @override
    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Do it at once: the time would run away from a thread."""
        done: asyncio.Future[T] = self.create_future()
        done.set_result(func(*args))
        return done

    def skip(self, until: float) -> None:
        """Let it be that late, if it is not yet."""
        self._jumps.now = max(self._jumps.now, until)

    def run_until_frozen(self, main: asyncio.Task[object], *, rounds: int, asleep: float) -> bool:
        """Run so many rounds; give whether `main` was not over. It wakes `asleep` seconds later."""
        self._jumps.freezes = self._jumps.rounds + rounds
        self._until(main)
        self._jumps.now += asleep
        return not main.done()

    def run_to_the_end(self, main: asyncio.Task[object]) -> None:
        """Go on, and raise what broke."""
        self._until(main)
        main.result()

    def _until(self, main: asyncio.Task[object]) -> None:
        if not main.done():
            main.add_done_callback(self._over)
            self.run_forever()
            main.remove_done_callback(self._over)

    def _over(self, _main: object) -> None:
        self.stop()


def run_virtual(main: Coroutine[Any, Any, T], *, seed: int | None = None) -> T:
    """Run a scenario to its end on a virtual loop; it takes no real time."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(seed)) as runner:
        return runner.run(main)
