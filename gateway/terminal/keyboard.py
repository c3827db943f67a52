"""Lines that are typed or piped in, without ever stopping the loop.

Decides what one message is: a line; where a person pastes several at once, all of them. It never
decides what a line means.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import termios
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PASTED: Final = 0.05
"""Seconds within which lines that come one after the other are one paste: nobody types so fast."""
_READ: Final = 65_536
_LOCAL_FLAGS: Final = 3

_Arrived: TypeAlias = tuple[float, str | None]
"""A line and when it came, in the loop's seconds; None is the end."""


class Keyboard:
    """Standard input, or another file descriptor, as lines.

    It is read in a thread, which works for terminals, pipes and files alike. The thread ends with
    the process: nothing can call off a read.
    """

    def __init__(self, descriptor: int = 0, *, drawn: bool = False) -> None:
        """Nothing is read before `start`. `drawn`: its terminal is drawn on as well."""
        self._drawn = drawn
        self.interactive = os.isatty(descriptor)
        self._descriptor = descriptor
        self._lines: asyncio.Queue[_Arrived] = asyncio.Queue()
        self._kept: _Arrived | None = None

    def start(self, urgent: Callable[[str], bool] = lambda _: False) -> None:
        """Begin to read; a line that `urgent` takes goes no further."""
        loop = asyncio.get_running_loop()

        def take(line: str | None) -> None:
            if line is None or not urgent(line):
                self._lines.put_nowait((loop.time(), line))

        def read() -> None:
            with suppress(RuntimeError):  # the loop is closed: the program is over
                for line in _lines(self._descriptor):
                    loop.call_soon_threadsafe(take, line)
                loop.call_soon_threadsafe(take, None)

        threading.Thread(target=read, name="keyboard", daemon=True).start()

    async def message(self) -> str | None:
        """Wait for the next message; None once there is nothing more."""
        at, text = await self._line()
        while text is not None and self.interactive and not text.startswith("/"):
            try:
                async with asyncio.timeout(PASTED):
                    then, more = await self._line()
            except TimeoutError:
                break
            if more is None or then - at > PASTED:
                self._kept = (then, more)
                break
            at, text = then, f"{text}\n{more}"
        return text

    async def everything(self) -> str:
        """Wait for all of it."""
        lines = []
        while (line := (await self._line())[1]) is not None:
            lines.append(line)
        return "\n".join(lines)

    @contextmanager
    def silenced(self) -> Iterator[None]:
        """Show nothing of what is typed meanwhile: it would tear what is drawn."""
        if not (self._drawn and self.interactive and self._in_front()):
            yield
            return
        before = termios.tcgetattr(self._descriptor)
        silent = before.copy()
        silent[_LOCAL_FLAGS] &= ~termios.ECHO
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, silent)
        try:
            yield
        finally:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, before)

    def _in_front(self) -> bool:
        """Tell whether the terminal is this program's now; from behind it must not be changed."""
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:
            return False

    async def _line(self) -> _Arrived:
        kept, self._kept = self._kept, None
        arrived = kept or await self._lines.get()
        if arrived[1] is None:
            self._kept = arrived  # the end stays the end
        return arrived


def _lines(descriptor: int) -> Iterator[str]:
    """Give the lines of a file without their ends; the last one need not have one."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    rest = ""
    while data := _read(descriptor):
        *lines, rest = (rest + decode(data)).split("\n")
        yield from (line.removesuffix("\r") for line in lines)
    rest += decode(b"", final=True)
    if rest:
        yield rest


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _READ)
    except OSError:  # it is closed, or its terminal is gone
        return b""
