"""Runs a scenario again and again, and each time something else breaks at the n-th step of it.

`Breaking` is a factory of tasks: it counts the points at which they wait, in whatever order the
loop takes them, and lets one of them fail. `Faulty` does the same for the calls of a port.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

OURS = "the test's own"
"""The name of tasks that are never broken."""


@dataclass
class Breaking:
    """Counts the waiting points of all tasks that are born meanwhile; breaks the one numbered `at`.

    `how` is raised there, as if what was waited for had raised it, or is called; None cancels
    the task instead. Of a lane and an intake, nobody but the end of the program does that.
    """

    at: int = 0
    how: BaseException | Callable[[], None] | None = None
    count: int = 0
    struck: str = ""

    def factory(self, loop: asyncio.AbstractEventLoop, made: Any, **more: Any) -> asyncio.Task[Any]:
        """Be the task factory of a loop."""
        return asyncio.Task(_Counted(made, self), loop=loop, **more)

    def strike(self, inner: Coroutine[Any, Any, Any], waited: Any) -> Any:
        """Count one more point, at which something is waited for; break it if it is the one."""
        task = asyncio.current_task()
        assert task is not None
        name = task.get_name()
        if name == OURS or (self.how is None and name.startswith(("lane ", "intake"))):
            return waited
        self.count += 1
        if self.count != self.at:
            return waited
        self.struck = str(inner)
        if isinstance(self.how, BaseException):
            if waited is not None:
                waited._asyncio_future_blocking = False
            return inner.throw(self.how)
        (self.how or task.cancel)()
        return waited


class _Counted(Coroutine[Any, Any, Any]):
    """A coroutine that is broken where it waits."""

    def __init__(self, inner: Coroutine[Any, Any, Any], breaking: Breaking) -> None:
        self._inner = inner
        self._breaking = breaking

    def _passed(self, waited: Any) -> Any:
        return (
            waited if _within_asyncio(self._inner) else self._breaking.strike(self._inner, waited)
        )

    @override
    def send(self, value: Any) -> Any:
        return self._passed(self._inner.send(value))

    @override
    def throw(self, *thrown: Any) -> Any:
        return self._passed(self._inner.throw(*thrown))

    @override
    def close(self) -> None:
        self._inner.close()

    @override
    def __await__(self) -> Generator[Any, Any, Any]:
        raise NotImplementedError


def _within_asyncio(waiting: Any) -> bool:
    """Tell whether a task group waits for its own tasks there: nothing can break that."""
    while (deeper := getattr(waiting, "cr_await", None)) is not None and hasattr(deeper, "cr_code"):
        waiting = deeper
    return str(waiting.cr_code.co_filename).endswith("taskgroups.py")


@dataclass
class Faulty:
    """Counts the calls of the port `of`; the one numbered `at` raises `how` instead.

    `after`: what was asked for is done, and only the answer is lost. Nothing counts until `armed`.
    """

    at: int = 0
    how: Exception | None = None
    of: str = ""
    after: bool = False
    armed: bool = False
    dead: bool = False
    count: int = 0
    struck: str = ""
    under_way: Counter[str] = field(default_factory=Counter)

    def before(self, port: Any, name: str) -> Any:
        """Put this before a port."""
        return _Port(port, name, self)

    async def through(
        self, port: str, name: str, call: Callable[[], Coroutine[Any, Any, Any]]
    ) -> Any:
        """Do one call, or let it fail; it waits before and after, as real ones do."""
        if self.dead:  # nothing that a program does reaches the world any more
            await asyncio.Event().wait()
        self.under_way[port] += 1
        try:
            return await self._through(port, name, call)
        finally:
            self.under_way[port] -= 1

    async def _through(
        self, port: str, name: str, call: Callable[[], Coroutine[Any, Any, Any]]
    ) -> Any:
        await asyncio.sleep(0)
        counts = self.armed and port == self.of
        self.count += counts
        if self.how is None or not counts or self.count != self.at:
            done = await call()
            await asyncio.sleep(0)
            return done
        self.struck = name
        if self.after:
            await call()
        raise self.how


class _Port:
    def __init__(self, port: Any, name: str, faulty: Faulty) -> None:
        self._port = port
        self._name = name
        self._faulty = faulty

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def called(*args: Any, **named: Any) -> Any:
            return await self._faulty.through(self._name, name, lambda: found(*args, **named))

        return called
